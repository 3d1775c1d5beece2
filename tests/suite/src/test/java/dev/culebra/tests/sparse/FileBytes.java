package dev.culebra.tests.sparse;

import dev.culebra.sparse.SparseMatrix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** A file's bytes with the layout spelled out a second time, so that tests can lie in it and sign the lie. */
final class FileBytes {

    static final int VERSION = 8;
    static final int HEADER_BYTES = 12;
    static final int FILE_BYTES = 16;
    static final int FORMAT = 24;
    static final int VALUE_TYPE = 28;
    static final int M = 32;
    static final int K = 36;
    static final int NONZEROS = 40;
    static final int SECTIONS = 48;
    /** Table entry s is at {@code TABLE + 40 s}: name 16, offset 8, length 8, checksum 4, 0 4. */
    static final int TABLE = 56;
    static final int ENTRIES = TABLE;
    static final int OFFSETS = TABLE + 40;
    /** The dense format's only section. */
    static final int VALUES = TABLE;

    private ByteBuffer bytes;
    /** Where the header's checksum is: after 40 bytes a section. */
    final int checksum;

    FileBytes(SparseMatrix matrix, Path directory) throws IOException {
        Path path = directory.resolve("original.culebra");
        matrix.write(path);
        bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        checksum = TABLE + 40 * bytes.getInt(SECTIONS);
    }

    FileBytes(byte[] original) {
        bytes = ByteBuffer.wrap(original.clone()).order(ByteOrder.LITTLE_ENDIAN);
        checksum = TABLE + 40 * bytes.getInt(SECTIONS);
    }

    FileBytes put(int at, int value) {
        bytes.putInt(at, value);
        return this;
    }

    FileBytes put(int at, long value) {
        bytes.putLong(at, value);
        return this;
    }

    int size() { return bytes.capacity(); }

    int at(int tableEntry) { return (int) bytes.getLong(tableEntry + 16); }

    int length(int tableEntry) { return (int) bytes.getLong(tableEntry + 24); }

    int getInt(int at) { return bytes.getInt(at); }

    FileBytes resize(int size) {
        bytes = ByteBuffer.wrap(Arrays.copyOf(bytes.array(), size)).order(ByteOrder.LITTLE_ENDIAN);
        return this;
    }

    /** Makes every checksum right again for what the header says, as far as that lies in the file. */
    FileBytes sign() {
        for (int entry = TABLE; entry < checksum; entry += 40) {
            long offset = bytes.getLong(entry + 16);
            long length = bytes.getLong(entry + 24);
            if (offset >= 0 && length >= 0 && offset <= size() && length <= size() - offset) {
                bytes.putInt(entry + 32, crc((int) offset, (int) length));
            }
        }
        bytes.putInt(checksum, crc(0, checksum));
        return this;
    }

    private int crc(int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.array(), from, length);
        return (int) crc.getValue();
    }

    byte[] array() { return bytes.array(); }

    Path write(Path directory) throws IOException {
        return Files.write(directory.resolve("changed.culebra"), bytes.array());
    }
}
