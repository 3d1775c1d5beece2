package dev.culebra.llm.prune;

/**
 * The one loop that pruning spends its time in: a row plus multiples of other rows.
 *
 * <p>
 * All rows are indexed alike and are arrays of their own, since the JIT makes vector code of no others: where the indices
 * into two arrays differ by a variable it must assume that a store to one changes the other.
 */
final class ScaledRows {
    /** Rows added at a time: one load and one store of the sum for so many products. */
    static final int STEP = 8;

    private ScaledRows() {}

    /**
     * {@code y[j] += scales[0] * rows[0][j] + scales[1] * rows[1][j] + ...} for each j of a range.
     *
     * @param y where to add
     * @param from first j
     * @param to one past the last
     * @param scales a number for each row
     * @param rows the rows, none of them y
     * @param count how many
     */
    static void add(double[] y, int from, int to, double[] scales, double[][] rows, int count) {
        int i = 0;
        for (; i + STEP <= count; i += STEP) {
            add(y, from, to, scales[i], rows[i], scales[i + 1], rows[i + 1], scales[i + 2], rows[i + 2], scales[i + 3],
                    rows[i + 3], scales[i + 4], rows[i + 4], scales[i + 5], rows[i + 5], scales[i + 6], rows[i + 6],
                    scales[i + 7], rows[i + 7]);
        }
        for (; i < count; i++) add(y, from, to, scales[i], rows[i]);
    }

    static void add(double[] y, int from, int to, double a, double[] x) {
        for (int j = from; j < to; j++) y[j] += a * x[j];
    }

    private static void add(double[] y, int from, int to, double a, double[] p, double b, double[] q, double c,
            double[] r, double d, double[] s, double e, double[] t, double f, double[] u, double g, double[] v,
            double h, double[] w) {
        for (int j = from; j < to; j++) {
            y[j] += a * p[j] + b * q[j] + c * r[j] + d * s[j] + (e * t[j] + f * u[j] + g * v[j] + h * w[j]);
        }
    }
}
