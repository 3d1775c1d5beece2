package dev.culebra.tests.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Models and prompts that will not do: exit code 1 or 2, one line that says what and where, and nothing written. */
class ModelRefusalTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private Path copy(String model) throws IOException {
        return Models.copy(model, Files.createDirectory(folder.resolve("model")));
    }

    /** Every command that reads a model refuses it, and leaves the folder as it is. */
    private void refused(Path model, String... pieces) throws IOException {
        var before = files();
        var out = folder.resolve("out");
        Run.of("generate", model, "--ids", "2,3", "--max-new-tokens", 2, "--device", "cpu").failed(1, pieces);
        Run.of("generate", model, "--ids", "2,3", "--device", "cpu", "--json").failed(1, pieces);
        Run.of("logits", model, "--ids", "2,3", "--output", out, "--device", "cpu").failed(1, pieces);
        Run.of("encode", model, out).failed(1, pieces);
        Run.of("prune", model, out, "--sparsity", "0.5", "--method", "magnitude").failed(1, pieces);
        assertEquals(before, files());
    }

    private List<Path> files() throws IOException {
        try (var files = Files.walk(folder)) {
            return files.sorted().toList();
        }
    }

    private static void change(Path json, java.util.function.Consumer<ObjectNode> change) throws IOException {
        var node = (ObjectNode) JSON.readTree(json.toFile());
        change.accept(node);
        JSON.writeValue(json.toFile(), node);
    }

    @Test
    void configsThatContradictTheTensors() throws IOException {
        var model = copy("opt-preln");
        var config = model.resolve("config.json");
        var sound = Files.readAllBytes(config);
        change(config, c -> c.put("ffn_dim", 1000));
        refused(model, "fc1", "1000", "ffn_dim");
        Files.write(config, sound);
        change(config, c -> c.put("num_hidden_layers", 3));
        refused(model, model.toString(), "layers.2.");
        Files.write(config, sound);
        change(config, c -> c.put("num_hidden_layers", 1));
        refused(model, model.toString(), "layers.1.");
        Files.write(config, sound);
        change(config, c -> c.put("num_attention_heads", 7));
        refused(model, config.toString(), "7");
        Files.write(config, sound);
        change(config, c -> c.put("model_type", "llama"));
        refused(model, config.toString(), "llama", "opt");
        Files.writeString(config, "{");
        refused(model, config.toString());
        Files.delete(config);
        refused(model, "config.json");
    }

    @Test
    void weightsThatAreNoNumbers() throws IOException {
        var model = copy("opt-preln");
        var weights = model.resolve("model.safetensors");
        long at;
        try (var file = Safetensors.open(weights)) {
            var tensor = file.tensors().stream().filter(t -> t.name().endsWith("layers.1.fc2.weight")).findFirst()
                    .orElseThrow();
            long end = file.tensors().stream().mapToLong(t -> t.end()).max().orElseThrow();
            at = Files.size(weights) - end + tensor.begin() + 2 * 1234;
        }
        for (int bits : new int[]{0x7e00, 0x7c00}) { // NaN and infinity, little-endian
            try (var file = new RandomAccessFile(weights.toFile(), "rw")) {
                file.seek(at);
                file.write(bits & 0xff);
                file.write(bits >> 8);
            }
            refused(model, "layers.1.fc2.weight", bits == 0x7e00 ? "NaN" : "nfinit");
        }
    }

    @Test
    void shardsThatAreNotWhole() throws IOException {
        var model = copy("opt-sharded-sparse70");
        var shard = model.resolve("model-00003-of-00004.safetensors");
        try (var file = new RandomAccessFile(shard.toFile(), "rw")) {
            file.setLength(file.length() - 1000);
        }
        refused(model, shard.toString());
        Files.delete(shard);
        refused(model, shard.getFileName().toString());
    }

    @Test
    void whatIsNoModel() throws IOException {
        var missing = folder.resolve("missing");
        refused(missing, missing + ": no such ");
        var empty = Files.createDirectory(folder.resolve("empty"));
        refused(empty, empty.toString(), "empty folder");
        // Weights as a pickle, which runs code when it is read.
        var pickled = Files.createDirectory(folder.resolve("pickled"));
        Files.copy(Models.folder("opt-preln").resolve("config.json"), pickled.resolve("config.json"));
        Files.writeString(pickled.resolve("pytorch_model.bin"), "PK");
        refused(pickled, "pytorch_model.bin", "safetensors");
        var file = Files.writeString(folder.resolve("file"), "x");
        for (var command : List.of("generate", "logits")) {
            Run.of(command, file, "--ids", "2", command.equals("logits") ? "--output" : "--device",
                    command.equals("logits") ? folder.resolve("out") : "cpu").failed(1, file.toString(), "folder");
        }
        Run.of("prune", file, folder.resolve("out"), "--sparsity", "0.5", "--method", "magnitude").failed(1,
                file.toString(), "folder");
    }

    /** Said before the weights are looked at: they are not even there. */
    @Test
    void tokensThatTheModelDoesNotHave() throws IOException {
        var model = Models.folder("opt-preln");
        int vocabulary = JSON.readTree(model.resolve("config.json").toFile()).get("vocab_size").asInt();
        int positions = JSON.readTree(model.resolve("config.json").toFile()).get("max_position_embeddings").asInt();
        var output = folder.resolve("out");
        var tooMany = IntStream.rangeClosed(0, positions).mapToObj(i -> "3").collect(Collectors.joining(","));
        for (var bad : new String[][]{{"2," + vocabulary, vocabulary + "", (vocabulary - 1) + ""},
            {tooMany, (positions + 1) + " tokens", positions + " positions"}}) {
            Run.of("generate", model, "--ids", bad[0]).failed(1, bad[1], bad[2]);
            Run.of("generate", model, "--ids", bad[0], "--json").failed(1, bad[1], bad[2]);
            Run.of("logits", model, "--ids", bad[0], "--output", output).failed(1, bad[1], bad[2]);
        }
        Run.of("generate", model, "--ids", "2", "--stop", vocabulary).failed(1, "stop", vocabulary + "");
        for (var bad : List.of("", "2,,3", "2,-1", "two", "2;3", "99999999999")) {
            Run.of("generate", model, "--ids", bad).failed(2, "--ids", "such as 2,5,7");
            Run.of("logits", model, "--ids", bad, "--output", output).failed(2, "--ids", "such as 2,5,7");
        }
        assertEquals(List.of(folder), files());
    }

    @Test
    void promptsThatWillNotDo() throws IOException {
        var kjv = Models.folder(Models.KJV);
        Run.of("generate", kjv, "--prompt", "").failed(1, "the prompt is empty");
        // 256 positions; a word of this vocabulary is a token or more.
        Run.of("generate", kjv, "--prompt", "and ".repeat(300)).failed(1, "256 positions");
        Run.of("generate", Models.folder("opt-preln"), "--prompt", "And").failed(1, "has no tokenizer", "--ids");
        Run.of("generate", kjv).failed(2, "--prompt", "--ids");
        Run.of("generate", kjv, "--prompt", "And", "--ids", "2").failed(2, "--prompt", "--ids", "mutually exclusive");
        for (var bad : new String[][]{{"--temperature", "-1"}, {"--temperature", "NaN"}, {"--top-k", "0"},
            {"--top-p", "0"}, {"--top-p", "1.5"}, {"--max-new-tokens", "0"}, {"--max-new-tokens", "1.5"},
            {"--stop", "end"}, {"--seed", "x"}, {"--device", "tpu"}}) {
            Run.of("generate", kjv, "--prompt", "And", bad[0], bad[1]).failed(2, bad[0], "'" + bad[1] + "'");
        }
    }

    @Test
    void tokenizersThatWillNotDo() throws IOException {
        var model = copy(Models.KJV);
        var file = model.resolve("tokenizer.json");
        change(file, t -> ((ObjectNode) t.at("/model/vocab")).remove("\u0120the"));
        var holes = Run.of("generate", model, "--prompt", "And");
        holes.failed(1, "tokenizer.json");
        Run.of("perplexity", model, "--text", model.resolve("held-out.txt")).failed(1, "tokenizer.json");
        Files.writeString(file, "{\"model\":");
        Run.of("generate", model, "--prompt", "And").failed(1, "tokenizer.json");
        Files.delete(file);
        change(model.resolve("vocab.json"), v -> v.remove("\u0120the"));
        Run.of("generate", model, "--prompt", "And").failed(1, "vocab.json");
        Files.delete(model.resolve("merges.txt"));
        Run.of("generate", model, "--prompt", "And").failed(1, "merges.txt");
    }

    /** In a JVM of its own with that little: the line says what is needed and what there is, and its advice is right. */
    @Test
    void memoryThatWillNotDo() throws Exception {
        var model = Models.folder("opt-preln");
        var refused = generate(model, "-XX:MaxDirectMemorySize=100k");
        refused.failed(1, "matrices take up to 0.9 MiB", "0.1 MiB of native memory", "-XX:MaxDirectMemorySize=");
        var advice = refused.err().replaceAll("(?s).*(-XX:MaxDirectMemorySize=\\w+).*", "$1");
        assertEquals(0, generate(model, advice).code());
        // An encoded model's matrices are mapped, and take none of it.
        var encoded = folder.resolve("encoded");
        Run.ok("encode", model, encoded);
        assertEquals(0, generate(encoded, "-XX:MaxDirectMemorySize=100k").code());
        generate(model, "-Xmx16m").failed(1, "the heap is at most 15", "-Xmx");
    }

    private Run generate(Path model, String option) throws Exception {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var err = Files.createTempFile("culebra", "err");
        var process = new ProcessBuilder(java, option, "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), "dev.culebra.cli.Culebra", "generate", model.toString(), "--ids",
                "2,3", "--max-new-tokens", "4", "--device", "cpu").redirectError(err.toFile()).start();
        var out = new String(process.getInputStream().readAllBytes());
        int code = process.waitFor();
        var said = Files.readString(err);
        Files.delete(err);
        return new Run(code, out, said);
    }

    /** An encoded model is damaged, byte by byte of its small files, and a matrix is gone. */
    @Test
    void encodedModelsThatAreNotWhole() throws IOException {
        var model = folder.resolve("model");
        Run.ok("encode", Models.folder("opt-preln"), model);
        List<Path> all;
        try (var files = Files.walk(model)) {
            all = new ArrayList<>(files.filter(Files::isRegularFile).sorted().toList());
        }
        for (var file : all) {
            var sound = Files.readAllBytes(file);
            var changed = sound.clone();
            changed[changed.length / 2] ^= 0x20;
            Files.write(file, changed);
            Run.of("logits", model, "--ids", "2,3", "--output", folder.resolve("out")).failed(1,
                    file.getFileName().toString());
            Files.delete(file);
            // Without its manifest it is no encoded model, and what it lacks is what a checkpoint has.
            Run.of("generate", model, "--ids", "2,3", "--max-new-tokens", 2).failed(1, model.toString(),
                    file.endsWith("culebra.json") ? "" : file.getFileName().toString());
            Files.write(file, sound);
        }
        Run.ok("generate", model, "--ids", "2,3", "--max-new-tokens", 2);
    }
}
