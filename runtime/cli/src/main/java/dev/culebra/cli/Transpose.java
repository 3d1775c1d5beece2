package dev.culebra.cli;

import dev.culebra.sparse.DenseType;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Between the files' layout (features by tokens) and the one used inside (tokens by features). Works in square blocks, so
 * that both sides are touched a cache line at a time, and in parallel.
 */
final class Transpose {
    private static final ValueLayout.OfShort FILE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt FILE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FILE_FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** A block of 64 x 64 16-bit elements is 8 KB a side: both sides together stay in the first-level cache. */
    private static final int BLOCK = 64;

    private Transpose() {
    }

    /**
     * Input [K, N] of a file to activations [N, K]. F32 is rounded once to F16, to the nearest even.
     *
     * @param from K * N little-endian elements
     * @param to N * K 16-bit elements
     * @return how many finite elements were beyond F16's range and became infinite
     */
    static long toTokenMajor(MemorySegment from, DenseType type, int k, int n, MemorySegment to, Progress progress) {
        return Parallel.sum(Math.ceilDiv(k, BLOCK), block -> {
            int firstK = block * BLOCK;
            int lastK = (int) Math.min((long) firstK + BLOCK, k);
            long overflows = 0;
            for (int firstN = 0; firstN < n; firstN += BLOCK) {
                int lastN = (int) Math.min((long) firstN + BLOCK, n);
                for (int i = firstK; i < lastK; i++) {
                    for (int j = firstN; j < lastN; j++) {
                        long source = (long) i * n + j;
                        long target = 2 * ((long) j * k + i);
                        if (type.bytes() == 2) {
                            to.set(FILE16, target, from.get(FILE16, 2 * source));
                        } else {
                            float value = from.get(FILE_FLOAT, 4 * source);
                            to.set(FILE16, target, Float.floatToFloat16(value));
                            if (Halves.overflows(value)) overflows++;
                        }
                    }
                }
            }
            progress.step(lastK - firstK);
            return overflows;
        });
    }

    /** Receives finished rows of [M, N]. */
    @FunctionalInterface
    interface Rows {
        void accept(int firstRow, MemorySegment rows) throws IOException;
    }

    /**
     * Result [N, M] of 32-bit floats to rows of [M, N], a block of rows at a time.
     *
     * @param from N * M floats in the machine's order
     * @param to receives little-endian rows, from several threads
     */
    static void toFeatureMajor(MemorySegment from, int n, int m, Rows to, Progress progress) throws IOException {
        // Rows enough for 1 MB, which is what a write call takes at once, but whole blocks.
        int rows = (int) Math.clamp((1 << 18) / n / BLOCK * (long) BLOCK, BLOCK, 1 << 16);
        Parallel.run(Math.ceilDiv(m, rows), part -> {
            int first = part * rows;
            int last = (int) Math.min((long) first + rows, m);
            var buffer = MemorySegment.ofArray(new byte[Math.multiplyExact(Math.multiplyExact(last - first, n), Float.BYTES)]);
            for (int firstM = first; firstM < last; firstM += BLOCK) {
                int lastM = Math.min(firstM + BLOCK, last);
                for (int j = 0; j < n; j++) {
                    for (int i = firstM; i < lastM; i++) {
                        int bits = from.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * ((long) j * m + i));
                        buffer.set(FILE32, 4 * ((long) (i - first) * n + j), bits);
                    }
                }
            }
            to.accept(first, buffer);
            progress.step(last - first);
        });
    }
}
