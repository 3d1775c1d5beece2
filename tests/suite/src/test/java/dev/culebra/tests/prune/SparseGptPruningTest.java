package dev.culebra.tests.prune;

import dev.culebra.llm.prune.Hessian;
import dev.culebra.llm.prune.MagnitudePruning;
import dev.culebra.llm.prune.SparseGptOptions;
import dev.culebra.llm.prune.SparseGptPruning;
import dev.culebra.sparse.DenseType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SparseGptPruningTest {
    /** As in the paper: without the fit at the end. */
    private static final SparseGptOptions PAPER = SparseGptOptions.DEFAULT.withSteps(0);

    private static SparseGptPruning pruning(float[] x, int n, int k, SparseGptOptions options) {
        var hessian = new Hessian(k);
        hessian.add(x, n);
        return new SparseGptPruning(hessian, options);
    }

    private static double[][] pruned(SparseGptPruning pruning, double[][] w, DenseType type, double sparsity) {
        var data = Matrix.of(w, type);
        long zeros = pruning.prune(data, type, w.length, sparsity);
        assertEquals((long) Math.floor(sparsity * w.length * w[0].length), zeros);
        return Matrix.values(data, type, w.length, w[0].length);
    }

    private static double[][] stored(double[][] w, DenseType type) {
        return Matrix.values(Matrix.of(w, type), type, w.length, w[0].length);
    }

    /** The columns' shapes, blocks that fill, do not fill and pass K, few tokens (a singular Hessian) and many. */
    @ParameterizedTest
    @CsvSource({"1,1,1,0.5,64", "5,1,3,0.6,64", "1,9,30,0.5,4", "8,24,100,0.5,64", "8,24,100,0.5,8",
        "13,37,200,0.71,10",
        "40,70,300,0.6,64", "6,130,40,0.8,64", "9,33,1,0.5,16", "7,20,50,0.05,1", "7,20,50,1,6"})
    void isTheOptimalBrainSurgeonColumnByColumn(int m, int k, int n, double sparsity, int block) {
        var random = new SplittableRandom(31 * m + k);
        var x = Matrix.inputs(n, k, random);
        var w = stored(Matrix.random(m, k, random), DenseType.F32);
        var actual = pruned(pruning(x, n, k, PAPER.withBlock(block)), w, DenseType.F32, sparsity);
        var surgeon = new BrainSurgeon(damped(Matrix.hessian(x, n, k), 0.01));
        assertClose(surgeon.prune(w, sparsity, block), actual);
    }

    /** One that remembers nothing: at each column the inverse of what is left of the Hessian, by elimination. */
    private record BrainSurgeon(double[][] h) {
        double[][] prune(double[][] original, double sparsity, int block) {
            int m = original.length;
            int k = h.length;
            var w = Arrays.stream(original).map(double[]::clone).toArray(double[][]::new);
            var inverse = new double[k][][]; // of the part of h from column j on
            for (int j = 0; j < k; j++) inverse[j] = inverse(part(j));
            for (int from = 0; from < k; from += block) {
                int to = Math.min(k, from + block);
                var gone = choose(w, inverse, from, to,
                        (int) (Math.floor(sparsity * m * to) - Math.floor(sparsity * m * from)));
                for (int j = from; j < to; j++) {
                    for (int r = 0; r < m; r++) {
                        if (!gone[r][j]) continue;
                        double lost = w[r][j] / inverse[j][0][0];
                        for (int l = j; l < k; l++) w[r][l] -= lost * inverse[j][0][l - j];
                        w[r][j] = 0;
                    }
                }
            }
            return w;
        }

        /** The cheapest of a block by the rise of the error, w^2 / 2 [H^-1]_jj, then by place. */
        private static boolean[][] choose(double[][] w, double[][][] inverse, int from, int to, int count) {
            int width = to - from;
            var gone = new boolean[w.length][to];
            IntStream.range(0, w.length * width).boxed().sorted(Comparator.<Integer>comparingDouble(i -> {
                double value = w[i / width][from + i % width];
                return value * value / (2 * inverse[from + i % width][0][0]);
            }).thenComparing(i -> i)).limit(count).forEach(i -> gone[i / width][from + i % width] = true);
            return gone;
        }

        private double[][] part(int from) {
            return IntStream.range(from, h.length).mapToObj(i -> Arrays.copyOfRange(h[i], from, h.length))
                    .toArray(double[][]::new);
        }
    }

    /** Gauss and Jordan, without pivots: for positive definite matrices none are needed. */
    private static double[][] inverse(double[][] a) {
        int n = a.length;
        var inverse = new double[n][n];
        for (int i = 0; i < n; i++) inverse[i][i] = 1;
        for (int p = 0; p < n; p++) {
            double pivot = a[p][p];
            for (int j = 0; j < n; j++) {
                a[p][j] /= pivot;
                inverse[p][j] /= pivot;
            }
            for (int i = 0; i < n; i++) {
                double factor = a[i][p];
                if (i == p || factor == 0) continue;
                for (int j = 0; j < n; j++) {
                    a[i][j] -= factor * a[p][j];
                    inverse[i][j] -= factor * inverse[p][j];
                }
            }
        }
        return inverse;
    }

    private static double[][] damped(double[][] h, double damping) {
        double mean = IntStream.range(0, h.length).mapToDouble(i -> h[i][i]).average().orElseThrow();
        for (int i = 0; i < h.length; i++) h[i][i] += damping * mean;
        return h;
    }

    /**
     * The damped Hessian's largest eigenvalue is at most its trace, K times the mean, and its smallest at least 0.01 of it, so its
     * condition is at most 100 K, 13,000 here: doubles carry 13,000 * 130 * 2^-53 = 2e-10 into weights of size 1 at worst.
     * Then a float rounds by 2^-24 of the weight.
     */
    private static void assertClose(double[][] expected, double[][] actual) {
        for (int r = 0; r < expected.length; r++) {
            for (int j = 0; j < expected[r].length; j++) {
                assertEquals(expected[r][j], actual[r][j], 2e-9 + 0x1p-23 * Math.abs(expected[r][j]), r + ", " + j);
                assertEquals(expected[r][j] == 0, actual[r][j] == 0, "zero at " + r + ", " + j);
            }
        }
    }

    /** With as many steps as it takes, the weights that stay solve their normal equations, H_SS w'_S = (H w)_S. */
    @ParameterizedTest
    @CsvSource({"1,1,1,0", "4,30,100,0.5", "40,70,300,0.6", "6,130,40,0.8", "5,600,900,0.9"})
    void theFitEndsAtTheLeastSquares(int m, int k, int n, double sparsity) {
        var random = new SplittableRandom(17 * m + k);
        var x = Matrix.inputs(n, k, random);
        var w = stored(Matrix.random(m, k, random), DenseType.F32);
        var actual = pruned(pruning(x, n, k, PAPER.withSteps(3 * k)), w, DenseType.F32, sparsity);
        var h = damped(Matrix.hessian(x, n, k), 0.01);
        for (int r = 0; r < m; r++) {
            var row = actual[r];
            int[] kept = IntStream.range(0, k).filter(j -> row[j] != 0).toArray();
            var part = new double[kept.length][kept.length];
            for (int i = 0; i < kept.length; i++) {
                for (int j = 0; j < kept.length; j++) part[i][j] = h[kept[i]][kept[j]];
            }
            var inverse = inverse(part);
            for (int i = 0; i < kept.length; i++) {
                double expected = 0;
                for (int j = 0; j < kept.length; j++) {
                    for (int l = 0; l < k; l++) expected += inverse[i][j] * h[kept[j]][l] * w[r][l];
                }
                assertEquals(expected, row[kept[i]], 1e-6 + 0x1p-23 * Math.abs(expected), r + ", " + kept[i]);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"64,96,500,0.5", "64,96,500,0.8", "200,96,60,0.7", "30,515,600,0.6"})
    void eachRefinementLowersTheError(int m, int k, int n, double sparsity) {
        var random = new SplittableRandom(m);
        var x = Matrix.inputs(n, k, random);
        var h = Matrix.hessian(x, n, k);
        for (var type : DenseType.values()) {
            var w = stored(Matrix.random(m, k, random), type);
            var data = Matrix.of(w, type);
            MagnitudePruning.prune(data, type, sparsity);
            double magnitude = Matrix.error(w, Matrix.values(data, type, m, k), h);
            double paper = Matrix.error(w, pruned(pruning(x, n, k, PAPER), w, type, sparsity), h);
            double fitted = Matrix.error(w, pruned(pruning(x, n, k, SparseGptOptions.DEFAULT), w, type, sparsity), h);
            assertTrue(fitted < paper && paper < magnitude, type + ": " + fitted + ", " + paper + ", " + magnitude);
        }
    }

    @Test
    void exactlyAsManyGoAsWereAskedFor() {
        var random = new SplittableRandom(5);
        for (int[] shape : new int[][]{{1, 1}, {3, 5}, {7, 65}, {10, 129}}) {
            var w = Matrix.random(shape[0], shape[1], random);
            var pruning = pruning(Matrix.inputs(200, shape[1], random), 200, shape[1], SparseGptOptions.DEFAULT);
            for (double sparsity : new double[]{0, 0.001, 0.1, 0.333, 0.5, 0.77, 0.999, 1}) {
                int expected = (int) Math.floor(sparsity * shape[0] * shape[1]);
                // Of a bfloat16 no weight of size 1 rounds to zero.
                assertEquals(expected, Matrix.zeros(pruned(pruning, w, DenseType.BF16, sparsity)), "at " + sparsity);
            }
        }
    }

    @Test
    void nothingAskedForNothingChanged() {
        var w = Matrix.random(4, 10, new SplittableRandom(6));
        var pruning = pruning(Matrix.inputs(20, 10, new SplittableRandom(6)), 20, 10, SparseGptOptions.DEFAULT);
        assertArrayEquals(stored(w, DenseType.F16), pruned(pruning, w, DenseType.F16, 0));
        assertArrayEquals(stored(w, DenseType.F16), pruned(pruning, w, DenseType.F16, 0.02)); // 0.8 weights
    }

    @Test
    void inputsThatNeverCameGoFirst() {
        int k = 40;
        var random = new SplittableRandom(7);
        var x = Matrix.inputs(100, k, random);
        for (int t = 0; t < 100; t++) {
            for (int j = 0; j < k; j += 4) x[t * k + j] = 0;
        }
        var w = Matrix.random(9, k, random);
        var half = pruned(pruning(x, 100, k, SparseGptOptions.DEFAULT), w, DenseType.F32, 0.5);
        for (var row : half) {
            for (int j = 0; j < k; j += 4) assertEquals(0, row[j], "column " + j);
        }
        // Fewer are asked for than never came: what does not go stays as it was, and so does all that did come.
        var few = pruned(pruning(x, 100, k, SparseGptOptions.DEFAULT), w, DenseType.F32, 0.2);
        var stored = stored(w, DenseType.F32);
        for (int r = 0; r < 9; r++) {
            for (int j = 0; j < k; j++) {
                if (j % 4 != 0 || few[r][j] != 0) assertEquals(stored[r][j], few[r][j], r + ", " + j);
            }
        }
    }

    @Test
    void withoutAnyInputTheSmallestGo() {
        int k = 50; // one block, so that magnitude pruning is the same choice
        var w = Matrix.random(20, k, new SplittableRandom(8));
        var expected = Matrix.of(w, DenseType.F32);
        MagnitudePruning.prune(expected, DenseType.F32, 0.6);
        assertArrayEquals(Matrix.values(expected, DenseType.F32, 20, k),
                pruned(pruning(new float[30 * k], 30, k, SparseGptOptions.DEFAULT), w, DenseType.F32, 0.6));
    }

    @Test
    void whatIsSparseEnoughStays() {
        int k = 60;
        var random = new SplittableRandom(9);
        var w = Matrix.random(8, k, random);
        for (var row : w) {
            for (int i = 0; i < k; i++) row[random.nextInt(k)] = 0;
        }
        assertTrue(Matrix.zeros(w) > 0.5 * 8 * k);
        var pruning = pruning(Matrix.inputs(100, k, random), 100, k, SparseGptOptions.DEFAULT);
        assertArrayEquals(stored(w, DenseType.F16), pruned(pruning, w, DenseType.F16, 0.5));
    }

    @Test
    void severalMatricesOfOneInput() {
        int k = 70;
        var random = new SplittableRandom(10);
        var x = Matrix.inputs(100, k, random);
        var shared = pruning(x, 100, k, SparseGptOptions.DEFAULT);
        for (int i = 0; i < 3; i++) {
            var w = Matrix.random(33 * (i + 1), k, random);
            assertArrayEquals(pruned(pruning(x, 100, k, SparseGptOptions.DEFAULT), w, DenseType.F16, 0.5),
                    pruned(shared, w, DenseType.F16, 0.5));
        }
    }

    /** Two inputs that are always the same: what one weight loses the other takes over, which is more than F16 holds. */
    @Test
    void refusesWhatTheTypeCanNotHold() {
        var x = new float[]{1, 1, -1, -1, 2, 2};
        var w = new double[][]{{3, 4}, {60_000, 50_000}};
        var pruning = pruning(x, 3, 2, SparseGptOptions.DEFAULT);
        var data = Matrix.of(w, DenseType.F16);
        var before = data.toArray(ValueLayout.JAVA_BYTE);
        var e = assertThrows(ArithmeticException.class, () -> pruning.prune(data, DenseType.F16, 2, 0.75));
        assertTrue(e.getMessage().matches("row 1, column \\d would become 1.*, which F16 can not hold"),
                e.getMessage());
        assertArrayEquals(before, data.toArray(ValueLayout.JAVA_BYTE));
        // BF16 holds it. The other one takes over 1 / 1.01 of what was lost, for the damping; 2^16 to 2^17 are spaced by 512.
        double[] row = pruned(pruning, w, DenseType.BF16, 0.75)[1];
        assertEquals(0, row[0]);
        assertEquals(49_920 + 59_904 / 1.01, row[1], 256);
    }

    @Test
    void refusesWhatIsNoNumber() {
        var pruning = pruning(new float[]{1, 2}, 1, 2, SparseGptOptions.DEFAULT);
        for (double bad : new double[]{Double.NaN, Double.POSITIVE_INFINITY}) {
            var data = Matrix.of(new double[][]{{1, 2}, {bad, 3}}, DenseType.F32);
            var e = assertThrows(IllegalArgumentException.class, () -> pruning.prune(data, DenseType.F32, 2, 0.5));
            assertTrue(e.getMessage().contains("row 1, column 0 is " + bad), e.getMessage());
        }
        var weights = MemorySegment.ofArray(new byte[8]);
        for (double sparsity : new double[]{-0.1, 1.1, Double.NaN}) {
            assertThrows(IllegalArgumentException.class, () -> pruning.prune(weights, DenseType.F16, 2, sparsity));
        }
        assertThrows(IllegalArgumentException.class, () -> pruning.prune(weights, DenseType.F16, 3, 0.5));
        assertThrows(IllegalArgumentException.class, () -> PAPER.withBlock(0));
        assertThrows(IllegalArgumentException.class, () -> PAPER.withDamping(0));
        assertThrows(IllegalArgumentException.class, () -> PAPER.withDamping(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> PAPER.withSteps(-1));
    }
}
