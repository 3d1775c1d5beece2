package dev.culebra.tests.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.llm.checkpoint.CheckpointException;
import dev.culebra.llm.checkpoint.ModelSource;
import org.junit.jupiter.api.Assertions;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * A checkpoint of a few hundred weights, put together without the code under test, to be changed and written. Sizes are all
 * different and fill no tile; what must be there is written out here once more.
 */
final class TinyModel {
    static final int VOCABULARY = 11;
    static final int HIDDEN = 6;
    static final int EMBEDDING = 5;
    static final int FFN = 7;
    static final int POSITIONS = 9;

    /** A tensor to be written. */
    record Data(String type, List<Long> shape, byte[] bytes) {}

    final ObjectNode config = new ObjectMapper().createObjectNode();
    /** By the names that they have in the file. */
    final Map<String, Data> tensors = new LinkedHashMap<>();

    private final SplittableRandom random = new SplittableRandom(5);
    private final String type;

    /** Norm before, projected, tied, with everything that there is. */
    TinyModel(String type) {
        this.type = type;
        config.put("model_type", "opt").put("vocab_size", VOCABULARY).put("hidden_size", HIDDEN)
                .put("word_embed_proj_dim", EMBEDDING).put("ffn_dim", FFN).put("max_position_embeddings", POSITIONS)
                .put("num_hidden_layers", 2).put("num_attention_heads", 3);
        add("embed_tokens.weight", VOCABULARY, EMBEDDING);
        add("embed_positions.weight", POSITIONS + 2, HIDDEN);
        add("project_in.weight", HIDDEN, EMBEDDING);
        add("project_out.weight", EMBEDDING, HIDDEN);
        for (int i = 0; i < 2; i++) {
            for (var p : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
                add("layers." + i + ".self_attn." + p + ".weight", HIDDEN, HIDDEN);
                add("layers." + i + ".self_attn." + p + ".bias", HIDDEN);
            }
            add("layers." + i + ".fc1.weight", FFN, HIDDEN);
            add("layers." + i + ".fc1.bias", FFN);
            add("layers." + i + ".fc2.weight", HIDDEN, FFN);
            add("layers." + i + ".fc2.bias", HIDDEN);
            for (var p : List.of("self_attn_layer_norm", "final_layer_norm")) {
                add("layers." + i + "." + p + ".weight", HIDDEN);
                add("layers." + i + "." + p + ".bias", HIDDEN);
            }
        }
        add("final_layer_norm.weight", HIDDEN);
        add("final_layer_norm.bias", HIDDEN);
    }

    TinyModel() { this("F16"); }

    /** Adds a decoder's tensor with random values, exact in every type. */
    TinyModel add(String shortName, long... shape) {
        return put("model.decoder." + shortName, type, shape);
    }

    /** Adds a tensor under the name given. */
    TinyModel put(String name, String dtype, long... shape) {
        int n = (int) LongStream.of(shape).reduce(1, (a, b) -> a * b);
        int size = switch (dtype) {
            case "F64", "I64" -> 8;
            case "F32" -> 4;
            case "U8" -> 1;
            default -> 2;
        };
        var bytes = ByteBuffer.allocate(size * n).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < n; i++) {
            // Sixteenths from -1 to 1: at most 5 significant bits, a third of them zero.
            float value = random.nextInt(3) == 0 ? 0 : (random.nextInt(33) - 16) / 16f;
            switch (dtype) {
                case "F32" -> bytes.putFloat(value);
                case "F16" -> bytes.putShort(Float.floatToFloat16(value));
                case "BF16" -> bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
                default -> bytes.put(new byte[size]);
            }
        }
        tensors.put(name, new Data(dtype, LongStream.of(shape).boxed().toList(), bytes.array()));
        return this;
    }

    TinyModel remove(String... shortNames) {
        for (var name : shortNames) tensors.remove("model.decoder." + name);
        return this;
    }

    /** The same under other names. */
    TinyModel rename(String from, String to) {
        var renamed = new LinkedHashMap<String, Data>();
        tensors.forEach(
                (name, data) -> renamed.put(name.startsWith(from) ? to + name.substring(from.length()) : name, data));
        tensors.clear();
        tensors.putAll(renamed);
        return this;
    }

    Data data(String shortName) { return tensors.get("model.decoder." + shortName); }

    Path write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), config.toPrettyString());
        writeFile(folder.resolve("model.safetensors"), tensors);
        return folder;
    }

    /** Two shards and their index. */
    Path writeShards(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), config.toPrettyString());
        var names = new ArrayList<>(tensors.keySet());
        var map = new ObjectMapper().createObjectNode();
        for (int s = 0; s < 2; s++) {
            var shard = "model-0000%d-of-00002.safetensors".formatted(s + 1);
            var part = new LinkedHashMap<String, Data>();
            for (var name : names.subList(s * names.size() / 2, (s + 1) * names.size() / 2)) {
                part.put(name, tensors.get(name));
                map.put(name, shard);
            }
            writeFile(folder.resolve(shard), part);
        }
        var index = new ObjectMapper().createObjectNode();
        index.putObject("metadata").put("total_size", 1);
        index.set("weight_map", map);
        Files.writeString(folder.resolve("model.safetensors.index.json"), index.toPrettyString());
        return folder;
    }

    private static void writeFile(Path file, Map<String, Data> tensors) throws IOException {
        var fields = new ArrayList<String>(List.of("\"__metadata__\":{\"format\":\"pt\"}"));
        int at = 0;
        for (var t : tensors.entrySet()) {
            int bytes = t.getValue().bytes.length;
            fields.add(RawFile.field(t.getKey(), t.getValue().type, t.getValue().shape.toString(), at, at + bytes));
            at += bytes;
        }
        var data = ByteBuffer.allocate(at);
        tensors.values().forEach(t -> data.put(t.bytes));
        RawFile.write(file, "{" + String.join(",", fields) + "}", data.array());
    }

    /** Fails unless opening is refused with one line that has all the words. */
    static void refused(Path folder, String... words) {
        refused(() -> ModelSource.open(folder).close(), words);
    }

    static void refused(org.junit.jupiter.api.function.Executable action, String... words) {
        var message = Assertions.assertThrows(CheckpointException.class, action).getMessage();
        for (var word : words) assertTrue(message.contains(word), "'" + word + "' is not in: " + message);
        assertFalse(message.contains("\n"), message);
        assertTrue(message.length() < 1200, "too long: " + message);
    }
}
