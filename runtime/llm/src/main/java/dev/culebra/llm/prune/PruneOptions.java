package dev.culebra.llm.prune;

import java.util.Objects;

/**
 * What to prune away, and how.
 *
 * @param method which weights go
 * @param sparsity the part of each linear weight of the layers that becomes zero, 0 to 1
 */
public record PruneOptions(PruneMethod method, double sparsity) {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if the sparsity is not from 0 to 1
     */
    public PruneOptions {
        Objects.requireNonNull(method, "method");
        if (!(sparsity >= 0 && sparsity <= 1)) {
            throw new IllegalArgumentException("sparsity " + sparsity + " is not from 0 to 1");
        }
    }
}
