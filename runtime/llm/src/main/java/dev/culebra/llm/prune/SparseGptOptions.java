package dev.culebra.llm.prune;

/**
 * How {@link SparseGptPruning} goes about it.
 *
 * @param block columns whose zeros are chosen together, 1 or more
 * @param damping what is added to the Hessian's diagonal, as a part of its mean, more than 0
 * @param steps steps of conjugate gradients with which the weights that stay are fitted again at the end, 0 or more; with 0
 *        the result is that of the paper
 */
public record SparseGptOptions(int block, double damping, int steps) {
    /** Blocks of 64, damping by 0.01 of the mean, 10 steps. */
    public static final SparseGptOptions DEFAULT = new SparseGptOptions(64, 0.01, 10);

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public SparseGptOptions {
        if (block < 1) throw new IllegalArgumentException("block is " + block + "; give 1 or more");
        if (!(damping > 0 && damping < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("damping is " + damping + "; give more than 0");
        }
        if (steps < 0) throw new IllegalArgumentException("steps is " + steps + "; give 0 or more");
    }

    /**
     * The same with another block.
     *
     * @param block columns whose zeros are chosen together
     * @return new options
     */
    public SparseGptOptions withBlock(int block) { return new SparseGptOptions(block, damping, steps); }

    /**
     * The same with another damping.
     *
     * @param damping part of the mean diagonal
     * @return new options
     */
    public SparseGptOptions withDamping(double damping) { return new SparseGptOptions(block, damping, steps); }

    /**
     * The same with another number of steps at the end.
     *
     * @param steps of conjugate gradients
     * @return new options
     */
    public SparseGptOptions withSteps(int steps) { return new SparseGptOptions(block, damping, steps); }
}
