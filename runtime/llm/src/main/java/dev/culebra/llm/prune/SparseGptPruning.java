package dev.culebra.llm.prune;

import dev.culebra.sparse.DenseType;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * SparseGPT (Frantar, Alistarh, <i>SparseGPT: Massive Language Models Can Be Accurately Pruned in One-Shot</i>, ICML 2023):
 * weights are given up column after column, and what each loss does to the outputs over a text is made up for by the
 * weights of the columns to come.
 *
 * <p>
 * With H the inputs' {@link Hessian}, damped, and U the upper Cholesky factor of its inverse: when column j's turn comes,
 * {@code U[j][j]^2} is the j-th diagonal element of the inverse of what is left of H, giving up a weight w costs
 * {@code w^2 / (2 U[j][j]^2)}, and the best answer to it is to subtract {@code w / U[j][j] * U[j][l]} from each later weight l
 * of its row. Columns are taken in blocks; of a block's weights, over all rows, the ones that cost least go, ties by position
 * (row by row); each block gives up as many as bring the total up to {@code floor(sparsity * M * columns so far)}, so that the
 * whole gives up {@code floor(sparsity * M * K)}. Those whose input was never anything but zero, and those that were zero
 * before, cost nothing.
 *
 * <p>
 * Then, which the paper does not do, the weights that stay are fitted once more, all of a row's at once: a weight that was
 * passed early could not make up for those given up later. Some steps of conjugate gradients, preconditioned by the diagonal,
 * lower {@code (w - w') H (w - w')^T} over the weights that stay. See {@code NOTES.md} for what it gains.
 *
 * <p>
 * Double precision until the result is rounded to the weights' type. Besides the weights in doubles ({@code 8 M K} bytes and
 * one more for each) this holds two K x K matrices of doubles, three while it is constructed. Any number of matrices with the
 * same inputs can be pruned, one after another: immutable and thread-safe, using several threads itself.
 */
public final class SparseGptPruning {
    /** Rows a task takes, which share the rows of U that it reads. */
    private static final int ROWS = 32;

    /** Columns updated at a time: 64 rows of U of that width are 256 KB, which a second-level cache holds. */
    private static final int COLUMNS = 512;

    private final SparseGptOptions options;
    private final double[][] hessian;
    private final double[][] u;
    private final boolean[] dead;
    private final int k;

    /**
     * Takes the inputs over.
     *
     * @param inputs what the text showed; of no further use to the caller
     * @param options how to go about it
     * @throws IllegalArgumentException if there were no tokens
     * @throws IllegalStateException if the inputs have been taken over before
     * @throws ArithmeticException if the damped Hessian can not be decomposed, or K is more than 46,340
     * @throws OutOfMemoryError if there is no room for three K x K matrices of doubles
     */
    public SparseGptPruning(Hessian inputs, SparseGptOptions options) {
        if (inputs.tokens() == 0) throw new IllegalArgumentException("no tokens to see the inputs by");
        this.options = options;
        k = inputs.k();
        hessian = inputs.handOver();
        dead = new boolean[k];
        double sum = 0;
        int living = 0;
        for (int j = 0; j < k; j++) {
            dead[j] = hessian[j][j] == 0;
            sum += hessian[j][j];
            if (!dead[j]) living++;
        }
        double damping = living == 0 ? 1 : options.damping() * sum / living;
        for (int j = 0; j < k; j++) hessian[j][j] += damping;
        // Where no input ever came nothing tells the columns apart, and the weights' size decides.
        if (living == 0) Arrays.fill(dead, false);
        u = InverseFactor.of(hessian);
    }

    /**
     * Prunes in place, on as many threads as there are.
     *
     * @param weights [M, K] row-major, little-endian elements, changed in place; of any alignment
     * @param type their type, to which the result is rounded: a weight that stays may round to zero
     * @param m rows, 1 or more
     * @param sparsity the part to become zero, 0 to 1
     * @return how many elements were given up: {@code floor(sparsity * M * K)}
     * @throws IllegalArgumentException if the sparsity is not from 0 to 1, a weight is NaN or infinite, or the shape does not
     *         fit the segment
     * @throws ArithmeticException if a weight would become larger than its type holds; then nothing was changed
     */
    public long prune(MemorySegment weights, DenseType type, int m, double sparsity) {
        var matrix = new Weights(weights, type, m, k);
        long zeros = MagnitudePruning.zeros((long) m * k, sparsity);
        if (zeros == 0) return 0;
        var w = new double[m][];
        ParallelRows.forEach(m, row -> w[row] = matrix.row(row));
        var pruned = new boolean[m][k];
        for (int from = 0; from < k; from += options.block()) {
            int first = from;
            int to = Math.min(k, from + options.block());
            choose(w, pruned, from, to, sparsity);
            ParallelRows.forEachGroup(m, ROWS, (top, bottom) -> giveUp(w, pruned, first, to, top, bottom));
        }
        if (options.steps() > 0) {
            var fit = new KeptWeightsFit(hessian, options.steps());
            ParallelRows.forEachGroup(m, ROWS, (top, bottom) -> fit.fit(matrix, w, pruned, top, bottom));
        }
        ParallelRows.forEach(m, row -> matrix.checkRow(row, w[row]));
        ParallelRows.forEach(m, row -> matrix.setRow(row, w[row]));
        return zeros;
    }

    /** Which of a block's weights go. */
    private void choose(double[][] w, boolean[][] pruned, int from, int to, double sparsity) {
        int m = w.length;
        int width = to - from;
        var costs = new double[Math.multiplyExact(m, width)];
        ParallelRows.forEach(m, row -> {
            // The root of twice the cost, which has the same order.
            for (int j = from; j < to; j++) {
                costs[row * width + j - from] = dead[j] ? 0 : Math.abs(w[row][j]) / u[j][j];
            }
        });
        int count = Math.toIntExact(
                MagnitudePruning.zeros((long) m * to, sparsity) - MagnitudePruning.zeros((long) m * from, sparsity));
        var cut = Cut.of(costs, count);
        int ties = cut.ties();
        for (int i = 0; i < costs.length; i++) {
            pruned[i / width][from + i % width] = costs[i] < cut.threshold()
                    || costs[i] == cut.threshold() && ties-- > 0;
        }
    }

    /** Gives a block's weights up, in some rows, and lets the later ones answer: those of the block at once, the rest then. */
    private void giveUp(double[][] w, boolean[][] pruned, int from, int to, int top, int bottom) {
        var errors = new double[bottom - top][to - from];
        for (int r = top; r < bottom; r++) {
            for (int j = from; j < to; j++) {
                if (!pruned[r][j]) continue;
                double error = -w[r][j] / u[j][j];
                errors[r - top][j - from] = error;
                ScaledRows.add(w[r], j + 1, to, error, u[j]);
                w[r][j] = 0;
            }
        }
        var answers = Arrays.copyOfRange(u, from, to);
        for (int column = to; column < k; column += COLUMNS) {
            int end = Math.min(k, column + COLUMNS);
            for (int r = top; r < bottom; r++) {
                ScaledRows.add(w[r], column, end, errors[r - top], answers, to - from);
            }
        }
    }
}
