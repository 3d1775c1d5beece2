package dev.culebra.tests.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.driver.Cuda;
import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.KernelInstance;
import dev.culebra.kernel.LaunchPlan;
import dev.culebra.kernel.Planner;
import dev.culebra.kernel.Target;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.TiledCsl;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every product kernel of the catalog, whole and with K split, on an emulated device with all checks on (with
 * {@code -Dculebra.tests.provider=cuda} on a real one): to the bit where numbers are whole ({@link ExactProduct}), within rounding where they are not.
 */
class ExactProductsTest {

    private static final Target TARGET = new Target(9, 0, 132, 227 * 1024);

    private static KernelDevice device;

    @BeforeAll
    static void open() {
        device = new KernelDevice(Cuda.open(System.getProperty("culebra.tests.provider", "emulator")).device(0));
    }

    @AfterAll
    static void close() { device.close(); }

    static Stream<String> kernels() { return KernelCatalog.all().stream().map(KernelInstance::name); }

    private static LaunchPlan plan(KernelInstance kernel, SparseMatrix a, int n, int splits) {
        return Planner.plan(a, n, TARGET, kernel, splits);
    }

    private static void check(KernelInstance kernel, int m, int k, int n, int splits, ExactProduct.Pattern pattern) {
        ExactProduct p = new ExactProduct(kernel.values(), m, k, n, 31L * m + 7L * k + n, pattern);
        SparseMatrix a = p.weights(kernel.format());
        for (LaunchPlan plan : KernelDevice.depths(plan(kernel, a, n, splits))) {
            float[] y = device.multiply(plan, a, p.activations(), p.ldx, n);
            assertEquals(null, p.difference(y),
                    () -> kernel.name() + " in " + splits + ", " + plan.sharedBytes() + " bytes, of " + p);
        }
    }

    static Stream<String> lanes() {
        return KernelCatalog.all().stream().filter(k -> k.format().hasLaneLists()).map(KernelInstance::name);
    }

    /**
     * Few blocks for several groups of rows, as a device has for a large matrix: a block goes from one group to the next, with parts
     * of the first and of the last. Rows in their order and in another one, tokens poisoned in one part of the columns.
     */
    @ParameterizedTest
    @MethodSource("lanes")
    void fewBlocksForManyGroups(String name) {
        KernelInstance kernel = KernelCatalog.of(name);
        for (int m : new int[]{2 * 256 + 1, 3 * 256 + 70}) {
            for (int n : new int[]{kernel.tileN(), 2 * kernel.tileN() + 1}) {
                for (boolean skewed : new boolean[]{false, true}) {
                    ExactProduct p = new ExactProduct(kernel.values(), m, 64 * 11 + 3, n, m + n,
                            skewed
                                    ? (row, column) -> (row % 3 == 0 ? 29 : 2) * 97 > (row * 31 + column * 17) % 3000
                                    : ExactProduct.random(.5, m));
                    for (int token = 1; token < n; token += 3) {
                        p.poison(token, token * 101 % p.k);
                    }
                    SparseMatrix a = p.weights(kernel.format());
                    for (int multiprocessors = 1; multiprocessors <= 3; multiprocessors++) {
                        LaunchPlan plan = Planner.plan(a, n, new Target(9, 0, multiprocessors, 227 * 1024), kernel, 0);
                        assertEquals(null, p.difference(device.multiply(plan, a, p.activations(), p.ldx, n)),
                                () -> plan.why() + ", of " + p);
                    }
                }
            }
        }
    }

    /** Just below, at and just above what tiles, chunks and warps are multiples of. */
    @ParameterizedTest
    @MethodSource("kernels")
    void raggedShapes(String name) {
        KernelInstance kernel = KernelCatalog.of(name);
        int[] tokens = {1, kernel.tileN() - 1, kernel.tileN(), kernel.tileN() + 1};
        double[] densities = {.5, 1, .1, .9, .01};
        int draw = 0;
        for (int m : new int[]{1, 15, 17, 63, 64, 65, 128, 129}) {
            for (int k : new int[]{1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 193, 257}) {
                // 4, 5 and 3 have no common divisor: every choice meets every other one.
                check(kernel, m, k, tokens[draw % 4], 1 + draw % 3, ExactProduct.random(densities[draw % 5], draw));
                draw++;
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void everyNumberOfTokens(String name) {
        KernelInstance kernel = KernelCatalog.of(name);
        for (int n = 1; n <= kernel.tileN() + 1; n++) {
            check(kernel, 1 + n % 64, 65, n, 1 + n % 2, ExactProduct.random(.5, n));
        }
        check(kernel, 20, 70, 2 * kernel.tileN() + 3, 1, ExactProduct.random(.5, 0));
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void everyDensity(String name) {
        KernelInstance kernel = KernelCatalog.of(name);
        for (int percent = 0; percent <= 100; percent += 5) {
            check(kernel, 66, 130, 7, 1 + percent / 5 % 2, ExactProduct.random(percent / 100., percent));
        }
        check(kernel, 66, 130, 7, 2, ExactProduct.random(0, 0));
    }

    /** More splits than tiles of K: some have nothing to do, and write zeros. */
    @ParameterizedTest
    @MethodSource("kernels")
    void everyNumberOfSplits(String name) {
        for (int splits = 1; splits <= 7; splits++) {
            check(KernelCatalog.of(name), 65, 300, 9, splits, ExactProduct.random(.3, splits));
        }
    }

    /** More tiles than a block has stages, and so many that it goes round all of them more than once. */
    @ParameterizedTest
    @MethodSource("kernels")
    void manyTilesOfK(String name) {
        for (int k : new int[]{8 * 64, 9 * 64 - 3, 17 * 64 + 5}) {
            check(KernelCatalog.of(name), 65, k, 9, 1 + k % 2, ExactProduct.random(.7, k));
        }
    }

    /** Tiles without an entry beside tiles in which every place is taken, in every order. */
    @ParameterizedTest
    @MethodSource("kernels")
    void emptyTilesAndFullOnes(String name) {
        KernelInstance kernel = KernelCatalog.of(name);
        for (int full = 0; full < 16; full++) {
            int bits = full;
            check(kernel, 65, 256, 5, 1 + full % 2, (row, column) -> (bits >> column / TiledCsl.TILE_COLUMNS & 1) != 0);
        }
        check(kernel, 190, 190, 5, 1, (row, column) -> (row / 64 + column / 64) % 2 == 0);
    }

    /** One nonzero in each corner of each tile, ragged ones too, by itself: no other element may have anything. */
    @ParameterizedTest
    @MethodSource("kernels")
    void aSingleNonzero(String name) {
        KernelInstance kernel = KernelCatalog.of(name);
        int m = 70;
        int k = 67;
        for (int row : new int[]{0, 63, 64, 69}) {
            for (int column : new int[]{0, 63, 64, 66}) {
                check(kernel, m, k, 3, 1, (r, c) -> r == row && c == column);
            }
        }
        check(kernel, m, k, 3, 1, (r, c) -> (r % 64 == 0 || r % 64 == 63) && (c % 64 == 0 || c % 64 == 63));
    }

    /**
     * Numbers that are not whole: a product of two 16-bit values is exact in fp32 (22 bits of fp16, 16 of bf16), and each of K
     * additions, and one a split, errs by at most one unit in the last place of a partial sum, 2^-23 of the magnitudes' sum.
     */
    @ParameterizedTest
    @MethodSource("kernels")
    void anyNumbers(String name) {
        KernelInstance kernel = KernelCatalog.of(name);
        SplittableRandom random = new SplittableRandom(5);
        for (int[] shape : new int[][]{{65, 200, 9, 1}, {33, 500, 3, 4}, {130, 70, kernel.tileN() + 2, 2}}) {
            int m = shape[0];
            int k = shape[1];
            int n = shape[2];
            int splits = shape[3];
            short[] weights = new short[m * k];
            short[] x = new short[n * k];
            for (int i = 0; i < weights.length; i++) {
                // Magnitudes of many powers of two.
                double v = random.nextGaussian() * Math.scalb(1, random.nextInt(-6, 3));
                weights[i] = random.nextDouble() < .6 ? 0 : bits(kernel, v);
            }
            for (int i = 0; i < x.length; i++) {
                x[i] = bits(kernel, random.nextGaussian());
            }
            // K is a multiple of nothing here, and rows of X follow each other without a gap where 16 bytes allow it.
            int ldx = (k + 7) / 8 * 8;
            short[] rows = new short[(n - 1) * ldx + k];
            for (int i = 0; i < x.length; i++) {
                rows[i / k * ldx + i % k] = x[i];
            }
            SparseMatrix a = SparseMatrix.encode(MemorySegment.ofArray(weights), kernel.values().dense(), m, k,
                    kernel.values(), EncodeOptions.DEFAULT.withFormat(kernel.format()));
            float[] y = device.multiply(plan(kernel, a, n, splits), a, rows, ldx, n);
            for (int i = 0; i < y.length; i++) {
                double sum = 0;
                double magnitude = 0;
                for (int c = 0; c < k; c++) {
                    double term = value(kernel, weights[i % m * k + c]) * value(kernel, x[i / m * k + c]);
                    sum += term;
                    magnitude += Math.abs(term);
                }
                assertEquals(sum, y[i], (k + splits) * 0x1p-23 * magnitude, name + ", element " + i);
            }
        }
    }

    private static short bits(KernelInstance kernel, double v) {
        return switch (kernel.values()) {
            case F16 -> Float.floatToFloat16((float) v);
            case BF16 -> (short) (Float.floatToRawIntBits((float) v) >>> 16);
        };
    }

    private static double value(KernelInstance kernel, short bits) {
        return switch (kernel.values()) {
            case F16 -> Float.float16ToFloat(bits);
            case BF16 -> Float.intBitsToFloat(bits << 16);
        };
    }
}
