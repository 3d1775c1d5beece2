package dev.culebra.emulator.exec;

import dev.culebra.emulator.check.Check;

/**
 * A cluster being run: blocks that are resident together and reach each other's shared memory. A block of a kernel without
 * clusters is one of its own. One thread at a time works on it, so that nothing in it needs a lock.
 */
final class Cluster {

    /** Instructions of one warp before the next has its turn. */
    private static final int TURN = 1 << 14;

    final Launch launch;
    final Block[] blocks;
    final ClusterBarrier barrier = new ClusterBarrier(this);
    /** The order of events, or null. */
    final Timeline timeline;
    /** What strong accesses of all global memory have released. */
    private Rendezvous global;
    Dim index;
    /** Its index as one number: clusters start in this order. */
    long number;
    /** What {@code fence.proxy.async} has been executed for; null where that is not looked at. */
    final AsyncFences asyncFences;
    /** Bulk copies from global memory that have not landed. */
    int bulkLoadsInFlight;
    private final Warp[] warps;
    private long steps;

    Cluster(Launch launch) {
        this.launch = launch;
        blocks = new Block[(int) launch.cluster.count()];
        int each = (int) (launch.block.count() + 31) / 32;
        warps = new Warp[blocks.length * each];
        timeline = launch.spec.checks().contains(Check.RACES) ? new Timeline(warps.length) : null;
        asyncFences = timeline != null && launch.code.asyncReads() ? new AsyncFences(timeline) : null;
        for (int rank = 0; rank < blocks.length; rank++) {
            blocks[rank] = new Block(this, rank);
            System.arraycopy(blocks[rank].warps, 0, warps, rank * each, each);
        }
    }

    /** Makes it the cluster of an index, all its blocks at their first instruction. */
    void start(long linear) {
        number = linear;
        Dim at = launch.clusters.at(linear);
        index = at;
        steps = 0;
        if (asyncFences != null) {
            asyncFences.clear();
        }
        bulkLoadsInFlight = 0;
        global = null;
        barrier.reset();
        for (Block b : blocks) {
            b.start(new Dim(at.x() * launch.cluster.x() + b.place.x(), at.y() * launch.cluster.y() + b.place.y(),
                    at.z() * launch.cluster.z() + b.place.z()));
        }
        boolean restart = timeline != null && timeline.old();
        if (restart) {
            timeline.restart();
        }
        Clock origin = timeline == null ? null : timeline.now();
        for (Block b : blocks) {
            if (b.watch != null) {
                b.watch.start(restart, origin);
            }
        }
    }

    /** What strong accesses of global memory have released, for others to acquire. */
    Rendezvous global() {
        if (global == null) {
            global = new Rendezvous(timeline);
        }
        return global;
    }

    /**
     * Runs on.
     *
     * @param quantum instructions after which it may stop
     * @return true when all threads have exited
     * @throws DeviceFault when a thread did what is not allowed
     */
    boolean run(long quantum) throws DeviceFault {
        long until = steps + quantum;
        while (steps < until) {
            long before = steps;
            boolean yielded = true;
            boolean hopeless = true;
            boolean elsewhere = false;
            for (Warp w : warps) {
                if (w.alive == 0) {
                    continue;
                }
                long s = w.steps;
                Warp.Outcome outcome = w.run(TURN);
                steps += w.steps - s;
                boolean blocked = outcome != Warp.Outcome.PAUSED;
                yielded &= w.yield || blocked;
                elsewhere |= w.yield && w.fruitless == 0;
                hopeless &= blocked ? w.steps == s : w.fruitless >= MbarrierWaits.HOPELESS;
                if (number > launch.lowestFailed) {
                    return true;
                }
            }
            if (live() == 0) {
                for (Block b : blocks) {
                    b.checkLeftOver();
                }
                return true;
            }
            if (steps == before || hopeless) {
                throw deadlock();
            }
            if (steps > launch.spec.stepLimit()) {
                throw hung(steps, blocks.length == 1 ? "of one block" : "of one cluster");
            }
            if (yielded && elsewhere) { // what an mbarrier waits for comes from this cluster, other things may not
                return false;
            }
        }
        return false;
    }

    /** Instructions that its warps have executed. */
    long steps() { return steps; }

    /** Threads that have not exited. */
    int live() {
        int n = 0;
        for (Block b : blocks) {
            n += b.live;
        }
        return n;
    }

    /** A block's last thread has exited. */
    void ended(Block block) {
        for (Block b : blocks) {
            b.mbarriers.refuseEnd(block);
        }
        for (Warp w : block.warps) {
            w.bulkGroups.end(block);
        }
        if (block.reached && timeline != null) {
            Rendezvous all = new Rendezvous(timeline);
            for (Warp w : block.warps) {
                w.agent.arrive(all, w.threads);
            }
            block.watch.cells.end(block, all.clock());
        }
    }

    /** The fault of a launch that does not end. */
    DeviceFault hung(long instructions, String whose) {
        return new DeviceFault(DeviceFault.LAUNCH_TIMEOUT,
                "no end after " + instructions + " warp instructions " + whose + " (the limit is "
                        + launch.spec.stepLimit() + "): it hangs, or culebra.emulator.stepLimit is too low",
                launch.kernelName, 0, blocks[0].index, null);
    }

    private DeviceFault deadlock() {
        for (Warp w : warps) {
            if (w.alive != 0 && w.fruitless >= MbarrierWaits.HOPELESS) {
                return w.fruitlessWait.deadlock(w, live());
            }
        }
        for (Block b : blocks) {
            DeviceFault f = b.deadlock();
            if (f != null) {
                return f;
            }
        }
        throw new IllegalStateException("no warp waits");
    }
}
