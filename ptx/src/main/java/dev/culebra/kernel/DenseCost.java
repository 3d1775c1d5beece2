package dev.culebra.kernel;

/**
 * What a launch of a dense kernel costs, in units of memory's latency. It only waits: a step is as fast as the slowest of
 * what its bytes pass. The constants were fitted to 700 launches on an H200 (five shapes, 8 to 64 tokens, 3 to 8 stages, up
 * to 8 splits; mean error 5%, see ptx/NOTES.md); other devices have other latencies and rates, but what a multiprocessor
 * must have on its way for its share of them is much the same.
 */
final class DenseCost {

    /** Bytes that each multiprocessor must have on their way to keep memory busy: 0.93 us of 4.4 TB/s for 132 of them. */
    private static final double WINDOW = 31 * 1024;
    /** The rate of the L2, which serves X again and again, over that of memory. */
    private static final double L2 = 1.4;
    /** The most that one multiprocessor takes in, over its share of memory's rate. */
    private static final double MULTIPROCESSOR = 1.7;
    /** A second launch. */
    private static final double SUM = 3;
    /** The rate at which partial sums come and go, over that of memory. */
    private static final double SUM_RATE = 0.55;

    private DenseCost() {}

    static double of(Work work, Launch launch, int multiprocessors) {
        int s = launch.splits();
        long blocks = work.blocks() * s;
        double memory = multiprocessors * WINDOW;
        double steps = (double) work.steps() / s;
        double cost = blocks / launch.slots() * steps * step(work, launch, launch.slots(), multiprocessors)
                + steps * step(work, launch, blocks % launch.slots(), multiprocessors);
        return s == 1 ? cost : cost + SUM + work.sumBytes(s) / (SUM_RATE * memory);
    }

    /** A step of each of some blocks that run together. */
    private static double step(Work work, Launch launch, long blocks, int multiprocessors) {
        if (blocks == 0) {
            return 0;
        }
        double memory = multiprocessors * WINDOW;
        long onOne = (blocks - 1) / multiprocessors + 1;
        double inFlight = launch.sharedBytes() - work.stepBytes(); // all stages but the one that is multiplied
        return Math.max(Math.max(work.stepBytes() / inFlight, onOne * work.stepBytes() / (MULTIPROCESSOR * WINDOW)),
                Math.max(blocks * work.weightBytes() / memory, blocks * work.stepBytes() / (L2 * memory)));
    }
}
