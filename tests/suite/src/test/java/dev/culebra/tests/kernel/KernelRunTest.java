package dev.culebra.tests.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.LaunchPlan;
import dev.culebra.kernel.Planner;
import dev.culebra.kernel.Target;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The committed PTX on the interpreter against plain sums. Values are small integers: products and sums are exact in fp32
 * (at most 8 * 8 * 1000 = 64000, under 2^24), so that the result must be equal, whatever the order of the sum.
 */
class KernelRunTest {

    private static final Target DEVICE = new Target(8, 0, 108, 163 * 1024);

    /** A product, its operands as numbers and as bits. */
    private static final class Product {
        final Format format;
        final ValueType type;
        final int m;
        final int k;
        final int n;
        final int ldx;
        final double[] a;
        final double[] x;

        Product(Format format, ValueType type, int m, int k, int n, double density) {
            this.format = format;
            this.type = type;
            this.m = m;
            this.k = k;
            this.n = n;
            this.ldx = (k + 7) / 8 * 8 + 8;
            SplittableRandom random = new SplittableRandom(m * 31L + k * 7L + n);
            a = new double[m * k];
            x = new double[n * k];
            for (int i = 0; i < a.length; i++) {
                if (random.nextDouble() < density) {
                    a[i] = random.nextInt(1, 9) * (random.nextBoolean() ? 1 : -1);
                }
            }
            for (int i = 0; i < x.length; i++) {
                x[i] = random.nextInt(-8, 9);
            }
        }

        private short bits(double value) {
            return type == ValueType.F16
                    ? Float.floatToFloat16((float) value)
                    : (short) (Float.floatToRawIntBits((float) value) >>> 16);
        }

        SparseMatrix encoded() {
            short[] dense = new short[a.length];
            for (int i = 0; i < a.length; i++) {
                dense[i] = bits(a[i]);
            }
            return SparseMatrix.encode(MemorySegment.ofArray(dense), type.dense(), m, k, type,
                    EncodeOptions.DEFAULT.withFormat(format));
        }

        /** The gaps between rows hold NaNs, which must not be read; there is nothing after the last row. */
        short[] activations() {
            short[] bits = new short[(n - 1) * ldx + k];
            java.util.Arrays.fill(bits, (short) 0x7fff);
            for (int j = 0; j < n; j++) {
                for (int c = 0; c < k; c++) {
                    bits[j * ldx + c] = bits(x[j * k + c]);
                }
            }
            return bits;
        }

        /** [N, M] in double precision; a token with a non-finite activation is NaN throughout. */
        float[] expected() {
            float[] y = new float[n * m];
            for (int j = 0; j < n; j++) {
                boolean poisoned = false;
                for (int c = 0; c < k; c++) {
                    poisoned |= !Double.isFinite(x[j * k + c]);
                }
                for (int i = 0; i < m; i++) {
                    double sum = 0;
                    for (int c = 0; c < k; c++) {
                        if (a[i * k + c] != 0) {
                            sum += a[i * k + c] * x[j * k + c];
                        }
                    }
                    y[j * m + i] = poisoned ? Float.NaN : (float) sum;
                }
            }
            return y;
        }

        float[] run(int tileN, int splits, int mostRowBlocks, int workers) throws Exception {
            SparseMatrix matrix = encoded();
            LaunchPlan plan = Planner.plan(format, type, m, k, matrix.nonzeros(), n, DEVICE,
                    KernelCatalog.of(format.id().replace('-', '_') + "_" + type.id() + "_n" + tileN), splits);
            try (EmulatedKernels device = new EmulatedKernels(workers)) {
                return device.multiply(plan, matrix, activations(), ldx, n, mostRowBlocks);
            }
        }

        void check(int tileN, int splits, int mostRowBlocks) throws Exception {
            float[] expected = expected();
            float[] got = run(tileN, splits, mostRowBlocks, 2);
            for (int i = 0; i < got.length; i++) {
                int at = i;
                assertTrue(expected[i] == got[i] || Float.isNaN(expected[i]) && Float.isNaN(got[i]),
                        () -> "token " + at / m + ", row " + at % m + ": expected " + expected[at] + ", was "
                                + got[at]);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,8,1", "17,33,5,8,1", "64,64,8,8,1", "65,129,9,16,2", "65,129,33,64,3", "130,300,17,32,2",
        "200,200,70,64,1", "100,520,70,16,4", "64,257,3,8,7", "300,65,64,64,1", "300,1000,33,64,5", "256,64,8,8,1"})
    void exactAtEveryDensity(int m, int k, int n, int tileN, int splits) throws Exception {
        for (Format format : List.of(Format.TILED_CSL, Format.DENSE)) {
            for (ValueType type : ValueType.values()) {
                for (double density : new double[]{0, .3, 1}) {
                    new Product(format, type, m, k, n, density).check(tileN, splits, 65535);
                }
            }
        }
    }

    /** Fewer blocks than rows of tiles, as with more than 65535 of them: each takes several, one after the other. */
    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"TILED_CSL", "DENSE"})
    void aBlockTakesSeveralRowsOfTiles(Format format) throws Exception {
        new Product(format, ValueType.F16, 300, 130, 9, .5).check(16, 1, 2);
        new Product(format, ValueType.BF16, 200, 70, 5, .5).check(8, 2, 1);
        new Product(format, ValueType.F16, 420, 400, 40, .5).check(64, 1, 1);
    }

    /** More splits than k-tiles: some have nothing to do and must write zeros. */
    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"TILED_CSL", "DENSE"})
    void splitsWithNothingToDo(Format format) throws Exception {
        new Product(format, ValueType.F16, 70, 100, 5, .5).check(8, 9, 65535);
    }

    /** One non-finite activation makes its token NaN, wherever it stands; the other tokens are as before. */
    @ParameterizedTest
    @CsvSource({"TILED_CSL,F16", "TILED_CSL,BF16", "DENSE,F16", "DENSE,BF16"})
    void aPoisonedTokenIsNanWhateverTheWeights(Format format, ValueType type) throws Exception {
        double[] poisons = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        for (int tileN : new int[]{8, 16, 32, 64}) {
            for (double density : new double[]{0, .1, 1}) { // at 1 without the verdict: infinities
                for (int splits : new int[]{1, 3}) {
                    Product p = new Product(format, type, 70, 200, 70, density);
                    for (int j = 0; j < p.n; j += 3) {
                        p.x[j * p.k + (j == 69 ? 199 : j * 61 % 200)] = poisons[j / 3 % 3];
                    }
                    p.check(tileN, splits, 65535);
                }
            }
        }
    }

    /** Every token of a block with an infinity in every column of a tile, one at a time: no position escapes the check. */
    @ParameterizedTest
    @CsvSource({"TILED_CSL,8", "TILED_CSL,16", "TILED_CSL,32", "TILED_CSL,64", "DENSE,8", "DENSE,16", "DENSE,32",
        "DENSE,64"})
    void everyPositionIsLookedAt(Format format, int tokens) throws Exception {
        for (int shift = 0; shift < 64; shift++) {
            Product p = new Product(format, ValueType.F16, 3, 64, tokens, 1);
            for (int j = 0; j < tokens; j++) {
                p.x[j * 64 + (j + shift) % 64] = Double.POSITIVE_INFINITY;
            }
            for (float y : p.run(tokens, 1, 65535, 1)) {
                assertTrue(Float.isNaN(y), "shift " + shift);
            }
        }
    }

    /** A non-finite weight is an ordinary value: infinity times 3 is infinity, times 0 NaN, and only in its own row. */
    @ParameterizedTest
    @CsvSource({"TILED_CSL,F16", "TILED_CSL,BF16", "DENSE,F16", "DENSE,BF16"})
    void nonFiniteWeightsAreOrdinaryValues(Format format, ValueType type) throws Exception {
        Product p = new Product(format, type, 70, 70, 3, .5);
        p.a[5 * 70 + 7] = Double.POSITIVE_INFINITY;
        p.x[7] = 3;
        p.x[70 + 7] = 0;
        p.x[140 + 7] = -1;
        p.a[66 * 70 + 69] = Double.NaN;
        p.check(8, 1, 65535);
        float[] y = p.run(8, 1, 65535, 1);
        assertEquals(Float.POSITIVE_INFINITY, y[5]);
        assertTrue(Float.isNaN(y[70 + 5]));
        assertEquals(Float.NEGATIVE_INFINITY, y[140 + 5]);
        assertTrue(Float.isNaN(y[66]) && Float.isFinite(y[65]));
    }

    /** The same bits however many workers run the blocks: sums have one order. */
    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"TILED_CSL", "DENSE"})
    void resultsRepeatBitForBit(Format format) throws Exception {
        Product p = new Product(format, ValueType.F16, 130, 500, 9, .4);
        DoubleUnaryOperator rough = v -> v == 0 ? 0 : Float.float16ToFloat(Float.floatToFloat16((float) (v * .37)));
        for (int i = 0; i < p.a.length; i++) {
            p.a[i] = rough.applyAsDouble(p.a[i]);
        }
        float[] one = p.run(16, 4, 65535, 1);
        assertArrayEquals(one, p.run(16, 4, 65535, 3));
        float[] expected = p.expected();
        // 200 terms or so of magnitude under 3 * 8: fp32 sums are off by less than 500 * 2^-24 of the sum of magnitudes
        for (int i = 0; i < one.length; i++) {
            assertEquals(expected[i], one[i], 500 * 0x1p-24 * 500 * 24, "element " + i);
        }
    }
}
