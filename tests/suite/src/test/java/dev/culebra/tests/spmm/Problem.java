package dev.culebra.tests.spmm;

import static org.junit.jupiter.api.Assertions.fail;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/**
 * A product with its data: weights and activations as the 16-bit values that go in, and the result in double precision,
 * computed from the weights as they go in: nothing here knows the format.
 */
record Problem(int m, int k, int n, ValueType type, short[] weights, float[] x) {

    static Problem random(int m, int k, int n, double density, ValueType type, long seed) {
        Random random = new Random(seed);
        return new Problem(m, k, n, type, weights(m, k, density, type, random, () -> (float) random.nextGaussian()),
                activations(n, k, type, () -> (float) random.nextGaussian()));
    }

    /** Weights and activations from -4 to 4: every partial sum is a whole number under 2^24, so every order is exact. */
    static Problem integers(int m, int k, int n, double density, ValueType type, long seed) {
        Random random = new Random(seed);
        return new Problem(m, k, n, type,
                weights(m, k, density, type, random, () -> (1 + random.nextInt(4)) * (random.nextBoolean() ? 1 : -1)),
                activations(n, k, type, () -> random.nextInt(9) - 4));
    }

    private static short[] weights(int m, int k, double density, ValueType type, Random random, Draw draw) {
        short[] w = new short[m * k];
        for (int i = 0; i < w.length; i++) {
            if (random.nextDouble() < density) {
                w[i] = bits(draw.next(), type);
            }
        }
        return w;
    }

    private static float[] activations(int n, int k, ValueType type, Draw draw) {
        float[] x = new float[n * k];
        for (int i = 0; i < x.length; i++) {
            x[i] = value(bits(draw.next(), type), type); // exact in 16 bits, so no device rounds it
        }
        return x;
    }

    @FunctionalInterface
    private interface Draw {
        float next();
    }

    /** fp16 rounded; bf16 cut off, which is as good for drawing numbers. */
    static short bits(float v, ValueType type) {
        return switch (type) {
            case F16 -> Float.floatToFloat16(v);
            case BF16 -> (short) (Float.floatToRawIntBits(v) >>> 16);
        };
    }

    static float value(short bits, ValueType type) {
        return switch (type) {
            case F16 -> Float.float16ToFloat(bits);
            case BF16 -> Float.intBitsToFloat(bits << 16);
        };
    }

    SparseMatrix encoded(FormatChoice format) {
        return SparseMatrix.encode(MemorySegment.ofArray(weights), type.dense(), m, k, type,
                EncodeOptions.DEFAULT.withFormat(format));
    }

    /** The activations as 16-bit values. */
    short[] xBits() {
        short[] bits = new short[x.length];
        for (int i = 0; i < x.length; i++) {
            bits[i] = bits(x[i], type);
        }
        return bits;
    }

    DenseType xType() { return type.dense(); }

    double weight(int row, int column) { return value(weights[row * k + column], type); }

    /**
     * Holds a result against the double-precision one.
     *
     * <p>
     * The bound: 16-bit values have 11 significant bits (8 for bf16), so a product of two is exact in fp32's 24, but for
     * underflow under 2^-149 an addend. A sum of K products in fp32, in any order and with any grouping, is off by at most
     * gamma(K) * sum |a||x|, gamma(K) = K u / (1 - K u) (Higham, Accuracy and Stability, 4.2). u is half an ulp, 2^-24, where
     * each addition rounds to nearest. A Tensor Core cuts off what it shifts out while it aligns the 16 products of a step
     * and the sum so far: u is 2^-23 and each of the 17 addends of a step may lose one, so 17 / 16 K + 1 of them: 2 K + 1 is
     * taken, which leaves room for the sum of splits. fp32 activations make products inexact: K + 1 on the CPU.
     */
    void check(float[] y, boolean tensorCores) {
        double u = tensorCores ? 0x1p-23 : 0x1p-24;
        double terms = tensorCores ? 2.0 * k + 1 : k + 1;
        double gamma = terms * u / (1 - terms * u);
        double worst = 0;
        String where = "";
        for (int t = 0; t < n; t++) {
            for (int row = 0; row < m; row++) {
                double sum = 0;
                double size = 0;
                for (int c = 0; c < k; c++) {
                    double product = weight(row, c) * x[t * k + c];
                    sum += product;
                    size += Math.abs(product);
                }
                double bound = gamma * size + terms * 0x1p-149;
                double error = Math.abs(y[t * m + row] - sum);
                if (!(error <= worst * bound)) { // a NaN comes in here
                    worst = Double.isNaN(error) ? Double.POSITIVE_INFINITY : error / bound;
                    where = "token " + t + ", row " + row + ": " + y[t * m + row] + " for " + sum + ", off by " + error
                            + ", allowed " + bound;
                }
            }
        }
        if (!(worst <= 1)) {
            fail(this + ": worst at " + where);
        }
    }

    /** Where sums are exact: every bit. */
    void checkExact(float[] y) {
        for (int t = 0; t < n; t++) {
            for (int row = 0; row < m; row++) {
                long sum = 0;
                for (int c = 0; c < k; c++) {
                    sum += (long) weight(row, c) * (long) x[t * k + c];
                }
                if (Float.floatToRawIntBits(y[t * m + row]) != Float.floatToRawIntBits((float) sum)) {
                    fail(this + ": token " + t + ", row " + row + ": " + y[t * m + row] + " for " + sum);
                }
            }
        }
    }

    @Override
    public String toString() { return m + "x" + k + "x" + n + " " + type; }
}
