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

/** Nothing that is wrong in a bitmap or pairs file goes unnoticed, however well it is signed. */
class LaneFileTest {

    /** Two row blocks, the second of 6 rows. */
    private static final int M = 70;

    @TempDir
    Path directory;

    private FileBytes file;
    private SparseMatrix matrix;

    /** Three k-tiles, the last of 2 columns, or of 3 where two make a pair; segments of two. */
    private void matrix(Format format) throws IOException {
        int k = format == Format.BITMAP ? 130 : 259;
        matrix = Matrices.encode(Matrices.random(M, k, .6, 4), DenseType.F16, M, k,
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
    @EnumSource(value = Format.class, names = {"BITMAP", "PAIRS"})
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
        refused("the ring is 136; it is a multiple of 8, 128 at most");
        put("layout", 1, 0);
        refused("the ring is 0; it is a multiple of 8");
        put("layout", 1, ring + 1);
        refused("it is a multiple of 8");
        put("layout", 1, -8);
        refused("the ring is 4294967288");
    }

    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"BITMAP", "PAIRS"})
    void sizes(Format format) throws IOException {
        matrix(format);
        for (String section : new String[]{"layout", "masks", "info", "offsets", "streams"}) {
            file.put(entry(section) + 24, (long) file.length(entry(section)) - 4);
            refused("section '" + section + "' has ");
        }
        file.put(entry("streams") + 24, 0L);
        refused("section 'streams' has 0 bytes");
        file.put(FileBytes.M, 129);
        refused("no segment of 1, 2, 4, 8 or 16 k-tiles gives a 129 x " + matrix.k() + " matrix as many");
        file.put(FileBytes.K, 1 << 25);
        refused("K is 33554432; " + format.id() + " takes up to 16777216");
        file.put(FileBytes.NONZEROS, 1L << 40);
        refused("1099511627776 nonzeros are announced; there is room for ");
        file.put(FileBytes.NONZEROS, matrix.nonzeros() - 1);
        refused((matrix.nonzeros() - 1) + " nonzeros are announced; the row blocks have " + matrix.nonzeros());
        file.put(FileBytes.FORMAT, 5);
        refused("known are 1 (tiled-csl), 2 (dense), 3 (bitmap) and 4 (pairs)");
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
    @EnumSource(value = Format.class, names = {"BITMAP", "PAIRS"})
    void offsets(Format format) throws IOException {
        matrix(format);
        int last = get("offsets", 4);
        put("offsets", 0, 1);
        refused("offset 0 is 1; the first must be 0");
        put("offsets", 1, -1);
        refused("offset 1 is 4294967295; after 0 it must be from 0 to " + Math.min(last, 128));
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

    private int info(int tile, int lane) { return file.array()[at("info", 32 * tile + lane)] & 0xff; }

    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"BITMAP", "PAIRS"})
    void info(Format format) throws IOException {
        matrix(format);
        int rows = 0;
        for (int lane = 0; lane < 8; lane++) {
            rows |= (info(0, lane) >>> 6 & 1) << lane;
        }
        putByte("info", 0, info(0, 0) ^ 64);
        refused("k-tile 0 of row block 0 needs " + rows + " storage rows more; its info says " + (rows ^ 1));
        putByte("info", 7, info(0, 7) ^ 64);
        refused("its info says " + (rows ^ 128));
        putByte("info", 8, info(0, 8) & ~64);
        refused("k-tile 0 of row block 0 begins a segment without a restart");
        putByte("info", 2 * 32 + 8, info(2, 8) & ~64);
        refused("k-tile 2 of row block 0 begins a segment without a restart");
        putByte("info", 32 + 9, info(1, 9) | 64);
        refused("k-tile 1 of row block 0 has ");
        putByte("info", 32 + 31, info(1, 31) | 64);
        refused("for rows and restart; known are the bits of 1ff");
        putByte("info", 32 + 8, info(1, 8) | 64);
        refused("k-tile 1 of row block 0 "); // other rows are needed, or the lists' ends do not fit
        putByte("info", 32 + 20, info(1, 20) | 128);
        refused(String.format("has info %02x for lane 20; known are the bits of 7f", info(1, 20) | 128));
    }

    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"BITMAP", "PAIRS"})
    void exchange(Format format) throws IOException {
        matrix(format);
        int most = 0; // the lanes with the most and the fewest values in k-tile 1
        int fewest = 0;
        for (int lane = 1; lane < 32; lane++) {
            most = values(1, lane) > values(1, most) ? lane : most;
            fewest = values(1, lane) < values(1, fewest) ? lane : fewest;
        }
        int mostBits = info(1, most);
        int fewestBits = info(1, fewest);
        putByte("info", 32 + most, mostBits & ~31 | fewestBits & 31);
        refused("k-tile 1 of row block 0 has lane " + (mostBits & 31)
                + "'s strand taken over by none; the lanes of its info are a permutation");
        putByte("info", 32 + most, mostBits & ~31 | fewestBits & 31);
        putByte("info", 32 + fewest, fewestBits & ~31 | mostBits & 31);
        refused("k-tile 1 of row block 0 needs "); // the longest strand has the most
        // the lists of all lanes the other way round: the fuller rows have the longer ones
        for (int lane = 0; lane < 32; lane++) {
            putByte("info", 32 + lane, info(1, lane) ^ 32);
        }
        refused("k-tile 1 of row block 0 needs ");
    }

    /** How many bits a lane has in a k-tile. */
    private int values(int tile, int lane) {
        int values = 0;
        for (int rt = 0; rt < 4; rt++) {
            values += Integer.bitCount(get("masks", (tile * 32 + lane) * 4 + rt));
        }
        return values;
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

    @Test
    void masksOfPairs() throws IOException {
        matrix(Format.PAIRS);
        int word = 3 * 32 * 4;
        put("masks", word, get("masks", word) | 1 << 9);
        refused("k-tile 0 of row block 1 has values outside of the matrix, in row 8 of the row block, lane 0");
        word = 2 * 32 * 4 + 2 * 4; // lane 2 has columns 4 and 5 of the last k-tile, which has three
        put("masks", word, 1);
        refused("k-tile 2 of row block 0 has values outside of the matrix, in row 0 of the row block, lane 2");
        put("masks", word, 1 << 2);
        refused("k-tile 2 of row block 0 has values outside of the matrix, in row 0 of the row block, lane 2");
        put("masks", 0, get("masks", 0) ^ 1);
        refused("row block 0 ");
    }

    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"BITMAP", "PAIRS"})
    void streams(Format format) throws IOException {
        matrix(format);
        int values = format == Format.BITMAP ? 1 : 2;
        for (int i = 0; i < values; i++) { // the first row has something in every list
            putShort("streams", i, 0);
        }
        refused("0000; the list has a nonzero there");
        int zero = (get("offsets", 1) - 1) * 64 * values; // in the last row of a segment some lists have ended
        while (getShort("streams", zero) != 0 || getShort("streams", zero + values - 1) != 0) {
            zero += values;
        }
        putShort("streams", zero, 0x3c00);
        refused("3c00; the list has ended there");
        putShort("streams", zero + values - 1, 0x8000);
        refused("8000" + "0000".repeat(values - 1) + "; the list has ended there");
        int end = file.length(entry("streams")) / 2;
        putShort("streams", end - 1, 1);
        refused("the two storage rows after the last one are not of zeros");
        putShort("streams", end - 2 * 64 * values, 1);
        refused("the two storage rows after the last one are not of zeros");
    }

    /** A value of a pair that is zero may be made another one, but for the count of nonzeros; right of the matrix not even then. */
    @Test
    void halvesOfPairs() throws IOException {
        matrix(Format.PAIRS);
        int half = 0;
        while (getShort("streams", half) != 0) {
            half++;
        }
        putShort("streams", half, 0x3c00);
        refused(matrix.nonzeros() + " nonzeros are announced; the row blocks have " + (matrix.nonzeros() + 1));
        // column 258, the last one, is the even one of lane 1's first pair of row tile 0
        int[] masks = matrix.section("masks").bytes().toArray(Matrices.INT);
        short[] dense = Matrices.decode(matrix);
        int lane = 1;
        while ((masks[(2 * 32 + lane) * 4] & 1) == 0) {
            lane += 4;
        }
        short last = dense[lane / 4 * 259 + 258];
        int[] streams = matrix.section("streams").bytes().toArray(Matrices.INT);
        int at = get("offsets", 1) * 64; // the last k-tile begins a segment, where each list starts with what is first
        while (streams[at] != (last & 0xffff)) {
            at++;
        }
        putShort("streams", 2 * at + 1, 1);
        refused("k-tile 2 of row block 0 has values outside of the matrix, in column 259, lane " + lane);
    }

    /** What the encoder chose freely may be chosen otherwise: another strand, and its lists the other way round. */
    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"BITMAP", "PAIRS"})
    void otherChoicesAreValid(Format format) throws IOException {
        short[] dense = new short[64 * 64];
        dense[0] = 1;
        matrix = Matrices.encode(dense, DenseType.F16, 64, 64, EncodeOptions.DEFAULT.withFormat(format));
        again();
        assertEquals(64, info(0, 0));
        assertEquals(5, info(0, 5));
        putByte("info", 0, 64 | 32 | 5);
        putByte("info", 5, 0);
        putShort("streams", 0, 0);
        putShort("streams", format == Format.BITMAP ? 2 * 5 + 1 : 64 + 2 * 5, 1); // list B of strand 5
        SparseMatrix other = SparseMatrix.read(file.sign().write(directory));
        assertEquals(1, Matrices.decode(other)[0]);
        assertEquals(1, LaneWalk.dense(other)[0]);
    }
}
