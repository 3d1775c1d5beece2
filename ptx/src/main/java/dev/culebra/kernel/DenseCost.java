package dev.culebra.kernel;

/**
 * What a launch of a dense kernel costs, in units of memory's latency. Such a kernel only waits, for the slowest of what its
 * bytes pass; where two are about as slow, for both in part. Form and constants were fitted to 322 launches on an H200
 * (nine shapes, 8 to 64 tokens, all of the kernels' stages, up to 8 splits; mean error 5%, see ptx/NOTES.md). Other devices
 * have other latencies and rates; what a multiprocessor must have on its way for its share of them differs less.
 */
final class DenseCost {

    /** Bytes that each multiprocessor must have on their way to keep memory busy: 0.85 us of 4.5 TB/s for 132 of them. */
    private static final double WINDOW = 28 * 1024;
    /** The rate of the L2, which serves X again and again, over that of memory. */
    private static final double L2 = 1.6;
    /** The most that one multiprocessor takes in, over its share of memory's rate. */
    private static final double MULTIPROCESSOR = 2;
    /** A block's own step, from barrier to barrier, even when everything is there. */
    private static final double STEP = 0.15;
    /** How little two limits that are near each other add up: the exponent of a norm. */
    private static final double NORM = 5;
    /** What a sum of splits waits for: a second launch when this was fitted, now the last block's loads. Not fitted again. */
    private static final double SUM = 3;
    /** The rate at which partial sums come and go, over that of memory. */
    private static final double SUM_RATE = 0.75;

    private DenseCost() {}

    static double of(Work work, Launch launch, int multiprocessors) {
        int s = launch.splits();
        long blocks = work.blocks() * s;
        double steps = (double) work.steps() / s;
        double cost = blocks / launch.slots() * steps * step(work, launch, launch.slots(), multiprocessors)
                + steps * step(work, launch, blocks % launch.slots(), multiprocessors);
        return s == 1 ? cost : cost + SUM + work.sumBytes(s) / (SUM_RATE * multiprocessors * WINDOW);
    }

    /** A step of each of some blocks that run together. */
    private static double step(Work work, Launch launch, long blocks, int multiprocessors) {
        if (blocks == 0) {
            return 0;
        }
        double memory = multiprocessors * WINDOW;
        long onOne = (blocks - 1) / multiprocessors + 1;
        double inFlight = launch.sharedBytes() - work.stepBytes(); // all stages but the one that is multiplied
        double[] limits = {work.stepBytes() / inFlight, blocks * work.weightBytes() / memory,
            blocks * work.stepBytes() / (L2 * memory), onOne * work.stepBytes() / (MULTIPROCESSOR * WINDOW), STEP};
        double sum = 0;
        for (double limit : limits) {
            sum += Math.pow(limit, NORM);
        }
        return Math.pow(sum, 1 / NORM);
    }
}
