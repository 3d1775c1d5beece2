package dev.culebra.emulator.driver;

import dev.culebra.emulator.exec.Overlap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** One piece of work on its way through a stream: what it waits for, whether it is done, and when it was. */
final class Operation {

    /** Half a second: a piece of work is done by then on a busy machine, unless it waits for somebody. */
    private static final long BRIEFLY_NANOS = 500_000_000L;

    /** The stream it is on, and its number: later ones of the driver have higher ones. */
    final EmulatedStream stream;
    final long number;
    final long submittedNanos = System.nanoTime();
    /** Whether nothing was to be done before it: then nobody can hold it up. */
    final boolean alone;

    /** Of other streams, the last operation that comes before this one. */
    private final Map<EmulatedStream, Long> known;
    private Work work;
    private List<Operation> after;
    private List<Flight> flights;
    /** The name of its kernel, where it is one. */
    private final String kernel;
    /** For a kernel, the operation before it if that is a kernel before whose end it may begin; else null. */
    private Operation before;
    /** Whether the next operation is a kernel that may begin before the end of this one's. */
    private volatile boolean followed;
    /** What its kernel has to do with the next one's, once it has run; only on the stream's thread. */
    private Overlap overlap;
    private volatile boolean started;
    private boolean done;
    private long finishedNanos;

    Operation(EmulatedStream stream, long number, boolean alone, Work work, List<Operation> after,
            Map<EmulatedStream, Long> known, List<Flight> flights, Operation before) {
        this.stream = stream;
        this.number = number;
        this.alone = alone;
        this.work = work;
        this.after = after;
        this.known = known;
        this.flights = flights;
        this.kernel = work.grid() == null ? null : work.grid().kernel();
        this.before = before;
        if (before != null) {
            before.followed = true;
        }
    }

    /** Runs on the stream's thread: waits for what comes before, then works, unless the context has failed. */
    void execute(EmulatedContext context) {
        Work mine = work;
        try {
            for (Operation before : after) {
                before.await();
            }
            started = true;
            perform(context, mine, flights.iterator(), overlap());
        } catch (Throwable t) {
            context.fail(mine.label(), t);
        } finally {
            flights.forEach(Flight::end);
            stream.context.driver.traffic.done(this);
            synchronized (this) {
                // Events and streams keep their last operation: what it held on to is not kept with it.
                after = List.of();
                flights = List.of();
                work = null;
                before = null;
                finishedNanos = System.nanoTime();
                done = true;
                notifyAll();
            }
        }
    }

    private Overlap overlap() {
        Operation previous = before;
        boolean next = followed;
        if (previous != null) {
            Overlap mine = Overlap.behind(kernel, previous.kernel, previous.overlap, next);
            previous.overlap = null;
            overlap = next ? mine : null;
            return mine;
        }
        overlap = kernel != null && next ? Overlap.first(kernel) : null;
        return overlap;
    }

    private void perform(EmulatedContext context, Work part, Iterator<Flight> landing, Overlap mine)
            throws Exception {
        if (context.fault() != null) {
            return;
        }
        if (part.kind() == Work.Kind.GRAPH) {
            if (part.action() != null) {
                part.action().run();
            }
            GraphOverlaps overlaps = new GraphOverlaps(part.parts());
            for (Work node : part.parts()) {
                perform(context, node, landing, overlaps.of(node));
            }
            return;
        }
        Flight flight = Flight.watches(part) && landing.hasNext() ? landing.next() : null;
        if (flight != null) {
            flight.land();
        }
        if (part.action() != null) {
            part.action().run();
        }
        if (part.grid() != null) {
            part.grid().run().run(mine);
        }
        if (flight != null) {
            flight.end();
        }
        context.driver.traffic.performed(this, part);
    }

    /** What it does, or null once it is done. */
    synchronized Work work() { return work; }

    /** Whether it is a kernel. */
    boolean runsKernel() { return kernel != null; }

    /** Whether it has begun, perhaps ended. */
    boolean started() { return started; }

    synchronized boolean done() { return done; }

    synchronized long finishedNanos() { return finishedNanos; }

    Map<EmulatedStream, Long> known() { return known; }

    /** Whether the order of streams and events puts another operation before this one. */
    boolean comesAfter(Operation other) {
        return other.stream == stream ? other.number < number : known.getOrDefault(other.stream, -1L) >= other.number;
    }

    /** Lets it begin, and what it waits for: somebody wants to know what comes of it. */
    void want() {
        if (!done()) {
            stream.want(this);
        }
    }

    /** Lets it begin and waits for it, but not for ever: what is before it may be waiting for the caller. */
    void awaitBriefly() {
        want();
        long until = System.nanoTime() + BRIEFLY_NANOS;
        synchronized (this) {
            long left;
            while (!done && (left = until - System.nanoTime()) > 0) {
                try {
                    wait(left / 1_000_000, (int) (left % 1_000_000));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    /** Waits until it is done; an interrupt is kept for later, for a driver's waits do not end by one. */
    void await() {
        want();
        boolean interrupted = false;
        synchronized (this) {
            while (!done) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
