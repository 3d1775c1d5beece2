package dev.culebra.tests.cli;

import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code prune}: a checkpoint that any other tool can read, with the zeros that were asked for and nothing else changed. */
class PruneCommandTest {
    private static final Path KJV = Models.folder(Models.KJV);

    @TempDir
    Path folder;

    private Path text() throws IOException {
        var lines = Files.readAllLines(KJV.resolve("calibration.txt"));
        return Files.write(folder.resolve("text"), lines.subList(0, 40));
    }

    private static long zeros(MemorySegment halves) {
        long zeros = 0;
        for (long i = 0; i < halves.byteSize(); i += 2) {
            if ((halves.get(ValueLayout.JAVA_SHORT_UNALIGNED, i) & 0x7fff) == 0) zeros++;
        }
        return zeros;
    }

    @ParameterizedTest
    @ValueSource(strings = {"magnitude", "wanda", "sparsegpt"})
    void aCheckpointComesOut(String method) throws IOException {
        var out = folder.resolve("out");
        var args = new ArrayList<Object>(List.of("prune", KJV, out, "--sparsity", "0.6", "--method", method, "--device",
                "cpu", "--json"));
        if (!method.equals("magnitude")) args.addAll(List.of("--calibration", text()));
        var json = Run.json(args.toArray());
        assertEquals(out.toString(), json.get("output").asText());
        assertEquals(method, json.get("method").asText());
        // Five layers of four matrices 192 x 192 and two of 768 x 192.
        long elements = 5 * (4 * 192 * 192 + 2 * 768 * 192);
        assertEquals(elements, json.get("elements").asLong());
        assertEquals(method.equals("magnitude"), json.get("windows").asInt() == 0);
        assertTrue(json.get("time_ms").asDouble() > 0);

        long zeros = 0;
        try (var before = Safetensors.open(KJV.resolve("model.safetensors"));
                var after = Safetensors.open(out.resolve("model.safetensors"))) {
            assertEquals(before.tensors(), after.tensors());
            assertEquals(before.metadata(), after.metadata());
            for (var t : before.tensors()) {
                if (t.name().contains(".layers.") && t.shape().size() == 2) {
                    long made = zeros(after.data(t));
                    assertTrue(made >= (long) (0.6 * t.elements()) - t.shape().get(0), t.name() + ": " + made);
                    zeros += made;
                } else {
                    assertEquals(-1, before.data(t).mismatch(after.data(t)), t.name());
                }
            }
        }
        assertEquals(zeros, json.get("zeros").asLong());
        assertEquals((double) zeros / elements, json.get("sparsity").asDouble());
        assertEquals(0.6, json.get("sparsity").asDouble(), 0.005);
        for (var name : List.of("config.json", "tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json",
                "special_tokens_map.json")) {
            assertEquals(-1, Files.mismatch(KJV.resolve(name), out.resolve(name)), name);
        }
        // It is a model like any other.
        var generated = Run.json("generate", out, "--prompt", "And God said", "--max-new-tokens", 8, "--json");
        assertTrue(generated.get("text").asText().startsWith("And God said"), "" + generated);
    }

    @Test
    void aLineForPeople() throws IOException {
        var out = Files.createDirectory(folder.resolve("empty"));
        var line = Run.ok("prune", Models.folder("opt-sharded-sparse70"), out, "--sparsity", "0.8", "--method",
                "magnitude").out();
        assertTrue(line.startsWith(out + ": ") && line.contains("80.0%") && line.contains("magnitude"), line);
        assertEquals(1, line.lines().count());
        // Shards stay shards.
        try (var files = Files.list(out)) {
            assertEquals(4, files.filter(f -> f.toString().endsWith(".safetensors")).count());
        }
        assertTrue(Files.exists(out.resolve("model.safetensors.index.json")));
    }

    @Test
    void whatDoesNotGoTogether() throws IOException {
        var out = folder.resolve("out");
        Run.of("prune", KJV, out, "--sparsity", "0.6", "--method", "wanda").failed(2, "--method wanda",
                "--calibration");
        Run.of("prune", KJV, out, "--sparsity", "0.6", "--method", "sparsegpt").failed(2, "--calibration");
        Run.of("prune", KJV, out, "--sparsity", "0.6", "--method", "magnitude", "--calibration", text()).failed(2,
                "looks at no text");
        Run.of("prune", KJV, out, "--sparsity", "60", "--method", "magnitude").failed(2,
                "'60' is no number from 0 to 1");
        Run.of("prune", KJV, out, "--sparsity", "0.6", "--method", "magic").failed(2,
                "'magic' is no method; give one of magnitude, wanda, sparsegpt");
        Run.of("prune", Models.folder("opt-preln"), out, "--sparsity", "0.6", "--method", "wanda", "--calibration",
                text()).failed(1, "tokenizer");
        Run.of("prune", KJV, out, "--sparsity", "0.6", "--method", "wanda", "--calibration", folder.resolve("none"))
                .failed(1, folder.resolve("none") + ": no such file");
        Run.of("prune", KJV, out, "--sparsity", "0.6", "--method", "wanda", "--calibration",
                Files.writeString(folder.resolve("short"), "Amen")).failed(1, "128");
        Run.of("prune", KJV, out, "--sparsity", "0.6", "--method", "wanda", "--calibration", text(), "--window", 257)
                .failed(1, "257", "256");
        assertFalse(Files.exists(out));
    }

    /** Nothing is written over, and nothing into what is read. */
    @Test
    void outputsThatAreTaken() throws IOException {
        var taken = Files.createDirectory(folder.resolve("taken"));
        Files.writeString(taken.resolve("precious"), "!");
        var file = Files.writeString(folder.resolve("file"), "!");
        for (var out : List.of(taken, file, KJV, KJV.resolve("inside"), folder.resolve("no/where"))) {
            Run.of("prune", KJV, out, "--sparsity", "0.5", "--method", "magnitude").failed(1, "can not be written");
        }
        assertEquals("!", Files.readString(taken.resolve("precious")));
        assertEquals("!", Files.readString(file));
        try (var files = Files.list(folder)) {
            assertEquals(2, files.count(), "leftovers");
        }
    }
}
