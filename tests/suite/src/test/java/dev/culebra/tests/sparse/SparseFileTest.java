package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatException;
import dev.culebra.sparse.Section;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.TiledCsl;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The file form: what is written comes back, and nothing that is wrong in a file goes unnoticed. */
class SparseFileTest {

    @TempDir
    Path directory;

    private static SparseMatrix matrix() { return matrix(Format.TILED_CSL); }

    private static SparseMatrix matrix(Format format) {
        return Matrices.encode(Matrices.random(100, 150, .3, 4), DenseType.F16, 100, 150, format);
    }

    @ParameterizedTest
    @CsvSource({"1,1,0", "1,1,1", "17,33,.5", "64,64,0", "65,129,1", "300,1000,.1"})
    void comesBack(int m, int k, double density) throws IOException {
        for (DenseType type : new DenseType[]{DenseType.F16, DenseType.BF16}) {
            for (Format format : Format.values()) {
                SparseMatrix matrix = Matrices.encode(Matrices.random(m, k, density, 6), type, m, k, format);
                Path path = directory.resolve(format + ".culebra");
                matrix.write(path);
                for (SparseMatrix back : List.of(SparseMatrix.read(path), SparseMatrix.map(path))) {
                    assertTrue(Matrices.same(matrix, back));
                    assertArrayEquals(Matrices.decode(matrix), Matrices.decode(back));
                    back.validate();
                }
            }
        }
    }

    /** A device loads 16 bytes at a time, and a mapped file can be uploaded as it is. */
    @ParameterizedTest
    @EnumSource(Format.class)
    void sectionsAreAlignedInFileAndMemory(Format format) throws IOException {
        FileBytes file = new FileBytes(matrix(format), directory);
        for (int entry = FileBytes.TABLE; entry < file.checksum; entry += 40) {
            assertEquals(0, file.at(entry) % 256);
        }
        Path path = file.write(directory);
        for (SparseMatrix m : List.of(matrix(format), SparseMatrix.read(path), SparseMatrix.map(path))) {
            for (Section s : m.sections()) {
                assertEquals(0, s.bytes().address() % 256, s.name());
                assertTrue(s.bytes().isReadOnly() && s.bytes().isNative(), s.name());
            }
        }
    }

    @Test
    void aMappedMatrixIsTheFilesMemory() throws IOException {
        Path path = new FileBytes(matrix(), directory).write(directory);
        assertTrue(SparseMatrix.map(path).sections().stream().allMatch(s -> s.bytes().isMapped()));
        assertTrue(SparseMatrix.read(path).sections().stream().noneMatch(s -> s.bytes().isMapped()));
    }

    /** Also when nothing but a section is left of it, and another file has taken the path. */
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a mapped file can not be replaced there")
    void aMappedMatrixOutlivesItsFile() throws Exception {
        Path path = new FileBytes(matrix(), directory).write(directory);
        MemorySegment entries = SparseMatrix.map(path).section(TiledCsl.ENTRIES).bytes();
        SparseMatrix.of(new float[]{1}, 1, 1).write(path);
        assertEquals(1, SparseMatrix.map(path).nonzeros());
        Files.delete(path);
        for (int i = 0; i < 3; i++) {
            System.gc(); // would unmap what nothing refers to
            Thread.sleep(10);
        }
        assertEquals(-1, entries.mismatch(matrix().section(TiledCsl.ENTRIES).bytes()));
    }

    /** Checksums of long sections are made in parts of 16 MiB; the file has those of the whole. */
    @ParameterizedTest
    @ValueSource(ints = {2 << 11, (4 << 11) - 64, 4 << 11, (4 << 11) + 64})
    void aLongSectionHasTheChecksumOfItsBytes(int k) throws IOException {
        short[] dense = Matrices.random(2048, k, .9, 7);
        SparseMatrix matrix = Matrices.encode(dense, DenseType.BF16, 2048, k, Format.DENSE);
        FileBytes file = new FileBytes(matrix, directory);
        CRC32C crc = new CRC32C();
        crc.update(file.array(), file.at(FileBytes.VALUES), file.length(FileBytes.VALUES));
        assertEquals((int) crc.getValue(), file.getInt(FileBytes.VALUES + 32));
        assertTrue(Matrices.same(matrix, SparseMatrix.map(directory.resolve("original.culebra"))));
    }

    @Test
    void twoWritesGiveTheSameBytes() throws IOException {
        assertArrayEquals(new FileBytes(matrix(), directory).array(), new FileBytes(matrix(), directory).array());
    }

    /** Also where the last section is empty, and only the gap before it belongs to the file. */
    @Test
    void aChannelGetsTheBytesOfAFile() throws IOException {
        for (SparseMatrix m : List.of(matrix(), SparseMatrix.of(new float[70 * 130], 70, 130))) {
            var bytes = new ByteArrayOutputStream();
            m.write(Channels.newChannel(bytes));
            assertArrayEquals(new FileBytes(m, directory).array(), bytes.toByteArray());
        }
    }

    @Test
    void anEncodedFileIsToldByItsFirstBytes() throws IOException {
        byte[] file = new FileBytes(matrix(), directory).array();
        Path path = directory.resolve("any name");
        assertTrue(SparseMatrix.isEncoded(Files.write(path, file)));
        assertTrue(SparseMatrix.isEncoded(Files.write(path, Arrays.copyOf(file, 8))));
        assertFalse(SparseMatrix.isEncoded(Files.write(path, Arrays.copyOf(file, 7))));
        file[7] ^= 1;
        assertFalse(SparseMatrix.isEncoded(Files.write(path, file)));
        assertFalse(SparseMatrix.isEncoded(directory));
        assertFalse(SparseMatrix.isEncoded(directory.resolve("missing")));
    }

    @Test
    void writingReplacesAndLeavesNothingBeside() throws IOException {
        Path path = directory.resolve("w.culebra");
        Files.writeString(path, "something else");
        matrix().write(path);
        assertTrue(Matrices.same(matrix(), SparseMatrix.read(path)));
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of(path), files.toList());
        }
    }

    @Test
    void aFailedWriteLeavesNothing() throws IOException {
        Path taken = Files.createDirectories(directory.resolve("taken/inside")).getParent();
        assertThrows(IOException.class, () -> matrix().write(taken)); // a directory that is not empty can not be replaced
        assertThrows(IOException.class, () -> matrix().write(directory.resolve("missing/w.culebra")));
        try (Stream<Path> files = Files.walk(directory)) {
            assertFalse(files.anyMatch(Files::isRegularFile));
        }
    }

    @Test
    void missingFile() {
        assertThrows(NoSuchFileException.class, () -> SparseMatrix.read(directory.resolve("none.culebra")));
        assertThrows(NoSuchFileException.class, () -> SparseMatrix.map(directory.resolve("none.culebra")));
    }

    private void refused(FileBytes file, String part) throws IOException {
        Path path = file.write(directory);
        String message = assertThrows(FormatException.class, () -> SparseMatrix.read(path)).getMessage();
        assertEquals(message, assertThrows(FormatException.class, () -> SparseMatrix.map(path)).getMessage());
        assertTrue(message.contains(part), message);
        assertTrue(message.startsWith(path + ": ") && !message.contains("\n"), message);
    }

    private FileBytes file() throws IOException { return new FileBytes(matrix(), directory); }

    @Test
    void liesInTheHeader() throws IOException {
        refused(file().resize(0), "the file has 0");
        refused(file().resize(59), "the file has 59");
        refused(file().put(0, 0x0a1a0d0a), "the first 8 bytes are 0a 0d 1a 0a");
        refused(file().put(FileBytes.VERSION, 2).sign(), "file version 2 at byte 8; this program reads version 1");
        refused(file().put(FileBytes.HEADER_BYTES, 1 << 30).sign(), "at byte 12; with 2 sections it has 140");
        refused(file().put(FileBytes.FILE_BYTES, 1L << 40).sign(), "truncated");
        refused(file().put(FileBytes.FORMAT, 77).sign(), "unknown format 77 at byte 24");
        refused(file().put(FileBytes.VALUE_TYPE, -1).sign(), "unknown type of values 4294967295 at byte 28");
        refused(file().put(FileBytes.M, 0).sign(), "shape 0 x 150");
        refused(file().put(FileBytes.K, -1).sign(), "shape 100 x 4294967295");
        refused(file().put(FileBytes.M, Integer.MAX_VALUE).put(FileBytes.K, Integer.MAX_VALUE).sign(),
                "needs 4503599627370500");
        refused(file().put(FileBytes.M, 150).sign(), "section 'offsets' has 28 bytes; a 150 x 150 matrix has 9 tiles");
        refused(file().put(FileBytes.NONZEROS, -5L).sign(), "-5 nonzeros are announced");
        refused(file().put(FileBytes.NONZEROS, 1L << 50).sign(), "section 'entries' has room for");
        refused(file().put(FileBytes.NONZEROS, 7L).sign(), "7 nonzeros are announced; the tiles have");
        refused(file().put(FileBytes.SECTIONS, -1).sign(), "4294967295 sections at byte 48");
        refused(file().put(FileBytes.ENTRIES, 0x21212121).sign(), "expected is 'entries'");
        refused(file().put(FileBytes.K, 151), "the header is damaged: its CRC32C is");
    }

    @Test
    void liesInTheTableOfSections() throws IOException {
        int offset = 16;
        int length = 24;
        refused(file().put(FileBytes.ENTRIES + offset, 1L << 40).sign(), "section 'entries', offset 1099511627776");
        refused(file().put(FileBytes.ENTRIES + offset, -256L).sign(), "runs past the end");
        refused(file().put(FileBytes.ENTRIES + length, Long.MAX_VALUE).sign(), "runs past the end");
        refused(file().put(FileBytes.ENTRIES + length, -16L).sign(), "runs past the end");
        refused(file().put(FileBytes.ENTRIES + offset, 260L).sign(), "offsets are multiples of 256");
        refused(file().put(FileBytes.ENTRIES + offset, 0L).sign(), "overlaps what ends at byte 140");
        refused(file().put(FileBytes.OFFSETS + offset, 256L).sign(), "overlaps what ends at byte");
        FileBytes shorter = file();
        refused(shorter.put(FileBytes.OFFSETS + length, shorter.length(FileBytes.OFFSETS) - 4L).sign(),
                "the last section ends at byte");
        FileBytes longer = file();
        refused(longer.resize(longer.size() + 10).put(FileBytes.FILE_BYTES, (long) longer.size()).sign(),
                "the last section ends at byte");
        FileBytes odd = file();
        refused(odd.put(FileBytes.ENTRIES + length, odd.length(FileBytes.ENTRIES) - 8L).sign(), "quads of 16");
    }

    @Test
    void liesInTheHeaderOfADenseMatrix() throws IOException {
        FileBytes file = new FileBytes(
                Matrices.encode(Matrices.random(20, 10, .8, 3), DenseType.F16, 20, 10, Format.DENSE), directory);
        byte[] valid = file.array();
        refused(new FileBytes(valid).put(FileBytes.M, 65).sign(),
                "section 'values' has 8192 bytes; a 65 x 10 matrix has 2 tiles of 8192");
        refused(new FileBytes(valid).put(FileBytes.M, Integer.MAX_VALUE).put(FileBytes.K, Integer.MAX_VALUE).sign(),
                "section 'values' has 8192 bytes; a 2147483647 x 2147483647 matrix has 1125899906842624 tiles");
        refused(new FileBytes(valid).put(FileBytes.NONZEROS, 201L).sign(), "201 nonzeros are announced; the matrix has "
                + "room for 200");
        refused(new FileBytes(valid).put(FileBytes.NONZEROS, -1L).sign(), "-1 nonzeros are announced");
        refused(new FileBytes(valid).put(FileBytes.NONZEROS, 156L).sign(),
                "156 nonzeros are announced; the tiles have 157 together");
        refused(new FileBytes(valid).put(FileBytes.FORMAT, 1).sign(), "1 sections at byte 48; tiled-csl has 2");
        refused(file().put(FileBytes.FORMAT, 2).sign(), "2 sections at byte 48; dense has 1: values");
    }

    /** A tile of 20 x 10 inside: what lies below row 20 and right of column 10 is +0. */
    @Test
    void paddingOfADenseMatrixIsZero() throws IOException {
        SparseMatrix matrix = Matrices.encode(Matrices.random(20, 10, .8, 3), DenseType.F16, 20, 10, Format.DENSE);
        byte[] valid = new FileBytes(matrix, directory).array();
        int values = new FileBytes(valid).at(FileBytes.VALUES);
        for (int[] place : new int[][]{{20, 0}, {63, 9}, {0, 10}, {63, 63}}) {
            FileBytes file = new FileBytes(valid);
            file.array()[values + 2 * (place[1] * 64 + place[0]) + 1] = (byte) 0x80; // -0.0
            refused(file.sign(), "row " + place[0] + ", column " + place[1]
                    + " of tile (0, 0) is 8000; only 20 x 10 of it lie inside the matrix, the rest must be +0");
        }
    }

    @Test
    void damageInASection() throws IOException {
        FileBytes file = file();
        refused(file.put(file.at(FileBytes.ENTRIES) + 100, 0), "section 'entries' is damaged: its CRC32C is");
        file = file();
        refused(file.put(file.at(FileBytes.OFFSETS), 1), "section 'offsets' is damaged: its CRC32C is");
        file = new FileBytes(matrix(Format.DENSE), directory);
        refused(file.put(file.at(FileBytes.VALUES) + 8188, 0x12345678), "section 'values' is damaged: its CRC32C is");
    }

    /** Contents that are wrong but correctly signed: an offset that a kernel would follow, a place that it would write to. */
    @Test
    void liesInTheContents() throws IOException {
        FileBytes file = file();
        int offsets = file.at(FileBytes.OFFSETS);
        int entries = file.at(FileBytes.ENTRIES);
        refused(file.put(offsets, 1).sign(), "tile offset 0 is 1; the first must be 0");
        refused(file().put(offsets + 4, -1).sign(), "tile offset 1 is 4294967295; after 0 it must be from 0 to");
        refused(file().put(offsets + 8, 0).sign(), "tile offset 2 is 0; after");
        int last = offsets + file().length(FileBytes.OFFSETS) - 4;
        refused(file().put(last, file().getInt(last) - 1).sign(), "tile");
        int first = file().getInt(entries);
        refused(file().put(entries, TiledCsl.entry(4096, (short) 1)).sign(),
                "entry 0 of tile 0 (tile row 0, tile column 0) has place 4096; places are under 4096");
        refused(file().put(entries, TiledCsl.entry(65535, (short) 1)).sign(), "has place 65535");
        refused(file().put(entries + 4, first).sign(), "entry 1 of tile 0 (tile row 0, tile column 0) has place "
                + TiledCsl.placeOf(first) + ", which an earlier entry of the tile has");
        FileBytes zeros = file();
        for (int i = 0; i < 4; i++) {
            zeros.put(entries + 4 * i, file().getInt(entries + 4 * i) & 0xffff0000);
        }
        refused(zeros.sign(), "entries of value +0; padding fills up a quad of four and is at most 3");
    }

    /** Tile (1, 2) of a 100 x 150 matrix has 36 rows and 22 columns. */
    @Test
    void nonzerosOutsideTheRaggedEdge() throws IOException {
        short[] dense = new short[100 * 150];
        dense[64 * 150 + 128] = 1;
        SparseMatrix corner = Matrices.encode(dense, DenseType.F16, 100, 150, Format.TILED_CSL);
        FileBytes file = new FileBytes(corner, directory);
        int entries = file.at(FileBytes.ENTRIES);
        int at = entries;
        while ((short) file.getInt(at) != 1) {
            at += 4;
        }
        refused(new FileBytes(corner, directory).put(at, TiledCsl.entry(TiledCsl.place(36, 0), (short) 1)).sign(),
                "is at row 36, column 0 of the tile, of which 36 x 22 lie inside the matrix");
        refused(new FileBytes(corner, directory).put(at, TiledCsl.entry(TiledCsl.place(35, 22), (short) 1)).sign(),
                "is at row 35, column 22 of the tile");
        SparseMatrix moved = SparseMatrix.read(new FileBytes(corner, directory)
                .put(at, TiledCsl.entry(TiledCsl.place(35, 21), (short) 1)).sign().write(directory));
        assertEquals(1, Matrices.decode(moved)[99 * 150 + 149], "the last place inside is accepted");
    }
}
