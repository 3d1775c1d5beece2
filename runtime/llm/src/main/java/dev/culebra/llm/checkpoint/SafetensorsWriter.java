package dev.culebra.llm.checkpoint;

import com.fasterxml.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes a safetensors file: the header first, from names, types and shapes; then the data, in any order and from any
 * number of threads. The file takes its name with {@link #commit()}, and is taken away by {@link #close()} without it.
 */
public final class SafetensorsWriter implements AutoCloseable {
    /** The format's own writer pads the header so, that the data's elements are aligned. */
    private static final int HEADER_ALIGNMENT = 8;

    /** Bytes a write call is given at most: the JDK copies heap buffers into a temporary native one of that size. */
    private static final long CHUNK = 1 << 20;

    private final OutputFile file;
    private final FileChannel channel;
    private final List<TensorInfo> tensors;
    private final long dataStart;

    /**
     * A tensor to be written.
     *
     * @param name unique in the file, not {@code __metadata__}
     * @param type type of an element
     * @param shape lengths of the dimensions, outermost first
     */
    public record Declaration(String name, TensorType type, List<Long> shape) {
        /**
         * Declares a matrix.
         *
         * @param name its name
         * @param type type of an element
         * @param rows length of the first dimension
         * @param columns length of the second dimension
         * @return the declaration
         */
        public static Declaration matrix(String name, TensorType type, long rows, long columns) {
            return new Declaration(name, type, List.of(rows, columns));
        }
    }

    private SafetensorsWriter(OutputFile file, FileChannel channel, List<TensorInfo> tensors, long dataStart) {
        this.file = file;
        this.channel = channel;
        this.tensors = tensors;
        this.dataStart = dataStart;
    }

    /**
     * Begins a file and writes its header. The data lies in the order of the declarations.
     *
     * @param path where the file will be
     * @param metadata free text to go with it, may be empty; written in the order of its keys
     * @param declarations the tensors
     * @return the writer; close it
     * @throws CheckpointException if the place can not be written to
     * @throws IOException if the system refuses
     * @throws IllegalArgumentException if a name occurs twice or is reserved
     */
    public static SafetensorsWriter create(Path path, Map<String, String> metadata, Declaration... declarations)
            throws IOException {
        var tensors = layOut(Arrays.asList(declarations));
        var header = header(metadata, tensors);
        var file = OutputFile.beside(path);
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file.part(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            var writer = new SafetensorsWriter(file, channel, tensors, header.remaining());
            writer.writeFully(header, 0);
            return writer;
        } catch (Throwable e) {
            if (channel != null) channel.close();
            file.close();
            throw e;
        }
    }

    /**
     * The tensors as they are laid out.
     *
     * @return in the order of the declarations
     */
    public List<TensorInfo> tensors() { return tensors; }

    /**
     * Writes a part of a tensor. Thread-safe; parts may come in any order.
     *
     * @param tensor one of {@link #tensors()}
     * @param offset first byte within the tensor
     * @param bytes what to write there, little-endian
     * @throws IOException if the system refuses, for instance because the disk is full
     * @throws IndexOutOfBoundsException if the part does not lie within the tensor
     */
    public void write(TensorInfo tensor, long offset, MemorySegment bytes) throws IOException {
        if (offset < 0 || bytes.byteSize() > tensor.bytes() - offset) {
            throw new IndexOutOfBoundsException(bytes.byteSize() + " bytes at " + offset + " of " + tensor);
        }
        long at = dataStart + tensor.begin() + offset;
        for (long done = 0; done < bytes.byteSize(); done += CHUNK) {
            var chunk = bytes.asSlice(done, Math.min(CHUNK, bytes.byteSize() - done));
            writeFully(chunk.asByteBuffer(), at + done);
        }
    }

    /**
     * Completes the file and gives it its name. What was declared and never written is zero.
     *
     * @throws IOException if the system refuses; then nothing is left behind
     */
    public void commit() throws IOException {
        long end = dataStart + (tensors.isEmpty() ? 0 : tensors.getLast().end());
        // A byte at the end gives the file its length where the last part was never written.
        if (channel.size() < end) writeFully(ByteBuffer.allocate(1), end - 1);
        // On the disk before it has the name: a power failure must not leave the name with nothing under it.
        channel.force(true);
        channel.close();
        file.commit();
    }

    /**
     * Takes an uncommitted file away. May be called twice.
     *
     * @throws IOException if the system can not close it
     */
    @Override
    public void close() throws IOException {
        try (file) {
            channel.close();
        }
    }

    private void writeFully(ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) at += channel.write(bytes, at);
    }

    private static List<TensorInfo> layOut(List<Declaration> declarations) {
        var tensors = new ArrayList<TensorInfo>();
        var names = new HashSet<>(List.of(SafetensorsHeader.METADATA));
        long at = 0;
        for (var d : declarations) {
            if (!names.add(d.name())) throw new IllegalArgumentException("tensor name '" + d.name() + "' is taken");
            long end = Math.addExact(at, TensorInfo.bytes(d.type(), d.shape()));
            tensors.add(new TensorInfo(d.name(), d.type(), d.shape(), at, end));
            at = end;
        }
        return List.copyOf(tensors);
    }

    private static ByteBuffer header(Map<String, String> metadata, List<TensorInfo> tensors) throws IOException {
        var root = new LinkedHashMap<String, Object>();
        // Sorted: an unordered map has another order in each process, and the same content is to give the same bytes.
        if (!metadata.isEmpty()) root.put(SafetensorsHeader.METADATA, new TreeMap<>(metadata));
        for (var t : tensors) {
            var entry = new LinkedHashMap<String, Object>();
            entry.put("dtype", t.type().name());
            entry.put("shape", t.shape());
            entry.put("data_offsets", List.of(t.begin(), t.end()));
            root.put(t.name(), entry);
        }
        var json = new JsonMapper().writeValueAsBytes(root);
        int length = Math.ceilDiv(json.length, HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
        var buffer = ByteBuffer.allocate(SafetensorsHeader.LENGTH_BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(length).put(json);
        while (buffer.hasRemaining()) buffer.put((byte) ' ');
        return buffer.flip();
    }
}
