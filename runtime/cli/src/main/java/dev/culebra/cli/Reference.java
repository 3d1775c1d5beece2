package dev.culebra.cli;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A dense product of F16 matrices in double precision, and how far another product is from it. Made straight from the
 * definition: it knows nothing of formats and kernels.
 */
final class Reference {
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The unit in the last place of 1 in F32. */
    private static final double ULP = 0x1p-23;

    private final double[] product;
    private final double[] magnitude;
    private final int k;

    /**
     * @param error largest absolute error
     * @param relative largest error over the sum of the absolute values of what was added up
     * @param tolerance what {@code relative} may be
     */
    record Comparison(double error, double relative, double tolerance) {
        boolean passes() {
            // Written so that a NaN does not pass.
            return relative <= tolerance;
        }
    }

    /**
     * @param a weights [M, K]
     * @param x activations [N, K]
     */
    Reference(MemorySegment a, MemorySegment x, int m, int k, int n) {
        this.k = k;
        product = new double[m * n];
        magnitude = new double[m * n];
        for (int token = 0; token < n; token++) {
            for (int row = 0; row < m; row++) {
                double sum = 0;
                double sumOfMagnitudes = 0;
                for (int i = 0; i < k; i++) {
                    double term = (double) half(a, (long) row * k + i) * half(x, (long) token * k + i);
                    sum += term;
                    sumOfMagnitudes += Math.abs(term);
                }
                product[token * m + row] = sum;
                magnitude[token * m + row] = sumOfMagnitudes;
            }
        }
    }

    private static float half(MemorySegment bits, long index) {
        return Float.float16ToFloat(bits.get(HALF, 2 * index));
    }

    /**
     * Compares a result [N, M]. A product of two F16 numbers is exact in F32 (22 bits of 24), so only the K additions of a
     * sum round, each by at most one unit in the last place (Tensor Cores cut off instead of rounding) of a partial sum,
     * and no partial sum is larger than the sum of the magnitudes: the error is at most K * 2^-23 of that.
     */
    Comparison compare(MemorySegment y) {
        double worst = 0;
        double worstRelative = 0;
        for (int i = 0; i < product.length; i++) {
            double error = Math.abs(y.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i) - product[i]);
            worst = Math.max(worst, error);
            // A sum of nothing must be exactly zero: 0 / 0 is then no error, anything else infinite.
            worstRelative = Math.max(worstRelative, error == 0 ? 0 : error / magnitude[i]);
        }
        return new Comparison(worst, worstRelative, k * ULP);
    }
}
