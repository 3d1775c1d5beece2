package dev.culebra.tests.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.EncodedModel;
import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.sparse.EncodeOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

import static org.junit.jupiter.api.Assertions.assertTrue;

/** Whatever the small files say: a model, or one line in an IOException; never anything else, and never much memory. */
class CheckpointFuzzTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ROUNDS = 300;

    private static final List<String> VALUES = List.of("null", "true", "0", "-1", "1", "2", "7", "1e9", "2147483648",
            "1.5",
            "-9223372036854775808", "99999999999999999999999", "\"\"", "\"../x\"", "\"opt\"", "\"gelu\"", "\"F32\"",
            "[]", "{}",
            "[1]", "[[[]]]", "{\"a\":1}", "\"\\ud800\"", "\"model-00001-of-00002.safetensors\"", "\"00000000\"");

    @TempDir
    Path folder;
    private final SplittableRandom random = new SplittableRandom(20);
    private int opened;
    private int refused;

    private void tryIt(Path model, String what) {
        try (var source = ModelSource.open(model)) {
            for (var linear : OptTensors.of(source.config()).linears())
                source.matrix(linear.name(), EncodeOptions.DEFAULT.withThreads(1));
            opened++;
        } catch (IOException e) {
            refused++;
            assertTrue(e.getMessage() != null && !e.getMessage().isBlank() && e.getMessage().length() < 2000, what);
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what, e);
        }
    }

    private void fuzz(Path model, Path file) throws IOException {
        var good = Files.readAllBytes(file);
        for (int i = 0; i < ROUNDS; i++) {
            var bad = i % 2 == 0 ? changedBytes(good) : changedValue(good);
            Files.write(file, bad);
            tryIt(model, file.getFileName() + ", round " + i + ": "
                    + new String(bad, java.nio.charset.StandardCharsets.UTF_8));
        }
        Files.write(file, good);
        int before = refused;
        tryIt(model, "unharmed");
        assertTrue(refused == before && refused > ROUNDS / 4, refused + " refused, " + opened + " opened");
    }

    private byte[] changedBytes(byte[] good) {
        var bad = good.clone();
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
            int at = random.nextInt(bad.length);
            bad[at] = switch (random.nextInt(3)) {
                case 0 -> (byte) random.nextInt(256);
                case 1 -> (byte) "{}[]\",:-0123456789enft\\ ".charAt(random.nextInt(24));
                default -> (byte) (bad[at] ^ 1 << random.nextInt(8));
            };
        }
        return bad;
    }

    /** One value replaced by another, or one key renamed or taken away. */
    private byte[] changedValue(byte[] good) throws IOException {
        var root = JSON.readTree(good);
        var parents = new ArrayList<JsonNode>();
        collect(root, parents);
        var parent = parents.get(random.nextInt(parents.size()));
        var value = JSON.readTree(VALUES.get(random.nextInt(VALUES.size())));
        if (parent instanceof ObjectNode object) {
            var keys = new ArrayList<String>();
            object.fieldNames().forEachRemaining(keys::add);
            var key = keys.get(random.nextInt(keys.size()));
            switch (random.nextInt(5)) {
                case 0 -> object.remove(key);
                case 1 -> object.set("x" + key, object.remove(key));
                default -> object.set(key, value);
            }
        } else {
            ((ArrayNode) parent).set(random.nextInt(parent.size()), value);
        }
        return JSON.writeValueAsBytes(root);
    }

    private static void collect(JsonNode node, List<JsonNode> into) {
        if (node.isContainerNode() && !node.isEmpty()) into.add(node);
        node.forEach(child -> collect(child, into));
    }

    @Test
    void configurations() throws Exception {
        var tiny = new TinyModel();
        tiny.config.putArray("eos_token_id").add(2).add(3);
        tiny.config.put("activation_function", "relu").put("do_layer_norm_before", true).put("tie_word_embeddings",
                true);
        fuzz(tiny.write(folder), folder.resolve("config.json"));
    }

    @Test
    void indices() throws Exception {
        fuzz(new TinyModel().writeShards(folder), folder.resolve("model.safetensors.index.json"));
    }

    @Test
    void headersOfTensors() throws Exception { fuzzBytes(new TinyModel().write(folder.resolve("in"))); }

    private void fuzzBytes(Path model) throws IOException {
        var file = model.resolve("model.safetensors");
        var good = Files.readAllBytes(file);
        for (int i = 0; i < ROUNDS; i++) {
            Files.write(file, changedBytes(good));
            tryIt(model, "round " + i);
        }
        assertTrue(refused > ROUNDS / 4, refused + " refused, " + opened + " opened");
    }

    @Test
    void manifests() throws Exception {
        try (var source = Checkpoint.open(new TinyModel().write(folder.resolve("in")))) {
            EncodedModel.write(source, folder.resolve("out"), EncodeOptions.DEFAULT);
        }
        fuzz(folder.resolve("out"), folder.resolve("out/culebra.json"));
    }
}
