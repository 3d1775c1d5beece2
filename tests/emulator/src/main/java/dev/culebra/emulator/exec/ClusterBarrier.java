package dev.culebra.emulator.exec;

import java.util.ArrayList;
import java.util.List;

/** The barrier that all threads of a cluster share: each arrives once, and waits afterwards. */
final class ClusterBarrier {

    private final Cluster cluster;
    /** Who waits. */
    private record Waiter(Warp warp, Split split) {}

    private final List<Waiter> waiting = new ArrayList<>();
    /** What those who have arrived know, and what those knew when it last completed; null where that is not looked at. */
    private Rendezvous arriving;
    private Clock completed;
    /** Threads that have arrived and not exited since the barrier last completed. */
    private int arrived;
    private int phase;

    ClusterBarrier(Cluster cluster) { this.cluster = cluster; }

    void reset() {
        waiting.clear();
        arriving = cluster.timeline == null ? null : new Rendezvous(cluster.timeline);
        completed = null;
        arrived = 0;
        phase = 0;
    }

    int phase() { return phase; }

    /**
     * Lanes of the current split arrive; they do not wait.
     *
     * @param w their warp
     * @param mask the lanes
     * @param release whether what they did before is seen by those who wait; a fence before does the same
     */
    void arrive(Warp w, int mask, boolean release) {
        int twice = mask & w.arrivedAtCluster;
        if (twice != 0) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, Integer.numberOfTrailingZeros(twice),
                    "a second barrier.cluster.arrive without a barrier.cluster.wait between: a thread arrives once");
        }
        w.arrivedAtCluster |= mask;
        for (int l = 0; l < 32; l++) {
            w.clusterPhase[l] = (mask >>> l & 1) != 0 ? phase : w.clusterPhase[l];
        }
        arrived += Integer.bitCount(mask);
        int releasing = release ? mask : mask & w.fenced;
        if (arriving != null && releasing != 0) {
            w.agent.arrive(arriving, releasing);
        }
        w.fenced &= ~mask;
        w.acted = true;
        check();
    }

    /** Lanes of the current split go on when the barrier they arrived at has completed. */
    void await(Warp w, int mask) {
        int never = mask & ~w.arrivedAtCluster;
        if (never != 0) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, Integer.numberOfTrailingZeros(never),
                    "barrier.cluster.wait without a barrier.cluster.arrive before it");
        }
        w.arrivedAtCluster &= ~mask;
        boolean over = true;
        for (int l = 0; l < 32; l++) {
            over &= (mask >>> l & 1) == 0 || w.clusterPhase[l] != phase;
        }
        if (over) {
            if (completed != null) {
                w.agent.acquire(mask, completed);
            }
            w.current.pc++;
        } else {
            waiting.add(new Waiter(w, w.splits.awaitBarrier()));
        }
    }

    /** Lanes exit: those that have arrived at what has not completed are no longer counted. */
    void exited(Warp w, int mask) {
        for (int m = mask & w.arrivedAtCluster; m != 0; m &= m - 1) {
            arrived -= w.clusterPhase[Integer.numberOfTrailingZeros(m)] == phase ? 1 : 0;
        }
        w.arrivedAtCluster &= ~mask;
        check();
    }

    private void check() {
        if (arrived == 0 || arrived < cluster.live()) {
            return;
        }
        arrived = 0;
        phase++;
        if (arriving != null) {
            handOver();
        }
        for (Waiter waiter : waiting) {
            waiter.split.state = Split.State.READY;
        }
        waiting.clear();
    }

    /** What all have done that came is known to those who wait; a thread that has exited counts as one that came. */
    private void handOver() {
        for (Block b : cluster.blocks) {
            for (Warp w : b.warps) {
                if (w.alive != w.threads) {
                    w.agent.arrive(arriving, 0);
                }
            }
        }
        completed = arriving.clock();
        arriving.clear();
        for (Waiter waiter : waiting) {
            waiter.warp.agent.acquire(waiter.split.mask, completed);
        }
    }
}
