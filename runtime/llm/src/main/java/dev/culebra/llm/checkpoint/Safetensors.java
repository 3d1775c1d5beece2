package dev.culebra.llm.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import static dev.culebra.llm.checkpoint.CheckpointException.quote;

/**
 * An open safetensors file. The data is mapped, not read: opening costs the header alone, and what is never touched is
 * never loaded. Immutable; safe for use by several threads until it is closed. Meanwhile the file must stay as it is: what is
 * overwritten is read as it is then, and where it was cut off the JVM throws an {@link InternalError}.
 */
public final class Safetensors implements AutoCloseable {
    private final Path path;
    private final SafetensorsHeader header;
    private final Arena arena;
    private final MemorySegment data;

    private Safetensors(Path path, SafetensorsHeader header, Arena arena, MemorySegment data) {
        this.path = path;
        this.header = header;
        this.arena = arena;
        this.data = data;
    }

    /**
     * Opens a file and checks its header against the file's size.
     *
     * @param path a regular file
     * @return the open file; close it to unmap the data
     * @throws CheckpointException if it is missing, truncated, or not a sound safetensors file
     * @throws IOException if the system can not read it
     */
    public static Safetensors open(Path path) throws IOException {
        // Opening a pipe would wait for a writer, and neither a pipe nor a folder can be mapped.
        if (!isRegular(path)) throw new CheckpointException(path, "not a regular file");
        var arena = Arena.ofShared();
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long bytes = channel.size();
            checkSize(path, bytes);
            long claimed = read(channel, 0, SafetensorsHeader.LENGTH_BYTES).getLong();
            int length = SafetensorsHeader.checkLength(path, bytes, claimed);
            var text = read(channel, SafetensorsHeader.LENGTH_BYTES, length);
            var header = SafetensorsHeader.parse(path, bytes, text.array());
            var data = channel.map(FileChannel.MapMode.READ_ONLY, header.dataStart(), bytes - header.dataStart(),
                    arena);
            return new Safetensors(path, header, arena, data);
        } catch (NoSuchFileException e) {
            arena.close();
            throw new CheckpointException(path, "no such file");
        } catch (EOFException e) {
            arena.close();
            throw new CheckpointException(path, "became shorter while it was read");
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    /**
     * Reads a file that is in memory already, under the same rules.
     *
     * @param name what messages call it
     * @param file the whole file; not copied, so it must not change, and must live as long as what is made of it
     * @return the open file
     * @throws CheckpointException if it is not a sound safetensors file
     */
    public static Safetensors of(Path name, MemorySegment file) throws CheckpointException {
        long bytes = file.byteSize();
        checkSize(name, bytes);
        long claimed = file.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
        int length = SafetensorsHeader.checkLength(name, bytes, claimed);
        var text = file.asSlice(SafetensorsHeader.LENGTH_BYTES, length).toArray(ValueLayout.JAVA_BYTE);
        var header = SafetensorsHeader.parse(name, bytes, text);
        return new Safetensors(name, header, Arena.ofShared(), file.asSlice(header.dataStart()).asReadOnly());
    }

    /** Tells what is missing from what is closed to us or can not be looked up. */
    private static boolean isRegular(Path path) throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).isRegularFile();
        } catch (NoSuchFileException e) {
            throw new CheckpointException(path, "no such file");
        }
    }

    private static void checkSize(Path path, long bytes) throws CheckpointException {
        if (bytes >= SafetensorsHeader.LENGTH_BYTES) return;
        throw new CheckpointException(path, bytes + " bytes are too few for a safetensors file, which begins with "
                + SafetensorsHeader.LENGTH_BYTES + " bytes of header length");
    }

    /**
     * The file.
     *
     * @return the path it was opened by
     */
    public Path path() { return path; }

    /**
     * All tensors.
     *
     * @return in the order of their data
     */
    public List<TensorInfo> tensors() { return header.tensors(); }

    /**
     * The free text that came with the tensors.
     *
     * @return immutable, empty where there is none
     */
    public Map<String, String> metadata() { return header.metadata(); }

    /**
     * Finds a tensor by name.
     *
     * @param name its full name
     * @return the tensor
     * @throws CheckpointException if there is none of that name; the message lists those there are
     */
    public TensorInfo tensor(String name) throws CheckpointException {
        for (var t : tensors()) {
            if (t.name().equals(name)) return t;
        }
        throw new CheckpointException(path, "no tensor " + quote(name) + "; it has " + names());
    }

    /**
     * The tensor of a file that has only one.
     *
     * @return that tensor
     * @throws CheckpointException if there are none or several; the message lists them
     */
    public TensorInfo onlyTensor() throws CheckpointException {
        if (tensors().size() == 1) return tensors().getFirst();
        throw new CheckpointException(path, tensors().isEmpty()
                ? "it holds no tensor"
                : "it holds " + tensors().size() + " tensors, so name one of " + names());
    }

    /**
     * The bytes of a tensor, little-endian, row-major, unaligned.
     *
     * @param tensor one of {@link #tensors()}
     * @return read-only, valid until this file is closed
     * @throws IllegalStateException if this is closed
     */
    public MemorySegment data(TensorInfo tensor) {
        if (!arena.scope().isAlive()) throw new IllegalStateException(path + " is closed");
        return data.asSlice(tensor.begin(), tensor.bytes());
    }

    /** Unmaps the data, if it was mapped. May be called twice; no thread may be reading. */
    @Override
    public void close() { if (arena.scope().isAlive()) arena.close(); }

    private String names() {
        int shown = 8;
        var list = tensors().stream().limit(shown).map(t -> quote(t.name())).collect(Collectors.joining(", "));
        int more = tensors().size() - shown;
        return list.isEmpty() ? "none" : more > 0 ? list + " and " + more + " more" : list;
    }

    private static ByteBuffer read(FileChannel channel, long position, int bytes) throws IOException {
        var buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) throw new EOFException();
        }
        return buffer.flip();
    }
}
