package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.Csr;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.LaneLists;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.function.IntBinaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Bitmap and pairs: what they share with the other formats is in {@link RoundTripTest}, their bytes in {@link LaneBytesTest}. */
class LaneFormatsTest {

    private static SparseMatrix encode(short[] dense, int m, int k, Format format, int segment) {
        return Matrices.encode(dense, DenseType.F16, m, k,
                EncodeOptions.DEFAULT.withFormat(format).withSegment(segment));
    }

    /** Decoded, and walked through as a warp does, with every length of segments. */
    private static void comesBack(short[] dense, int m, int k, String what) throws Exception {
        for (Format format : new Format[]{Format.BITMAP, Format.PAIRS}) {
            for (int segment = 1; segment <= 16; segment *= 2) {
                SparseMatrix matrix = encode(dense, m, k, format, segment);
                String which = what + ", " + matrix + ", segments of " + segment;
                assertEquals(segment, LaneLists.of(matrix).segment());
                matrix.validate();
                assertArrayEquals(dense, Matrices.decode(matrix), which);
                assertArrayEquals(dense, LaneWalk.dense(matrix), which);
                assertTrue(matrix.encodedBytes() <= format.mostBytes(m, k, matrix.nonzeros()), which);
                assertTrue(LaneLists.of(matrix).ring() <= LaneLists.MOST_RING,
                        which + ", ring " + LaneLists.of(matrix).ring());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "5,1300", "200,1", "17,33", "64,64", "65,129", "70,1100", "130,2111"})
    void everyShapeDensityAndSegment(int m, int k) throws Exception {
        for (double density : new double[]{0, .001, .03, .1, .3, .5, .7, .97, 1}) {
            comesBack(Matrices.random(m, k, density, m * 41L + k), m, k, "density " + density);
        }
    }

    /** Rows full beside empty ones, full columns, blocks, halves of lanes: lists of very different lengths. */
    @Test
    void skewedMatrices() throws Exception {
        int m = 150;
        int k = 1200;
        IntBinaryOperator[] densities = {(r, c) -> r % 2 == 0 ? 100 : 0, (r, c) -> r % 8 == 3 ? 100 : 2,
            (r, c) -> r % 16 < 8 ? 100 : 0, (r, c) -> r == 77 ? 100 : 0, (r, c) -> c == 555 ? 100 : 0,
            (r, c) -> c % 8 < 2 ? 100 : 0, (r, c) -> c % 64 < 32 ? 100 : 0, (r, c) -> (r / 32 + c / 128) % 2 * 90,
            (r, c) -> c / 64 % 2 == 0 ? 100 : 0, (r, c) -> r * 100 / m, (r, c) -> c * 100 / k,
            (r, c) -> r % 64 < 8 && c % 8 < 2 ? 100 : 10, (r, c) -> (r + c / 64) % 2 == 0 ? 95 : 5,
            (r, c) -> c / 64 % 3 == 0 && r % 16 < 8 ? 100 : c / 64 % 3 == 1 && r % 8 == 0 ? 100 : 1};
        SplittableRandom random = new SplittableRandom(5);
        for (int p = 0; p < densities.length; p++) {
            short[] dense = new short[m * k];
            for (int i = 0; i < dense.length; i++) {
                if (random.nextInt(100) < densities[p].applyAsInt(i / k, i % k)) {
                    dense[i] = (short) (i % 30000 + 1);
                }
            }
            comesBack(dense, m, k, "pattern " + p);
        }
    }

    /** What no usual ring holds: eight lanes whose columns are full, 64 entries a k-tile for both of their lists, beside lanes with next to none. */
    @ParameterizedTest
    @CsvSource({"BITMAP,96", "PAIRS,48"})
    void theRingGrowsWhereItMust(Format format, int usual) throws Exception {
        short[] dense = new short[64 * 640];
        for (int i = 0; i < dense.length; i++) {
            // the rows and columns of one lane; no order of rows can spread them
            int r = i / 640;
            int c = i % 640;
            dense[i] = (short) (c % 8 < 2 || r == 0 ? 1 : 0);
        }
        SparseMatrix matrix = encode(dense, 64, 640, format, 8);
        matrix.validate();
        assertArrayEquals(dense, LaneWalk.dense(matrix));
        assertTrue(LaneLists.of(matrix).ring() > usual, "ring " + LaneLists.of(matrix).ring());
        assertTrue(LaneWalk.restarts(matrix) > 0);
    }

    /**
     * With independent draws the usual ring is enough for a bitmap at 50%, for pairs at 90%, and it hardly costs a restart; pairs at 88 and
     * 86% get a larger one, with which there are hardly more.
     */
    @ParameterizedTest
    @CsvSource({"BITMAP,.5,96", "PAIRS,.1,48", "PAIRS,.12,64", "PAIRS,.14,64"})
    void theRingHoldsForIndependentDraws(Format format, double density, int ring) {
        SparseMatrix matrix = encode(Matrices.random(256, 4096, density, 12), 256, 4096, format, 8);
        LaneLists shape = LaneLists.of(matrix);
        assertTrue(shape.ring() <= ring, "ring " + shape.ring());
        int restarts = LaneWalk.restarts(matrix);
        assertTrue(restarts <= shape.tiles() / 16, restarts + " restarts in " + shape.tiles() + " k-tiles");
    }

    private static int[] ints(SparseMatrix matrix, String section) {
        return matrix.section(section).bytes().toArray(ValueLayout.JAVA_INT_UNALIGNED);
    }

    private static byte[] bytes(SparseMatrix matrix, String section) {
        return matrix.section(section).bytes().toArray(ValueLayout.JAVA_BYTE);
    }

    /** Every lane has its own strand; bit 6 of lanes 0 to 7 counts rows, that of lane 8 is the restart. */
    private static byte[] restartWith(int rows) {
        byte[] info = new byte[32];
        for (int lane = 0; lane < 32; lane++) {
            info[lane] = (byte) (lane + ((rows | 256) >>> lane & 1) * 64);
        }
        return info;
    }

    /** The layout of one element by hand: row 10 is row g + 8 = 2 + 8 of row tile 0, column 29 is step 1, pair 1, t = 2, h = 1. */
    @Test
    void oneElementOfABitmap() {
        short[] dense = new short[64 * 64];
        dense[10 * 64 + 29] = 0x1234;
        SparseMatrix matrix = encode(dense, 64, 64, Format.BITMAP, 4);
        int lane = 4 * 2 + 2;
        int[] masks = ints(matrix, "masks");
        for (int i = 0; i < masks.length; i++) {
            assertEquals(i == lane * 4 ? 1 << 2 + 1 + 8 + 16 : 0, masks[i], "word " + i);
        }
        assertArrayEquals(new int[]{4, 8}, ints(matrix, "layout"));
        assertArrayEquals(restartWith(1), bytes(matrix, "info"));
        assertArrayEquals(new int[]{0, 1}, ints(matrix, "offsets"));
        short[] streams = matrix.section("streams").bytes().toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
        assertEquals(3 * 64, streams.length, "a storage row, and two of zeros");
        for (int i = 0; i < streams.length; i++) {
            assertEquals(i == 2 * lane + 1 ? 0x1234 : 0, streams[i],
                    "list B of the lane has the lower row: value " + i);
        }
        for (int r = 0; r < 64; r++) {
            assertEquals(r, ints(matrix, "order")[r]);
        }
    }

    /**
     * Three pairs by hand: row 10 is row g + 8 = 2 + 8 of row tile 0; column 93 is step 5, the odd one of columns 92 and 93, which are 8 + 2 t
     * and on with t = 2: register 3. Columns 84 and 85 are register 1 of the same lane. Its
     * list B has these two; list A has the one of row 2, columns 4 and 5: step 0, register 0.
     */
    @Test
    void threePairs() {
        short[] dense = new short[64 * 128];
        dense[10 * 128 + 93] = 0x1234;
        dense[10 * 128 + 84] = 0x0567;
        dense[10 * 128 + 85] = 0x0089;
        dense[2 * 128 + 5] = 0x0c0d;
        dense[10 * 128 + 92] = Short.MIN_VALUE; // a -0 that counts as zero is +0 beside a nonzero
        SparseMatrix matrix = encode(dense, 64, 128, Format.PAIRS, 1);
        int lane = 4 * 2 + 2;
        int[] masks = ints(matrix, "masks");
        for (int i = 0; i < masks.length; i++) {
            assertEquals(i == lane * 4 ? 1 << 4 * 5 + 1 | 1 << 4 * 5 + 3 | 1 : 0, masks[i], "word " + i);
        }
        assertEquals(4, matrix.nonzeros());
        assertArrayEquals(restartWith(2), bytes(matrix, "info"));
        assertArrayEquals(new int[]{1, 8}, ints(matrix, "layout"));
        assertArrayEquals(new int[]{0, 2}, ints(matrix, "offsets"));
        int[] streams = ints(matrix, "streams"); // of a storage row 32 of lists A, then 32 of lists B
        int[] expected = new int[4 * 64]; // two storage rows, and two of zeros
        expected[lane] = 0x0c0d0000;
        expected[32 + lane] = 0x00890567; // register 1 comes before register 3
        expected[64 + 32 + lane] = 0x12340000;
        assertArrayEquals(expected, streams);
        dense[10 * 128 + 93] = 0;
        matrix = Matrices.encode(dense, DenseType.F16, 64, 128,
                EncodeOptions.DEFAULT.withFormat(Format.PAIRS).withSegment(1).withNegativeZeroKept(true));
        assertEquals(0x00008000, ints(matrix, "streams")[64 + 32 + lane], "a -0 that is kept is a nonzero");
    }

    /**
     * Lane 0 alone has values, 16 of row 0 in each k-tile. It takes a list that none has used before each time: A of its own strand, then
     * of a strand with lists of equal length.
     */
    @Test
    void theFullestLaneTakesTheShortestStrand() throws Exception {
        int k = 4 * 64;
        short[] dense = new short[64 * k];
        for (int c = 0; c < k; c++) {
            dense[c] = (short) (c % 8 < 2 ? 1 + c : 0);
        }
        SparseMatrix matrix = encode(dense, 64, k, Format.BITMAP, 4);
        assertArrayEquals(new int[]{0, 16}, ints(matrix, "offsets"), "64 values in four strands");
        assertEquals(0, bytes(matrix, "info")[0] & 31);
        assertArrayEquals(dense, LaneWalk.dense(matrix));
        assertTrue(LaneWalk.exchanges(matrix) >= 6, "three times two lanes at least exchange strands");
    }

    /** Within a strand the fuller row takes the shorter list: with all lanes alike there is nothing else to choose. */
    @Test
    void theFullerRowTakesTheShorterList() {
        int k = 2 * 64;
        short[] dense = new short[64 * k];
        for (int i = 0; i < dense.length; i++) {
            dense[i] = (short) (i / k % 16 < 8 ? 1 : 0); // upper rows full, lower rows empty
        }
        SparseMatrix matrix = encode(dense, 64, k, Format.BITMAP, 2);
        assertArrayEquals(new int[]{0, 64}, ints(matrix, "offsets"));
        byte[] info = bytes(matrix, "info");
        for (int lane = 0; lane < 32; lane++) {
            assertEquals(0, info[lane] & 32);
            assertEquals(32, info[32 + lane] & 32, "lane " + lane);
        }
    }

    /** Rows of very different density are put beside their like: no more bytes than as many values spread evenly. */
    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"BITMAP", "PAIRS"})
    void rowsAreOrderedByDensity(Format format) throws Exception {
        int m = 500;
        int k = 1024;
        SplittableRandom random = new SplittableRandom(7);
        short[] dense = new short[m * k];
        for (int i = 0; i < dense.length; i++) {
            dense[i] = (short) (random.nextInt(1000) < i / k * 37 % 100 * 4 ? 1 : 0); // 0 to 39.6%, all mixed
        }
        SparseMatrix matrix = encode(dense, m, k, format, 8);
        matrix.validate();
        assertArrayEquals(dense, Matrices.decode(matrix));
        assertArrayEquals(dense, LaneWalk.dense(matrix));
        int[] order = ints(matrix, "order");
        assertEquals(512, order.length);
        int[] counts = new int[512];
        for (int i = 0; i < dense.length; i++) {
            counts[i / k] += dense[i];
        }
        for (int block = 1; block < 8; block++) {
            int least = Integer.MAX_VALUE;
            int most = 0;
            for (int r = 0; r < 64; r++) {
                least = Math.min(least, counts[order[64 * block - 64 + r]]);
                most = Math.max(most, counts[order[64 * block + r]]);
            }
            assertTrue(least >= most, "row block " + block);
        }
        EncodeOptions options = EncodeOptions.DEFAULT.withFormat(format).withSegment(8);
        assertTrue(Matrices.same(matrix, SparseMatrix.encode(matrix.toCsr(), options)), "from CSR alike");
        for (int threads : new int[]{1, 3}) {
            assertTrue(
                    Matrices.same(matrix, Matrices.encode(dense, DenseType.F16, m, k, options.withThreads(threads))));
        }
    }

    @Test
    void independentDrawsKeepTheirOrder() {
        int[] order = ints(encode(Matrices.random(200, 2000, .3, 4), 200, 2000, Format.BITMAP, 8), "order");
        assertEquals(256, order.length);
        for (int i = 0; i < order.length; i++) {
            assertEquals(i, order[i]);
        }
    }

    /** What {@link LaneLists#defaultSegment} makes of its rule for the crews of an H200. */
    @ParameterizedTest
    @CsvSource({"49152,12288,16", "28672,7168,16", "21504,7168,8", "7168,28672,16", "12288,12288,8", "9216,9216,8",
        "7168,7168,4", "4096,4096,1", "1024,4096,1", "64,64,16", "2147483647,1,16"})
    void segmentsSuitTheShape(int m, int k, int segment) {
        assertEquals(segment, LaneLists.defaultSegment(Format.BITMAP, m, k));
    }

    @Test
    void refusals() {
        for (int segment : new int[]{-1, 3, 32}) {
            String message = assertThrows(IllegalArgumentException.class,
                    () -> EncodeOptions.DEFAULT.withSegment(segment))
                    .getMessage();
            assertTrue(message.startsWith("segment is " + segment + "; give 1, 2, 4, 8 or 16"), message);
        }
        Csr wide = Csr.of(1, 1 << 25, ValueType.F16, new long[]{0, 1}, new int[]{1 << 24}, new short[]{1});
        String message = assertThrows(IllegalArgumentException.class,
                () -> SparseMatrix.encode(wide, EncodeOptions.DEFAULT.withFormat(Format.PAIRS))).getMessage();
        assertEquals("K is 33554432; pairs takes up to 16777216", message);
        assertEquals(Long.MAX_VALUE, Format.BITMAP.mostBytes(1, 1 << 25, 1));
        assertThrows(IllegalArgumentException.class, () -> new LaneLists(Format.BITMAP, 1, 1, 3, 8));
        assertThrows(IllegalArgumentException.class, () -> new LaneLists(Format.PAIRS, 1, 1, 4, 12));
        assertThrows(IllegalArgumentException.class,
                () -> LaneLists.of(Matrices.encode(new short[]{1}, DenseType.F16, 1,
                        1, Format.DENSE)));
    }

    /** A bound that does not fall, and that the worst matrix there is reaches: all places taken. */
    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"BITMAP", "PAIRS"})
    void mostBytes(Format format) {
        long last = 0;
        for (long nonzeros = 0; nonzeros <= 640 * 640; nonzeros += 640) {
            long bytes = format.mostBytes(640, 640, nonzeros);
            assertTrue(bytes >= last, "at " + nonzeros);
            last = bytes;
        }
        short[] full = Matrices.random(640, 640, 1, 1);
        assertEquals(encode(full, 640, 640, format, 1).encodedBytes(), last);
    }

    /** A column that is never zero beside sparse ones, in a matrix wide enough for all lists to run apart. */
    @Test
    void denseColumnsMoveOneLaneAhead() throws Exception {
        int k = 64 * 40;
        short[] dense = Matrices.random(128, k, .1, 3);
        for (int r = 0; r < 128; r++) {
            for (int c = 0; c < k; c += 8) {
                dense[r * k + c] = 7;
            }
        }
        comesBack(dense, 128, k, "columns 0, 8, 16, ...");
    }

    @Test
    void valuesAreBitsOfAnyKind() throws Exception {
        short[] dense = new short[65536];
        for (int i = 0; i < dense.length; i++) {
            dense[i] = (short) i;
        }
        dense[0x8000] = 0;
        MemorySegment bits = MemorySegment.ofArray(dense);
        for (Format format : new Format[]{Format.BITMAP, Format.PAIRS}) {
            SparseMatrix matrix = SparseMatrix.encode(bits, DenseType.BF16, 128, 512, ValueType.BF16,
                    EncodeOptions.DEFAULT.withFormat(format));
            assertArrayEquals(dense, LaneWalk.dense(matrix));
        }
    }
}
