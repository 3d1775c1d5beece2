package dev.culebra.llm.prune;

/**
 * What became of a model's linear weights.
 *
 * @param elements elements of the matrices that pruning looks at: those of the layers
 * @param zeros how many of them are zero now, those that were before among them
 */
public record PruneReport(long elements, long zeros) {
    /**
     * The share of zeros.
     *
     * @return 0 to 1
     */
    public double sparsity() { return (double) zeros / elements; }
}
