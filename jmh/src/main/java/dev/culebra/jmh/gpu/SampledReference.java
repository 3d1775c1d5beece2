package dev.culebra.jmh.gpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Some rows of a product in double precision, straight from dense fp16 weights, to hold results of a device against.
 * Immutable; made by all processors at once.
 *
 * <p>
 * <b>Tolerance.</b> Products of fp16 numbers are exact in fp32; what errs is their sum. A Tensor Core adds 8 products or more
 * to the sum at a time and cuts off, so K / 8 times the sum loses up to 2^-23 of itself, all in one direction; the products
 * are cut off beside it, and sums on other units round, by as much, but with signs of their own: sqrt(K) instead of K, of
 * which 4 are allowed. The sum on its way is taken to stay within 6 standard deviations of a walk whose steps are the
 * products: 6 sqrt(sum of squares). A result in fp16 is rounded once more, by up to 2^-11 of it, or 2^-25 where it is subnormal.
 */
final class SampledReference {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Rows that are looked at: of 7,168 each 28th, of 49,152 each 192nd, a third of their tiles of 64. */
    private static final int ROWS = 256;

    private final int m;
    private final int tokens;
    private final int[] rows;
    private final double[] sum; // [row, token]
    private final double[] tolerance; // of fp32 results, likewise

    /**
     * Works it out.
     *
     * @param dense fp16 weights [M, K] row-major
     * @param m rows
     * @param k columns
     * @param x activations fp16 [tokens, ldx]
     * @param ldx elements from token to token
     * @param tokens the most that results will have
     */
    SampledReference(MemorySegment dense, int m, int k, MemorySegment x, int ldx, int tokens) {
        this.m = m;
        this.tokens = tokens;
        this.rows = rows(m);
        this.sum = new double[rows.length * tokens];
        this.tolerance = new double[rows.length * tokens];
        float[] activations = new float[tokens * k];
        IntStream.range(0, tokens).parallel().forEach(t -> {
            for (int c = 0; c < k; c++) {
                activations[t * k + c] = Float.float16ToFloat(x.get(SHORT, 2 * ((long) t * ldx + c)));
            }
        });
        double each = 0x1p-23 * (k / 8.0 + 4 * Math.sqrt(k)) * 6;
        IntStream.range(0, rows.length).parallel().forEach(i -> row(dense, k, i, activations, each));
    }

    /** One of each of as many equal parts, the first and the last among them. */
    private static int[] rows(int m) {
        SplittableRandom random = new SplittableRandom(m);
        int count = Math.min(m, ROWS);
        int[] rows = new int[count];
        for (int i = 0; i < count; i++) {
            int from = (int) ((long) m * i / count);
            int to = (int) ((long) m * (i + 1) / count);
            rows[i] = random.nextInt(from, to);
        }
        rows[0] = 0;
        rows[count - 1] = m - 1;
        return rows;
    }

    private void row(MemorySegment dense, int k, int i, float[] x, double each) {
        float[] weight = new float[k];
        int[] column = new int[k];
        int nonzeros = 0;
        for (int c = 0; c < k; c++) {
            float w = Float.float16ToFloat(dense.get(SHORT, 2 * ((long) rows[i] * k + c)));
            if (w != 0) {
                weight[nonzeros] = w;
                column[nonzeros++] = c;
            }
        }
        for (int t = 0; t < tokens; t++) {
            double s = 0;
            double squares = 0;
            for (int j = 0; j < nonzeros; j++) {
                double p = (double) weight[j] * x[t * k + column[j]];
                s += p;
                squares += p * p;
            }
            sum[i * tokens + t] = s;
            tolerance[i * tokens + t] = each * Math.sqrt(squares);
        }
    }

    /**
     * Compares. All elements are looked at for whether they are there: one that is no finite number was not written since
     * the result was filled with NaNs, or is wrong.
     *
     * @param y result [n, M], native or on the heap
     * @param half whether it is fp16; else fp32
     * @param n tokens, at most those of this reference
     * @param what whose result it is, for the message
     * @throws WrongResultException where an element is wrong; the message has the worst one
     */
    void check(MemorySegment y, boolean half, int n, String what) throws WrongResultException {
        if (n > tokens) {
            throw new IllegalArgumentException(n + " tokens; this reference has " + tokens);
        }
        long missing = IntStream.range(0, n).parallel().mapToLong(t -> {
            for (long i = (long) t * m; i < (long) (t + 1) * m; i++) {
                if (!Float.isFinite(value(y, half, i))) {
                    return i;
                }
            }
            return Long.MAX_VALUE;
        }).min().orElse(Long.MAX_VALUE);
        if (missing != Long.MAX_VALUE) {
            throw new WrongResultException("%s: y[%d, %d] is %s: never written, or wrong".formatted(what, missing / m,
                    missing % m, value(y, half, missing)));
        }
        double worst = 0;
        int at = 0;
        for (int i = 0; i < rows.length * tokens; i++) {
            if (i % tokens < n && excess(y, half, i) > worst) {
                worst = excess(y, half, i);
                at = i;
            }
        }
        if (worst > 1) {
            int token = at % tokens;
            int row = rows[at / tokens];
            throw new WrongResultException("%s: y[%d, %d] is %s, which is %.3g of the tolerance away from %s"
                    .formatted(what, token, row, value(y, half, (long) token * m + row), worst, sum[at]));
        }
    }

    /** How far it is away, in tolerances. */
    private double excess(MemorySegment y, boolean half, int i) {
        double got = value(y, half, (long) (i % tokens) * m + rows[i / tokens]);
        double allowed = tolerance[i] + (half ? Math.max(0x1p-11 * (Math.abs(sum[i]) + tolerance[i]), 0x1p-25) : 0);
        return got == sum[i] ? 0 : Math.abs(got - sum[i]) / allowed;
    }

    private static float value(MemorySegment y, boolean half, long i) {
        return half ? Float.float16ToFloat(y.get(SHORT, 2 * i)) : y.get(FLOAT, 4 * i);
    }

    @Override
    public String toString() { return "rows " + Arrays.toString(rows) + " of " + m + ", " + tokens + " tokens"; }
}
