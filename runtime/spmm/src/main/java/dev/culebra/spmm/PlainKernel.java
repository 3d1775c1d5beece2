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

    static final PlainKernel INSTANCE = new PlainKernel();

    private PlainKernel() {
    }

    @Override
    int mostColumns() {
        return 8;
    }

    @Override
    String description() {
        return "plain loops";
    }

    @Override
    String suffix() {
        return "plain";
    }

    @Override
    int sumOf(int row) {
        return row;
    }

    @Override
    void decode(MemorySegment entries, long fromByte, int count, int[] out) {
        MemorySegment.copy(entries, INT, fromByte, out, 0, count);
        for (int i = 0; i < count; i++) {
            int v = out[i]; // place = 64 * row + (column ^ 8 * (row & 7)); see TiledCsl
            int column = (v << 6 ^ v << 3 & 0x0e00_0000) & 0x0fc0_0000;
            out[i] = column | v >>> 6 & 0x003f_0000 | v & 0xffff;
        }
    }

    @Override
    void multiply(short[] tile, boolean bf16, float[] x, int xAt, int columns, float[] sums, int sumsAt, float[] scratch,
            boolean clear) {
        if (bf16) {
            widenBf16(tile, scratch);
        } else {
            widenF16(tile, scratch);
        }
        for (int c = 0; c < columns; c++) {
            // four columns of the tile at a time, so that the sums are loaded and stored a quarter as often
            for (int k = 0; k < SIDE; k += 4) {
                int xk = xAt + k * columns + c;
                add(scratch, k * SIDE, x[xk], x[xk + columns], x[xk + 2 * columns], x[xk + 3 * columns], sums,
                        sumsAt + c * SIDE);
            }
        }
        if (clear) {
            Arrays.fill(tile, (short) 0);
        }
    }

    private static void add(float[] w, int at, float x0, float x1, float x2, float x3, float[] sums, int sumsAt) {
        for (int r = 0; r < SIDE; r++) {
            sums[sumsAt + r] += w[at + r] * x0 + w[at + SIDE + r] * x1
                    + (w[at + 2 * SIDE + r] * x2 + w[at + 3 * SIDE + r] * x3);
        }
    }

    private static void widenF16(short[] from, float[] to) {
        for (int i = 0; i < SIDE * SIDE; i++) {
            to[i] = Float.float16ToFloat(from[i]);
        }
    }

    private static void widenBf16(short[] from, float[] to) {
        for (int i = 0; i < SIDE * SIDE; i++) {
            to[i] = Float.intBitsToFloat(from[i] << 16);
        }
    }
}
