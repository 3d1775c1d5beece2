package dev.culebra.jmh.gpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Normal fp16 numbers with zeros at independent places, made by all processors at once: each element is a function of its row
 * and column alone, and so is whether it is a zero. The zeros at 60% are those at 50% and more, the rest stays as it was, so
 * that one matrix serves every sparsity and is made again in place.
 */
final class RandomHalves {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Rows that a task makes in one buffer. */
    private static final int ROWS = 16;

    /** 2^16 draws of a standard normal, none of them 0: a hash's 16 bits choose one. */
    private static final short[] NORMAL = normal();

    private RandomHalves() {}

    private static short[] normal() {
        SplittableRandom random = new SplittableRandom(20261120);
        short[] table = new short[1 << 16];
        for (int i = 0; i < table.length;) {
            short half = Float.floatToFloat16((float) random.nextGaussian());
            if ((half & 0x7fff) != 0) {
                table[i++] = half;
            }
        }
        return table;
    }

    /**
     * Fills a matrix.
     *
     * @param to [rows, pitch], of which columns from {@code columns} on become 0
     * @param rows rows
     * @param columns columns
     * @param pitch elements from row to row
     * @param sparsity share of zeros, 0 to 1
     * @param seed another one gives other numbers
     */
    static void fill(MemorySegment to, int rows, int columns, int pitch, double sparsity, long seed) {
        int threshold = (int) Math.round(sparsity * (1 << 16));
        IntStream.range(0, (rows + ROWS - 1) / ROWS).parallel().forEach(task -> {
            short[] row = new short[pitch];
            for (int r = task * ROWS; r < Math.min(rows, (task + 1) * ROWS); r++) {
                fill(row, columns, threshold, mix(seed + r * 0x9e3779b97f4a7c15L));
                MemorySegment.copy(row, 0, to, SHORT, 2L * r * pitch, pitch);
            }
        });
    }

    /** Two elements a hash: for each 16 bits that choose its value, and 16 that say from which sparsity on it is zero. */
    private static void fill(short[] row, int columns, int threshold, long state) {
        for (int c = 0; c < columns; c += 2) {
            long bits = mix(state + c * 0x9e3779b97f4a7c15L);
            row[c] = (bits >>> 16 & 0xffff) < threshold ? 0 : NORMAL[(int) bits & 0xffff];
            if (c + 1 < columns) {
                row[c + 1] = (bits >>> 48) < threshold ? 0 : NORMAL[(int) (bits >>> 32) & 0xffff];
            }
        }
    }

    /** SplitMix64's finish: Stafford's variant 13 of MurmurHash3's. */
    private static long mix(long z) {
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }
}
