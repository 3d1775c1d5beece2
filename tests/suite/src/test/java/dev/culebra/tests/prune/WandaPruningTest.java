package dev.culebra.tests.prune;

import dev.culebra.llm.prune.WandaPruning;
import dev.culebra.sparse.DenseType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class WandaPruningTest {
    /** The definition: sort a row by |w| * norm, then by place; the first ones become zero. */
    private static double[] reference(double[] row, double[] norms, int zeros) {
        var result = row.clone();
        IntStream.range(0, row.length).boxed()
                .sorted(Comparator.<Integer>comparingDouble(i -> Math.abs(row[i]) * norms[i]).thenComparing(i -> i))
                .limit(zeros).forEach(i -> result[i] = 0);
        return result;
    }

    private static void check(double[][] w, DenseType type, double[] norms, double sparsity) {
        int m = w.length;
        int k = norms.length;
        var segment = Matrix.of(w, type);
        var stored = Matrix.values(segment, type, m, k);
        int zeros = (int) Math.floor(sparsity * k);
        assertEquals((long) m * zeros, WandaPruning.prune(segment, type, m, norms, sparsity));
        var pruned = Matrix.values(segment, type, m, k);
        for (int r = 0; r < m; r++) {
            assertArrayEquals(reference(stored[r], norms, zeros), pruned[r], type + " " + m + " x " + k + " row " + r);
        }
    }

    @ParameterizedTest
    @EnumSource(DenseType.class)
    void isItsDefinition(DenseType type) {
        var random = new SplittableRandom(11);
        for (int[] shape : new int[][]{{1, 1}, {3, 1}, {1, 7}, {5, 64}, {33, 515}, {200, 96}}) {
            var norms = random.doubles(shape[1], 0.1, 10).toArray();
            var w = Matrix.random(shape[0], shape[1], random);
            for (double sparsity : new double[]{0, 0.001, 0.29, 0.5, 0.7, 0.999, 1}) check(w, type, norms, sparsity);
        }
    }

    @Test
    void equalProductsGoByPlace() {
        // Three weights and two norms, powers of two: most products have an equal, some from another weight and norm.
        var random = new SplittableRandom(12);
        var w = new double[9][100];
        for (var row : w) {
            for (int j = 0; j < row.length; j++) row[j] = (random.nextBoolean() ? 1 : -1) * random.nextInt(3);
        }
        var norms = random.ints(100, 1, 3).asDoubleStream().toArray();
        for (double sparsity : new double[]{0.1, 0.35, 0.5, 0.8}) check(w, DenseType.F16, norms, sparsity);
    }

    @Test
    void weightsOfInputsThatNeverCameGoFirst() {
        var w = Matrix.random(4, 20, new SplittableRandom(13));
        var norms = new double[20];
        for (int j = 0; j < 20; j += 2) norms[j] = 1;
        check(w, DenseType.F32, norms, 0.3);
        check(w, DenseType.F32, norms, 0.5);
        check(w, DenseType.F32, new double[20], 0.5);
    }

    @Test
    void whatWasZeroCounts() {
        var random = new SplittableRandom(14);
        var w = Matrix.random(10, 100, random);
        for (var row : w) {
            for (int j = 0; j < 70; j++) row[random.nextInt(100)] = 0;
        }
        check(w, DenseType.BF16, random.doubles(100, 1, 2).toArray(), 0.3);
        check(w, DenseType.BF16, random.doubles(100, 1, 2).toArray(), 0.8);
    }

    @Test
    void productsThatNoFloatHolds() {
        // Squares of neither would fit a float, the product of the two does not either.
        double[][] w = {{3e38, 2e38, 1e38, 1e-45}, {1e-45, 3e-45, 1, 2}};
        check(w, DenseType.F32, new double[]{1e30, 1e31, 1e32, 1e300}, 0.5);
    }

    @Test
    void refusesWhatIsNoNumber() {
        assertTrue(
                assertThrows(IllegalArgumentException.class, () -> prune(new double[][]{{1, 2}, {3, Double.NaN}}, 1, 1))
                        .getMessage().contains("row 1, column 1 is NaN"));
        // An infinite weight of an input that never came gives no number either.
        assertThrows(IllegalArgumentException.class, () -> prune(new double[][]{{Double.NEGATIVE_INFINITY, 2}}, 0, 1));
        for (double norm : new double[]{-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertTrue(assertThrows(IllegalArgumentException.class, () -> prune(new double[][]{{1, 2}}, 1, norm))
                    .getMessage().contains("the norm of input 1 is " + norm));
        }
        var weights = MemorySegment.ofArray(new byte[8]);
        for (double sparsity : new double[]{-0.1, 1.1, Double.NaN}) {
            assertThrows(IllegalArgumentException.class,
                    () -> WandaPruning.prune(weights, DenseType.F16, 2, new double[2], sparsity));
        }
        assertThrows(IllegalArgumentException.class,
                () -> WandaPruning.prune(weights, DenseType.F16, 3, new double[2], 0.5));
    }

    private static void prune(double[][] w, double... norms) {
        WandaPruning.prune(Matrix.of(w, DenseType.F32), DenseType.F32, w.length, norms, 0.5);
    }
}
