package dev.culebra.tests.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.culebra.llm.checkpoint.CheckpointException;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.SafetensorsWriter;
import dev.culebra.llm.checkpoint.SafetensorsWriter.Declaration;
import dev.culebra.llm.checkpoint.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class SafetensorsWriterTest {
    private static final Declaration A = Declaration.matrix("a", TensorType.F16, 2, 3);
    private static final Declaration B = new Declaration("b", TensorType.U8, List.of(5L));

    @TempDir
    Path folder;

    private List<String> names() throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void writesTheFormat() throws Exception {
        var path = folder.resolve("x.safetensors");
        try (var writer = SafetensorsWriter.create(path, Map.of("k", "v"), A, B)) {
            // Out of order and in parts.
            writer.write(writer.tensors().get(1), 0, MemorySegment.ofArray(new byte[]{12, 13, 14, 15, 16}));
            writer.write(writer.tensors().get(0), 4, MemorySegment.ofArray(new byte[]{4, 5, 6, 7, 8, 9, 10, 11}));
            writer.write(writer.tensors().get(0), 0, MemorySegment.ofArray(new byte[]{0, 1, 2, 3}));
            assertTrue(Files.notExists(path), "visible before it is complete");
            writer.commit();
        }
        var bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) bytes.getLong();
        assertEquals(0, length % 8, "the data is aligned");
        var json = new ObjectMapper().readTree(Arrays.copyOfRange(bytes.array(), 8, 8 + length));
        assertEquals("v", json.at("/__metadata__/k").asText());
        assertEquals("{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[0,12]}", json.get("a").toString());
        assertEquals("{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[12,17]}", json.get("b").toString());
        var data = Arrays.copyOfRange(bytes.array(), 8 + length, bytes.capacity());
        assertEquals(17, data.length);
        for (int i = 0; i < data.length; i++) assertEquals(i, data[i]);
        assertEquals(List.of("x.safetensors"), names());
    }

    /** Else the same command would give other bytes each time: an immutable map's order changes from process to process. */
    @Test
    void theOrderOfTheMetadataDoesNotMatter() throws Exception {
        var one = new LinkedHashMap<String, String>();
        for (var key : List.of("seed", "made_by", "skew", "a")) one.put(key, "v");
        var other = new LinkedHashMap<String, String>();
        for (var key : List.of("a", "skew", "seed", "made_by")) other.put(key, "v");
        for (var metadata : List.of(one, other)) {
            try (var writer = SafetensorsWriter.create(folder.resolve(metadata == one ? "1" : "2"), metadata, A)) {
                writer.commit();
            }
        }
        assertArrayEquals(Files.readAllBytes(folder.resolve("1")), Files.readAllBytes(folder.resolve("2")));
    }

    /** A link to a file that is not there yet leads to the file that is made. */
    @Test
    void throughADanglingLinkTheFileIsMade() throws Exception {
        Files.createDirectory(folder.resolve("sub"));
        var link = Files.createSymbolicLink(folder.resolve("link"), Path.of("sub/second"));
        Files.createSymbolicLink(folder.resolve("sub/second"), Path.of("../file"));
        try (var writer = SafetensorsWriter.create(link, Map.of(), A)) {
            writer.commit();
        }
        assertTrue(Files.isSymbolicLink(link) && Files.isRegularFile(folder.resolve("file")));
        refused(Files.createSymbolicLink(folder.resolve("lost"), Path.of("nowhere/file")), "no folder");
    }

    @Test
    void largePartsAndManyThreads() throws Exception {
        // More than a chunk of a write call, no multiple of it.
        int part = (1 << 20) + 12_345;
        int parts = 5;
        var path = folder.resolve("x");
        try (var writer = SafetensorsWriter.create(path, Map.of(),
                new Declaration("t", TensorType.U8, List.of((long) part * parts)))) {
            IntStream.range(0, parts).parallel().forEach(i -> {
                var bytes = new byte[part];
                Arrays.fill(bytes, (byte) (i + 1));
                try {
                    writer.write(writer.tensors().getFirst(), (long) i * part, MemorySegment.ofArray(bytes));
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            writer.commit();
        }
        try (var file = Safetensors.open(path)) {
            var data = file.data(file.onlyTensor());
            for (long i = 0; i < data.byteSize(); i++) {
                byte expected = (byte) (i / part + 1);
                if (data.get(ValueLayout.JAVA_BYTE, i) != expected)
                    assertEquals(expected, data.get(ValueLayout.JAVA_BYTE, i), "byte " + i);
            }
        }
    }

    @Test
    void whatIsNotCommittedLeavesTheOldFileAndNothingElse() throws Exception {
        var path = Files.writeString(folder.resolve("x"), "old");
        try (var writer = SafetensorsWriter.create(path, Map.of(), A)) {
            writer.write(writer.tensors().getFirst(), 0, MemorySegment.ofArray(new byte[4]));
            assertThrows(IndexOutOfBoundsException.class,
                    () -> writer.write(writer.tensors().getFirst(), 9, MemorySegment.ofArray(new byte[4])));
            assertEquals(2, names().size(), "written beside");
        }
        assertEquals(List.of("x"), names());
        assertEquals("old", Files.readString(path));
    }

    @Test
    void whatWasNeverWrittenIsZero() throws Exception {
        var path = folder.resolve("x");
        try (var writer = SafetensorsWriter.create(path, Map.of(), A, B)) {
            writer.commit();
        }
        try (var file = Safetensors.open(path)) {
            assertArrayEquals(new byte[12], file.data(file.tensor("a")).toArray(ValueLayout.JAVA_BYTE));
            assertArrayEquals(new byte[5], file.data(file.tensor("b")).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    @Test
    void throughALinkTheFileIsReplaced() throws Exception {
        var target = Files.writeString(folder.resolve("target"), "old");
        var link = Files.createSymbolicLink(folder.resolve("link"), target);
        try (var writer = SafetensorsWriter.create(link, Map.of(), A)) {
            writer.commit();
        }
        assertTrue(Files.isSymbolicLink(link));
        try (var file = Safetensors.open(target)) {
            assertEquals("a", file.onlyTensor().name());
        }
    }

    @Test
    void placesThatCanNotBeWrittenAreRefused() throws Exception {
        refused(folder.resolve("missing/x"), "no folder");
        refused(folder, "it is a folder");
        var device = Path.of("/dev/null");
        if (Files.exists(device)) refused(device, "not a regular file");
        assertTrue(names().isEmpty());
    }

    @Test
    void aFailedWriteLeavesNothing() throws Exception {
        // A full disk can not be had without privileges; a closed channel fails in the same place.
        var path = folder.resolve("x");
        var writer = SafetensorsWriter.create(path, Map.of(), A);
        writer.close();
        assertThrows(IOException.class,
                () -> writer.write(writer.tensors().getFirst(), 0, MemorySegment.ofArray(new byte[4])));
        assertThrows(IOException.class, writer::commit);
        assertTrue(names().isEmpty());
    }

    @Test
    void namesAreUnique() {
        assertThrows(IllegalArgumentException.class,
                () -> SafetensorsWriter.create(folder.resolve("x"), Map.of(), A, A));
        assertThrows(IllegalArgumentException.class, () -> SafetensorsWriter.create(folder.resolve("x"), Map.of(),
                new Declaration("__metadata__", TensorType.U8, List.of(1L))));
    }

    @Test
    void noPermissionIsSaid() throws Exception {
        var closed = Files.createDirectory(folder.resolve("closed"));
        assumeTrue(closed.toFile().setWritable(false) && !Files.isWritable(closed), "this user may write everywhere");
        try {
            refused(closed.resolve("x"), "no permission");
        } finally {
            closed.toFile().setWritable(true);
        }
    }

    private static void refused(Path path, String why) {
        var e = assertThrows(CheckpointException.class, () -> SafetensorsWriter.create(path, Map.of(), A).close());
        assertTrue(e.getMessage().startsWith(path + ": ") && e.getMessage().contains(why), e.getMessage());
    }
}
