package dev.culebra.kernel;

/**
 * What a launch of a Tiled-CSL kernel costs, in steps of one block: waves of blocks times the steps of a block, and the
 * traffic of partial sums in the same unit. A multiprocessor is busy with unpacking, so what counts is how evenly blocks
 * fill the device. The constants are guesses.
 */
final class TiledCslCost {

    /** What a block costs beside its steps: first copies that nothing hides, and writing the result; a sum of splits too. */
    private static final int BLOCK_OVERHEAD = 2;

    private TiledCslCost() {}

    static double of(Work work, Launch launch) {
        int s = launch.splits();
        long waves = (work.blocks() * s - 1) / launch.slots() + 1;
        double cost = waves * ((work.steps() - 1) / s + 1 + BLOCK_OVERHEAD);
        return s == 1 ? cost : cost + work.sumBytes(s) / (work.stepBytes() * launch.slots()) + BLOCK_OVERHEAD;
    }
}
