package dev.culebra.spmm;

import dev.culebra.kernel.Activation;
import dev.culebra.sparse.DenseType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What becomes of a tile's 64 sums for one token, by the same fp32 operations as in ptx/src/main/cuda/epilogue.cuh: loops
 * without branches and calls, which C2 vectorises.
 */
final class CpuEpilogue {

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    private CpuEpilogue() {}

    /**
     * From {@code s.row} to y; {@code s.row}, {@code s.other} and {@code s.bits} are overwritten.
     *
     * @param e what to do
     * @param s the thread's
     * @param rows how many of the 64 sums are inside
     * @param firstRow the output row of the first
     * @param y result, of the output's type
     * @param yAt where in y the first row's element is, in elements
     * @param residualAt where in the residual
     */
    static void store(Epilogue<MemorySegment> e, CpuScratch s, int rows, int firstRow, MemorySegment y, long yAt,
            long residualAt) {
        float[] v = s.row;
        if (e.bias() != null) {
            MemorySegment.copy(e.bias(), FLOAT, (long) firstRow * Float.BYTES, s.other, 0, rows);
            add(v, s.other, rows);
        }
        switch (e.activation()) {
            case NONE -> {
            }
            case RELU -> relu(v, rows);
            case GELU -> gelu(v, rows);
        }
        if (e.residual() != null) {
            read(e.residual(), e.output(), residualAt, s, rows);
            add(v, s.other, rows);
        }
        if (e.accumulate()) {
            read(y, e.output(), yAt, s, rows);
            add(v, s.other, rows);
        }
        if (e.output() == DenseType.F32) {
            MemorySegment.copy(v, 0, y, FLOAT, yAt * Float.BYTES, rows);
            return;
        }
        round(v, e.output(), s.bits, rows);
        MemorySegment.copy(s.bits, 0, y, SHORT, yAt * Short.BYTES, rows);
    }

    private static void read(MemorySegment from, DenseType type, long at, CpuScratch s, int rows) {
        if (type == DenseType.F32) {
            MemorySegment.copy(from, FLOAT, at * Float.BYTES, s.other, 0, rows);
            return;
        }
        MemorySegment.copy(from, SHORT, at * Short.BYTES, s.bits, 0, rows);
        if (type == DenseType.F16) {
            for (int i = 0; i < rows; i++) {
                s.other[i] = Float.float16ToFloat(s.bits[i]);
            }
        } else {
            for (int i = 0; i < rows; i++) {
                s.other[i] = Float.intBitsToFloat(s.bits[i] << 16);
            }
        }
    }

    private static void round(float[] v, DenseType type, short[] bits, int rows) {
        if (type == DenseType.F16) {
            for (int i = 0; i < rows; i++) {
                bits[i] = Float.floatToFloat16(v[i]);
            }
        } else {
            for (int i = 0; i < rows; i++) {
                bits[i] = HalfActivations.bf16(v[i]);
            }
        }
    }

    private static void add(float[] v, float[] w, int rows) {
        for (int i = 0; i < rows; i++) {
            v[i] += w[i];
        }
    }

    /** Math.max keeps a NaN, and takes +0 for greater than -0. */
    private static void relu(float[] v, int rows) {
        for (int i = 0; i < rows; i++) {
            v[i] = Math.max(v[i], 0);
        }
    }

    /** See {@link Activation#GELU}, and epilogue.cuh for where erf's coefficients are from. */
    private static void gelu(float[] v, int rows) {
        for (int i = 0; i < rows; i++) {
            float c = Math.min(Math.max(v[i] * 0.70710678f, -4), 4);
            float u = c * c;
            float p = 1.12837914617f + u * (0.190405270168f + u * (0.0527485437026f + u * (0.00376556028852f
                    + u * (0.000284880606622f + u * 2.05008530157e-06f))));
            float q = 1 + u * (0.502075018396f + u * (0.114108598214f + u * (0.0149691031031f
                    + u * (0.00116252022501f + u * 3.8091583844e-05f))));
            float erf = Math.min(Math.max(c * p / q, -1), 1);
            v[i] = 0.5f * v[i] * (1 + erf);
        }
    }
}
