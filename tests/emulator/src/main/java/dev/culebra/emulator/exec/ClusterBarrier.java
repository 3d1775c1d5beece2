package dev.culebra.emulator.exec;

import java.util.ArrayList;
import java.util.List;

/** The barrier that all threads of a cluster share: each arrives once, and waits afterwards. */
final class ClusterBarrier {

    private final Cluster cluster;
    private final List<Split> waiting = new ArrayList<>();
    /** Threads that have arrived and not exited since the barrier last completed. */
    private int arrived;
    private int phase;

    ClusterBarrier(Cluster cluster) { this.cluster = cluster; }

    void reset() {
        waiting.clear();
        arrived = 0;
        phase = 0;
    }

    /** Lanes of the current split arrive; they do not wait. */
    void arrive(Warp w, int mask) {
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
            w.current.pc++;
        } else {
            waiting.add(w.awaitBarrier());
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
        for (Split s : waiting) {
            s.state = Split.State.READY;
        }
        waiting.clear();
    }
}
