package dev.culebra.tests.spmm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.Spmm;
import dev.culebra.spmm.SpmmWeights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What every device must do. One subclass for each, and one of that for each format. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class AbstractSpmmContract {

    record Shape(int m, int k, int n) {}

    private static final double[] DENSITIES = {0, .1, .5, .9, 1};

    Spmm device;

    /** Opens the device. */
    abstract Spmm open();

    /** The weights' format; a subclass of each device's has the other one. */
    Format format() {
        return Format.TILED_CSL;
    }

    /** Why the device can not be opened here; empty if it can. */
    String unavailable() { return ""; }

    /** The shapes that this device gets through in reasonable time. */
    abstract List<Shape> shapes();

    /** Whether sums may be those of Tensor Cores. */
    abstract boolean tensorCores();

    @BeforeAll
    void openDevice() { if (unavailable().isEmpty()) device = open(); }

    @BeforeEach
    void skipWithoutDevice() { assumeTrue(device != null, this::unavailable); }

    @AfterAll
    void closeDevice() {
        if (device != null) {
            device.close();
        }
    }

    Stream<Problem> problems() {
        List<Problem> all = new ArrayList<>();
        long seed = 1;
        for (ValueType type : ValueType.values()) {
            for (Shape s : shapes()) {
                for (double density : DENSITIES) {
                    all.add(Problem.random(s.m, s.k, s.n, density, type, seed++));
                }
            }
        }
        return all.stream();
    }

    float[] multiply(Problem p) {
        try (SpmmWeights a = device.load(p.encoded(format()))) {
            return a.multiply(p.x(), p.n());
        }
    }

    @ParameterizedTest
    @MethodSource("problems")
    void agreesWithDoublePrecision(Problem p) { p.check(multiply(p), tensorCores()); }

    @ParameterizedTest
    @EnumSource(ValueType.class)
    void wholeNumbersAreExact(ValueType type) {
        for (Shape s : List.of(new Shape(17, 33, 5), new Shape(130, 200, 11))) {
            Problem p = Problem.integers(s.m, s.k, s.n, .4, type, 7);
            p.checkExact(multiply(p));
        }
    }

    /** It multiplies what it chooses, and takes a sparse format from some share of zeros on. */
    @Test
    void itsFastestFormatIsOneItTakes() {
        FormatChoice choice = device.fastestFormat();
        List<Format> chosen = new ArrayList<>();
        for (int percent = 0; percent <= 100; percent += 5) {
            Problem p = Problem.integers(128, 192, 3, 1 - percent / 100., ValueType.F16, percent);
            SparseMatrix a = p.encoded(choice);
            assertEquals(choice.choose(128, 192, a.nonzeros()), a.format());
            chosen.add(a.format());
            try (SpmmWeights weights = device.load(a)) {
                p.checkExact(weights.multiply(p.x(), p.n()));
            }
        }
        assertEquals(Format.DENSE, chosen.getFirst());
        assertTrue(chosen.getLast() != Format.DENSE, "of nothing but zeros");
        assertEquals(chosen.stream().sorted(Comparator.comparing(f -> f != Format.DENSE)).toList(), chosen,
                "dense first");
        int dense = (int) chosen.stream().filter(f -> f == Format.DENSE).count();
        assertEquals(sparseFrom(), 5 * dense, 10, "% of zeros, of draws");
    }

    /** About how many percent of zeros the device is said to be faster from in a sparse format, or told to save bytes from. */
    abstract int sparseFrom();

    @Test
    void anyNumberOfTokens() {
        Problem all = Problem.integers(70, 130, 9, .3, ValueType.F16, 3);
        try (SpmmWeights a = device.load(all.encoded(format()))) {
            for (int n = 1; n <= 9; n++) {
                Problem p = new Problem(all.m(), all.k(), n, all.type(), all.weights(),
                        Arrays.copyOf(all.x(), n * all.k()));
                p.checkExact(a.multiply(p.x(), n));
            }
        }
    }

    /** So few rows and so many columns that a GPU splits K. */
    @Test
    void longSums() {
        Problem p = Problem.random(3, 5000, 2, .3, ValueType.F16, 4);
        p.check(multiply(p), tensorCores());
        Problem q = Problem.integers(64, 4096, 3, .2, ValueType.BF16, 5);
        q.checkExact(multiply(q));
    }

    @ParameterizedTest
    @EnumSource(ValueType.class)
    void activationsOfTheWeightsTypeOrFp32(ValueType type) {
        Problem p = Problem.random(65, 66, 3, .5, type, 8);
        try (SpmmWeights a = device.load(p.encoded(format()))) {
            float[] y = new float[p.n() * p.m()];
            a.multiply(MemorySegment.ofArray(p.xBits()), type.dense(), p.n(), MemorySegment.ofArray(y));
            p.check(y, tensorCores());
            assertArrayEquals(y, a.multiply(p.x(), p.n()));
        }
    }

    @ParameterizedTest
    @EnumSource(ValueType.class)
    void anActivationThatIsNotFinitePoisonsItsTokenAlone(ValueType type) {
        for (double density : new double[]{0, .05, .5, 1}) {
            Problem clean = Problem.random(70, 140, 11, density, type, 9);
            float[] before = multiply(clean);
            Problem p = Problem.random(70, 140, 11, density, type, 9);
            p.x()[2 * 140 + 77] = Float.NaN;
            p.x()[8 * 140 + 139] = Float.NEGATIVE_INFINITY;
            p.x()[9 * 140] = Float.POSITIVE_INFINITY;
            float[] y = multiply(p);
            for (int t = 0; t < 11; t++) {
                for (int row = 0; row < 70; row++) {
                    int i = t * 70 + row;
                    if (t == 2 || t == 8 || t == 9) {
                        assertTrue(Float.isNaN(y[i]),
                                "density " + density + ", token " + t + ", row " + row + ": " + y[i]);
                    } else {
                        assertEquals(before[i], y[i], "density " + density + ", token " + t + ", row " + row);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ValueType.class)
    void aWeightThatIsNotFiniteIsAnOrdinaryValue(ValueType type) {
        Problem p = Problem.integers(66, 70, 3, .3, type, 10);
        for (int row = 0; row < 4; row++) {
            Arrays.fill(p.weights(), row * 70, row * 70 + 70, (short) 0);
        }
        p.weights()[3] = Problem.bits(Float.POSITIVE_INFINITY, type); // row 0, column 3
        p.weights()[70 + 3] = Problem.bits(Float.NEGATIVE_INFINITY, type); // row 1
        p.weights()[2 * 70 + 65] = Problem.bits(Float.NaN, type); // row 2, column 65
        p.weights()[3 * 70 + 3] = Problem.bits(Float.POSITIVE_INFINITY, type); // row 3: infinity - infinity
        p.weights()[3 * 70 + 4] = Problem.bits(Float.NEGATIVE_INFINITY, type);
        p.x()[3] = 2;
        p.x()[70 + 3] = 0;
        p.x()[140 + 3] = -1;
        p.x()[4] = p.x()[70 + 4] = 1;
        p.x()[140 + 4] = -1;
        float[] y = multiply(p);
        float inf = Float.POSITIVE_INFINITY;
        float nan = Float.NaN;
        float[][] expected = {{inf, -inf, nan, nan}, {nan, nan, nan, nan}, {-inf, inf, nan, nan}};
        for (int t = 0; t < 3; t++) {
            for (int row = 0; row < 66; row++) {
                float v = y[t * 66 + row];
                if (row < 4) {
                    assertEquals(expected[t][row], v, "token " + t + ", row " + row);
                } else {
                    assertTrue(Float.isFinite(v), "token " + t + ", row " + row + ": " + v);
                }
            }
        }
    }

    /** The least fp16 is 2^-24, the least bf16 2^-133: as weights both count, and 2^k times them is exact. */
    @ParameterizedTest
    @EnumSource(ValueType.class)
    void subnormalWeightsCount(ValueType type) {
        Problem p = new Problem(2, 2, 1, type, new short[]{1, 0, (short) 0x8003, 0}, new float[]{1024, 1});
        float least = type == ValueType.F16 ? 0x1p-24f : 0x1p-133f;
        assertArrayEquals(new float[]{1024 * least, -3 * 1024 * least}, multiply(p));
    }

    @Test
    void repeatableAndSafeToShare() throws Exception {
        Problem p = Problem.random(200, 300, 6, .4, ValueType.F16, 11);
        Problem other = Problem.random(100, 300, 6, .6, ValueType.F16, 12);
        try (SpmmWeights a = device.load(p.encoded(format()));
                SpmmWeights b = device.load(other.encoded(format()));
                ExecutorService callers = Executors.newFixedThreadPool(6)) {
            float[] ya = a.multiply(p.x(), 6);
            float[] yb = b.multiply(other.x(), 6);
            float[] one = a.multiply(Arrays.copyOf(p.x(), 300), 1);
            List<Callable<Void>> calls = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                calls.add(() -> {
                    assertArrayEquals(ya, a.multiply(p.x(), 6));
                    assertArrayEquals(yb, b.multiply(other.x(), 6));
                    assertArrayEquals(one, a.multiply(Arrays.copyOf(p.x(), 300), 1));
                    return null;
                });
            }
            for (Future<Void> f : callers.invokeAll(calls)) {
                f.get();
            }
        }
    }

    @Test
    void anySegment() {
        Problem p = Problem.integers(65, 67, 3, .5, ValueType.F16, 13);
        long xBytes = 3L * 67 * Float.BYTES;
        long yBytes = 3L * 65 * Float.BYTES;
        try (SpmmWeights a = device.load(p.encoded(format()));
                Arena confined = Arena.ofConfined();
                Arena shared = Arena.ofShared()) {
            for (Arena arena : List.of(confined, shared, Arena.ofAuto())) {
                MemorySegment x = arena.allocate(xBytes + 1).asSlice(1); // unaligned
                MemorySegment y = arena.allocate(yBytes + 3, 4).asSlice(3);
                MemorySegment.copy(p.x(), 0, x, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, p.x().length);
                a.multiply(x, DenseType.F32, 3, y);
                p.checkExact(y.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
            }
            MemorySegment x = MemorySegment.ofArray(new byte[(int) xBytes + 5]).asSlice(5);
            MemorySegment y = MemorySegment.ofArray(new byte[(int) yBytes + 2]).asSlice(1, yBytes);
            MemorySegment.copy(p.x(), 0, x, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, p.x().length);
            a.multiply(x.asReadOnly(), DenseType.F32, 3, y);
            p.checkExact(y.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
            MemorySegment xBits = MemorySegment.ofArray(p.xBits());
            double[] doubles = new double[(int) (yBytes / 8) + 1];
            MemorySegment inDoubles = MemorySegment.ofArray(doubles).asSlice(4, yBytes);
            a.multiply(xBits, DenseType.F16, 3, inDoubles);
            p.checkExact(inDoubles.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
        }
    }

    @Test
    void refusalsSayWhatIsAccepted() {
        Problem p = Problem.random(5, 7, 2, .5, ValueType.F16, 14);
        try (SpmmWeights a = device.load(p.encoded(format()))) {
            MemorySegment x = MemorySegment.ofArray(new float[14]);
            MemorySegment y = MemorySegment.ofArray(new float[10]);
            refused("n is 0; give 1", () -> a.multiply(x, DenseType.F32, 0, y));
            refused("n is -1; give 1", () -> a.multiply(x, DenseType.F32, -1, y));
            refused("n is 0; give 1", () -> a.kernel(0));
            refused("x has 56 bytes; [N, K] = [3, 7]", () -> a.multiply(x, DenseType.F32, 3, y));
            refused("x has 56 bytes", () -> a.multiply(x, DenseType.F16, 2, y));
            refused("x has 55 bytes", () -> a.multiply(x.asSlice(1), DenseType.F32, 2, y));
            refused("y has 36 bytes; [N, M] = [2, 5] of F32 takes 10 elements",
                    () -> a.multiply(x, DenseType.F32, 2, y.asSlice(4)));
            refused("y is read-only", () -> a.multiply(x, DenseType.F32, 2, y.asReadOnly()));
            refused("x is BF16 and the weights are F16; give x as F16 or F32",
                    () -> a.multiply(x.asSlice(0, 28), DenseType.BF16, 2, y));
            refused("x has 13 elements; [N, K] = [2, 7] takes 14", () -> a.multiply(new float[13], 2));
            refused("n is 0", () -> a.multiply(new float[0], 0));
            assertThrows(NullPointerException.class, () -> a.multiply(null, DenseType.F32, 2, y));
            assertThrows(NullPointerException.class, () -> a.multiply(x, null, 2, y));
            assertThrows(NullPointerException.class, () -> a.multiply(x, DenseType.F32, 2, null));
            p.check(a.multiply(p.x(), 2), tensorCores()); // and it still works
        }
        assertThrows(NullPointerException.class, () -> device.load(null));
    }

    static void refused(String message, Executable call) {
        String said = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(said.contains(message), said);
    }

    @Test
    void tellsAboutItself() {
        SparseMatrix a = Problem.random(65, 130, 1, .5, ValueType.BF16, 15).encoded(format());
        try (SpmmWeights w = device.load(a)) {
            assertEquals(65, w.m());
            assertEquals(130, w.k());
            assertEquals(ValueType.BF16, w.valueType());
            assertEquals(a.encodedBytes(), w.encodedBytes());
            assertTrue(w.kernel(8).contains(format().id().replace('-', '_') + "_bf16"), w.kernel(8));
            assertFalse(device.description().isBlank());
            assertTrue(device.freeBytes() > 0);
        }
    }

    @Test
    void closesInOrder() {
        Spmm own = open();
        SpmmWeights a = own.load(Problem.random(5, 7, 2, .5, ValueType.F16, 16).encoded(format()));
        String said = assertThrows(IllegalStateException.class, own::close).getMessage();
        assertTrue(said.contains("1 matrices are still loaded"), said);
        a.multiply(new float[7], 1); // nothing was closed
        a.close();
        a.close();
        assertThrows(IllegalStateException.class, () -> a.multiply(new float[7], 1));
        own.close();
        own.close();
        assertThrows(IllegalStateException.class, own::freeBytes);
        assertThrows(IllegalStateException.class, () -> own.load(SparseMatrix.of(new float[]{1}, 1, 1)));
    }
}
