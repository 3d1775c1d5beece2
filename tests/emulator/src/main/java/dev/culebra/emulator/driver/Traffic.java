package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.memory.HostMemory;
import dev.culebra.emulator.memory.Range;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The work in flight that reaches memory: asked for and not done. What is known here is what a program can be told of
 * memory it changes or frees too early. Guarded by itself; taken inside the driver's order lock, never the other way.
 */
final class Traffic {

    /** The largest block that is kept for the next copy. */
    private static final long MOST_SPARE = 64L << 20;

    /** Bytes kept of copies in flight, all together; beyond that a copy's source is not watched. */
    private static final long MOST_KEPT = 256L << 20;

    private final boolean watching;
    private final Set<Operation> open = new LinkedHashSet<>();
    private final Set<Flight> flights = new LinkedHashSet<>();
    private long kept;
    /** One block that is not in use: pages that were never touched cost more than the copy itself. */
    private HostMemory.Pinned spare;

    Traffic(Machine machine) { this.watching = machine.checks().contains(Check.HOST_BUFFERS); }

    /** What of a piece of work is watched until it lands, in the order in which it will. */
    synchronized List<Flight> depart(EmulatedStream stream, long number, Work work) {
        if (!watching || work.uses().isEmpty()) {
            return List.of();
        }
        List<Flight> departing = new ArrayList<>();
        // All of a graph is watched or nothing of it, so that each landing finds its own flight.
        try {
            if (kept + watchedBytes(work) <= MOST_KEPT) {
                depart(stream, number, work, departing);
            }
        } catch (OutOfMemoryError e) {
            // The copies need no more than they have: they go unwatched.
            List.copyOf(departing).forEach(Flight::end);
            return List.of();
        }
        if (work.kind() == Work.Kind.COPY) {
            work.uses().stream().filter(u -> u.certain() && u.host() && u.way() == Use.Way.WRITE && !mayBeRead(u))
                    .forEach(u -> u.rows().poison());
        }
        return departing;
    }

    private void depart(EmulatedStream stream, long number, Work work, List<Flight> departing) {
        if (work.kind() == Work.Kind.GRAPH) {
            work.parts().forEach(p -> depart(stream, number, p, departing));
        } else if (Flight.watches(work)) {
            Flight flight = Flight.of(this, stream, number, work);
            kept += flight.size();
            flights.add(flight);
            departing.add(flight);
        }
    }

    private static long watchedBytes(Work work) {
        return work.kind() == Work.Kind.GRAPH
                ? work.parts().stream().mapToLong(Traffic::watchedBytes).sum()
                : Flight.watches(work) ? Flight.size(work) : 0;
    }

    synchronized void landed(Flight flight) {
        if (flights.remove(flight)) {
            kept -= flight.size();
        }
    }

    /** Memory for the bytes of a copy, of that size or more. */
    synchronized HostMemory.Pinned block(long bytes) {
        if (spare != null && spare.segment().byteSize() >= bytes) {
            HostMemory.Pinned block = spare;
            spare = null;
            return block;
        }
        return HostMemory.allocatePinned(bytes);
    }

    synchronized void giveBack(HostMemory.Pinned block) {
        HostMemory.Pinned smaller = block;
        if (block.segment().byteSize() <= MOST_SPARE
                && (spare == null || spare.segment().byteSize() < block.segment().byteSize())) {
            smaller = spare;
            spare = block;
        }
        if (smaller != null) {
            smaller.free();
        }
    }

    synchronized void begin(Operation operation) {
        Work work = operation.work();
        if (!work.uses().isEmpty() || work.contains(Work.Kind.HOST) || work.contains(Work.Kind.KERNEL)) {
            open.add(operation);
        }
    }

    synchronized void done(Operation operation) { open.remove(operation); }

    /** A piece of work has run: what it wrote is what copies behind it should find. */
    synchronized void performed(Operation operation, Work work) {
        if (flights.isEmpty()) {
            return;
        }
        for (Flight flight : flights) {
            if (flight.number() < operation.number) {
                continue;
            }
            if (mayWrite(work, flight)) {
                flight.expectWhatIsThere();
            }
            for (Use use : work.uses()) {
                if (use.certain() && use.host() && use.way() == Use.Way.WRITE) {
                    flight.expect(use.rows());
                }
            }
        }
    }

    /** Whether a piece of work could have written to a copy's source, where nothing tells what it writes. */
    private static boolean mayWrite(Work work, Flight flight) {
        return switch (work.kind()) {
            case HOST -> true;
            case KERNEL -> mayReach(work, flight.source().range());
            case GRAPH -> work.parts().stream().anyMatch(p -> mayWrite(p, flight));
            default -> false;
        };
    }

    /** Whether a kernel was given an address in a range, or one of its module has reached there before. */
    private static boolean mayReach(Work kernel, Range range) {
        return kernel.uses().stream().anyMatch(u -> !u.certain() && u.range() == range)
                || kernel.reached().contains(range);
    }

    /** Whether work that comes before a copy, and is not through, may be writing to its source right now. */
    synchronized boolean mayBeWriting(Flight flight) {
        for (Operation operation : open) {
            Work work = operation.work();
            if (operation.number < flight.number() && operation.started() && work != null && mayWrite(work, flight)) {
                return true;
            }
        }
        return false;
    }

    /** Whether work in flight may still read a copy's destination, or the program lets kernels see it. */
    private boolean mayBeRead(Use destination) {
        if (destination.range().mapped()) {
            return true;
        }
        for (Operation operation : open) {
            Work work = operation.work();
            if (work != null && mayRead(work, destination)) {
                return true;
            }
        }
        return false;
    }

    private static boolean mayRead(Work work, Use destination) {
        return switch (work.kind()) {
            case HOST -> true;
            case KERNEL -> mayReach(work, destination.range());
            case GRAPH -> work.parts().stream().anyMatch(p -> mayRead(p, destination));
            default -> work.uses().stream().anyMatch(u -> u.certain() && u.way() == Use.Way.READ && u.host()
                    && u.rows().overlaps(destination.rows()));
        };
    }

    /** Refuses to end host memory that copies in flight read or write; the program may wait and try again. */
    void refuseInFlight(Range range, String call) {
        if (!watching) {
            return;
        }
        synchronized (this) {
            for (Operation operation : open) {
                Work work = operation.work();
                if (work == null || operation.done()) {
                    continue;
                }
                for (Use use : work.uses()) {
                    if (use.certain() && use.range() == range) {
                        throw new CudaError(CudaApi.CUDA_ERROR_ILLEGAL_STATE(), call + " of " + range.label()
                                + " while a " + work.label() + " of " + use.rows().size() + " bytes "
                                + (use.way() == Use.Way.READ ? "from" : "to") + " it is in flight on "
                                + operation.stream + "; wait for the stream, or for an event behind the copy, before");
                    }
                }
            }
        }
    }

    /**
     * Lets a free run ahead where work in flight reaches the memory and nothing orders the two: a device may do them in this
     * order, and then the work says what it met. What is before the free on its stream may wait for the caller: then it is
     * waited for a while and no longer.
     */
    void hasten(Operation free, Range range) {
        boolean unordered;
        synchronized (this) {
            unordered = open.stream().anyMatch(o -> !free.comesAfter(o) && uses(o, range));
        }
        if (unordered && free.alone) {
            free.await();
        } else if (unordered) {
            free.awaitBriefly();
        }
    }

    private static boolean uses(Operation operation, Range range) {
        Work work = operation.work();
        return work != null && work.uses().stream().anyMatch(u -> u.range() == range);
    }
}
