package dev.culebra.spmm;

import dev.culebra.sparse.DenseType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Some tokens, widened to fp32 and laid down for a {@link CpuKernel}: groups of up to 8 tokens, each [K', width] with K'
 * the columns of all tiles, so that what a tile meets is contiguous. What has no token or no column is 0. Filled by one
 * thread, then read by many; kept for the next call, of whatever size.
 */
final class Activations {

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int EXPONENT = 0x7f80_0000; // all ones in an infinity and in a NaN

    private int k;
    private int paddedK;
    private float[] values = new float[0];
    private float[] token = new float[0]; // k of them, or more
    private short[] bits = new short[0];
    private boolean[] poisoned = new boolean[0];

    /** K rounded up to whole tiles. */
    static int paddedK(int k) {
        return Math.multiplyExact((k - 1) / CpuKernel.SIDE + 1, CpuKernel.SIDE);
    }

    /** [K', width] of a group after [K', width] of the one before it. */
    float[] values() { return values; }

    /** Where in {@link #values()} a group of a width, which begins with a token, meets a tile. */
    int at(int token, int width, int tileColumn) {
        return token * paddedK + tileColumn * CpuKernel.SIDE * width;
    }

    boolean poisoned(int token) { return poisoned[token]; }

    /** Takes some tokens of [N, K]. */
    void fill(CpuKernel kernel, MemorySegment x, DenseType type, int columns, int first, int count) {
        k = columns;
        paddedK = paddedK(k);
        if (token.length < k) {
            token = new float[k];
            bits = new short[k];
        }
        int most = kernel.mostColumns();
        int padded = count / most * most;
        padded += padded == count ? 0 : kernel.columns(count - padded);
        if (values.length < padded * paddedK) {
            values = new float[padded * paddedK];
        }
        if (poisoned.length < count) {
            poisoned = new boolean[count];
        }
        for (int t = 0; t < padded; t++) {
            int group = t / most * most;
            int width = kernel.columns(count - group);
            int to = group * paddedK + t - group;
            if (t < count) {
                read(x, type, first + t);
                poisoned[t] = notFinite(token, k);
                spread(token, k, values, to, width);
            }
            for (int i = t < count ? k : 0; i < paddedK; i++) {
                values[to + i * width] = 0;
            }
        }
    }

    private void read(MemorySegment x, DenseType type, int n) {
        long from = (long) n * k * type.bytes();
        if (type == DenseType.F32) {
            MemorySegment.copy(x, FLOAT, from, token, 0, k);
            return;
        }
        MemorySegment.copy(x, SHORT, from, bits, 0, k);
        if (type == DenseType.F16) {
            for (int i = 0; i < k; i++) {
                token[i] = Float.float16ToFloat(bits[i]);
            }
        } else {
            for (int i = 0; i < k; i++) {
                token[i] = Float.intBitsToFloat(bits[i] << 16);
            }
        }
    }

    private static boolean notFinite(float[] token, int k) {
        int most = 0;
        for (int i = 0; i < k; i++) { // no early exit: C2 vectorises this
            most = Math.max(most, Float.floatToRawIntBits(token[i]) & EXPONENT);
        }
        return most == EXPONENT;
    }

    private static void spread(float[] from, int k, float[] to, int at, int width) {
        if (width == 1) {
            System.arraycopy(from, 0, to, at, k);
            return;
        }
        for (int i = 0, j = at; i < k; i++, j += width) {
            to[j] = from[i];
        }
    }
}
