package dev.culebra.tests.tokenizer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.llm.tokenizer.Tokenizer;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Ids of texts are Hugging Face's, id for id. */
class EncodeTest {
    /** How many texts the data had when it was made: fewer would be a test that lost them. */
    private static final int TEXTS = 2560;

    private final Tokenizer kjv = Data.kjv();

    @TempDir
    Path folder;

    private Tokenizer mixed() throws IOException { return Tokenizer.of(Data.bytes("mixed/tokenizer.json"), null); }

    @Test
    void theTextsOfTheTrainedModel() throws IOException {
        var expected = new ObjectMapper().readTree(Models.folder(Models.KJV).resolve("expected.json").toFile());
        assertEquals(7, expected.get("tokenizer").size());
        for (var e : expected.get("tokenizer")) {
            var text = e.get("text").textValue();
            Data.assertIds(kjv, text, Data.ids(e.get("ids")), kjv.encode(text));
        }
        for (var e : expected.get("greedy")) {
            var text = e.get("prompt").textValue();
            Data.assertIds(kjv, text, Data.ids(e.get("input_ids")), kjv.encode(text));
        }
    }

    @Test
    void awkwardTextsByTokenizerJson() throws IOException {
        var mixed = mixed();
        int texts = 0;
        for (var e : Data.json("corpus.json.gz")) {
            var text = e.get(0).textValue();
            Data.assertIds(kjv, text, Data.ids(e.get(1)), kjv.encode(text));
            Data.assertIds(mixed, text, Data.ids(e.get(2)), mixed.encode(text));
            texts++;
        }
        assertEquals(TEXTS, texts);
    }

    @Test
    void awkwardTextsByVocabularyAndMerges() throws IOException {
        Data.folder(folder, "mixed-vocab", "vocab.json", "merges.txt", "tokenizer_config.json");
        var mixed = Tokenizer.find(folder).orElseThrow();
        for (var e : Data.json("corpus.json.gz")) {
            var text = e.get(0).textValue();
            Data.assertIds(mixed, text, Data.ids(e.get(2)), mixed.encode(text));
        }
    }

    /** As facebook's OPT has them: tokens in special_tokens_map.json and added_tokens.json; with a space in front here. */
    @Test
    void awkwardTextsByOlderFiles() throws IOException {
        Data.folder(folder, "mixed-older", "vocab.json", "merges.txt", "tokenizer_config.json",
                "special_tokens_map.json", "added_tokens.json");
        var mixed = Tokenizer.find(folder).orElseThrow();
        int texts = 0;
        for (var e : Data.json("older.json.gz")) {
            var text = e.get(0).textValue();
            Data.assertIds(mixed, text, Data.ids(e.get(1)), mixed.encode(text));
            texts++;
        }
        assertEquals((TEXTS + 2) / 3, texts);
    }

    @Test
    void bothFormsOfTheTrainedModelAgree() throws IOException {
        var bundled = Models.folder(Models.KJV);
        for (var file : List.of("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json")) {
            Files.copy(bundled.resolve(file), folder.resolve(file));
        }
        var other = Tokenizer.find(folder).orElseThrow();
        assertEquals(kjv.size(), other.size());
        for (int id = 0; id < kjv.size(); id++) {
            assertEquals(kjv.token(id), other.token(id));
            assertEquals(id == 1 || id == 2, kjv.isSpecial(id), "id " + id);
            assertEquals(kjv.isSpecial(id), other.isSpecial(id), "id " + id);
        }
        for (var e : Data.json("corpus.json.gz")) {
            var text = e.get(0).textValue();
            Data.assertIds(other, text, Data.ids(e.get(1)), other.encode(text));
        }
    }

    @Test
    void whatATokenizerJsonMayAskFor() throws IOException {
        var variants = Data.json("variants.json.gz");
        assertEquals(9, variants.size());
        for (var variant : variants.properties()) {
            var tokenizer = Tokenizer.of(Data.edited(variant.getValue().get("edits")), null);
            for (var e : variant.getValue().get("texts")) {
                var text = e.get(0).textValue();
                Data.assertIds(tokenizer, variant.getKey() + ": " + text, Data.ids(e.get(1)), tokenizer.encode(text));
                Data.assertIds(tokenizer, variant.getKey() + ": " + text, Data.ids(e.get(2)),
                        tokenizer.encode(text, false));
            }
        }
    }

    /** Who says what goes around a text, and in front of it: as transformers 5.18 answered for the same files. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`',
            textBlock = """
                    tokenizer.json     | {"add_bos_token": true}                           | 44 81 262     | {"type": "ByteLevel"}
                    tokenizer.json     | {"add_bos_token": true}                           | 44 81 262     | null
                    tokenizer.json     | {"add_bos_token": false}                          | 2 44 81 262   | keep
                    tokenizer.json     | {"add_eos_token": true}                           | 2 44 81 262   | keep
                    tokenizer.json     | {"add_prefix_space": true}                        | 2 306 81 262  | keep
                    vocab.json         | {"add_bos_token": true}                           | 2 44 81 262   |
                    vocab.json         | {"add_bos_token": false}                          | 44 81 262     |
                    vocab.json         | {}                                                | 44 81 262     |
                    vocab.json         | {"add_bos_token": true, "add_eos_token": true}    | 2 44 81 262 2 |
                    vocab.json         | {"add_prefix_space": true}                        | 306 81 262    |
                    """)
    void whoSaysWhatGoesAroundAText(String file, String said, String ids, String postProcessor) throws IOException {
        var bundled = Models.folder(Models.KJV);
        var json = new ObjectMapper();
        var config = (ObjectNode) json.readTree(bundled.resolve("tokenizer_config.json").toFile());
        config.remove(List.of("add_bos_token", "add_prefix_space"));
        config.setAll((ObjectNode) json.readTree(said));
        Files.writeString(folder.resolve("tokenizer_config.json"), config.toString());
        if (file.equals("vocab.json")) {
            for (var name : List.of("vocab.json", "merges.txt"))
                Files.copy(bundled.resolve(name), folder.resolve(name));
        } else {
            var root = (ObjectNode) json.readTree(bundled.resolve(file).toFile());
            if (!postProcessor.equals("keep")) root.set("post_processor", json.readTree(postProcessor));
            Files.writeString(folder.resolve(file), root.toString());
        }
        var expected = Stream.of(ids.split(" ")).mapToInt(Integer::parseInt).toArray();
        assertArrayEquals(expected, Tokenizer.find(folder).orElseThrow().encode("In the"));
    }

    /** Runs of up to a megabyte: by a wrong method these take hours, or the stack. */
    @Test
    void longTexts() throws IOException {
        var mixed = mixed();
        for (var e : Data.json("long.json")) {
            var text = e.get(0).textValue().repeat(e.get(1).intValue());
            for (int i = 0; i < 2; i++) {
                var ids = (i == 0 ? kjv : mixed).encode(text);
                assertEquals(e.get(2 + i).get(0).intValue(), ids.length, e.toString());
                assertEquals(e.get(2 + i).get(1).longValue(), checksum(ids), e.toString());
            }
        }
    }

    private static long checksum(int[] ids) {
        var bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int id : ids) bytes.putInt(id);
        var crc = new CRC32();
        crc.update(bytes.array());
        return crc.getValue();
    }

    /**
     * GPT-2's classes of all characters, by a vocabulary that shows where a text is split: it merges the letter a, the digit 1, ! and a tab with
     * the first byte of whatever follows in the same piece. Characters that Hugging Face's Unicode or this JDK's does not know yet may differ.
     */
    @Test
    void everyCharacterIsInItsClass() throws IOException {
        var tokenizer = Tokenizer.of(pieceShower(), null);
        int checked = 0;
        for (var run : Data.json("classes.json.gz")) {
            var kind = run.get(2).textValue();
            if (kind.equals("U")) continue;
            var before = switch (kind) {
                case "L" -> "a";
                case "N" -> "1";
                case "O" -> "!";
                default -> "\t";
            };
            for (int c = run.get(0).intValue(); c <= run.get(1).intValue(); c++) {
                if (Character.getType(c) == Character.UNASSIGNED) continue;
                var character = Character.toString(c);
                int bytes = character.getBytes(StandardCharsets.UTF_8).length;
                int length = tokenizer.encode(before + character, false).length;
                if (length != bytes)
                    assertEquals(bytes, length, "U+" + Integer.toHexString(c) + " is of class " + kind);
                checked++;
            }
        }
        assertTrue(checked > 280_000, checked + " characters"); // 287,000 assigned ones in Unicode 15.1, private ones included
    }

    private static byte[] pieceShower() {
        var tokens = new ArrayList<String>();
        var merges = new ArrayList<String>();
        var kjv = Data.kjv();
        for (int id = 0; tokens.size() < 256; id++) {
            if (kjv.token(id).length() == 1) tokens.add(kjv.token(id));
        }
        var alphabet = List.copyOf(tokens);
        for (var first : List.of("a", "1", "!", "\u0109")) { // the last is the tab
            for (var next : alphabet) {
                tokens.add(first + next);
                merges.add("[\"" + escaped(first) + "\",\"" + escaped(next) + "\"]");
            }
        }
        var vocabulary = IntStream.range(0, tokens.size()).mapToObj(i -> "\"" + escaped(tokens.get(i)) + "\":" + i)
                .toList();
        var byteLevel = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}";
        return ("{\"model\":{\"type\":\"BPE\",\"vocab\":{" + String.join(",", vocabulary) + "},\"merges\":["
                + String.join(",", merges) + "]},\"pre_tokenizer\":" + byteLevel + ",\"decoder\":" + byteLevel + "}")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String escaped(String token) { return token.replace("\\", "\\\\").replace("\"", "\\\""); }

    @Test
    void halfASurrogatePairIsTheReplacementCharacter() throws IOException {
        var mixed = mixed();
        for (var text : List.of("\ud800", "\udc00", "a\ud83d", "\ude00a", "\ud83d\ud83d\ude00", "\ude00\ud83d",
                "a \udfff b", "<mask>\ud800<mask>", "\ud83d".repeat(100), "é\ud800")) {
            var mended = text.codePoints().map(c -> c >= 0xD800 && c < 0xE000 ? 0xFFFD : c)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
            assertArrayEquals(mixed.encode(mended), mixed.encode(text));
            assertEquals(mended, kjv.decode(kjv.encode(text, false)));
        }
    }

    @Test
    void threadsShareOne() throws Exception {
        var tokenizer = mixed();
        var texts = new ArrayList<String>();
        var expected = new ArrayList<int[]>();
        for (var e : Data.json("corpus.json.gz")) {
            texts.add(e.get(0).textValue());
            expected.add(Data.ids(e.get(2)));
        }
        try (var threads = Executors.newFixedThreadPool(8)) {
            var tasks = new ArrayList<Callable<Void>>();
            for (int t = 0; t < 8; t++) {
                int offset = t * 300;
                tasks.add(() -> {
                    for (int i = 0; i < texts.size(); i++) {
                        int k = (i + offset) % texts.size();
                        assertArrayEquals(expected.get(k), tokenizer.encode(texts.get(k)));
                    }
                    return null;
                });
            }
            for (var done : threads.invokeAll(tasks)) done.get();
        }
    }
}
