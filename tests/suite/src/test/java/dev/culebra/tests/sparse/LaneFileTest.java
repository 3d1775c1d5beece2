package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatException;
import dev.culebra.sparse.SparseMatrix;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nothing that is wrong in a bitmap or slots file goes unnoticed, however well it is signed. */
class LaneFileTest {

    /** Two row blocks, the second of 6 rows; three k-tiles, the last of 2 columns; segments of two. */
    private static final int M = 70;
    private static final int K = 130;

    @TempDir
    Path directory;

    private FileBytes file;
    private SparseMatrix matrix;

    private void matrix(Format format) throws IOException {
        matrix = Matrices.encode(Matrices.random(M, K, .6, 4), DenseType.F16, M, K,
                EncodeOptions.DEFAULT.withFormat(format).withSegment(2));
        again();
    }

    @BeforeEach
    void bitmap() throws IOException { matrix(Format.BITMAP); }

    private void again() throws IOException { file = new FileBytes(matrix, directory); }

    private int entry(String section) {
        for (int i = 0; i < matrix.sections().size(); i++) {
            if (matrix.sections().get(i).name().equals(section)) {
                return FileBytes.TABLE + 40 * i;
            }
        }
        throw new AssertionError(section);
    }

    /** The place in the file of a section's byte. */
    private int at(String section, int offset) {
        return file.at(entry(section)) + offset;
    }

    private void refused(String part) throws IOException {
        Path path = file.sign().write(directory);
        String message = assertThrows(FormatException.class, () -> SparseMatrix.read(path)).getMessage();
        assertTrue(message.contains(part), message);
        assertEquals(message, assertThrows(FormatException.class, () -> SparseMatrix.map(path)).getMessage());
        again();
    }

    private void put(String section, int index, int value) { file.put(at(section, 4 * index), value); }

    private int get(String section, int index) { return file.getInt(at(section, 4 * index)); }

    private void putByte(String section, int offset, int value) { file.array()[at(section, offset)] = (byte) value; }

    private void putShort(String section, int index, int value) {
        putByte(section, 2 * index, value);
        putByte(section, 2 * index + 1, value >>> 8);
    }

    private int getShort(String section, int index) { return get(section, index / 2) >>> index % 2 * 16 & 0xffff; }

    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"BITMAP", "SLOTS"})
    void layout(Format format) throws IOException {
        matrix(format);
        put("layout", 0, 3);
        refused("the segment is 3; it is 1, 2, 4, 8 or 16");
        put("layout", 0, -1);
        refused("the segment is 4294967295");
        put("layout", 0, 1);
        refused("section 'offsets' has 20 bytes; with segments of 1 k-tiles it needs 28");
        put("layout", 0, 4);
        refused("section 'offsets' has 20 bytes; with segments of 4 k-tiles it needs 12");
        int ring = get("layout", 1);
        put("layout", 1, ring + 8);
        refused("the ring is " + (ring + 8) + "; the lists need " + ring);
        put("layout", 1, ring - 8);
        refused("the ring is " + (ring - 8) + "; the lists need " + ring);
        put("layout", 1, 136);
        refused("the ring is 136; it is a multiple of 8, " + (format == Format.BITMAP ? 128 : 112) + " at most");
        put("layout", 1, 0);
        refused("the ring is 0; it is a multiple of 8");
        put("layout", 1, ring + 1);
        refused("it is a multiple of 8");
        put("layout", 1, -8);
        refused("the ring is 4294967288");
    }

    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"BITMAP", "SLOTS"})
    void sizes(Format format) throws IOException {
        matrix(format);
        String places = format == Format.BITMAP ? "masks" : "codes";
        for (String section : new String[]{"layout", places, "info", "offsets", "streams"}) {
            file.put(entry(section) + 24, (long) file.length(entry(section)) - 4);
            refused("section '" + section + "' has ");
        }
        file.put(entry("streams") + 24, 0L);
        refused("section 'streams' has 0 bytes");
        file.put(FileBytes.M, 129);
        refused("no segment of 1, 2, 4, 8 or 16 k-tiles gives a 129 x 130 matrix as many");
        file.put(FileBytes.K, 1 << 25);
        refused("K is 33554432; " + format.id() + " takes up to 16777216");
        file.put(FileBytes.NONZEROS, 1L << 40);
        refused("1099511627776 nonzeros are announced; there is room for ");
        file.put(FileBytes.NONZEROS, matrix.nonzeros() - 1);
        refused((matrix.nonzeros() - 1) + " nonzeros are announced; the row blocks have " + matrix.nonzeros());
        file.put(FileBytes.FORMAT, 5);
        refused("known are 1 (tiled-csl), 2 (dense), 3 (bitmap) and 4 (slots)");
    }

    @Test
    void order() throws IOException {
        put("order", 5, 6);
        refused("row 6 of the row blocks stands for row 6; the order is a permutation of 0 to 127");
        put("order", 5, 128);
        refused("row 5 of the row blocks stands for row 128");
        put("order", 5, -1);
        refused("row 5 of the row blocks stands for row 4294967295");
        int inside = get("order", 3); // exchanged with a row that is not there
        int position = 0;
        while (get("order", position) < M) {
            position++;
        }
        put("order", 3, get("order", position));
        put("order", position, inside);
        refused("has values outside of the matrix, in row 3 of the row block");
    }

    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"BITMAP", "SLOTS"})
    void offsets(Format format) throws IOException {
        matrix(format);
        int last = get("offsets", 4);
        put("offsets", 0, 1);
        refused("offset 0 is 1; the first must be 0");
        put("offsets", 1, -1);
        refused("offset 1 is 4294967295; after 0 it must be from 0 to "
                + Math.min(last, format == Format.BITMAP ? 128 : 64));
        put("offsets", 2, get("offsets", 1) - 1);
        refused("offset 2 is ");
        put("offsets", 4, last - 1);
        refused("the last offset is " + (last - 1) + "; it must be " + last);
        put("offsets", 1, get("offsets", 1) - 1);
        refused("goes to storage row ");
        put("offsets", 1, get("offsets", 1) + 1);
        refused("ends its segment after ");
        put("offsets", 4, last + 1);
        refused("after ");
    }

    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"BITMAP", "SLOTS"})
    void info(Format format) throws IOException {
        matrix(format);
        int rows = get("info", 1);
        putByte("info", 4, rows + 1);
        refused("k-tile 0 of row block 0 needs " + (rows & 0xff) + " and " + (rows >>> 8 & 0xff)
                + " storage rows more; its info says " + ((rows & 0xff) + 1));
        putByte("info", 5, 255);
        refused("its info says " + (rows & 0xff) + " and 255");
        putByte("info", 6, 0);
        refused("k-tile 0 of row block 0 begins a segment without a restart");
        putByte("info", 2 * 8 + 6, 0);
        refused("k-tile 2 of row block 0 begins a segment without a restart");
        putByte("info", 8 + 6, 2);
        refused("has flags and padding 2; known is 1 (restart)");
        putByte("info", 8 + 7, 1);
        refused("has flags and padding 100; known is 1 (restart)");
        putByte("info", 8 + 6, 1);
        refused("k-tile 1 of row block 0 "); // other rows are needed, or the lists' ends do not fit
        put("info", 0, ~get("info", 0));
        refused("row block 0 ");
    }

    @Test
    void masks() throws IOException {
        int lane = 0; // of the second row block's lower rows none exists: rows 70 and on
        int word = ((3 * 32) + lane) * 4;
        put("masks", word, get("masks", word) | 1 << 16);
        refused("k-tile 0 of row block 1 has values outside of the matrix, in row 8 of the row block, lane 0");
        word = 2 * 32 * 4 + 3 * 4; // lane 3 has columns 6, 7 of the last k-tile, which has two
        put("masks", word, 1);
        refused("k-tile 2 of row block 0 has values outside of the matrix, in row 0 of the row block, lane 3");
        put("masks", 0, get("masks", 0) ^ 1);
        refused("row block 0 ");
    }

    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"BITMAP", "SLOTS"})
    void streams(Format format) throws IOException {
        matrix(format);
        int nonzero = 0;
        while (getShort("streams", nonzero) == 0) {
            nonzero++;
        }
        putShort("streams", nonzero, 0);
        refused("is 0000; the list has a nonzero there");
        int rows = file.length(entry("streams")) / 128;
        int zero = (get("offsets", 1) - 1) * 64; // in the last row of a segment some lists have ended
        while (getShort("streams", zero) != 0) {
            zero++;
        }
        putShort("streams", zero, 0x3c00);
        refused("is 3c00; the list has ended there");
        putShort("streams", rows * 64 - 1, 1);
        refused("the two storage rows after the last one are not of zeros");
    }

    @Test
    void codes() throws IOException {
        matrix(Format.SLOTS);
        int code = get("codes", 0) & 15;
        assertTrue(code != 0, "the first group has values");
        for (int wrong : new int[]{4, 5, 8, 9, 10}) {
            put("codes", 0, get("codes", 0) & ~15 | wrong);
            refused("k-tile 0 of row block 0 has a code that is none, in row 0 of the row block, lane 0");
        }
        int word = 2 * 32 * 4; // columns 0 to 3 of the last k-tile, which has two
        put("codes", word, get("codes", word) & ~15 | 14);
        refused("k-tile 2 of row block 0 has values outside of the matrix, in row 0 of the row block, lane 0");
        put("codes", word + 4, 12);
        refused("has values outside of the matrix, in row 0 of the row block, lane 1");
    }

    @Test
    void overflow() throws IOException {
        matrix(Format.SLOTS);
        int first = get("overflow", 0);
        put("overflow", 0, first & ~0xffff);
        refused("is no nonzero of the segment");
        put("overflow", 0, first & ~(0xfff << 16) | 128 << 16);
        refused("is no nonzero of the segment");
        put("overflow", 0, get("overflow", 1));
        put("overflow", 1, first);
        refused("does not follow the entry before");
        put("overflow", 1, first);
        refused("does not follow the entry before");
        put("overflow", 0, 0);
        refused("entries of overflow as padding");
        int end = 16 * get("overflow-starts", 1);
        int padding = end;
        while (get("overflow", padding - 1) == 0) {
            padding--;
        }
        assertTrue(padding < end - 1, "the first row tile's entries do not fill their groups");
        put("overflow", end - 1, first);
        refused("follows padding");
        put("overflow", padding, 15 << 28 | 127 << 16 | 1);
        refused("does not lie between two values that have the slots of its group");
        put("overflow-starts", 1, get("overflow-starts", 1) + 1);
        refused("padding; it fills up a group of 16");
        put("overflow-starts", 0, 1);
        refused("overflow start 0 is 1; the first must be 0");
        put("overflow-starts", 1, -1);
        refused("overflow start 1 is 4294967295; after 0 it must be from 0 to 64");
        int units = 4 * 4;
        put("overflow-starts", units, get("overflow-starts", units) - 1);
        refused("overflow start");
        file.put(entry("overflow") + 24, (long) file.length(entry("overflow")) - 4);
        refused("section 'overflow' has ");
        file.put(entry("overflow-starts") + 24, (long) file.length(entry("overflow-starts")) - 4);
        refused("section 'overflow-starts' has ");
    }

    /** What the encoder chose freely may be chosen otherwise: the lists of a lane the other way round. */
    @Test
    void otherChoicesAreValid() throws IOException {
        short[] dense = new short[64 * 64];
        dense[0] = 1;
        matrix = Matrices.encode(dense, DenseType.F16, 64, 64, EncodeOptions.DEFAULT.withFormat(Format.BITMAP));
        again();
        assertEquals(0, get("info", 0));
        put("info", 0, 1);
        putShort("streams", 0, 0);
        putShort("streams", 1, 1);
        SparseMatrix other = SparseMatrix.read(file.sign().write(directory));
        assertEquals(1, Matrices.decode(other)[0]);
        assertEquals(1, LaneWalk.dense(other)[0]);
    }
}
