package dev.culebra.jmh.cpu;

import java.util.Random;
import java.util.stream.IntStream;

/**
 * Some rows of a product in double precision, straight from the dense weights: nothing here knows the code that is timed. Made once
 * for a matrix, then for each batch of activations.
 */
public final class Reference {

    private static final int MOST_ROWS = 32;

    private final int k;
    private final int[] rows;
    private final double[][] weights; // of those rows
    private double[][] sums; // [rows][N]
    private double[][] sizes; // of |w| |x|

    /** Reads one element of a result. */
    @FunctionalInterface
    public interface Result {

        /**
         * The element.
         *
         * @param token from 0
         * @param row from 0
         * @return its value
         */
        float at(int token, int row);
    }

    /**
     * Keeps the weights of up to 32 rows: the first, the last, and others drawn, always the same.
     *
     * @param fp16 weights [M, K] row-major
     * @param m rows
     * @param k columns
     */
    public Reference(short[] fp16, int m, int k) {
        this.k = k;
        this.rows = m <= MOST_ROWS
                ? IntStream.range(0, m).toArray()
                : IntStream.concat(IntStream.of(0, m - 1), new Random(m * 31L + k).ints(1, m - 1)).distinct()
                        .limit(MOST_ROWS).toArray();
        this.weights = new double[rows.length][k];
        for (int r = 0; r < rows.length; r++) {
            for (int c = 0; c < k; c++) {
                weights[r][c] = Float.float16ToFloat(fp16[rows[r] * k + c]);
            }
        }
    }

    /**
     * Takes the activations of the products that follow.
     *
     * @param activations [N, K] row-major; read now
     * @param n tokens
     */
    public void multiply(float[] activations, int n) {
        sums = new double[rows.length][n];
        sizes = new double[rows.length][n];
        for (int r = 0; r < rows.length; r++) {
            for (int t = 0; t < n; t++) {
                double sum = 0;
                double size = 0;
                for (int c = 0; c < k; c++) {
                    double product = weights[r][c] * activations[t * k + c];
                    sum += product;
                    size += Math.abs(product);
                }
                sums[r][t] = sum;
                sizes[r][t] = size;
            }
        }
    }

    /**
     * Compares.
     *
     * <p>
     * A sum of K products in fp32, in any order and grouping, each product rounded too, is off by at most gamma(K + 1) * sum |w||x|,
     * gamma(i) = i u / (1 - i u), u = 2^-24 (Higham, Accuracy and Stability of Numerical Algorithms, 4.2), and 2^-149 an addend
     * for underflow.
     *
     * @param who for the message
     * @param y the result
     * @throws IllegalStateException if an element is further off; names the worst
     */
    public void check(String who, Result y) {
        double terms = k + 1;
        double gamma = terms * 0x1p-24 / (1 - terms * 0x1p-24);
        double worst = 1;
        String where = null;
        for (int r = 0; r < rows.length; r++) {
            for (int t = 0; t < sums[r].length; t++) {
                float value = y.at(t, rows[r]);
                double bound = gamma * sizes[r][t] + terms * 0x1p-149;
                double error = Math.abs(value - sums[r][t]);
                if (!(error <= worst * bound)) { // a NaN comes in here
                    worst = Double.isNaN(error) ? Double.POSITIVE_INFINITY : error / bound;
                    where = "token " + t + ", row " + rows[r] + " is " + value + " for " + sums[r][t] + ", allowed "
                            + bound + " off";
                }
            }
        }
        if (where != null) throw new IllegalStateException(who + " multiplied wrong: " + where);
    }
}
