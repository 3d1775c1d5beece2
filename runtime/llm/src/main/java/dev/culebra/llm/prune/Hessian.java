package dev.culebra.llm.prune;

/**
 * The products of a linear layer's inputs with each other, summed over a text: {@code H = X^T X} for X of [tokens, K], which is
 * half the second derivative of the squared error of an output by its row of weights.
 *
 * <p>
 * Products and sums are in double precision. Takes {@code 8 K^2} bytes of heap. Not for several threads at once; it uses
 * several itself.
 */
public final class Hessian {
    /** Tokens turned into doubles at a time: 64 of a tile's width are 256 KB, which a second-level cache holds. */
    private static final int TOKENS = 64;

    /** Rows a task takes. */
    private static final int ROWS = 16;

    /** Columns a task goes through at a time. */
    private static final int COLUMNS = 512;

    /** What lies below the diagonal is not filled before {@link #handOver()}. */
    private double[][] sums;
    private final double[][] chunk;
    private final int k;
    private long tokens;

    /**
     * Of nothing yet.
     *
     * @param k inputs, 1 or more
     * @throws IllegalArgumentException if there are fewer
     */
    public Hessian(int k) {
        if (k < 1) throw new IllegalArgumentException("K is " + k + "; give 1 or more");
        this.k = k;
        sums = new double[k][k];
        chunk = new double[TOKENS][k];
    }

    /**
     * The number of inputs.
     *
     * @return K
     */
    public int k() { return k; }

    /**
     * The number of tokens so far.
     *
     * @return rows added
     */
    public long tokens() { return tokens; }

    /**
     * Adds some tokens.
     *
     * @param x [n, K] row-major inputs, the array may be longer; only read
     * @param n tokens
     * @throws IllegalArgumentException if the array is shorter, or an input is NaN or infinite; then nothing was added
     * @throws IllegalStateException if {@link SparseGptPruning} has taken over
     */
    public void add(float[] x, int n) {
        Inputs.check(x, n, k);
        if (sums == null)
            throw new IllegalStateException("these inputs have been taken over; begin with a new Hessian");
        for (int t = 0; t < n; t += TOKENS) {
            int count = Math.min(TOKENS, n - t);
            for (int i = 0; i < count; i++) {
                for (int j = 0; j < k; j++) chunk[i][j] = x[(t + i) * k + j];
            }
            ParallelRows.forEachGroup(k, ROWS, (first, last) -> add(count, first, last));
        }
        tokens += n;
    }

    /**
     * Adds the chunk to some rows, columns in tiles, so that a tile of the tokens stays in the cache for all of the rows. Tokens
     * whose input is zero are passed over: behind a ReLU that is most of them.
     */
    private void add(int count, int first, int last) {
        var scales = new double[count];
        var terms = new double[count][];
        for (int from = first; from < k; from += COLUMNS) {
            int to = Math.min(k, from + COLUMNS);
            for (int i = first; i < last; i++) {
                int found = 0;
                for (int t = 0; t < count; t++) {
                    if (chunk[t][i] == 0) continue;
                    scales[found] = chunk[t][i];
                    terms[found++] = chunk[t];
                }
                ScaledRows.add(sums[i], Math.max(i, from), to, scales, terms, found);
            }
        }
    }

    /**
     * An element of the matrix.
     *
     * @param i row, 0 to K - 1
     * @param j column, 0 to K - 1
     * @return the sum over the tokens of input i times input j
     * @throws IllegalStateException if {@link SparseGptPruning} has taken over
     */
    public double at(int i, int j) {
        checkMine();
        return sums[Math.min(i, j)][Math.max(i, j)];
    }

    /** The whole symmetric matrix, which is the caller's from now on. */
    double[][] handOver() {
        checkMine();
        var all = sums;
        sums = null;
        for (int i = 0; i < k; i++) {
            for (int j = 0; j < i; j++) all[i][j] = all[j][i];
        }
        return all;
    }

    private void checkMine() {
        if (sums == null) throw new IllegalStateException("this Hessian has been taken over; begin with a new one");
    }
}
