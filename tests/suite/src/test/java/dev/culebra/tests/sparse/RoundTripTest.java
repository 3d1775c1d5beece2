package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.Csr;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.TiledCsl;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntBinaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What goes in comes out: dense to encoded to dense, and by CSR, bit for bit. */
class RoundTripTest {

    static Stream<Arguments> shapesAndDensities() {
        int[][] shapes = {{1, 1}, {1, 200}, {200, 1}, {17, 33}, {64, 64}, {65, 129}, {63, 511}, {128, 513}, {300, 1000},
            {128, 4096}};
        double[] densities = {0, .001, .1, .5, .9, 1};
        return Arrays.stream(shapes).flatMap(s -> Arrays.stream(densities).mapToObj(d -> Arguments.of(s[0], s[1], d)));
    }

    @ParameterizedTest
    @MethodSource("shapesAndDensities")
    void denseComesBackBitForBit(int m, int k, double density) throws Exception {
        short[] dense = Matrices.random(m, k, density, m * 31L + k);
        for (DenseType type : new DenseType[]{DenseType.F16, DenseType.BF16}) {
            SparseMatrix matrix = SparseMatrix.of(dense, type, m, k);
            assertEquals(type, matrix.valueType().dense());
            assertEquals(Matrices.nonzeros(dense), matrix.nonzeros());
            assertEquals(1 - (double) Matrices.nonzeros(dense) / dense.length, matrix.sparsity(), 1e-12);
            matrix.validate();
            assertArrayEquals(dense, Matrices.decode(matrix));
        }
    }

    @ParameterizedTest
    @MethodSource("shapesAndDensities")
    void csrHoldsTheSameAndComesBack(int m, int k, double density) {
        short[] dense = Matrices.random(m, k, density, m * 37L + k);
        SparseMatrix matrix = SparseMatrix.of(dense, DenseType.F16, m, k);
        Csr csr = matrix.toCsr();
        int at = 0; // the definition of CSR, element by element
        for (int r = 0; r < m; r++) {
            assertEquals(at, csr.rowStart()[r], "row " + r);
            for (int c = 0; c < k; c++) {
                if (dense[r * k + c] != 0) {
                    assertEquals(c, csr.column()[at], "column of nonzero " + at);
                    assertEquals(dense[r * k + c], csr.values().getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, at));
                    at++;
                }
            }
        }
        assertEquals(at, csr.nonzeros());
        assertTrue(Matrices.same(matrix, SparseMatrix.of(csr)), "dense and CSR encode alike");
    }

    /** Bytes a device reads: 16 a quad of each tile and 4 a tile offset, no more. */
    @ParameterizedTest
    @MethodSource("shapesAndDensities")
    void encodedBytesAreQuadsAndOffsets(int m, int k, double density) {
        short[] dense = Matrices.random(m, k, density, 5);
        long quads = 0;
        int tiles = 0;
        for (int r0 = 0; r0 < m; r0 += 64) {
            for (int c0 = 0; c0 < k; c0 += 64, tiles++) {
                int n = 0;
                for (int r = r0; r < Math.min(m, r0 + 64); r++) {
                    for (int c = c0; c < Math.min(k, c0 + 64); c++) {
                        n += dense[r * k + c] != 0 ? 1 : 0;
                    }
                }
                quads += (n + 3) / 4;
            }
        }
        assertEquals(quads * 16 + (tiles + 1) * 4L, SparseMatrix.of(dense, DenseType.F16, m, k).encodedBytes());
    }

    /** Every one of the 65536 values, among them all NaN payloads, infinities and subnormals. */
    @Test
    void everyValueSurvives() {
        short[] dense = new short[65536];
        for (int i = 0; i < dense.length; i++) {
            dense[i] = (short) i;
        }
        for (DenseType type : new DenseType[]{DenseType.F16, DenseType.BF16}) {
            short[] expected = dense.clone();
            expected[0x8000] = 0; // -0.0 counts as zero
            SparseMatrix matrix = SparseMatrix.of(dense, type, 256, 256);
            assertEquals(65534, matrix.nonzeros());
            assertArrayEquals(expected, Matrices.decode(matrix));
        }
    }

    @Test
    void negativeZeroIsKeptWhenAsked() throws Exception {
        short[] dense = Matrices.random(70, 70, .3, 1);
        for (int i = 0; i < dense.length; i += 5) {
            dense[i] = (short) 0x8000;
        }
        SparseMatrix matrix = SparseMatrix.encode(MemorySegment.ofArray(dense), DenseType.F16, 70, 70, ValueType.F16,
                EncodeOptions.DEFAULT.withNegativeZeroKept(true));
        matrix.validate();
        assertEquals(Matrices.nonzeros(dense), matrix.nonzeros());
        assertArrayEquals(dense, Matrices.decode(matrix));
    }

    /** Patterns in which a few banks hold everything, or every tile has another number of entries left over. */
    @Test
    void structuredPatternsComeBack() throws Exception {
        IntBinaryOperator[] patterns = {(r, c) -> c == 5 ? 1 : 0, (r, c) -> r == 7 ? 1 : 0, (r, c) -> r == c ? 1 : 0,
            (r, c) -> c % 8 < 2 ? 1 : 0, (r, c) -> (r + c) % 2, (r, c) -> c % 4 < 2 ? 1 : 0, (r, c) -> r < c ? 1 : 0,
            (r, c) -> r % 64 * 64 + c % 64 < r / 64 * 37 + c / 64 * 5 ? 1 : 0, (r, c) -> c / 64 % 2,
            (r, c) -> (c ^ (r & 7) << 3) % 64 < 2 ? 1 : 0};
        for (int p = 0; p < patterns.length; p++) {
            short[] dense = new short[300 * 400];
            for (int i = 0; i < dense.length; i++) {
                dense[i] = (short) (patterns[p].applyAsInt(i / 400, i % 400) * (i % 1000 + 1));
            }
            SparseMatrix matrix = SparseMatrix.of(dense, DenseType.F16, 300, 400);
            matrix.validate();
            assertEquals(Matrices.nonzeros(dense), matrix.nonzeros());
            assertArrayEquals(dense, Matrices.decode(matrix), "pattern " + p);
        }
    }

    @Test
    void segmentsOfAnyKindAndAlignment() {
        short[] dense = Matrices.random(65, 129, .4, 2);
        SparseMatrix expected = SparseMatrix.of(dense, DenseType.F16, 65, 129);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment odd = arena.allocate(2L * dense.length + 1).asSlice(1);
            MemorySegment.copy(dense, 0, odd, ValueLayout.JAVA_SHORT_UNALIGNED, 0, dense.length);
            assertTrue(Matrices.same(expected,
                    SparseMatrix.encode(odd, DenseType.F16, 65, 129, ValueType.F16, EncodeOptions.DEFAULT)));
            MemorySegment out = arena.allocate(2L * dense.length + 1).asSlice(1);
            expected.decode(out);
            assertEquals(-1, out.mismatch(odd));
        }
    }

    @Test
    void resultDoesNotDependOnThreads() {
        short[] dense = Matrices.random(1000, 700, .3, 3);
        MemorySegment segment = MemorySegment.ofArray(dense);
        SparseMatrix one = SparseMatrix.encode(segment, DenseType.F16, 1000, 700, ValueType.F16,
                EncodeOptions.DEFAULT.withThreads(1));
        for (int threads : new int[]{2, 3, 16, 100}) {
            assertTrue(Matrices.same(one, SparseMatrix.encode(segment, DenseType.F16, 1000, 700, ValueType.F16,
                    EncodeOptions.DEFAULT.withThreads(threads))), threads + " threads");
        }
    }

    @Test
    void progressRisesToTheNumberOfElements() {
        List<Long> told = new ArrayList<>();
        SparseMatrix.encode(MemorySegment.ofArray(new short[1000 * 70]), DenseType.F16, 1000, 70, ValueType.F16,
                EncodeOptions.DEFAULT.withThreads(3).withProgress(told::add));
        assertEquals(told.stream().sorted().toList(), told);
        assertEquals(2 * 16, told.size(), "two passes over 16 rows of tiles");
        assertEquals(70000, told.getLast());
    }

    /** A listener that gives up must end the encoding, on every thread. */
    @Test
    void anExceptionFromTheListenerComesOut() {
        EncodeOptions options = EncodeOptions.DEFAULT.withThreads(3).withProgress(n -> {
            throw new IllegalStateException("enough");
        });
        assertEquals("enough", assertThrows(IllegalStateException.class,
                () -> SparseMatrix.encode(MemorySegment.ofArray(new short[1000 * 70]), DenseType.F16, 1000, 70,
                        ValueType.F16, options))
                .getMessage());
    }

    /** 50,000 x 50,000 is more elements than an int counts; most tiles are empty. */
    @Test
    void moreElementsThanAnIntCounts() throws Exception {
        int side = 50_000;
        long[] rowStart = new long[side + 1];
        int[] column = new int[side];
        short[] values = new short[side];
        for (int r = 0; r < side; r++) {
            rowStart[r + 1] = r + 1;
            column[r] = (int) (r * 48271L % side);
            values[r] = (short) (r % 1000 + 1);
        }
        Csr csr = Csr.of(side, side, ValueType.BF16, rowStart, column, values);
        SparseMatrix matrix = SparseMatrix.of(csr);
        matrix.validate();
        assertEquals(side, matrix.nonzeros());
        Csr back = matrix.toCsr();
        assertArrayEquals(rowStart, back.rowStart());
        assertArrayEquals(column, back.column());
        assertEquals(-1, back.values().mismatch(csr.values()));
        TiledCsl shape = new TiledCsl(side, side);
        assertEquals(782L * 782, shape.tiles());
        assertEquals(2_500_000_000.0, side / (1 - matrix.sparsity()), 1);
    }

    @Test
    void aListOfZerosIsDroppedFromCsr() {
        Csr csr = Csr.of(2, 3, ValueType.F16, new long[]{0, 2, 3}, new int[]{0, 2, 1},
                new short[]{0, (short) 0x8000, 7});
        SparseMatrix matrix = SparseMatrix.of(csr);
        assertEquals(1, matrix.nonzeros());
        assertArrayEquals(new short[]{0, 0, 0, 0, 7, 0}, Matrices.decode(matrix));
    }

    @Test
    void refusalsSayWhatIsAccepted() {
        short[] six = new short[6];
        MemorySegment s = MemorySegment.ofArray(six);
        refused("shape 0 x 6", () -> SparseMatrix.of(six, DenseType.F16, 0, 6));
        refused("shape 6 x -1", () -> SparseMatrix.of(six, DenseType.F16, 6, -1));
        refused("2 bytes for each of 8 elements; the segment has 12", () -> SparseMatrix.of(six, DenseType.F16, 2, 4));
        refused("type F32 for an array of short", () -> SparseMatrix.of(six, DenseType.F32, 2, 3));
        refused("values of type F16 can not be stored as BF16",
                () -> SparseMatrix.encode(s, DenseType.F16, 2, 3, ValueType.BF16, EncodeOptions.DEFAULT));
        refused("threads is -1", () -> EncodeOptions.DEFAULT.withThreads(-1));
        refused("there is tiled-csl", () -> Format.of("csr"));
        refused("no section 'masks' in tiled-csl; there is entries, offsets",
                () -> SparseMatrix.of(six, DenseType.F16, 2, 3).section("masks"));
        refused("the segment has 2 bytes",
                () -> SparseMatrix.of(six, DenseType.F16, 2, 3).decode(MemorySegment.ofArray(new short[1])));
        refused("row 0 has column 1 after 1",
                () -> Csr.of(1, 3, ValueType.F16, new long[]{0, 2}, new int[]{1, 1}, new short[2]));
        refused("row 0 has column 3",
                () -> Csr.of(1, 3, ValueType.F16, new long[]{0, 1}, new int[]{3}, new short[1]));
        refused("row 0 goes from position 0 to -1",
                () -> Csr.of(2, 3, ValueType.F16, new long[]{0, -1, 1}, new int[]{0}, new short[1]));
        refused("rowStart must have M + 1 = 3",
                () -> Csr.of(2, 3, ValueType.F16, new long[]{0, 1}, new int[]{0}, new short[1]));
        refused("1 values of F16 take 2 bytes",
                () -> Csr.of(1, 3, ValueType.F16, new long[]{0, 1}, new int[]{0}, new short[2]));
        assertEquals(Format.TILED_CSL, Format.of("tiled-csl"));
    }

    private static void refused(String part, org.junit.jupiter.api.function.Executable action) {
        String message = assertThrows(IllegalArgumentException.class, action).getMessage();
        assertTrue(message.contains(part), message);
    }
}
