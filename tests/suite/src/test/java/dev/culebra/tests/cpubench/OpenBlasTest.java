package dev.culebra.tests.cpubench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.jmh.peer.OpenBlas;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenBlasTest {

    private static OpenBlas blas;
    private static String missing = "";

    @BeforeAll
    static void load() {
        try {
            blas = OpenBlas.load(null);
        } catch (OpenBlas.MissingException e) {
            missing = e.getMessage();
        }
    }

    private static void needed() { assumeTrue(blas != null, () -> missing); }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "3, 5, 7", "64, 1, 33", "70, 9, 130"})
    void agreesWithDoublePrecisionInEveryLayout(int m, int n, int k) {
        needed();
        Random random = new Random(m * 31 + n);
        double[] a = random.doubles((long) m * k, -1, 1).map(v -> (float) v).toArray();
        double[] b = random.doubles((long) k * n, -1, 1).map(v -> (float) v).toArray();
        try (Arena arena = Arena.ofConfined()) {
            for (boolean aTransposed : new boolean[]{false, true}) {
                MemorySegment aAt = laidDown(arena, a, m, k, aTransposed);
                for (boolean bTransposed : new boolean[]{false, true}) {
                    MemorySegment c = spoiled(arena, m * n);
                    blas.sgemm(aTransposed, bTransposed, m, n, k, aAt, laidDown(arena, b, k, n, bTransposed), c);
                    check("sgemm " + aTransposed + " " + bTransposed, a, b, m, n, k, c);
                }
                if (n == 1) {
                    MemorySegment y = spoiled(arena, m);
                    blas.sgemv(aTransposed, m, k, aAt, laidDown(arena, b, k, 1, false), y);
                    check("sgemv " + aTransposed, a, b, m, 1, k, y);
                }
            }
        }
    }

    private static MemorySegment laidDown(Arena arena, double[] matrix, int rows, int columns, boolean transposed) {
        MemorySegment to = arena.allocate(4L * rows * columns, 64);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                to.setAtIndex(ValueLayout.JAVA_FLOAT, transposed ? (long) c * rows + r : (long) r * columns + c,
                        (float) matrix[r * columns + c]);
            }
        }
        return to;
    }

    private static MemorySegment spoiled(Arena arena, int count) {
        MemorySegment to = arena.allocate(4L * count, 64);
        for (int i = 0; i < count; i++) {
            to.setAtIndex(ValueLayout.JAVA_FLOAT, i, Float.NaN);
        }
        return to;
    }

    /** K products and K - 1 sums in any order: off by (K + 1) u sum |a||b| at most, u = 2^-24, to first order; twice that. */
    private static void check(String what, double[] a, double[] b, int m, int n, int k, MemorySegment c) {
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = 0;
                double size = 0;
                for (int l = 0; l < k; l++) {
                    sum += a[i * k + l] * b[l * n + j];
                    size += Math.abs(a[i * k + l] * b[l * n + j]);
                }
                float value = c.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i * n + j);
                if (!(Math.abs(value - sum) <= 2 * (k + 1) * 0x1p-24 * size)) {
                    fail(what + ": row " + i + ", column " + j + " is " + value + " for " + sum);
                }
            }
        }
    }

    @Test
    void tellsWhatItIs() {
        needed();
        assertTrue(blas.config().startsWith("OpenBLAS"), blas.config());
        assertTrue(!blas.core().isEmpty());
        assertTrue(blas.file().contains("openblas"), blas.file());
    }

    @Test
    void takesThreads() {
        needed();
        int before = blas.threads();
        blas.setThreads(1);
        assertEquals(1, blas.threads());
        blas.setThreads(before);
        assertEquals(before, blas.threads());
        assertEquals("threads is 0; give 1 or more",
                assertThrows(IllegalArgumentException.class, () -> blas.setThreads(0)).getMessage());
    }

    /** C would write past the end. */
    @Test
    void refusesMemoryThatIsTooSmallOrNotNative() {
        needed();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment four = arena.allocate(16, 64);
            MemorySegment three = arena.allocate(12, 64);
            MemorySegment heap = MemorySegment.ofArray(new float[4]);
            refused("C is 12 native bytes; give 16 native ones or more for 2 x 2",
                    () -> blas.sgemm(false, false, 2, 2, 2, four, four, three));
            refused("A is 16 heap bytes; give 16 native ones or more for 2 x 2",
                    () -> blas.sgemv(false, 2, 2, heap, four, four));
            refused("B is 2 x 0; give 1 or more of each", () -> blas.sgemm(false, false, 2, 0, 2, four, four, four));
        }
    }

    private static void refused(String message, org.junit.jupiter.api.function.Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }

    @Test
    void aPathThatIsNoFileSaysSo() {
        OpenBlas.MissingException e = assertThrows(OpenBlas.MissingException.class,
                () -> OpenBlas.load("/nowhere/libopenblas.so"));
        assertEquals(
                "-Dculebra.openblas=/nowhere/libopenblas.so is no file; give the path of libopenblas.so.0, or leave the "
                        + "property out to search",
                e.getMessage());
    }

    @Test
    void aFileThatIsNoLibraryOrAnotherOneSaysSo(@TempDir Path folder) throws IOException {
        Path text = Files.writeString(folder.resolve("libopenblas.so.0"), "not a library");
        OpenBlas.MissingException e = assertThrows(OpenBlas.MissingException.class,
                () -> OpenBlas.load(text.toString()));
        assertTrue(
                e.getMessage().startsWith("-Dculebra.openblas=" + text + " is no OpenBLAS that can be loaded here ("),
                e.getMessage());
        Path other = Path.of(System.getProperty("java.home"), "lib", System.mapLibraryName("zip"));
        assumeTrue(Files.isRegularFile(other), () -> "this JDK has no " + other);
        e = assertThrows(OpenBlas.MissingException.class, () -> OpenBlas.load(other.toString()));
        assertTrue(e.getMessage().contains("(it has no cblas_sgemm under any of its names)"), e.getMessage());
    }
}
