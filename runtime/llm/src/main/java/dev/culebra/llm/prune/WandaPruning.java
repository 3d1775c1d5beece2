package dev.culebra.llm.prune;

import dev.culebra.sparse.DenseType;

import java.lang.foreign.MemorySegment;

/**
 * Pruning by weights and activations (Wanda: Sun, Liu, Bair, Kolter, <i>A Simple and Effective Pruning Approach for Large
 * Language Models</i>, ICLR 2024): in each row of [M, K] weights the {@code floor(sparsity * K)} elements with the smallest
 * {@code |w| * norm of the input it multiplies} become +0; among equal ones those that come first do. Weights that were
 * zero before, and those whose input is always zero, count among the smallest.
 *
 * <p>
 * The products are made in double precision, where that of a weight and a norm can not overflow.
 */
public final class WandaPruning {
    private WandaPruning() {}

    /**
     * Prunes in place, on as many threads as there are.
     *
     * @param weights [M, K] row-major, little-endian elements, changed in place; of any alignment
     * @param type their type
     * @param m rows, 1 or more
     * @param norms K numbers, the Euclidean norm of each input over all tokens; finite and not negative
     * @param sparsity the part of each row to become zero, 0 to 1
     * @return how many elements were made zero, those that were zero already among them: {@code M * floor(sparsity * K)}
     * @throws IllegalArgumentException if the sparsity is not from 0 to 1, a norm is negative, NaN or infinite, a weight is
     *         NaN or infinite, or the shape does not fit the segment
     */
    public static long prune(MemorySegment weights, DenseType type, int m, double[] norms, double sparsity) {
        int k = norms.length;
        var matrix = new Weights(weights, type, m, k);
        for (int i = 0; i < k; i++) {
            if (!(norms[i] >= 0 && norms[i] < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("the norm of input " + i + " is " + norms[i]);
            }
        }
        int zeros = (int) MagnitudePruning.zeros(k, sparsity);
        if (zeros > 0) ParallelRows.forEach(m, row -> prune(matrix, row, norms, zeros));
        return (long) m * zeros;
    }

    private static void prune(Weights matrix, int row, double[] norms, int zeros) {
        int k = norms.length;
        var scores = new double[k];
        for (int i = 0; i < k; i++) {
            scores[i] = Math.abs((double) matrix.get(row, i)) * norms[i];
            // An infinite weight times a norm of 0 is NaN as well.
            if (!(scores[i] < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("row " + row + ", column " + i + " is " + matrix.get(row, i));
            }
        }
        var cut = Cut.of(scores, zeros);
        int ties = cut.ties();
        for (int i = 0; i < k; i++) {
            if (scores[i] < cut.threshold() || scores[i] == cut.threshold() && ties-- > 0) matrix.set(row, i, 0);
        }
    }
}
