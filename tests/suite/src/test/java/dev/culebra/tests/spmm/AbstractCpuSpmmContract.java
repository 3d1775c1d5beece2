package dev.culebra.tests.spmm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.Csr;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.spmm.Spmm;
import dev.culebra.spmm.SpmmWeights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said of the CPU beyond the contract, with vectors and without. */
abstract class AbstractCpuSpmmContract extends AbstractSpmmContract {

    abstract CpuSpmm open(int threads);

    @Override
    Spmm open() {
        return open(3); // more than there are tiles in some tests, fewer than in others
    }

    @Override
    boolean tensorCores() { return false; }

    @Override
    int sparseFrom() { return 92; }

    @Override
    List<Shape> shapes() {
        return List.of(new Shape(1, 1, 1), new Shape(17, 33, 5), new Shape(256, 64, 8), new Shape(300, 1000, 33),
                new Shape(1024, 4096, 64));
    }

    @Test
    void resultsDoNotDependOnThreads() {
        Problem p = Problem.random(1000, 1100, 13, .35, ValueType.F16, 20);
        float[] alone = null;
        for (int threads : new int[]{1, 2, 3, 5, 16}) {
            try (CpuSpmm cpu = open(threads); SpmmWeights a = cpu.load(p.encoded(format()))) {
                assertEquals(threads, cpu.threads());
                float[] y = a.multiply(p.x(), p.n());
                if (alone == null) {
                    p.check(y, false);
                    alone = y;
                }
                assertArrayEquals(alone, y, threads + " threads");
            }
        }
    }

    /** Several passes over the entries, and groups of every width behind the last whole one. */
    @ParameterizedTest
    @ValueSource(ints = {12, 15, 16, 63, 65, 127, 128, 129, 300})
    void manyTokens(int n) {
        Problem p = Problem.integers(67, 130, n, .5, ValueType.F16, n);
        p.checkExact(multiply(p));
    }

    /** So large that other threads help, which can not write into memory that is confined to the caller's; in two passes. */
    @Test
    void aConfinedResultOfSeveralThreads() {
        Problem p = Problem.integers(300, 1000, 130, .5, ValueType.BF16, 24);
        try (SpmmWeights a = device.load(p.encoded(format())); Arena arena = Arena.ofConfined()) {
            MemorySegment y = arena.allocate((long) p.n() * p.m() * Float.BYTES + 1).asSlice(1);
            a.multiply(MemorySegment.ofArray(p.x()), DenseType.F32, p.n(), y);
            p.checkExact(y.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
        }
    }

    /** 1 + 2^-20 is no fp16 number: rounding would lose it. */
    @Test
    void fp32ActivationsStayAsTheyAre() {
        Random random = new Random(21);
        Problem p = Problem.random(100, 90, 4, .5, ValueType.F16, 21);
        for (int i = 0; i < p.x().length; i++) {
            p.x()[i] = 1 + random.nextInt(1 << 20) * 0x1p-20f;
        }
        p.check(multiply(p), false);
    }

    /**
     * Beyond what fp16 holds: just below 2^16, just there, far above. Nobody else's bits change, nor a token's own by who comes
     * with it.
     */
    @ParameterizedTest
    @EnumSource(ValueType.class)
    void largeActivations(ValueType type) {
        int k = 140;
        Problem clean = Problem.random(70, k, 11, .5, type, 25);
        float[] before = multiply(clean);
        Problem p = Problem.random(70, k, 11, .5, type, 25);
        p.x()[2 * k + 77] = Math.nextDown(0x1p16f);
        p.x()[4 * k + 1] = -0x1p16f;
        p.x()[8 * k + 139] = 0x1p100f;
        Arrays.fill(p.x(), 9 * k, 10 * k, Float.MAX_VALUE / 0x1p20f);
        p.x()[9 * k + 3] = Float.NaN;
        p.x()[10 * k] = 3e5f;
        float[] y = multiply(p);
        List<Integer> changed = List.of(2, 4, 8, 9, 10);
        for (int t = 0; t < 11; t++) {
            float[] own = Arrays.copyOfRange(y, t * 70, t * 70 + 70);
            Problem alone = new Problem(70, k, 1, type, p.weights(), Arrays.copyOfRange(p.x(), t * k, t * k + k));
            if (t == 9) {
                for (float v : own) assertTrue(Float.isNaN(v), "token 9: " + v);
            } else {
                alone.check(own, false);
            }
            assertArrayEquals(multiply(alone), own, "token " + t + " alone");
            if (!changed.contains(t)) {
                assertArrayEquals(Arrays.copyOfRange(before, t * 70, t * 70 + 70), own, "token " + t);
            }
        }
    }

    /** Rows of tiles of very different length: one is full, most are empty. */
    @Test
    void skewedRows() {
        Problem p = Problem.integers(640, 256, 3, 0, ValueType.BF16, 22);
        Random random = new Random(22);
        for (int i = 0; i < 64 * 256; i++) {
            p.weights()[7 * 64 * 256 + i] = Problem.bits(1 + random.nextInt(4), ValueType.BF16);
        }
        p.weights()[0] = Problem.bits(2, ValueType.BF16);
        p.checkExact(multiply(p));
    }

    private static SparseMatrix zeros(int m, int k) {
        return SparseMatrix.of(Csr.of(m, k, ValueType.F16, new long[m + 1], new int[0], new short[0]));
    }

    @Test
    void whatNoArrayHoldsIsRefused() {
        try (SpmmWeights a = device.load(zeros(1 << 20, 1))) {
            refused("y takes [N, M] = [2048, 1048576] = 2147483648 elements; an array holds",
                    () -> a.multiply(new float[2048], 2048));
        }
        refused("K is 2147483647; the cpu takes up to 134217728", () -> device.load(zeros(1, Integer.MAX_VALUE)));
    }

    @Test
    void refusesNoThreads() { refused("threads is 0; give 1 or more", () -> open(0)); }

    @Test
    void tellsThreads() {
        try (CpuSpmm cpu = open(2)) {
            assertEquals("cpu", cpu.device());
            assertTrue(cpu.description().contains("2 threads"), cpu.description());
        }
    }

    @Test
    void threadsEndWhenItCloses() throws InterruptedException {
        Problem p = Problem.integers(1000, 500, 3, .5, ValueType.F16, 23);
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        List<Thread> own;
        try (CpuSpmm cpu = open(5); SpmmWeights a = cpu.load(p.encoded(format()))) {
            for (int i = 0; i < 200; i++) {
                p.checkExact(a.multiply(p.x(), 3));
                if (i % 20 == 0) Thread.sleep(1); // so that they sleep, and must be woken
            }
            own = Thread.getAllStackTraces().keySet().stream()
                    .filter(t -> t.getName().startsWith("culebra-spmm-") && !before.contains(t)).toList();
            assertEquals(4, own.size());
        }
        for (Thread t : own) {
            t.join(10_000);
            assertFalse(t.isAlive(), t.getName());
        }
    }
}
