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
    private static final ValueLayout.OfShort FILE16 = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt FILE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FILE_FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    /** A block of 64 x 64 16-bit elements is 8 KB a side: both sides together stay in the first-level cache. */
    private static final int BLOCK = 64;

    /** Elements of a buffer for results. */
    private static final int BUFFER = 1 << 18;

    private Transpose() {}

    /**
     * Input [K, N] of a file to activations [N, K]. F32 is rounded once to F16, to the nearest even.
     *
     * @param from K * N little-endian elements
     * @param to N * K 16-bit elements
     * @return how many finite elements were beyond F16's range and became infinite
     */
    static long toTokenMajor(MemorySegment from, DenseType type, int k, int n, MemorySegment to, Progress progress) {
        return Parallel.sum(Math.ceilDiv(k, BLOCK), block -> {
            int firstK = block * BLOCK; // below k, so it does not overflow
            int lastK = (int) Math.min((long) firstK + BLOCK, k);
            long overflows = 0;
            for (long firstN = 0; firstN < n; firstN += BLOCK) {
                long lastN = Math.min(firstN + BLOCK, n);
                for (int i = firstK; i < lastK; i++) {
                    for (long j = firstN; j < lastN; j++) {
                        long source = (long) i * n + j;
                        long target = 2 * (j * k + i);
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

    /** Receives finished elements of [M, N]. */
    @FunctionalInterface
    interface Run {
        /**
         * @param first place of the run's first element
         * @param elements little-endian floats; overwritten after the call
         */
        void accept(long first, MemorySegment elements) throws IOException;
    }

    /**
     * Result [N, M] of 32-bit floats to [M, N], run by run.
     *
     * @param from N * M floats in the machine's order
     * @param to called from several threads, in any order
     */
    static void toFeatureMajor(MemorySegment from, int n, int m, Run to, Progress progress) throws IOException {
        // A buffer of 1 MB: that is what a write call takes at once. Long rows come in pieces.
        int columns = Math.min(n, BUFFER / BLOCK);
        int rows = Math.min(BUFFER / columns / BLOCK * BLOCK, 1 << 14);
        Parallel.run(Math.ceilDiv(m, rows), part -> {
            int first = (int) ((long) part * rows);
            int last = (int) Math.min((long) first + rows, m);
            var buffer = MemorySegment.ofArray(new byte[Float.BYTES * (last - first) * columns]);
            for (long firstN = 0; firstN < n; firstN += columns) {
                int width = (int) Math.min(columns, n - firstN);
                for (int firstM = first; firstM < last; firstM += Math.min(BLOCK, last - firstM)) {
                    int lastM = Math.min(BLOCK, last - firstM) + firstM;
                    for (int j = 0; j < width; j++) {
                        for (int i = firstM; i < lastM; i++) {
                            int bits = from.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * ((firstN + j) * m + i));
                            buffer.set(FILE32, 4L * ((i - first) * width + j), bits);
                        }
                    }
                }
                if (width == n) {
                    to.accept((long) first * n, buffer);
                } else {
                    for (int i = first; i < last; i++) {
                        to.accept((long) i * n + firstN, buffer.asSlice(4L * (i - first) * width, 4L * width));
                    }
                }
            }
            progress.step(last - first);
        });
    }
}
