package dev.culebra.tests.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.culebra.cli.Culebra;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code generate}: what Hugging Face's own OPT continues with, in the forms that the command prints. */
class GenerateCommandTest {
    private static final String KJV = Models.folder(Models.KJV).toString();
    private static final String SMALL = Models.folder("opt-preln").toString();

    static List<String> random() { return Models.RANDOM; }

    static JsonNode expected(String model) throws IOException {
        return new ObjectMapper().readTree(Models.folder(model).resolve("expected.json").toFile());
    }

    static List<Integer> ints(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asInt).toList();
    }

    static String commas(List<Integer> ids) {
        return ids.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    /** Margins of these texts are 0.0364 and more of logits up to a few units: far beyond what other sums may differ by. */
    @ParameterizedTest
    @MethodSource("random")
    void idsGoOnAsHuggingFaceHasIt(String model) throws IOException {
        var expected = expected(model);
        int count = expected.get("max_new_tokens").asInt();
        for (var c : expected.get("cases")) {
            var prompt = ints(c.get("input_ids"));
            var json = Run.json("generate", Models.folder(model), "--ids", commas(prompt), "--max-new-tokens", count,
                    "--device", "cpu", "--json");
            assertEquals(ints(c.get("greedy")), ints(json.get("ids")));
            assertTrue(json.get("text").isNull());
            assertEquals(prompt.size(), json.get("prompt_tokens").asInt());
            assertEquals(count, json.get("new_tokens").asInt());
            assertTrue(json.get("prefill_ms").asDouble() > 0 && json.get("tokens_per_second").asDouble() > 0,
                    "" + json);
            assertEquals("cpu", json.get("device").asText());
            assertEquals("max-new-tokens", json.get("stop").asText());
        }
    }

    @Test
    void promptsGoOnAsHuggingFaceHasIt() throws IOException {
        for (var c : expected(Models.KJV).get("greedy")) {
            var prompt = c.get("prompt").asText();
            int count = c.get("margins").size();
            var json = Run.json("generate", KJV, "--prompt", prompt, "--max-new-tokens", count, "--device", "cpu",
                    "--json");
            assertEquals(ints(c.get("greedy")), ints(json.get("ids")));
            assertEquals(c.get("text").asText(), json.get("text").asText());
            assertEquals(c.get("input_ids").size(), json.get("prompt_tokens").asInt());
            assertEquals(count, json.get("new_tokens").asInt());

            // The same ids as ids, and the text as text.
            var ids = Run.json("generate", KJV, "--ids", commas(ints(c.get("input_ids"))), "--max-new-tokens", count,
                    "--device", "cpu", "--json");
            assertEquals(json.get("ids"), ids.get("ids"));
            assertEquals(json.get("text"), ids.get("text"));
            assertEquals(c.get("text").asText() + System.lineSeparator(),
                    Run.ok("generate", KJV, "--prompt", prompt, "--max-new-tokens", count, "--device", "cpu").out());
        }
    }

    /** An explicit number of tokens goes on past the end of a text; without one a text ends there. */
    @Test
    void whereATextEnds() throws IOException {
        var c = expected(Models.KJV).get("greedy").get(0);
        var all = c.get("text").asText();
        var verse = all.substring(0, all.indexOf("</s>") + 4);
        var prompt = c.get("prompt").asText();
        var json = Run.json("generate", KJV, "--prompt", prompt, "--json");
        assertEquals(verse, json.get("text").asText());
        assertEquals("stop-token", json.get("stop").asText());
        assertEquals(2, json.get("ids").get(json.get("ids").size() - 1).asInt());
        assertEquals(verse, Run.json("generate", KJV, "--prompt", prompt, "--max-new-tokens", 40, "--stop", "eos",
                "--json").get("text").asText());
        // The comma is token 15 (first among them).
        var comma = Run.json("generate", KJV, "--prompt", prompt, "--stop", "17,15", "--json");
        assertEquals("And God said unto him,", comma.get("text").asText());
        assertEquals("stop-token", comma.get("stop").asText());
        var unending = Run.json("generate", KJV, "--prompt", prompt, "--stop", "none", "--json");
        assertTrue(unending.get("text").asText().startsWith(all));
        assertEquals(128, unending.get("new_tokens").asInt());
        assertEquals("max-new-tokens", unending.get("stop").asText());
    }

    /** The bundled model has 256 positions. */
    @Test
    void whereTheModelEnds() throws IOException {
        var prompt = commas(IntStream.range(0, 250).mapToObj(i -> 300 + i).toList());
        var json = Run.json("generate", KJV, "--ids", prompt, "--max-new-tokens", 100, "--json");
        assertEquals("positions", json.get("stop").asText());
        assertEquals(6, json.get("new_tokens").asInt());
        assertEquals(256, json.get("ids").size());
    }

    @Test
    void oneTokenHasASpeedToo() throws IOException {
        var json = Run.json("generate", SMALL, "--ids", "2", "--max-new-tokens", 1, "--json");
        assertEquals(1, json.get("new_tokens").asInt());
        assertEquals(1000 / json.get("prefill_ms").asDouble(), json.get("tokens_per_second").asDouble(), 1e-6);
    }

    /** Without a tokenizer the ids are the text. */
    @Test
    void idsWhereThereIsNoTokenizer() throws IOException {
        var c = expected("opt-preln").get("cases").get(1);
        assertEquals(commas(ints(c.get("greedy"))) + System.lineSeparator(), Run.ok("generate", SMALL, "--ids",
                commas(ints(c.get("input_ids"))), "--max-new-tokens", 16, "--device", "cpu").out());
    }

    @Test
    void drawsFollowTheSeed() throws IOException {
        var one = drawn("--temperature", "0.9", "--seed", "1");
        assertEquals(one, drawn("--temperature", "0.9", "--seed", "1"));
        assertNotEquals(one, drawn("--temperature", "0.9", "--seed", "2"));
        assertEquals(drawn("--temperature", "0.9", "--seed", "0"), drawn("--temperature", "0.9"));
        var greedy = drawn();
        assertEquals(greedy, drawn("--temperature", "0", "--top-k", "5", "--seed", "3"));
        assertEquals(greedy, drawn("--top-k", "1", "--seed", "3"));
        assertEquals(greedy, drawn("--top-p", "1e-6", "--seed", "3"));
        // Without a temperature it is 1.
        assertEquals(drawn("--top-k", "20", "--temperature", "1"), drawn("--top-k", "20"));
        assertNotEquals(greedy, drawn("--top-k", "20"));
        assertEquals(drawn("--top-p", "0.9", "--temperature", "1"), drawn("--top-p", "0.9"));
    }

    private static String drawn(String... options) throws IOException {
        var args = new java.util.ArrayList<Object>(
                List.of("generate", KJV, "--prompt", "The LORD", "--max-new-tokens", 20, "--device", "cpu", "--json"));
        args.addAll(List.of(options));
        return Run.json(args.toArray()).get("text").asText();
    }

    /** Characters of several tokens, in the prompt and cut off at its end: nothing is printed that is not certain. */
    @Test
    void printedTextIsTheTextOfJson() throws IOException {
        for (var prompt : List.of("caf\u00e9 \u4e16\u754c \ud83d\ude00", "  two  spaces\tand a tab\n\nnewlines",
                "a\u001b[2Jb\u0085",
                "</s>And")) {
            var json = Run.json("generate", KJV, "--prompt", prompt, "--max-new-tokens", 12, "--json");
            assertTrue(json.get("text").asText().startsWith(prompt), "" + json);
            assertEquals(json.get("text").asText() + System.lineSeparator(),
                    Run.ok("generate", KJV, "--prompt", prompt, "--max-new-tokens", 12).out());
        }
        // 164 is the first of the three bytes of a character: what follows decides what is printed of it.
        for (var ids : List.of("2,70,164", "70,164,120", "2", "2,2,2")) {
            var json = Run.json("generate", KJV, "--ids", ids, "--max-new-tokens", 8, "--json");
            assertEquals(json.get("text").asText() + System.lineSeparator(),
                    Run.ok("generate", KJV, "--ids", ids, "--max-new-tokens", 8).out());
        }
    }

    /** The same kernels that a GPU runs: activations of 16 bits, so only where the margin is far above 2^-11 of a logit. */
    @Test
    void anEmulatedGpuGoesOnAlike() throws IOException {
        var c = expected("opt-preln").get("cases").get(1);
        var json = Run.json("generate", SMALL, "--ids", commas(ints(c.get("input_ids"))), "--max-new-tokens", 3,
                "--device", "emulator", "--json");
        assertEquals(ints(c.get("greedy")).subList(0, 8), ints(json.get("ids")));
        assertEquals("emulator", json.get("device").asText());
    }

    /** OPT's own vocabularies are padded: ids that the tokenizer does not know are ids all the same, and no text. */
    @Test
    void idsThatAreNoText(@TempDir Path folder) throws IOException {
        Models.copy("opt-preln", folder);
        var tokens = new StringBuilder("{\"<s>\":0,\"<pad>\":1,\"</s>\":2");
        for (int i = 3; i < 203; i++) tokens.append(",\"").append((char) ('\u4e00' + i)).append("\":").append(i);
        // A letter stands for its byte.
        for (int i = 0; i < 26; i++) {
            tokens.append(",\"").append((char) ('a' + i)).append("\":").append(203 + i);
        }
        Files.writeString(folder.resolve("vocab.json"), tokens.append('}'));
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\n");
        var json = Run.json("generate", folder, "--ids", "2,205,400,206", "--max-new-tokens", 16, "--device", "cpu",
                "--json");
        var all = ints(json.get("ids"));
        assertEquals(20, all.size());
        assertTrue(all.stream().anyMatch(id -> id >= 229), "no padding among " + all);
        assertTrue(json.get("text").asText().startsWith("cd"), "" + json);
        assertEquals(json.get("text").asText() + System.lineSeparator(), Run.ok("generate", folder, "--ids",
                "2,205,400,206", "--max-new-tokens", 16, "--device", "cpu").out());
    }

    /** Each token's text is there before the next is computed, and generation ends when nobody listens any more. */
    @Test
    void textComesAsItIsMade() {
        var flushed = new ByteArrayOutputStream();
        var pieces = new java.util.ArrayList<String>();
        var out = new PrintStream(new OutputStream() {
            @Override
            public void write(int b) throws IOException { write(new byte[]{(byte) b}, 0, 1); }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                flushed.write(bytes, offset, length);
                if (flushed.size() > 40) throw new IOException("broken pipe");
            }

            @Override
            public void flush() { pieces.add(flushed.toString(StandardCharsets.UTF_8)); }
        }, false, StandardCharsets.UTF_8);
        var err = new ByteArrayOutputStream();
        int code = Culebra.run(new String[]{"generate", KJV, "--prompt", "And God said", "--max-new-tokens", "200"},
                out,
                new PrintStream(err, true, StandardCharsets.UTF_8));
        assertEquals(Culebra.FAILED, code);
        assertEquals("culebra: standard output can not be written to", err.toString(StandardCharsets.UTF_8).strip());
        var distinct = pieces.stream().distinct().toList();
        assertEquals("And God said", distinct.getFirst());
        assertTrue(distinct.contains("And God said unto him,"), "" + distinct);
        assertFalse(flushed.toString(StandardCharsets.UTF_8).length() > 60, "went on after " + flushed);
    }
}
