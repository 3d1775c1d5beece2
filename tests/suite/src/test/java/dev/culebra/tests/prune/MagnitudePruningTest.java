package dev.culebra.tests.prune;

import dev.culebra.llm.prune.MagnitudePruning;
import dev.culebra.sparse.DenseType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class MagnitudePruningTest {
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED;

    /** The definition: sort by absolute value, then by place; the first ones become zero. */
    private static int[] reference(int[] bits, DenseType type, int zeros) {
        var order = IntStream.range(0, bits.length).boxed().sorted(Comparator.<Integer>comparingDouble(i -> {
            double magnitude = Math.abs(value(bits[i], type));
            return Double.isNaN(magnitude) ? Double.POSITIVE_INFINITY : magnitude;
        }).thenComparing(i -> Float.isNaN(value(bits[i], type))).thenComparing(i -> i)).limit(zeros).toList();
        var result = bits.clone();
        for (int i : order) result[i] = 0;
        return result;
    }

    private static float value(int bits, DenseType type) {
        return switch (type) {
            case F16 -> Float.float16ToFloat((short) bits);
            case BF16 -> Float.intBitsToFloat(bits << 16);
            case F32 -> Float.intBitsToFloat(bits);
        };
    }

    private static MemorySegment segment(int[] bits, DenseType type) {
        // One byte in front: elements of a mapped file need not be aligned.
        var segment = MemorySegment.ofArray(new byte[bits.length * type.bytes() + 1]).asSlice(1);
        for (int i = 0; i < bits.length; i++) {
            if (type.bytes() == 2) segment.set(HALF, 2L * i, (short) bits[i]);
            else segment.set(WORD, 4L * i, bits[i]);
        }
        return segment;
    }

    private static void check(int[] bits, DenseType type, double sparsity) {
        int zeros = (int) Math.floor(sparsity * bits.length);
        var expected = reference(bits, type, zeros);
        var pruned = segment(bits, type);
        assertEquals(zeros, MagnitudePruning.prune(pruned, type, sparsity));
        for (int i = 0; i < bits.length; i++) {
            int actual = type.bytes() == 2 ? pruned.get(HALF, 2L * i) & 0xffff : pruned.get(WORD, 4L * i);
            if (actual != expected[i])
                assertEquals(Integer.toHexString(expected[i]), Integer.toHexString(actual), type + " at " + i);
        }
    }

    @ParameterizedTest
    @EnumSource(DenseType.class)
    void isItsDefinition(DenseType type) {
        var random = new SplittableRandom(7);
        int mask = type.bytes() == 2 ? 0xffff : -1;
        for (double sparsity : new double[]{0, 0.001, 0.29, 0.5, 0.6, 0.9, 0.999, 1}) {
            for (int size : new int[]{1, 2, 3, 100, 4097}) {
                // All bit patterns: subnormals, infinities and, where no order is lost by it, NaNs of one payload.
                check(random.ints(size).map(b -> canonical(b & mask, type)).toArray(), type, sparsity);
                // Few values: ties everywhere, zeros of both signs among them.
                int one = type == DenseType.F16 ? 0x3c00 : type == DenseType.BF16 ? 0x3f80 : 0x3f80_0000;
                int sign = type.bytes() == 2 ? 0x8000 : 0x8000_0000;
                check(random.ints(size, 0, 6).map(c -> (c & 1) * sign | (c >> 1 == 2 ? one + 1 : (c >> 1) * one))
                        .toArray(), type, sparsity);
            }
        }
    }

    private static int canonical(int bits, DenseType type) {
        if (!Float.isNaN(value(bits, type))) return bits;
        return type == DenseType.F16 ? 0x7e00 : type == DenseType.BF16 ? 0x7fc0 : 0x7fc0_0000;
    }

    /** 32-bit elements that differ in their low halves only are told apart. */
    @Test
    void lowDigitsCount() {
        check(new SplittableRandom(3).ints(5000, 0x3f80_0000, 0x3f80_ffff).toArray(), DenseType.F32, 0.37);
    }

    /** More than one block, equal everywhere: what comes first goes, across the blocks' borders. */
    @ParameterizedTest
    @CsvSource({"F16, 0.1", "F16, 0.55", "F32, 0.9"})
    void tiesGoByPositionAcrossBlocks(DenseType type, double sparsity) {
        int size = (1 << 23) + 1001;
        var weights = MemorySegment.ofArray(new byte[size * type.bytes()]);
        for (int i = 0; i < size; i++) {
            if (type.bytes() == 2) weights.set(HALF, 2L * i, (short) 0x3c00);
            else weights.set(WORD, 4L * i, 0x3f80_0000);
        }
        long zeros = MagnitudePruning.prune(weights, type, sparsity);
        assertEquals((long) Math.floor(sparsity * size), zeros);
        for (int i = 0; i < size; i++) {
            boolean zero = type.bytes() == 2 ? weights.get(HALF, 2L * i) == 0 : weights.get(WORD, 4L * i) == 0;
            if (zero != i < zeros) assertEquals(i < zeros, zero, "at " + i);
        }
    }

    @Test
    void refusals() {
        var three = MemorySegment.ofArray(new byte[3]);
        assertThrows(IllegalArgumentException.class, () -> MagnitudePruning.prune(three, DenseType.F16, 0.5));
        var four = MemorySegment.ofArray(new byte[4]);
        for (double bad : new double[]{-0.1, 1.1, Double.NaN}) {
            assertThrows(IllegalArgumentException.class, () -> MagnitudePruning.prune(four, DenseType.F16, bad));
        }
    }
}
