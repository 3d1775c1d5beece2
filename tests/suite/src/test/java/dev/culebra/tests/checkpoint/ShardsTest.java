package dev.culebra.tests.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.llm.checkpoint.Checkpoint;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

class ShardsTest {
    private static final String FIRST = "model-00001-of-00002.safetensors";
    private static final String SECOND = "model-00002-of-00002.safetensors";
    private static final String LAST_TENSOR = "model.decoder.final_layer_norm.bias";

    @TempDir
    Path folder;
    private Path index;

    @BeforeEach
    void write() throws IOException {
        new TinyModel().writeShards(folder);
        index = folder.resolve("model.safetensors.index.json");
    }

    private void change(Consumer<ObjectNode> change) throws IOException {
        var root = (ObjectNode) new ObjectMapper().readTree(index.toFile());
        change.accept(root);
        Files.writeString(index, root.toString());
    }

    private void put(String tensor, String shard) throws IOException {
        change(root -> ((ObjectNode) root.get("weight_map")).put(tensor, shard));
    }

    @Test
    void shardsAreOneModel() throws Exception {
        var alone = new TinyModel();
        try (var model = Checkpoint.open(folder)) {
            for (var name : alone.tensors.keySet()) {
                var tensor = model.tensor(name.substring("model.decoder.".length()));
                assertArrayEquals(alone.tensors.get(name).bytes(),
                        tensor.data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE), name);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../model-00002-of-00002.safetensors", "/etc/passwd", "sub/x.safetensors", "x\\y.safetensors",
                "C:x.safetensors", "", "model.bin", "a\u0000b.safetensors"})
    void shardsLieInTheFolder(String name) throws Exception {
        put(LAST_TENSOR, name);
        TinyModel.refused(folder, "index.json", "'" + LAST_TENSOR + "'", "no plain name");
    }

    @Test
    void shardsMissingOrTruncated() throws Exception {
        var second = folder.resolve(SECOND);
        var bytes = Files.readAllBytes(second);
        Files.write(second, Arrays.copyOf(bytes, bytes.length - 1));
        TinyModel.refused(folder, SECOND, "truncated?");
        Files.delete(second);
        TinyModel.refused(folder, "index.json", "'" + SECOND + "', which is missing");
        Files.createDirectory(second);
        TinyModel.refused(folder, SECOND, "not a regular file");
    }

    @Test
    void anIndexThatLies() throws Exception {
        put(LAST_TENSOR, FIRST);
        TinyModel.refused(folder, "'" + LAST_TENSOR + "' is said to be in '" + FIRST + "', but is in '" + SECOND + "'");
        write();
        put("ghost", FIRST);
        TinyModel.refused(folder, "'ghost' is said to be in", "no shard");
        write();
        change(root -> ((ObjectNode) root.get("weight_map")).remove(LAST_TENSOR));
        TinyModel.refused(folder, "does not have tensor '" + LAST_TENSOR + "'", SECOND);
        write();
        Files.copy(folder.resolve(SECOND), folder.resolve("copy.safetensors"));
        put("x", "copy.safetensors");
        TinyModel.refused(folder, "is in two shards, 'copy.safetensors' and '" + SECOND + "'");
    }

    @Test
    void anIndexThatIsNone() throws Exception {
        for (var json : new String[]{"{}", "{\"weight_map\": []}", "{\"weight_map\": {}}", "{\"weight_map\": \"x\"}"}) {
            Files.writeString(index, json);
            TinyModel.refused(folder, "index.json", "weight_map must be an object");
        }
        Files.writeString(index, "{\"weight_map\": {\"a\": 3}}");
        TinyModel.refused(folder, "'a' is in '3'", "no plain name");
        Files.writeString(index, "nothing");
        TinyModel.refused(folder, "index.json", "not valid JSON");
    }
}
