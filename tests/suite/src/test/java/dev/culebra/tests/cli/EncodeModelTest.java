package dev.culebra.tests.cli;

import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code encode} of a model: a folder that every model command takes, with the same results. */
class EncodeModelTest {
    @TempDir
    Path folder;

    static List<String> random() { return Models.RANDOM; }

    @ParameterizedTest
    @MethodSource("random")
    void theEncodedModelGivesTheSameLogits(String name) throws IOException {
        var model = Models.folder(name);
        var encoded = folder.resolve("encoded");
        var json = Run.json("encode", model, encoded, "--json");
        assertEquals(encoded.toString(), json.get("output").asText());
        assertTrue(json.get("matrices").asInt() >= 13, "" + json); // six a layer of two layers, and the head
        assertTrue(json.get("encoded_bytes").asLong() > 0 && json.get("dense_bytes").asLong() > 0
                && json.get("nonzeros").asLong() <= json.get("elements").asLong(), "" + json);
        assertEquals(1 - json.get("nonzeros").asDouble() / json.get("elements").asDouble(),
                json.get("sparsity").asDouble());

        var one = folder.resolve("one");
        var two = folder.resolve("two");
        Run.ok("logits", model, "--ids", "2,5,7,100", "--output", one, "--device", "cpu");
        Run.ok("logits", encoded, "--ids", "2,5,7,100", "--output", two, "--device", "cpu");
        assertEquals(-1, Files.mismatch(one, two), "the same bytes in, the same bytes out");
    }

    /** 70% zeros take less room sparse, a trained model's weights dense: the encoder chooses. */
    @Test
    void formats() throws IOException {
        var sparse = Run.json("encode", Models.folder("opt-sharded-sparse70"), folder.resolve("a"), "--json");
        assertTrue(sparse.at("/formats/tiled-csl").asInt() >= 12, "" + sparse);
        assertTrue(sparse.get("encoded_bytes").asLong() < sparse.get("dense_bytes").asLong(), "" + sparse);
        var dense = Run.json("encode", Models.folder(Models.KJV), folder.resolve("b"), "--json");
        assertTrue(dense.get("encoded_bytes").asLong() < 1.2 * dense.get("dense_bytes").asLong(), "" + dense);
        assertEquals("{\"dense\":31}", dense.get("formats").toString());
        var forced = Run.json("encode", Models.folder(Models.KJV), folder.resolve("c"), "--format", "tiled-csl",
                "--json");
        assertTrue(forced.get("encoded_bytes").asLong() > 1.9 * forced.get("dense_bytes").asLong(), "" + forced);
        var lines = Run.ok("encode", Models.folder(Models.KJV), folder.resolve("d")).out();
        assertTrue(lines.startsWith(folder.resolve("d") + ": 31 matrices (31 dense), "), lines);
    }

    @Test
    void allModelCommandsTakeIt() throws IOException {
        var kjv = Models.folder(Models.KJV);
        var encoded = folder.resolve("encoded");
        Run.ok("encode", kjv, encoded);
        var expected = GenerateCommandTest.expected(Models.KJV).get("greedy").get(0);
        var json = Run.json("generate", encoded, "--prompt", expected.get("prompt").asText(), "--max-new-tokens",
                expected.get("margins").size(), "--device", "cpu", "--json");
        assertEquals(expected.get("text").asText(), json.get("text").asText());
        var text = Files.write(folder.resolve("text"),
                Files.readAllLines(kjv.resolve("held-out.txt")).subList(0, 30));
        var one = Run.json("perplexity", kjv, "--text", text, "--device", "cpu", "--json");
        var two = Run.json("perplexity", encoded, "--text", text, "--device", "cpu", "--json");
        assertEquals(one.get("nll").asDouble(), two.get("nll").asDouble());
        // What is encoded can not be pruned or encoded any more, and says so.
        Run.of("encode", encoded, folder.resolve("again")).failed(1, encoded + ": ", "encoded already");
        Run.of("prune", encoded, folder.resolve("again"), "--sparsity", "0.5", "--method", "magnitude").failed(1,
                encoded.toString());
        Run.of("encode", kjv, encoded).failed(1, encoded + ": can not be written");
        Run.of("encode", kjv, folder.resolve("x"), "--tensor", "t").failed(2, "--tensor", "leave it out");
        try (var files = Files.list(folder)) {
            assertEquals(2, files.count(), "leftovers");
        }
    }

    /** Each matrix of it is a file that the other commands know. */
    @Test
    void itsMatricesAreFiles() throws IOException {
        var encoded = folder.resolve("encoded");
        Run.ok("encode", Models.folder("opt-preln"), encoded);
        try (var files = Files.walk(encoded)) {
            var matrix = files.filter(f -> f.toString().endsWith(".culebra")).findFirst().orElseThrow();
            Run.ok("decode", matrix, folder.resolve("back"));
        }
    }
}
