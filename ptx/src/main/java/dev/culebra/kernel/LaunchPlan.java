package dev.culebra.kernel;

/**
 * How a product is launched.
 *
 * @param kernel the kernel
 * @param splits in how many parts K is taken, 1 or more
 * @param gridX blocks in x
 * @param gridY blocks in y
 * @param gridZ blocks in z
 * @param sharedBytes dynamic shared memory of a block
 * @param workspaceBytes device memory for partial sums, [splits, N, M] fp32; 0 with one split, when the kernel writes the
 *        result itself
 * @param reduce the kernel that adds them, to be launched after it on the same stream with {@link #reduceGridX()} blocks;
 *        null with one split
 * @param why the choice, in a sentence
 */
public record LaunchPlan(KernelInstance kernel, int splits, int gridX, int gridY, int gridZ, int sharedBytes,
        long workspaceBytes, KernelInstance reduce, String why) {

    /** Enough to fill any device; each thread takes several elements where there are more. */
    private static final int MOST_REDUCE_BLOCKS = 4096;

    /**
     * The blocks of the kernel that adds partial sums.
     *
     * @return blocks in x; 0 with one split
     */
    public int reduceGridX() {
        if (reduce == null) {
            return 0;
        }
        long elements = workspaceBytes / Float.BYTES / splits;
        return (int) Math.min((elements - 1) / reduce.threads() + 1, MOST_REDUCE_BLOCKS);
    }
}
