package dev.culebra.spmm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Loops that a JIT compiler vectorises by itself: for JVMs without {@code jdk.incubator.vector}, and for fp16 weights with
 * infinities or NaNs, which it widens like any others.
 */
final class PlainKernel extends CpuKernel {

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    static final PlainKernel INSTANCE = new PlainKernel();

    private PlainKernel() {}

    @Override
    int mostColumns() { return 8; }

    @Override
    String description() { return "plain loops"; }

    @Override
    String suffix() { return "plain"; }

    @Override
    void inOrder(float[] sums, int sumsAt, float[] rows) { System.arraycopy(sums, sumsAt, rows, 0, SIDE); }

    @Override
    void decode(MemorySegment entries, long fromByte, int count, int[] out) {
        MemorySegment.copy(entries, INT, fromByte, out, 0, count);
        for (int i = 0; i < count; i++) {
            int v = out[i]; // place = 64 * row + (column ^ 8 * (row & 7)); see TiledCsl
            int column = (v << 6 ^ v << 3 & 0x0e00_0000) & 0x0fc0_0000;
            out[i] = column | v >>> 6 & 0x003f_0000 | v & 0xffff;
        }
    }

    /** Every array is indexed by the row alone: with another offset for each, C2 would not know that they do not overlap. */
    @Override
    void multiply(short[] tile, boolean bf16, float[] x, int xAt, int columns, float[] sums, int sumsAt,
            CpuScratch scratch,
            boolean clear) {
        float[][] w = scratch.wide;
        float[] own = scratch.row;
        for (int k = 0; k < SIDE; k++) {
            if (bf16) {
                widenBf16(tile, k * SIDE, w[k]);
            } else {
                widenF16(tile, k * SIDE, w[k]);
            }
        }
        for (int c = 0; c < columns; c++) {
            System.arraycopy(sums, sumsAt + c * SIDE, own, 0, SIDE);
            // four columns of the tile at a time, so that the sums are loaded and stored a quarter as often
            for (int k = 0; k < SIDE; k += 4) {
                int xk = xAt + k * columns + c;
                add(w[k], w[k + 1], w[k + 2], w[k + 3], x[xk], x[xk + columns], x[xk + 2 * columns],
                        x[xk + 3 * columns], own);
            }
            System.arraycopy(own, 0, sums, sumsAt + c * SIDE, SIDE);
        }
        if (clear) {
            Arrays.fill(tile, (short) 0);
        }
    }

    @Override
    void multiplyOne(MemorySegment values, long at, boolean bf16, float[] x, int xAt, float[] sums,
            CpuScratch scratch) {
        copied(values, at, bf16, x, xAt, 1, sums, scratch);
    }

    @Override
    void multiplyTwo(MemorySegment values, long at, boolean bf16, float[] x, int xAt, float[] sums,
            CpuScratch scratch) {
        copied(values, at, bf16, x, xAt, 2, sums, scratch);
    }

    private void copied(MemorySegment values, long at, boolean bf16, float[] x, int xAt, int columns, float[] sums,
            CpuScratch scratch) {
        MemorySegment.copy(values, SHORT, at, scratch.full, 0, SIDE * SIDE);
        multiply(scratch.full, bf16, x, xAt, columns, sums, 0, scratch, false);
    }

    private static void add(float[] w0, float[] w1, float[] w2, float[] w3, float x0, float x1, float x2, float x3,
            float[] sums) {
        for (int r = 0; r < SIDE; r++) {
            sums[r] += w0[r] * x0 + w1[r] * x1 + (w2[r] * x2 + w3[r] * x3);
        }
    }

    private static void widenF16(short[] from, int at, float[] to) {
        for (int r = 0; r < SIDE; r++) {
            to[r] = Float.float16ToFloat(from[at + r]);
        }
    }

    private static void widenBf16(short[] from, int at, float[] to) {
        for (int r = 0; r < SIDE; r++) {
            to[r] = Float.intBitsToFloat(from[at + r] << 16);
        }
    }
}
