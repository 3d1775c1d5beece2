package dev.culebra.tests.tokenizer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.llm.tokenizer.Tokenizer;
import dev.culebra.llm.tokenizer.TokenizerException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What is wrong, or not done, is refused by name in one line. */
class RefusalTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private static String refused(byte[] tokenizerJson, byte[] config) {
        var e = assertThrows(TokenizerException.class, () -> Tokenizer.of(tokenizerJson, config));
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        return e.getMessage();
    }

    private static String edited(String path, String json) throws IOException {
        var edits = JSON.createArrayNode();
        var edit = edits.addArray();
        var keys = edit.addArray();
        for (var key : path.split(" ")) keys.add(key);
        edit.add(JSON.readTree(json));
        return new String(Data.edited(edits), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`',
            textBlock = """
                    normalizer | {"type": "NFC"} | normalizer: Culebra reads byte-level BPE: the normalizer must be none, not '"NFC"'
                    pre_tokenizer | {"type": "Split"} | pre_tokenizer: Culebra reads byte-level BPE: the pre_tokenizer must be ByteLevel, not '"Split"'
                    pre_tokenizer | null | pre_tokenizer: Culebra reads byte-level BPE: the pre_tokenizer must be ByteLevel, not none
                    pre_tokenizer | {"type": "Sequence", "pretokenizers": []} | pre_tokenizer: Culebra reads byte-level BPE: the pre_tokenizer must be ByteLevel, not '"Sequence"'
                    pre_tokenizer use_regex | "yes" | pre_tokenizer.use_regex: must be true or false, not '"yes"'
                    decoder | {"type": "Metaspace"} | decoder: Culebra reads byte-level BPE: the decoder must be ByteLevel, not '"Metaspace"'
                    decoder | null | decoder: Culebra reads byte-level BPE: the decoder must be ByteLevel, not none
                    post_processor | {"type": "Smile"} | post_processor: Culebra reads byte-level BPE: the post_processor must be ByteLevel, TemplateProcessing, RobertaProcessing, BertProcessing or a Sequence of these, not '"Smile"'
                    post_processor single | [{"SpecialToken": {"id": "</s>"}}] | post_processor.single: the template for one text must have the text, A, once
                    post_processor single | [{"Sequence": {"id": "B"}}] | post_processor.single[0]: the template for one text must have the text, A, once
                    post_processor single | [{"Sequence": {"id": "A"}}, {"Sequence": {"id": "A"}}] | post_processor.single[1]: the template for one text must have the text, A, once
                    post_processor special_tokens | {} | post_processor.special_tokens.</s>.ids: is missing
                    post_processor special_tokens </s> ids | [9999] | post_processor.special_tokens.</s>.ids[0]: the vocabulary has no id 9999: ids are 0 to 2011
                    model type | "Unigram" | model: Culebra reads byte-level BPE: the model must be BPE, not '"Unigram"'
                    model | null | model: Culebra reads byte-level BPE: the model must be BPE, not none
                    model dropout | 0.1 | model.dropout: must be null or 0, not '0.1': Culebra leaves no merge to chance
                    model continuing_subword_prefix | "##" | model.continuing_subword_prefix: must be null or empty for byte-level BPE, not '"##"'
                    model end_of_word_suffix | "</w>" | model.end_of_word_suffix: must be null or empty for byte-level BPE, not '"</w>"'
                    model byte_fallback | true | model.byte_fallback: true is not done: byte-level BPE has a token for each byte
                    model unk_token | "<none>" | unk_token '<none>' is not in the vocabulary
                    model unk_token | 3 | model.unk_token: must be a string, not '3'
                    model merges | {} | model.merges: must be an array, not '{}'
                    model merges | ["a b c"] | model.merges[0]: a merge is two tokens with one space between, not 'a b c'
                    model merges | ["a"] | model.merges[0]: a merge is two tokens with one space between, not 'a'
                    model merges | [["a", "b", "c"]] | model.merges[0]: a merge is "a b" or ["a", "b"], not '["a","b","c"]'
                    model merges | [["a", 7]] | model.merges[0][1]: must be a string, not '7'
                    model merges | [["a", "q"]] | merge 1 ('a' with 'q'): 'aq' is not in the vocabulary
                    model merges | [["t", "h"], ["ß", "never"]] | merge 2 ('ß' with 'never'): 'ßnever' is not in the vocabulary
                    model vocab | {} | model.vocab: a vocabulary needs tokens, and this one has none
                    model vocab | [] | model.vocab: must be an object, not '[]'
                    model vocab | {"a": 0, "b": 0} | model.vocab: id 0 belongs to two tokens, 'a' and 'b'
                    model vocab | {"a": 0, "b": 2} | model.vocab: the vocabulary has holes: 1 of the ids from 0 to 2 have no token: 1
                    model vocab | {"a": 2147483647} | model.vocab: the vocabulary has holes: 2147483647 of the ids from 0 to 2147483647 have no token: 0, ...
                    model vocab | {"a": 20, "b": 21, "c": 22, "d": 23, "e": 24, "f": 25, "g": 0} | model.vocab: the vocabulary has holes: 19 of the ids from 0 to 25 have no token: 1, 2, 3, 4, 5, ...
                    model vocab | {"a": -1} | model.vocab['a']: must be an id from 0 to 2147483647, not '-1'
                    model vocab | {"a": 0.5} | model.vocab['a']: must be an id from 0 to 2147483647, not '0.5'
                    model vocab | {"a": 4294967296} | model.vocab['a']: must be an id from 0 to 2147483647, not '4294967296'
                    model vocab | {"a": "0"} | model.vocab['a']: must be an id from 0 to 2147483647, not '"0"'
                    added_tokens | 5 | added_tokens: must be an array, not '5'
                    added_tokens | [{"content": "<x>"}] | added_tokens[0].id: is missing
                    added_tokens | [{"id": 2000}] | added_tokens[0].content: is missing
                    added_tokens | [{"id": 2000, "content": ""}] | added_tokens[0].content: a token needs a text, and this one's is empty
                    added_tokens | [{"id": 2001, "content": "<x>"}] | added_tokens[0]: added token '<x>' has id 2001, but the next free id is 2000
                    added_tokens | [{"id": 5, "content": "<x>"}] | added_tokens[0]: added token '<x>' has id 5, but the next free id is 2000
                    added_tokens | [{"id": 5, "content": "</s>"}] | added_tokens[0]: added token '</s>' has id 5, but elsewhere its id is 2
                    added_tokens | [{"id": 2000, "content": "<x>", "lstrip": 1}] | added_tokens[0].lstrip: must be true or false, not '1'
                    """)
    void partsOfTokenizerJson(String path, String json, String message) throws IOException {
        assertEquals("tokenizer.json: " + message,
                refused(edited(path, json).getBytes(StandardCharsets.UTF_8), null));
    }

    @Test
    void aSecondPostProcessorThatAddsTokens() throws IOException {
        var roberta = "{\"type\": \"RobertaProcessing\", \"sep\": [\"</s>\", 2], \"cls\": [\"<s>\", 0]}";
        var twice = "{\"type\": \"Sequence\", \"processors\": [" + roberta + "," + roberta + "]}";
        assertEquals(
                "tokenizer.json: post_processor.processors[1]: a second post_processor that adds tokens is not done",
                refused(edited("post_processor", twice).getBytes(StandardCharsets.UTF_8), null));
        assertEquals("tokenizer.json: post_processor.cls: must be a token with its id, not '[\"<s>\"]'",
                refused(edited("post_processor", roberta.replace(", 0]", "]")).getBytes(StandardCharsets.UTF_8), null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "{", "[]", "null", "{} {}", "{\"model\": {}, \"model\": {}}", "not JSON", "{\"a\": NaN}"})
    void whatIsNoJsonObject(String text) {
        var message = refused(text.getBytes(StandardCharsets.UTF_8), null);
        assertTrue(
                message.matches(
                        "tokenizer\\.json: (is not valid JSON at line 1, column \\d+: .*|must be one JSON object)"),
                message);
        assertFalse(message.contains("`") || message.contains("Source"), message); // the parser's switches
    }

    @Test
    void aTokenOfHalfASurrogatePair() {
        assertEquals("tokenizer.json: model.vocab: token '?' has half a surrogate pair", refused(
                "{\"model\": {\"vocab\": {\"\\ud83d\": 0}, \"merges\": []}}".getBytes(StandardCharsets.UTF_8), null));
    }

    @Test
    void jsonThatIsNoUtf8OrDeeperThanAnyTokenizer() {
        assertEquals("tokenizer.json: is not UTF-8", refused(new byte[]{'{', (byte) 0xC3, '}'}, null));
        var deep = ("{\"a\":".repeat(100_000) + "1").getBytes(StandardCharsets.UTF_8);
        var message = refused(deep, null);
        assertTrue(message.matches("tokenizer\\.json: is not valid JSON: [^`]*nesting depth[^`]*"), message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`',
            textBlock = """
                    {"bos_token": "<none>"} | bos_token: '<none>' has no id: it is neither in the vocabulary nor an added token
                    {"pad_token": 5} | pad_token: must be a string or an object with content, not '5'
                    {"pad_token": {"special": true}} | pad_token.content: is missing
                    {"additional_special_tokens": ["<r>", "<none>"]} | additional_special_tokens[1]: '<none>' has no id: it is neither in the vocabulary nor an added token
                    {"errors": "strict"} | errors: Culebra decodes with 'replace' only, not '"strict"'
                    {"split_special_tokens": true} | split_special_tokens: Culebra keeps special tokens whole; true is not done
                    {"add_prefix_space": "no"} | add_prefix_space: must be true or false, not '"no"'
                    {"added_tokens_decoder": {"x": {"content": "</s>"}}} | added_tokens_decoder: its keys are ids from 0 to 2147483647, not 'x'
                    {"added_tokens_decoder": {"-2": {"content": "</s>"}}} | added_tokens_decoder: its keys are ids from 0 to 2147483647, not '-2'
                    {"added_tokens_decoder": {"3": {"content": "</s>"}}} | added_tokens_decoder['3']: added token '</s>' has id 3, but elsewhere its id is 2
                    """)
    void partsOfTheConfiguration(String config, String message) {
        assertEquals("tokenizer_config.json: " + message,
                refused(Data.bytes("mixed/tokenizer.json"), config.getBytes(StandardCharsets.UTF_8)));
    }

    private String refusedFolder() {
        var e = assertThrows(TokenizerException.class, () -> Tokenizer.find(folder));
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        assertTrue(e.getMessage().startsWith(folder.toString()), e.getMessage());
        return e.getMessage().substring(folder.toString().length() + 1);
    }

    private void vocabFiles() throws IOException {
        Data.folder(folder, "mixed-vocab", "vocab.json", "merges.txt", "tokenizer_config.json");
    }

    @Test
    void aFolderWithoutATokenizerHasNone() throws IOException {
        assertTrue(Tokenizer.find(folder).isEmpty());
        Files.writeString(folder.resolve("tokenizer_config.json"), "{}");
        assertTrue(Tokenizer.find(folder).isEmpty());
    }

    @Test
    void aFolderInAFilesPlace() throws IOException {
        Files.createDirectory(folder.resolve("tokenizer.json"));
        assertEquals("tokenizer.json: is not a regular file", refusedFolder());
    }

    @Test
    void oneFileOfTwo() throws IOException {
        vocabFiles();
        Files.delete(folder.resolve("merges.txt"));
        assertEquals("merges.txt: is missing: vocab.json and merges.txt make a tokenizer together", refusedFolder());
        vocabFiles();
        Files.delete(folder.resolve("vocab.json"));
        assertEquals("vocab.json: is missing: vocab.json and merges.txt make a tokenizer together", refusedFolder());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            t h e | a merge is two tokens with one space between, not 't h e'
            th | a merge is two tokens with one space between, not 'th'
            `` | a merge is two tokens with one space between, not ''
            `t ` | a merge is two tokens with one space between, not 't '
            ` h` | a merge is two tokens with one space between, not ' h'
            """)
    void linesOfMerges(String line, String message) throws IOException {
        vocabFiles();
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\nt h\n" + line + "\n");
        assertEquals("merges.txt: line 3: " + message, refusedFolder());
    }

    @Test
    void mergesThatMakeNoToken() throws IOException {
        vocabFiles();
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\nt h\nth q\n");
        assertEquals("merges.txt: merge 2 ('th' with 'q'): 'thq' is not in the vocabulary", refusedFolder());
        Files.write(folder.resolve("merges.txt"), new byte[]{'t', ' ', (byte) 0xFF});
        assertEquals("merges.txt: is not UTF-8", refusedFolder());
    }

    @Test
    void vocabulariesAndTheirConfiguration() throws IOException {
        vocabFiles();
        var config = (ObjectNode) Data.json("mixed-vocab/tokenizer_config.json");
        Files.writeString(folder.resolve("tokenizer_config.json"),
                config.deepCopy().put("tokenizer_class", "RobertaTokenizer").toString());
        assertEquals("tokenizer_config.json: tokenizer_class: vocab.json with merges.txt are read as GPT2Tokenizer's, "
                + "not as those of '\"RobertaTokenizer\"'; a tokenizer.json says what they mean", refusedFolder());
        Files.writeString(folder.resolve("tokenizer_config.json"), config.deepCopy().putNull("bos_token").toString());
        assertEquals("tokenizer_config.json: add_bos_token: true, but there is no bos_token", refusedFolder());
        vocabFiles();
        Files.writeString(folder.resolve("vocab.json"), "{\"a\": 0, \"a\": 1}");
        assertTrue(refusedFolder().startsWith("vocab.json: is not valid JSON at line 1, column 13: Duplicate"));
        Files.writeString(folder.resolve("vocab.json"), "{\"a\": 0, \"b\": 3, \"c\": 5}");
        assertEquals("vocab.json: the vocabulary has holes: 3 of the ids from 0 to 5 have no token: 1, 2, ...",
                refusedFolder());
    }

    @Test
    void olderListsOfAddedTokens() throws IOException {
        Data.folder(folder, "mixed-older", "vocab.json", "merges.txt", "tokenizer_config.json",
                "special_tokens_map.json",
                "added_tokens.json");
        Files.writeString(folder.resolve("added_tokens.json"), "{\"<a>\": 2000, \"<b>\": 2000}");
        assertEquals("added_tokens.json: ['<b>']: has the id of '<a>'", refusedFolder());
        Files.writeString(folder.resolve("added_tokens.json"), "{\"\": 2000}");
        assertEquals("added_tokens.json: ['']: a token needs a text, and this one's is empty", refusedFolder());
        Files.writeString(folder.resolve("added_tokens.json"), "{\"<a>\": 2000, \"<b>\": 2002}");
        assertEquals("added_tokens.json: ['<b>']: added token '<b>' has id 2002, but the next free id is 2001",
                refusedFolder());
    }
}
