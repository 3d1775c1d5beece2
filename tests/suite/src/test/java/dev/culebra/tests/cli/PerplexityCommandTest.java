package dev.culebra.tests.cli;

import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code perplexity}, held against the logits that the command gives for the same windows. */
class PerplexityCommandTest {
    private static final Path KJV = Models.folder(Models.KJV);

    @TempDir
    Path folder;

    private Path text(int lines) throws IOException {
        return Files.write(folder.resolve("text"), Files.readAllLines(KJV.resolve("held-out.txt")).subList(0, lines));
    }

    /** The definition: lines without a begin-of-text token, each with an end-of-text token after it, cut into windows. */
    @Test
    void itIsWhatTheDefinitionSays() throws IOException {
        int window = 40;
        var text = text(8);
        var ids = new ArrayList<Integer>();
        for (var line : Files.readAllLines(text)) {
            // Tokens of a text are at the front of what is generated for it; the first is the begin-of-text token.
            var json = Run.json("generate", KJV, "--prompt", line, "--max-new-tokens", 1, "--json");
            var all = GenerateCommandTest.ints(json.get("ids"));
            ids.addAll(all.subList(1, json.get("prompt_tokens").asInt()));
            ids.add(2);
        }
        int windows = ids.size() / window;
        assertTrue(windows >= 4 && ids.size() % window != 0, ids.size() + " tokens: some are to be left over");
        double sum = 0;
        for (int w = 0; w < windows; w++) sum += nll(ids.subList(w * window, (w + 1) * window));
        double nll = sum / windows;

        var json = Run.json("perplexity", KJV, "--text", text, "--window", window, "--device", "cpu", "--json");
        assertEquals(windows, json.get("windows").asInt());
        // Logits of F32 with errors of 1e-6 of their size.
        assertEquals(nll, json.get("nll").asDouble(), 1e-4);
        assertEquals(Math.exp(json.get("nll").asDouble()), json.get("perplexity").asDouble(), 1e-9);
        assertEquals("cpu", json.get("device").asText());
    }

    private double nll(java.util.List<Integer> ids) throws IOException {
        var output = folder.resolve("logits");
        Run.ok("logits", KJV, "--ids", GenerateCommandTest.commas(ids), "--output", output, "--device", "cpu");
        try (var file = Safetensors.open(output)) {
            var logits = LogitsCommandTest.floats(file.data(file.onlyTensor()));
            int vocabulary = logits.length / ids.size();
            double sum = 0;
            for (int t = 0; t + 1 < ids.size(); t++) {
                double all = 0;
                for (int v = 0; v < vocabulary; v++) all += Math.exp(logits[t * vocabulary + v]);
                sum += Math.log(all) - logits[t * vocabulary + ids.get(t + 1)];
            }
            return sum / (ids.size() - 1);
        }
    }

    @Test
    void aLineForPeople() throws IOException {
        var line = Run.ok("perplexity", KJV, "--text", text(40)).out();
        assertTrue(line.startsWith("perplexity ") && line.contains("windows of 128"), line);
        assertEquals(1, line.lines().count());
    }

    @Test
    void textsThatWillNotDo() throws IOException {
        Run.of("perplexity", KJV, "--text", folder.resolve("none")).failed(1,
                folder.resolve("none") + ": no such file");
        Run.of("perplexity", KJV, "--text", folder).failed(1, folder.toString());
        Run.of("perplexity", KJV, "--text", Files.write(folder.resolve("latin"), new byte[]{'a', (byte) 0xe9, 'b'}))
                .failed(1, folder.resolve("latin").toString(), "UTF-8");
        for (var content : new String[]{"", "\n\n", "Amen"}) {
            Run.of("perplexity", KJV, "--text", Files.writeString(folder.resolve("short"), content)).failed(1, "128");
        }
        Run.of("perplexity", KJV, "--text", text(40), "--window", 257).failed(1, "257", "256");
        Run.of("perplexity", KJV, "--text", text(40), "--window", 1).failed(2, "'1' is no length of a window");
        Run.of("perplexity", Models.folder("opt-preln"), "--text", text(40)).failed(1, "has no tokenizer");
    }
}
