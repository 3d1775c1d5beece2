package dev.culebra.tests.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.CheckpointWriter;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class CheckpointWriterTest {
    @TempDir
    Path folder;

    static List<String> names(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    /** Every layer's weights replaced, in any order; all else is as it was, byte for byte. */
    @ParameterizedTest
    @MethodSource("dev.culebra.tests.checkpoint.CheckpointTest#models")
    void aCopyHasTheNewWeightsAndAllElseAsItWas(String name) throws Exception {
        var in = Models.folder(name);
        var out = folder.resolve("out");
        var expected = new TreeMap<String, byte[]>();
        try (var source = Checkpoint.open(in); var writer = CheckpointWriter.create(source, out)) {
            var linears = new java.util.ArrayList<>(OptTensors.of(source.config()).linears());
            Collections.shuffle(linears, new Random(3));
            for (var linear : linears) {
                if (!linear.pruned()) continue;
                var bytes = source.tensor(linear.weight()).data().toArray(ValueLayout.JAVA_BYTE);
                for (int i = 0; i < bytes.length; i += 4) bytes[i] = bytes[i + 1] = 0;
                expected.put(linear.weight(), bytes);
                writer.replace(linear.weight(), MemorySegment.ofArray(bytes));
            }
            assertFalse(Files.exists(out), "visible before it is complete");
            writer.commit();
        }
        try (var source = Checkpoint.open(in); var copy = Checkpoint.open(out)) {
            assertEquals(source.config(), copy.config());
            for (var tensor : OptTensors.of(copy.config()).shapes().keySet()) {
                var bytes = expected.containsKey(tensor)
                        ? expected.get(tensor)
                        : source.tensor(tensor).data().toArray(ValueLayout.JAVA_BYTE);
                assertArrayEquals(bytes, copy.tensor(tensor).data().toArray(ValueLayout.JAVA_BYTE), tensor);
            }
        }
        var side = names(in);
        side = side.stream().filter(n -> !n.startsWith("expected.") && !n.endsWith(".txt") || n.equals("merges.txt"))
                .toList();
        assertEquals(side, names(out));
        for (var file : side) {
            if (file.endsWith(".safetensors")) {
                try (var before = Safetensors.open(in.resolve(file)); var after = Safetensors.open(out.resolve(file))) {
                    assertEquals(before.tensors(), after.tensors());
                    assertEquals(before.metadata(), after.metadata());
                }
            } else {
                assertEquals(-1, Files.mismatch(in.resolve(file), out.resolve(file)), file);
            }
        }
        assertEquals(List.of("out"), names(folder));
    }

    /** Types are kept too, those of a head that only repeats the embedding, and an index of one shard. */
    @Test
    void whatIsUnusualIsKept() throws Exception {
        var tiny = new TinyModel("F32").put("model.decoder.version", "F32", 1);
        tiny.tensors.put("lm_head.weight", tiny.data("embed_tokens.weight"));
        tiny.writeShards(folder.resolve("in"));
        copy(folder.resolve("in"), folder.resolve("out"));
        assertEquals(names(folder.resolve("in")), names(folder.resolve("out")));
        try (var file = Safetensors.open(folder.resolve("out/model-00002-of-00002.safetensors"))) {
            assertEquals("F32", file.tensor("lm_head.weight").type().name());
            assertEquals("F32", file.tensor("model.decoder.version").type().name());
        }
    }

    @Test
    void anIndexOfOneShardGoesAlong() throws Exception {
        var in = new TinyModel().write(folder.resolve("in"));
        var shard = "model-00001-of-00001.safetensors";
        Files.move(in.resolve("model.safetensors"), in.resolve(shard));
        var map = new ObjectMapper().createObjectNode();
        for (var name : new TinyModel().tensors.keySet()) map.put(name, shard);
        Files.writeString(in.resolve("model.safetensors.index.json"), "{\"weight_map\": " + map + "}");
        copy(in, folder.resolve("out"));
        assertEquals(names(in), names(folder.resolve("out")));
        Checkpoint.open(folder.resolve("out")).close();
    }

    /** The source's embedding is a hole in a file, which takes no room itself. */
    @Test
    void noRoomForACopyIsSaidBeforeTheWork() throws Exception {
        long rows = 1 << 24;
        long columns = 1 << 13;
        long bytes = 2 * rows * columns; // 256 GiB of F16
        var tiny = new TinyModel().remove("embed_tokens.weight").add("project_in.weight", TinyModel.HIDDEN, columns)
                .add("project_out.weight", columns, TinyModel.HIDDEN);
        tiny.config.put("vocab_size", rows).put("word_embed_proj_dim", columns);
        var in = tiny.writeShards(folder.resolve("in"));
        var hole = in.resolve("hole.safetensors");
        var name = "model.decoder.embed_tokens.weight";
        RawFile.write(hole, RawFile.entry(name, "F16", "[" + rows + "," + columns + "]", 0, bytes), new byte[0]);
        try (var file = new RandomAccessFile(hole.toFile(), "rw")) {
            file.setLength(file.length() + bytes);
        } catch (IOException e) {
            assumeTrue(false, "this file system has no files with holes: " + e.getMessage());
        }
        var index = in.resolve("model.safetensors.index.json");
        var json = new ObjectMapper().readTree(index.toFile());
        ((ObjectNode) json.get("weight_map")).put(name, "hole.safetensors");
        Files.writeString(index, json.toString());
        assumeTrue(Files.getFileStore(folder).getUsableSpace() < bytes, "the disk has room for 256 GiB");
        try (var source = Checkpoint.open(in)) {
            TinyModel.refused(() -> CheckpointWriter.create(source, folder.resolve("out")).close(), "would take 2621",
                    "has room for");
        }
        assertEquals(List.of("in"), names(folder));
    }

    /** Where the embedding goes by the head's name. */
    @Test
    void theNamesAreThoseOfTheSource() throws Exception {
        new TinyModel().rename("model.decoder.embed_tokens", "lm_head").write(folder.resolve("in"));
        copy(folder.resolve("in"), folder.resolve("out"));
        try (var file = Safetensors.open(folder.resolve("out/model.safetensors"))) {
            assertEquals(55, file.tensor("lm_head.weight").elements());
        }
        try (var before = Checkpoint.open(folder.resolve("in")); var after = Checkpoint.open(folder.resolve("out"))) {
            assertEquals(-1,
                    before.tensor(OptTensors.EMBEDDING).data().mismatch(after.tensor(OptTensors.EMBEDDING).data()));
        }
    }

    private static void copy(Path in, Path out) throws IOException {
        try (var source = Checkpoint.open(in); var writer = CheckpointWriter.create(source, out)) {
            writer.commit();
        }
    }

    /** Only files of known names go along: not the same weights in other forms. */
    @Test
    void otherFilesStayBehind() throws Exception {
        var in = new TinyModel().write(folder.resolve("in"));
        for (var name : List.of("tokenizer.json", "generation_config.json", "LICENSE", "pytorch_model.bin", "README.md",
                "flax_model.msgpack", "expected.json")) {
            Files.writeString(in.resolve(name), name);
        }
        Files.createDirectory(in.resolve("merges.txt"));
        in.resolve("tokenizer.json").toFile().setReadOnly();
        copy(in, folder.resolve("out"));
        assertEquals(List.of("LICENSE", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json"),
                names(folder.resolve("out")));
        assertTrue(Files.isWritable(folder.resolve("out/tokenizer.json")));
    }

    @Test
    @SuppressWarnings("try") // closed twice on purpose
    void whatIsGivenUpLeavesNothing() throws Exception {
        var in = new TinyModel().writeShards(folder.resolve("in"));
        var out = folder.resolve("out");
        try (var source = Checkpoint.open(in)) {
            try (var writer = CheckpointWriter.create(source, out)) {
                writer.replace("layers.0.fc1.weight", MemorySegment.ofArray(new byte[84]));
                assertEquals(2, names(folder).size(), "written beside");
                writer.close();
                writer.close();
            }
            assertEquals(List.of("in"), names(folder));
            try (var writer = CheckpointWriter.create(source, out)) {
                assertThrows(IllegalArgumentException.class,
                        () -> writer.replace("layers.0.fc3.weight", MemorySegment.ofArray(new byte[84])));
                assertThrows(IllegalArgumentException.class,
                        () -> writer.replace("layers.0.fc1.weight", MemorySegment.ofArray(new byte[82])));
                writer.replace("layers.0.fc1.weight", MemorySegment.ofArray(new byte[84]));
                assertThrows(IllegalArgumentException.class,
                        () -> writer.replace("layers.0.fc1.weight", MemorySegment.ofArray(new byte[84])));
                var nan = new byte[84];
                nan[83] = 0x7f;
                TinyModel.refused(() -> writer.replace("layers.1.fc1.weight", MemorySegment.ofArray(nan)),
                        "'model.decoder.layers.1.fc1.weight'", "element 41");
            }
        }
        assertEquals(List.of("in"), names(folder));
    }

    @Test
    void nanInWhatIsOnlyCopiedIsRefusedToo() throws Exception {
        var tiny = new TinyModel();
        tiny.data("layers.1.fc2.bias").bytes()[1] = 0x7e;
        var in = tiny.write(folder.resolve("in"));
        TinyModel.refused(() -> copy(in, folder.resolve("out")), "'model.decoder.layers.1.fc2.bias' has NaN at [0]");
        assertEquals(List.of("in"), names(folder));
    }

    @Test
    void placesThatAreTakenOrInTheSource() throws Exception {
        var in = new TinyModel().write(folder.resolve("in"));
        TinyModel.refused(() -> copy(in, in), "folder is not empty");
        TinyModel.refused(() -> copy(in, in.resolve("out")), "lies in");
        TinyModel.refused(() -> copy(in, in.resolve("../in/out")), "lies in");
        Files.createSymbolicLink(folder.resolve("link"), in);
        TinyModel.refused(() -> copy(in, folder.resolve("link/out")), "lies in");
        TinyModel.refused(() -> copy(folder.resolve("link"), in.resolve("out")), "lies in");
        assertEquals(List.of("config.json", "model.safetensors"), names(in));
    }
}
