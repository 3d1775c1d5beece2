package dev.culebra.emulator.exec;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.memory.AddressSpace;
import dev.culebra.emulator.memory.Allocation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Runs a grid to its end: clusters of blocks, of one block each where nobody asked for more, on some threads. */
public final class KernelRun {

    /** Instructions after which a block that has not ended makes room for others: it may be waiting for one of them. */
    private static final long QUANTUM = 1 << 20;
    /** The same where blocks are known to wait for each other. */
    private static final long COOPERATIVE_QUANTUM = 1 << 15;

    /** Warp instructions that blocks below a failed one may take in all to end: about a second's. */
    private static final long PATIENCE = 1 << 24;

    private final Launch launch;
    private final AtomicLong afterFailure = new AtomicLong();
    private final AtomicLong next = new AtomicLong();
    /** Clusters that have begun and not ended, and the most that may be. */
    private final AtomicLong resident = new AtomicLong();
    private final long mostResident;
    private final LongAdder executed = new LongAdder();
    /** Instructions of all blocks since one ended: blocks that wait for each other in vain hang together. */
    private final AtomicLong sinceOneEnded = new AtomicLong();
    /** Guarded by this until all workers have ended. */
    private Throwable failure;
    private final boolean cooperative;

    private KernelRun(Launch launch, boolean cooperative) {
        this.launch = launch;
        this.cooperative = cooperative;
        int perMultiprocessor = (int) Math.max(1, Math.min(32, 2048 / launch.block.count()));
        if (launch.sharedBytes > 0) {
            perMultiprocessor = Math.max(1,
                    Math.min(perMultiprocessor, launch.spec.sharedPerMultiprocessor() / (launch.sharedBytes + 1024)));
        }
        mostResident = Math.max(1, (long) perMultiprocessor * launch.spec.multiprocessors() / launch.cluster.count());
    }

    /**
     * Runs a whole grid and returns when its last thread has ended. Blocks start in the order of their index, spread over
     * workers; within a block the order of warps is fixed, so with one worker a run is repeatable in every bit. A block that
     * runs for long makes room for blocks not yet started, up to as many as the device would hold at a time, so that blocks may
     * wait for each other as far as hardware allows.
     *
     * @param kernel the entry
     * @param grid blocks
     * @param block threads of a block
     * @param cluster blocks of a cluster, of which the grid is a multiple in each direction, at most 16; or null
     * @param dynamicSharedBytes shared memory beyond the kernel's own
     * @param params the argument block, at least {@code kernel.parameterBytes()} long; read, never written
     * @param memory global memory; the segments of its allocations must be native, open to all threads
     *        and aligned to at least 16 bytes
     * @param variables where the module's variables lie, by name
     * @param spec the device
     * @param workers threads to use, at least 1; the caller's own is one of them
     * @param cooperative whether blocks wait for each other: all are started at once, and given short turns
     * @param counting whether to count; without it {@link RunStatistics#counters()} is null
     * @param overlap what it has to do with the grids before and after it in its stream, or null; looked at with
     *        {@link Check#RACES}
     * @return what it came to
     * @throws DeviceFault when a thread did what is not allowed: that of the lowest block in which one did
     * @throws IllegalArgumentException when the launch is not one that the device takes
     */
    public static RunStatistics run(PtxKernel kernel, Dim grid, Dim block, Dim cluster, int dynamicSharedBytes,
            MemorySegment params,
            AddressSpace memory, Map<String, Allocation> variables, DeviceSpec spec, int workers, boolean cooperative,
            boolean counting, Overlap overlap)
            throws DeviceFault {
        if (block.x() < 1 || block.y() < 1 || block.z() < 1 || block.count() > 1024 || grid.x() < 1 || grid.y() < 1
                || grid.z() < 1) {
            throw new IllegalArgumentException(
                    "grid " + grid + " of blocks " + block + ": extents must be positive, a block at most 1024");
        }
        if (cluster != null && (cluster.x() < 1 || cluster.y() < 1 || cluster.z() < 1 || cluster.count() > 16
                || grid.x() % cluster.x() != 0 || grid.y() % cluster.y() != 0 || grid.z() % cluster.z() != 0)) {
            throw new IllegalArgumentException("clusters " + cluster + " of a grid " + grid
                    + ": at most 16 blocks, extents positive, and the grid a multiple of them");
        }
        if (params.byteSize() < kernel.parameterBytes()) {
            throw new IllegalArgumentException(
                    "kernel " + kernel.name() + " takes " + kernel.parameterBytes() + " bytes of arguments; given "
                            + params.byteSize());
        }
        Launch launch = new Launch(kernel.name(), kernel.code(), grid, block, cluster, dynamicSharedBytes, params,
                memory,
                variables, spec, cooperative);
        if (launch.sharedBytes > spec.sharedPerBlock()) {
            throw new IllegalArgumentException("kernel " + kernel.name() + " with " + launch.sharedBytes
                    + " bytes of shared memory; the device has " + spec.sharedPerBlock() + " for a block");
        }
        KernelRun run = new KernelRun(launch, cooperative);
        if (cooperative && launch.clusters.count() > run.mostResident) {
            throw new IllegalArgumentException(
                    "a cooperative launch of " + grid.count() + " blocks; the device holds "
                            + run.mostResident * launch.cluster.count() + " of these at a time");
        }
        launch.counting = counting ? new Counting() : null;
        launch.overlap = spec.checks().contains(Check.RACES) ? overlap : null;
        try {
            run.run(workers);
            if (launch.overlap != null) {
                launch.overlap.end();
            }
        } catch (DeviceFault f) {
            throw f.explained(kernel.sources());
        }
        return new RunStatistics(run.executed.sum(), counting ? launch.counting.sum(launch) : null);
    }

    private void run(int workers) throws DeviceFault {
        int n = (int) Math.min(workers, launch.clusters.count());
        List<Thread> others = new ArrayList<>();
        try {
            for (int i = 1; i < n; i++) {
                others.add(Thread.ofPlatform().daemon().name("culebra-emulator-" + i).start(this::work));
            }
        } catch (OutOfMemoryError e) {
            // The host gives no more threads. Those there are do it, later; to leave now would let them run on behind our back.
        }
        work();
        boolean interrupted = false;
        for (Thread t : others) {
            for (;;) {
                try {
                    t.join();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true; // a grid always runs to its end; the caller sees the flag afterwards
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        try {
            launch.output.flush();
        } catch (RuntimeException | Error e) { // of whoever takes the text; what ended the launch comes first
            if (failure == null) {
                failure = e;
            } else {
                failure.addSuppressed(e);
            }
        }
        switch (failure) {
            case null -> {
            }
            case DeviceFault f -> throw f;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable t -> throw new IllegalStateException(t);
        }
    }

    private void work() {
        ArrayDeque<Cluster> waiting = new ArrayDeque<>();
        ArrayDeque<Cluster> free = new ArrayDeque<>();
        int turns = 0;
        try {
            while (true) {
                // A paused cluster costs its memory, so others are started beside it only when those there get nowhere.
                boolean room = waiting.isEmpty()
                        || resident.get() < mostResident && (cooperative || turns >= 4 * waiting.size());
                Cluster c = room ? begin(free) : null;
                turns = c == null ? turns + 1 : 0;
                if (c == null && (c = waiting.poll()) == null) {
                    return;
                }
                if (turn(c)) {
                    free.push(c);
                    resident.decrementAndGet();
                } else {
                    waiting.add(c);
                }
            }
        } catch (Throwable t) {
            fail(-1, t); // the emulator's own: no block is to run on
        }
    }

    /** Gives a cluster a turn; true when it is done with. */
    private boolean turn(Cluster c) {
        long before = c.steps();
        try {
            if (c.run(cooperative ? COOPERATIVE_QUANTUM : QUANTUM)) {
                executed.add(c.steps());
                sinceOneEnded.set(0);
                return true;
            }
            long all = sinceOneEnded.addAndGet(c.steps() - before);
            if (all > launch.spec.stepLimit()) {
                fail(-1, c.hung(all, "of all blocks, none of which ended"));
                return true;
            }
        } catch (DeviceFault f) {
            fail(c.number, f);
            return true;
        }
        if (launch.lowestFailed < Long.MAX_VALUE && afterFailure.addAndGet(c.steps() - before) > PATIENCE) {
            fail(-1, null);
            return true;
        }
        return false;
    }

    /**
     * A cluster has failed. Of several that do, the lowest counts, whichever was first: so a launch reports the same with any
     * number of workers. Those above it stop; those below have all been started and run on, for they may yet fail. A block below
     * that waits for one above in vain, as those of a cooperative grid do, is given up after a while.
     */
    private synchronized void fail(long number, Throwable t) {
        if (number < launch.lowestFailed) {
            launch.lowestFailed = number;
            failure = t == null ? failure : t;
        }
    }

    private Cluster begin(ArrayDeque<Cluster> free) {
        long linear = next.get();
        if (linear >= launch.clusters.count() || linear > launch.lowestFailed
                || (linear = next.getAndIncrement()) >= launch.clusters.count()) {
            return null;
        }
        resident.incrementAndGet();
        Cluster c = free.isEmpty() ? new Cluster(launch) : free.pop();
        c.start(linear);
        return c;
    }
}
