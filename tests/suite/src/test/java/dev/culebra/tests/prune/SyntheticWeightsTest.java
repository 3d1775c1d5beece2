package dev.culebra.tests.prune;

import dev.culebra.llm.prune.SyntheticWeights;
import dev.culebra.sparse.ValueType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SyntheticWeightsTest {
    private static short[] matrix(SyntheticWeights weights, int m, int k, boolean backwards) throws Exception {
        var all = new short[m * k];
        for (int i = 0; i < weights.blocks(); i++) {
            weights.rows(backwards ? weights.blocks() - 1 - i : i,
                    (row, bits) -> MemorySegment.copy(bits, ValueLayout.JAVA_SHORT_UNALIGNED, 0, all, row * k, k));
        }
        return all;
    }

    private static short[] matrix(int m, int k, double sparsity, double skew, ValueType type, long seed)
            throws Exception {
        return matrix(new SyntheticWeights(m, k, sparsity, skew, type, seed), m, k, false);
    }

    private static long zeros(short[] bits) {
        long zeros = 0;
        for (short b : bits) {
            assertNotEquals((short) 0x8000, b, "a negative zero");
            if (b == 0) zeros++;
        }
        return zeros;
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0, 0", "1, 1, 1, 0.1", "1, 1, 0.5, 0.1", "17, 33, 0.29, 0", "200, 300, 0.7, 0.5",
        "63, 1000, 0.999, 1.3", "129, 5, 0, 1.3", "100, 100, 1, 0.2"})
    void exactlyAsManyZerosAsAskedFor(int m, int k, double sparsity, double skew) throws Exception {
        for (var type : ValueType.values()) {
            long expected = (long) Math.floor(sparsity * m * k);
            assertEquals(expected, new SyntheticWeights(m, k, sparsity, skew, type, 5).zeros());
            assertEquals(expected, zeros(matrix(m, k, sparsity, skew, type, 5)));
        }
    }

    @Test
    void theSeedAloneDecides() throws Exception {
        var weights = new SyntheticWeights(150, 70, 0.6, 0.3, ValueType.F16, 11);
        var bits = matrix(weights, 150, 70, false);
        assertArrayEquals(bits, matrix(weights, 150, 70, true), "order of blocks");
        assertArrayEquals(bits, matrix(150, 70, 0.6, 0.3, ValueType.F16, 11), "a second time");
        assertFalse(Arrays.equals(bits, matrix(150, 70, 0.6, 0.3, ValueType.F16, 12)), "another seed");
        // Written down once: another JDK or machine must give the same.
        assertEquals(GOLDEN, Arrays.hashCode(bits));
    }

    private static final int GOLDEN = 1_690_218_792;

    /** Mean, variance and kurtosis, before anything is pruned. */
    @Test
    void valuesAreNormal() throws Exception {
        int m = 400;
        int k = 500;
        double sum = 0;
        double squares = 0;
        double fourth = 0;
        for (short b : matrix(m, k, 0, 0, ValueType.F16, 1)) {
            double z = Float.float16ToFloat(b) / 0.02;
            sum += z;
            squares += z * z;
            fourth += z * z * z * z;
        }
        double size = (double) m * k;
        // Five deviations of each estimate: 1/sqrt(n), sqrt(2/n), sqrt(96/n); kurtosis of a sum of eight is 3 - 1.2/8 = 2.85.
        assertEquals(0, sum / size, 5 / Math.sqrt(size));
        assertEquals(1, squares / size, 5 * Math.sqrt(2 / size));
        assertEquals(2.85, fourth / size, 5 * Math.sqrt(96 / size));
    }

    private static double spread(short[] bits, int m, int k, boolean rows) {
        var density = new double[rows ? m : k];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < k; j++) {
                if (bits[i * k + j] != 0) density[rows ? i : j] += 1.0 / (rows ? k : m);
            }
        }
        double mean = Arrays.stream(density).average().orElseThrow();
        return Math.sqrt(Arrays.stream(density).map(d -> (d - mean) * (d - mean)).average().orElseThrow()) / mean;
    }

    @Test
    void skewSpreadsRowsAndColumns() throws Exception {
        int size = 1024;
        // Independent places: a line's density has the deviation sqrt(s / (1 - s) / size) of its mean, here 0.0477.
        double chance = Math.sqrt(0.7 / 0.3 / size);
        var even = matrix(size, size, 0.7, 0, ValueType.F16, 3);
        assertEquals(chance, spread(even, size, size, true), 0.15 * chance);
        assertEquals(chance, spread(even, size, size, false), 0.15 * chance);
        // 1.6 times the skew on top, as the default's description has it.
        var likeTrained = matrix(size, size, 0.7, SyntheticWeights.DEFAULT_SKEW, ValueType.F16, 3);
        double expected = Math.hypot(0.16, chance);
        assertEquals(expected, spread(likeTrained, size, size, true), 0.15 * expected);
        assertEquals(expected, spread(likeTrained, size, size, false), 0.15 * expected);
    }

    @ParameterizedTest
    @EnumSource(ValueType.class)
    void theLargestSkewStaysFinite(ValueType type) throws Exception {
        for (short b : matrix(500, 500, 0.5, SyntheticWeights.LARGEST_SKEW, type, 9)) {
            float value = type == ValueType.F16 ? Float.float16ToFloat(b) : Float.intBitsToFloat(b << 16);
            assertTrue(Float.isFinite(value));
        }
    }

    @Test
    void refusals() {
        assertThrows(IllegalArgumentException.class, () -> new SyntheticWeights(0, 1, 0, 0, ValueType.F16, 0));
        assertThrows(IllegalArgumentException.class, () -> new SyntheticWeights(1, 0, 0, 0, ValueType.F16, 0));
        assertThrows(IllegalArgumentException.class, () -> new SyntheticWeights(1, 1, 1.5, 0, ValueType.F16, 0));
        assertThrows(IllegalArgumentException.class, () -> new SyntheticWeights(1, 1, 0, -1, ValueType.F16, 0));
        assertThrows(IllegalArgumentException.class, () -> new SyntheticWeights(1, 1, 0, Double.NaN, ValueType.F16, 0));
    }
}
