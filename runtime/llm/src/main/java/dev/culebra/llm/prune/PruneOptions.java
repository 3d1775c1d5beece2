package dev.culebra.llm.prune;

import java.util.Objects;

/**
 * What to prune away, and how.
 *
 * @param method which weights go
 * @param sparsity the part of each linear weight of the layers that becomes zero, 0 to 1
 * @param sparseGpt how {@link PruneMethod#SPARSEGPT} goes about it; without effect for the others
 */
public record PruneOptions(PruneMethod method, double sparsity, SparseGptOptions sparseGpt) {
    /**
     * Checks the sparsity.
     *
     * @throws IllegalArgumentException if it is not from 0 to 1
     */
    public PruneOptions {
        Objects.requireNonNull(method, "method");
        Objects.requireNonNull(sparseGpt, "sparseGpt");
        if (!(sparsity >= 0 && sparsity <= 1)) {
            throw new IllegalArgumentException("sparsity " + sparsity + " is not from 0 to 1");
        }
    }

    /**
     * With {@link SparseGptOptions#DEFAULT}.
     *
     * @param method which weights go
     * @param sparsity the part of each linear weight of the layers that becomes zero, 0 to 1
     * @throws IllegalArgumentException if the sparsity is not from 0 to 1
     */
    public PruneOptions(PruneMethod method, double sparsity) { this(method, sparsity, SparseGptOptions.DEFAULT); }
}
