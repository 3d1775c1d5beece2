package dev.culebra.cli;

import dev.culebra.sparse.DenseType;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Between the files' layout (features by tokens) and the one used inside (tokens by features). Works in square tiles that
 * are turned in a small array, and in parallel: written straight to their place, the elements of a column would be a power
 * of two apart for most shapes, and push each other out of the cache.
 */
final class Transpose {
    private static final ValueLayout.OfShort FILE16 = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt FILE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FILE_FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    /** A tile of 64 x 64 32-bit elements is 16 KB: half of a first-level cache. */
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
            int height = Math.min(BLOCK, k - firstK);
            var tile = new short[BLOCK * BLOCK];
            long overflows = 0;
            for (long firstN = 0; firstN < n; firstN += BLOCK) {
                int width = (int) Math.min(BLOCK, n - firstN);
                for (int i = 0; i < height; i++) {
                    long source = (long) (firstK + i) * n + firstN;
                    if (type.bytes() == 2) {
                        for (int j = 0; j < width; j++) tile[j * BLOCK + i] = from.get(FILE16, 2 * (source + j));
                    } else {
                        for (int j = 0; j < width; j++) {
                            float value = from.get(FILE_FLOAT, 4 * (source + j));
                            tile[j * BLOCK + i] = Float.floatToFloat16(value);
                            if (Halves.overflows(value)) overflows++;
                        }
                    }
                }
                for (int j = 0; j < width; j++) {
                    MemorySegment.copy(tile, j * BLOCK, to, FILE16, 2 * ((firstN + j) * k + firstK), height);
                }
            }
            progress.step(height);
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
            var tile = new int[BLOCK * BLOCK];
            for (long firstN = 0; firstN < n; firstN += columns) {
                int width = (int) Math.min(columns, n - firstN);
                for (int firstM = first; firstM < last; firstM += Math.min(BLOCK, last - firstM)) {
                    int height = Math.min(BLOCK, last - firstM);
                    for (int left = 0; left < width; left += BLOCK) {
                        int tokens = Math.min(BLOCK, width - left);
                        for (int j = 0; j < tokens; j++) {
                            long source = (firstN + left + j) * m + firstM;
                            for (int i = 0; i < height; i++) {
                                tile[i * BLOCK + j] = from.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * (source + i));
                            }
                        }
                        for (int i = 0; i < height; i++) {
                            long target = 4L * ((firstM + i - first) * width + left);
                            MemorySegment.copy(tile, i * BLOCK, buffer, FILE32, target, tokens);
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
