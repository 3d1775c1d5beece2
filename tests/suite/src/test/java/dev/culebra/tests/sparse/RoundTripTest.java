package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.Csr;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatChoice;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What goes in comes out: dense to encoded to dense, and by CSR, bit for bit. */
class RoundTripTest {

    static Stream<Arguments> shapesAndDensities() {
        int[][] shapes = {{1, 1}, {1, 200}, {200, 1}, {17, 33}, {64, 64}, {65, 129}, {63, 511}, {128, 513}, {300, 1000},
            {128, 4096}};
        double[] densities = {0, .001, .1, .5, .9, 1};
        return Arrays.stream(shapes).flatMap(s -> Arrays.stream(densities).mapToObj(d -> Arguments.of(s[0], s[1], d)));
    }

    static Stream<Arguments> shapesDensitiesAndFormats() {
        return Arrays.stream(Format.values()).flatMap(f -> shapesAndDensities()
                .map(a -> Arguments.of(a.get()[0], a.get()[1], a.get()[2], f)));
    }

    @ParameterizedTest
    @MethodSource("shapesDensitiesAndFormats")
    void denseComesBackBitForBit(int m, int k, double density, Format format) throws Exception {
        short[] dense = Matrices.random(m, k, density, m * 31L + k);
        for (DenseType type : new DenseType[]{DenseType.F16, DenseType.BF16}) {
            SparseMatrix matrix = Matrices.encode(dense, type, m, k, format);
            assertEquals(format, matrix.format());
            assertEquals(type, matrix.valueType().dense());
            assertEquals(Matrices.nonzeros(dense), matrix.nonzeros());
            assertEquals(1 - (double) Matrices.nonzeros(dense) / dense.length, matrix.sparsity(), 1e-12);
            matrix.validate();
            assertArrayEquals(dense, Matrices.decode(matrix));
        }
    }

    @ParameterizedTest
    @MethodSource("shapesDensitiesAndFormats")
    void csrHoldsTheSameAndComesBack(int m, int k, double density, Format format) {
        short[] dense = Matrices.random(m, k, density, m * 37L + k);
        SparseMatrix matrix = Matrices.encode(dense, DenseType.F16, m, k, format);
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
        assertTrue(Matrices.same(matrix, SparseMatrix.encode(csr, EncodeOptions.DEFAULT.withFormat(format))),
                "dense and CSR encode alike");
    }

    /** 16 a quad of each tile and 4 a tile offset, no more. */
    private static long tiledCslBytes(short[] dense, int m, int k) {
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
        return quads * 16 + (tiles + 1) * 4L;
    }

    /** Bytes a device reads, and their bound; the encoder, left to itself, takes the format of fewer, up to padding. */
    @ParameterizedTest
    @MethodSource("shapesAndDensities")
    void encodedBytes(int m, int k, double density) {
        short[] dense = Matrices.random(m, k, density, 5);
        long sparse = tiledCslBytes(dense, m, k);
        long whole = ((m + 63) / 64) * ((k + 63) / 64) * 64L * 64 * 2;
        assertEquals(sparse, Matrices.encode(dense, DenseType.F16, m, k, Format.TILED_CSL).encodedBytes());
        assertEquals(whole, Matrices.encode(dense, DenseType.F16, m, k, Format.DENSE).encodedBytes());
        SparseMatrix chosen = SparseMatrix.of(dense, DenseType.F16, m, k);
        long tiles = whole / 8192;
        assertTrue(chosen.encodedBytes() <= Math.min(whole, sparse) + 12 * tiles,
                chosen + ": " + whole + ", " + sparse);
        long bound = Format.TILED_CSL.mostBytes(m, k, chosen.nonzeros());
        assertTrue(sparse <= bound && bound <= sparse + 12 * tiles, sparse + ", at most " + bound);
        assertEquals(whole, Format.DENSE.mostBytes(m, k, chosen.nonzeros()));
        assertTrue(chosen.encodedBytes() <= Math.min(whole, bound), chosen + " is no more than either bound");
        assertTrue(Matrices.same(chosen, Matrices.encode(dense, DenseType.F16, m, k, chosen.format())));
        assertEquals(chosen.format(), SparseMatrix.of(chosen.toCsr()).format());
    }

    /**
     * A dense tile is 8192 bytes. One tile's two offsets are 8 bytes and a quad of four nonzeros is 16, so 511 quads make
     * 8184 and 512 make 8200. Three tiles' four offsets are 16 bytes and may have 3 entries of padding each: 6132 nonzeros
     * take at most 6141 / 4 = 1535 quads, with the offsets 24576 bytes, exactly three dense tiles; 6130 take at most 1534.
     */
    @Test
    void theFormatOfFewerBytesIsChosen() {
        assertEquals(Format.TILED_CSL, leading(64, 64, 2044).format());
        assertEquals(Format.DENSE, leading(64, 64, 2045).format());
        assertEquals(Format.TILED_CSL, leading(64, 192, 6130).format());
        SparseMatrix equal = leading(64, 192, 6132);
        assertEquals(24576, equal.encodedBytes());
        assertEquals(24576, Format.TILED_CSL.mostBytes(64, 192, 6132));
        assertEquals(Format.DENSE, equal.format(), "of equal bytes the one that needs no unpacking");
        // -0.0 is no nonzero unless it is kept, and then it counts
        short[] negative = new short[64 * 64];
        Arrays.fill(negative, (short) 0x8000);
        assertEquals(Format.TILED_CSL, SparseMatrix.of(negative, DenseType.F16, 64, 64).format());
        assertEquals(Format.DENSE, Matrices.encode(negative, DenseType.F16, 64, 64,
                EncodeOptions.DEFAULT.withNegativeZeroKept(true)).format());
    }

    /** Few nonzeros fill few quads, however many tiles there are; past what a format holds there is no number. */
    @Test
    void mostBytesAtTheEnds() {
        assertEquals(4 * 101, Format.TILED_CSL.mostBytes(640, 640, 0));
        assertEquals(4 * 101 + 2 * 16, Format.TILED_CSL.mostBytes(640, 640, 2));
        assertEquals(4 * 101 + 100 * 1024 * 16, Format.TILED_CSL.mostBytes(640, 640, 640 * 640));
        int huge = Integer.MAX_VALUE;
        assertEquals(Long.MAX_VALUE, Format.TILED_CSL.mostBytes(huge, huge, (long) huge * huge));
        assertEquals(Long.MAX_VALUE, Format.DENSE.mostBytes(huge, huge, 1));
    }

    /** What chooses is asked once, by the numbers of what will be stored; a format by name counts nothing beforehand. */
    @Test
    void aChoiceIsAskedAfterCounting() {
        short[] dense = Matrices.random(100, 70, .3, 4);
        dense[7] = (short) 0x8000;
        List<String> asked = new ArrayList<>();
        for (boolean keep : new boolean[]{false, true}) {
            long nonzeros = Matrices.encode(dense, DenseType.F16, 100, 70,
                    EncodeOptions.DEFAULT.withNegativeZeroKept(keep)).nonzeros();
            for (Format format : Format.values()) {
                SparseMatrix chosen = Matrices.encode(dense, DenseType.F16, 100, 70,
                        EncodeOptions.DEFAULT.withNegativeZeroKept(keep).withFormat((m, k, n) -> {
                            asked.add(m + " " + k + " " + n);
                            return format;
                        }));
                assertEquals(List.of("100 70 " + nonzeros), asked);
                assertEquals(format, chosen.format());
                assertTrue(Matrices.same(chosen, Matrices.encode(dense, DenseType.F16, 100, 70,
                        EncodeOptions.DEFAULT.withNegativeZeroKept(keep).withFormat(format))));
                asked.clear();
            }
        }
        assertThrows(NullPointerException.class, () -> EncodeOptions.DEFAULT.withFormat(null));
        assertThrows(NullPointerException.class, () -> Matrices.encode(dense, DenseType.F16, 100, 70,
                EncodeOptions.DEFAULT.withFormat((m, k, n) -> null)));
    }

    @Test
    void sparseFromAShareOfZeros() {
        FormatChoice choice = FormatChoice.sparseFrom(.75);
        assertEquals(Format.DENSE, choice.choose(10, 10, 26));
        assertEquals(Format.TILED_CSL, choice.choose(10, 10, 25));
        assertEquals(Format.TILED_CSL, choice.choose(Integer.MAX_VALUE, Integer.MAX_VALUE, 1L << 59));
        assertEquals(Format.DENSE, choice.choose(Integer.MAX_VALUE, Integer.MAX_VALUE, 1L << 61));
        assertEquals(Format.TILED_CSL, FormatChoice.sparseFrom(0).choose(5, 5, 25), "always");
        assertEquals(Format.DENSE, FormatChoice.sparseFrom(1).choose(5, 5, 1), "only where there is nothing");
        refused("sparsity is 1.5", () -> FormatChoice.sparseFrom(1.5));
        refused("sparsity is NaN", () -> FormatChoice.sparseFrom(Double.NaN));
    }

    /** The first so many elements of a matrix 64 high, tile by tile, are nonzero. */
    private static SparseMatrix leading(int m, int k, int nonzeros) {
        short[] dense = new short[m * k];
        for (int i = 0; i < nonzeros; i++) {
            dense[i % 4096 / 64 * k + i / 4096 * 64 + i % 64] = 1;
        }
        return SparseMatrix.of(dense, DenseType.F16, m, k);
    }

    /** The layout, spelled out: tiles by rows of tiles, a tile by columns, +0 beyond the edge. */
    @Test
    void denseTilesLieColumnByColumn() {
        int m = 70;
        int k = 130;
        short[] dense = Matrices.random(m, k, .8, 9);
        MemorySegment values = Matrices.encode(dense, DenseType.BF16, m, k, Format.DENSE).section("values").bytes();
        for (int at = 0; at < 2 * 3 * 4096; at++) {
            int row = at / (3 * 4096) * 64 + at % 64;
            int column = at / 4096 % 3 * 64 + at / 64 % 64;
            short expected = row < m && column < k ? dense[row * k + column] : 0;
            assertEquals(expected, values.getAtIndex(ValueLayout.JAVA_SHORT, at), "row " + row + ", column " + column);
        }
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
            for (Format format : Format.values()) {
                SparseMatrix matrix = Matrices.encode(dense, type, 256, 256, format);
                assertEquals(65534, matrix.nonzeros());
                assertArrayEquals(expected, Matrices.decode(matrix), format.id());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void negativeZeroIsKeptWhenAsked(Format format) throws Exception {
        short[] dense = Matrices.random(70, 70, .3, 1);
        for (int i = 0; i < dense.length; i += 5) {
            dense[i] = (short) 0x8000;
        }
        SparseMatrix matrix = Matrices.encode(dense, DenseType.F16, 70, 70,
                EncodeOptions.DEFAULT.withFormat(format).withNegativeZeroKept(true));
        matrix.validate();
        assertEquals(Matrices.nonzeros(dense), matrix.nonzeros());
        assertArrayEquals(dense, Matrices.decode(matrix));
        assertTrue(Matrices.same(matrix, SparseMatrix.encode(matrix.toCsr(),
                EncodeOptions.DEFAULT.withFormat(format).withNegativeZeroKept(true))));
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
            for (Format format : Format.values()) {
                SparseMatrix matrix = Matrices.encode(dense, DenseType.F16, 300, 400, format);
                matrix.validate();
                assertEquals(Matrices.nonzeros(dense), matrix.nonzeros());
                assertArrayEquals(dense, Matrices.decode(matrix), format + ", pattern " + p);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void segmentsOfAnyKindAndAlignment(Format format) {
        short[] dense = Matrices.random(65, 129, .4, 2);
        SparseMatrix expected = Matrices.encode(dense, DenseType.F16, 65, 129, format);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment odd = arena.allocate(2L * dense.length + 1).asSlice(1);
            MemorySegment.copy(dense, 0, odd, ValueLayout.JAVA_SHORT_UNALIGNED, 0, dense.length);
            assertTrue(Matrices.same(expected,
                    SparseMatrix.encode(odd, DenseType.F16, 65, 129, ValueType.F16,
                            EncodeOptions.DEFAULT.withFormat(format))));
            MemorySegment out = arena.allocate(2L * dense.length + 1).asSlice(1);
            expected.decode(out);
            assertEquals(-1, out.mismatch(odd));
        }
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void resultDoesNotDependOnThreads(Format format) {
        short[] dense = Matrices.random(1000, 700, .3, 3);
        EncodeOptions options = EncodeOptions.DEFAULT.withFormat(format);
        SparseMatrix one = Matrices.encode(dense, DenseType.F16, 1000, 700, options.withThreads(1));
        for (int threads : new int[]{2, 3, 16, 100}) {
            assertTrue(Matrices.same(one, Matrices.encode(dense, DenseType.F16, 1000, 700,
                    options.withThreads(threads))), threads + " threads");
        }
    }

    /**
     * 1000 rows are 16 rows of tiles. Tiled-CSL takes two passes over them, dense one; choosing takes one that counts. Bitmap and
     * pairs take two, and leave another one out at once.
     */
    @ParameterizedTest
    @CsvSource({"tiled-csl, 0, 32", "tiled-csl, 1, 32", "dense, 0, 16", "dense, 1, 16", "bitmap, 1, 33",
        "pairs, 1, 33", ", 0, 32", ", 1, 32"})
    void progressRisesToTheNumberOfElements(String format, short value, int times) {
        List<Long> told = new ArrayList<>();
        short[] dense = new short[1000 * 70];
        Arrays.fill(dense, value);
        Matrices.encode(dense, DenseType.F16, 1000, 70, EncodeOptions.DEFAULT.withThreads(3)
                .withFormat(format == null ? FormatChoice.FEWEST_BYTES : Format.of(format)).withProgress(told::add));
        assertEquals(told.stream().sorted().toList(), told);
        assertEquals(times, told.size());
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
        refused("there is tiled-csl, dense", () -> Format.of("csr"));
        refused("no section 'entries' in dense; there is values",
                () -> Matrices.encode(six, DenseType.F16, 2, 3, Format.DENSE).section("entries"));
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
        assertEquals(Format.DENSE, Format.of("dense"));
    }

    private static void refused(String part, org.junit.jupiter.api.function.Executable action) {
        String message = assertThrows(IllegalArgumentException.class, action).getMessage();
        assertTrue(message.contains(part), message);
    }
}
