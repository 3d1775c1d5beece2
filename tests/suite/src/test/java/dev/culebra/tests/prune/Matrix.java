package dev.culebra.tests.prune;

import dev.culebra.sparse.DenseType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** Weights as a checkpoint holds them, and inputs, for tests on one matrix. */
final class Matrix {
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    private Matrix() {}

    /** Rounds values to a type; one byte in front, since elements of a mapped file need not be aligned. */
    static MemorySegment of(double[][] values, DenseType type) {
        int k = values[0].length;
        var segment = MemorySegment.ofArray(new byte[values.length * k * type.bytes() + 1]).asSlice(1);
        for (int r = 0; r < values.length; r++) {
            for (int j = 0; j < k; j++) {
                long i = (long) r * k + j;
                float value = (float) values[r][j];
                switch (type) {
                    case F16 -> segment.set(HALF, 2 * i, Float.floatToFloat16(value));
                    case BF16 -> segment.set(HALF, 2 * i, (short) (Float.floatToIntBits(value) >> 16)); // towards zero
                    case F32 -> segment.set(FLOAT, 4 * i, value);
                }
            }
        }
        return segment;
    }

    static double[][] values(MemorySegment segment, DenseType type, int m, int k) {
        var values = new double[m][k];
        for (int r = 0; r < m; r++) {
            for (int j = 0; j < k; j++) {
                long i = (long) r * k + j;
                values[r][j] = switch (type) {
                    case F16 -> Float.float16ToFloat(segment.get(HALF, 2 * i));
                    case BF16 -> Float.intBitsToFloat(segment.get(HALF, 2 * i) << 16);
                    case F32 -> segment.get(FLOAT, 4 * i);
                };
            }
        }
        return values;
    }

    static double[][] random(int m, int k, SplittableRandom random) {
        var values = new double[m][k];
        for (var row : values) {
            for (int j = 0; j < k; j++) row[j] = random.nextGaussian();
        }
        return values;
    }

    /** [n, K] inputs that depend on each other, as a model's do: a few common causes and something of each one's own. */
    static float[] inputs(int n, int k, SplittableRandom random) {
        int causes = Math.max(1, k / 4);
        var mix = random(causes, k, random);
        var x = new float[n * k];
        for (int t = 0; t < n; t++) {
            var cause = random(1, causes, random)[0];
            for (int j = 0; j < k; j++) {
                double sum = 0.3 * random.nextGaussian();
                for (int c = 0; c < causes; c++) sum += cause[c] * mix[c][j];
                x[t * k + j] = (float) sum;
            }
        }
        return x;
    }

    /** X^T X. */
    static double[][] hessian(float[] x, int n, int k) {
        var h = new double[k][k];
        for (int i = 0; i < k; i++) {
            for (int j = 0; j < k; j++) {
                for (int t = 0; t < n; t++) h[i][j] += (double) x[t * k + i] * x[t * k + j];
            }
        }
        return h;
    }

    /** The squared error of all outputs over the inputs: the sum of (w - w') H (w - w')^T over the rows. */
    static double error(double[][] w, double[][] pruned, double[][] h) {
        double error = 0;
        for (int r = 0; r < w.length; r++) {
            for (int i = 0; i < h.length; i++) {
                for (int j = 0; j < h.length; j++) {
                    error += (w[r][i] - pruned[r][i]) * h[i][j] * (w[r][j] - pruned[r][j]);
                }
            }
        }
        return error;
    }

    /** How many are zero. */
    static int zeros(double[]... values) {
        int zeros = 0;
        for (var row : values) {
            for (double value : row) if (value == 0) zeros++;
        }
        return zeros;
    }
}
