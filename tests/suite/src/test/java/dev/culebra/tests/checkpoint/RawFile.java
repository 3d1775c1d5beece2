package dev.culebra.tests.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Safetensors files put together byte by byte, sound ones and others, without the code under test. */
public final class RawFile {
    private RawFile() {}

    /**
     * Writes a file with the header and data given, whatever they are.
     *
     * @param path where to
     * @param header the JSON, as it is
     * @param data what follows
     * @return the path
     * @throws IOException if it can not be written
     */
    public static Path write(Path path, String header, byte[] data) throws IOException {
        return write(path, header.getBytes(StandardCharsets.UTF_8), data);
    }

    static Path write(Path path, byte[] header, byte[] data) throws IOException {
        return write(path, header.length, header, data);
    }

    static Path write(Path path, long claimedLength, byte[] header, byte[] data) throws IOException {
        var bytes = ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(claimedLength).put(header).put(data);
        return Files.write(path, bytes.array());
    }

    /**
     * Writes a file with one matrix.
     *
     * @param path where to
     * @param name the tensor's name
     * @param dtype its type, as the header says it
     * @param rows length of the first dimension
     * @param columns length of the second dimension
     * @param data its bytes
     * @return the path
     * @throws IOException if it can not be written
     */
    public static Path matrix(Path path, String name, String dtype, int rows, int columns, byte[] data)
            throws IOException {
        return write(path, entry(name, dtype, "[" + rows + "," + columns + "]", 0, data.length), data);
    }

    static String entry(String name, String dtype, String shape, long begin, long end) {
        return "{" + field(name, dtype, shape, begin, end) + "}";
    }

    static String field(String name, String dtype, String shape, long begin, long end) {
        return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}".formatted(name, dtype, shape, begin,
                end);
    }

    /**
     * The bytes of 16-bit values.
     *
     * @param bits the values
     * @return little-endian bytes
     */
    public static byte[] bytes(short... bits) {
        var buffer = ByteBuffer.allocate(2 * bits.length).order(ByteOrder.LITTLE_ENDIAN);
        for (short b : bits) buffer.putShort(b);
        return buffer.array();
    }

    /**
     * The bytes of 32-bit floats.
     *
     * @param values the values
     * @return little-endian bytes
     */
    public static byte[] bytes(float... values) {
        var buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float v : values) buffer.putFloat(v);
        return buffer.array();
    }
}
