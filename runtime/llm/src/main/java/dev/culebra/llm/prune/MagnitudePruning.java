package dev.culebra.llm.prune;

import dev.culebra.sparse.DenseType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Pruning by magnitude: of {@code size} weights the {@code floor(sparsity * size)} smallest by absolute value become +0;
 * among equal ones those that come first do. Weights that were zero before count among the smallest. A NaN counts as
 * larger than infinity, so that pruning does not hide it.
 *
 * <p>
 * All over one matrix, not row by row. Exact: the threshold is found by counting bit patterns (without their sign those of
 * a float are ordered like its absolute value), 16 bits at a time, not by sorting or sampling.
 */
public final class MagnitudePruning {
    private static final ValueLayout.OfShort BITS16 = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt BITS32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Elements a task takes: large beside its histogram of 65,536 counters, small beside a matrix. */
    private static final long BLOCK = 1 << 22;

    private static final int DIGITS = 1 << 16;

    private MagnitudePruning() {}

    /**
     * Prunes in place, on as many threads as there are.
     *
     * @param weights little-endian elements, changed in place; of any alignment
     * @param type their type
     * @param sparsity the part to become zero, 0 to 1
     * @return how many elements were made zero, those that were zero already among them
     * @throws IllegalArgumentException if the sparsity is not from 0 to 1, or the segment is no whole number of elements
     */
    public static long prune(MemorySegment weights, DenseType type, double sparsity) {
        if (weights.byteSize() % type.bytes() != 0) {
            throw new IllegalArgumentException(
                    weights.byteSize() + " bytes are no whole number of " + type + " elements");
        }
        long size = weights.byteSize() / type.bytes();
        long zeros = zeros(size, sparsity);
        if (zeros == 0) return 0;
        // The high digits first, then, for 32-bit elements, the low digits of those that share the high ones.
        var high = new Digits(weights, type, size, -1);
        int highDigit = high.digitOf(zeros - 1);
        if (type.bytes() == 2) {
            clear(weights, type, size, highDigit, high.quotas(highDigit, zeros));
        } else {
            var low = new Digits(weights, type, size, highDigit);
            long within = zeros - high.below(highDigit);
            int lowDigit = low.digitOf(within - 1);
            clear(weights, type, size, highDigit << 16 | lowDigit, low.quotas(lowDigit, within));
        }
        return zeros;
    }

    /**
     * The number of elements that a sparsity makes zero.
     *
     * @param size number of elements
     * @param sparsity 0 to 1
     * @return {@code floor(sparsity * size)}
     * @throws IllegalArgumentException if the sparsity is not from 0 to 1
     */
    public static long zeros(long size, double sparsity) {
        if (!(sparsity >= 0 && sparsity <= 1)) {
            throw new IllegalArgumentException("sparsity " + sparsity + " is not from 0 to 1");
        }
        return (long) Math.floor(sparsity * size);
    }

    /** An element's bits without its sign. */
    private static int magnitude(MemorySegment weights, DenseType type, long i) {
        return type.bytes() == 2 ? weights.get(BITS16, 2 * i) & 0x7fff : weights.get(BITS32, 4 * i) & 0x7fff_ffff;
    }

    private static int blocks(long size) { return Math.toIntExact(Math.ceilDiv(size, BLOCK)); }

    /** Makes zero what is below the threshold, and of what equals it the first {@code quota[b]} of each block b. */
    private static void clear(MemorySegment weights, DenseType type, long size, int threshold, long[] quota) {
        IntStream.range(0, quota.length).parallel().forEach(b -> {
            long ties = quota[b];
            for (long i = b * BLOCK, end = Math.min(size, i + BLOCK); i < end; i++) {
                int magnitude = magnitude(weights, type, i);
                if (magnitude > threshold || magnitude == threshold && ties-- <= 0) continue;
                if (type.bytes() == 2) weights.set(BITS16, 2 * i, (short) 0);
                else weights.set(BITS32, 4 * i, 0);
            }
        });
    }

    /** How often each 16-bit digit occurs in each block: all elements' high digits, or the low ones under one high digit. */
    private static final class Digits {
        private final int[][] counts;
        private final long[] totals = new long[DIGITS];

        Digits(MemorySegment weights, DenseType type, long size, int under) {
            counts = IntStream.range(0, blocks(size)).parallel().mapToObj(b -> {
                var count = new int[DIGITS];
                for (long i = b * BLOCK, end = Math.min(size, i + BLOCK); i < end; i++) {
                    int magnitude = magnitude(weights, type, i);
                    if (type.bytes() == 2) count[magnitude]++;
                    else if (under < 0) count[magnitude >>> 16]++;
                    else if (magnitude >>> 16 == under) count[magnitude & 0xffff]++;
                }
                return count;
            }).toArray(int[][]::new);
            for (var count : counts) {
                for (int d = 0; d < DIGITS; d++) totals[d] += count[d];
            }
        }

        /** The digit of the element of a rank, 0 being the smallest. */
        int digitOf(long rank) {
            long seen = 0;
            for (int d = 0; d < DIGITS; d++) {
                seen += totals[d];
                if (seen > rank) return d;
            }
            throw new IllegalArgumentException("rank " + rank + " of " + seen);
        }

        long below(int digit) { return Arrays.stream(totals, 0, digit).sum(); }

        /** How many of each block's elements with a digit are zeroed when {@code zeros} elements are, first ones first. */
        long[] quotas(int digit, long zeros) {
            long left = zeros - below(digit);
            var quota = new long[counts.length];
            for (int b = 0; b < quota.length; b++) {
                quota[b] = Math.min(left, counts[b][digit]);
                left -= quota[b];
            }
            return quota;
        }
    }
}
