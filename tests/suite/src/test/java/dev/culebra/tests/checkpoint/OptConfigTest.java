package dev.culebra.tests.checkpoint;

import dev.culebra.llm.checkpoint.Activation;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class OptConfigTest {
    private static final Path NAME = Path.of("somewhere/config.json");

    private static OptConfig parse(String json) throws Exception {
        return OptConfig.parse(NAME, json.getBytes(StandardCharsets.UTF_8));
    }

    /** With one more key. */
    private static OptConfig with(String field) throws Exception {
        return parse("{\"model_type\":\"opt\"," + field + "}");
    }

    /** What {@code OPTConfig()} of transformers 5.18 says. */
    @Test
    void missingKeysHaveTheDefaultsOfHuggingFace() throws Exception {
        assertEquals(
                new OptConfig(50272, 768, 768, 12, 12, 3072, 2048, true, true, true, true, true, Activation.RELU, 2,
                        List.of(2), 1),
                parse("{\"model_type\":\"opt\"}"));
    }

    @Test
    void everyKeyCounts() throws Exception {
        var config = parse(
                """
                        {"model_type": "opt", "vocab_size": 100, "hidden_size": 12, "word_embed_proj_dim": 8, "num_hidden_layers": 3,
                         "num_attention_heads": 4, "ffn_dim": 20, "max_position_embeddings": 30, "do_layer_norm_before": false,
                         "enable_bias": false, "layer_norm_elementwise_affine": false, "tie_word_embeddings": false,
                         "activation_function": "gelu", "bos_token_id": 5, "eos_token_id": [6, 7, 6], "pad_token_id": 0,
                         "torch_dtype": "float16", "dtype": "bfloat16", "dropout": 0.1, "architectures": ["OPTForCausalLM"]}""");
        assertEquals(new OptConfig(100, 12, 8, 3, 4, 20, 30, false, false, false, false, false, Activation.GELU, 5,
                List.of(6, 7), 0), config);
        assertEquals(3, config.headSize());
        assertTrue(config.projected());
    }

    @Test
    void theModelsConfigsAreRead() throws Exception {
        var config = OptConfig.read(Models.folder("opt-postln-proj").resolve("config.json"));
        assertEquals(new OptConfig(515, 96, 48, 2, 3, 200, 64, false, false, true, true, true, Activation.RELU, 2,
                List.of(2),
                1), config);
    }

    @Test
    void theLastNormGoesWhereAKeySaysSo() throws Exception {
        assertFalse(with("\"_remove_final_layer_norm\": true").finalNorm());
        assertFalse(with("\"do_layer_norm_before\": false").finalNorm());
        assertFalse(with("\"do_layer_norm_before\": false, \"_remove_final_layer_norm\": true").finalNorm());
    }

    @Test
    void tokensMayBeAbsent() throws Exception {
        var config = with("\"bos_token_id\": null, \"eos_token_id\": null, \"pad_token_id\": -1");
        assertEquals(-1, config.bos());
        assertEquals(List.of(), config.eos());
        assertEquals(-1, config.pad());
        assertEquals(List.of(), with("\"eos_token_id\": []").eos());
        // A default that lies outside is nobody's statement.
        assertEquals(List.of(), with("\"vocab_size\": 2").eos());
        assertEquals(1, with("\"vocab_size\": 2").pad());
    }

    /** transformers 5 writes dtype, older ones torch_dtype; the tensors have types of their own, so neither binds. */
    @ParameterizedTest
    @ValueSource(strings = {"\"torch_dtype\": \"float16\"", "\"dtype\": \"bfloat16\"", "\"dtype\": null",
        "\"dtype\": \"float32\", \"torch_dtype\": \"float16\"", "\"quantization_config\": null",
        "\"word_embed_proj_dim\": null"})
    void statementsThatDoNotBind(String field) throws Exception { assertEquals(768, with(field).embedding()); }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{}|model_type is missing|'opt'",
        "{\"model_type\": \"llama\"}|model_type 'llama' is not supported|'opt'",
        "{\"model_type\": 3}|model_type '3'|'opt'",
        "[]|must be one JSON object|",
        "{\"model_type\": \"opt\"|config.json: is not valid JSON at line 1, column |expected close marker for Object",
        "{\"model_type\": \"opt\", \"model_type\": \"opt\"}|is not valid JSON|Duplicate",
        "{\"model_type\": \"opt\"} x|is not valid JSON|"})
    void otherModelsAndOtherFiles(String json, String word, String other) {
        TinyModel.refused(() -> parse(json), "config.json", word, other == null ? "" : other);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "\"vocab_size\": 0|vocab_size is '0'|1 to", "\"vocab_size\": -5|vocab_size is '-5'|1 to",
        "\"hidden_size\": 768.5|hidden_size is '768.5'|whole number",
        "\"hidden_size\": \"768\"|hidden_size is the text '768'|whole number",
        "\"hidden_size\": null|hidden_size is 'null'|whole number",
        "\"ffn_dim\": 99999999999999999999|ffn_dim is '99999999999999999999'|16777216",
        "\"max_position_embeddings\": 2147483647|max_position_embeddings is '2147483647'|16777216",
        "\"num_hidden_layers\": 1000000|num_hidden_layers is '1000000'|4096",
        "\"num_hidden_layers\": [12]|num_hidden_layers is '[12]'|whole number",
        "\"word_embed_proj_dim\": true|word_embed_proj_dim is 'true'|whole number",
        "\"num_attention_heads\": 7|num_attention_heads 7|hidden_size 768",
        "\"do_layer_norm_before\": 1|do_layer_norm_before is '1'|true or false",
        "\"_remove_final_layer_norm\": null|_remove_final_layer_norm is 'null'|true or false",
        "\"enable_bias\": \"yes\"|enable_bias is the text 'yes'|true or false",
        "\"layer_norm_elementwise_affine\": {}|layer_norm_elementwise_affine is '{}'|true or false",
        "\"tie_word_embeddings\": 0|tie_word_embeddings is '0'|true or false",
        "\"activation_function\": \"gelu_new\"|activation_function 'gelu_new' is not supported|'relu' and 'gelu'",
        "\"activation_function\": 1|activation_function is '1'|'relu' or 'gelu'",
        "\"bos_token_id\": 50272|bos_token_id is '50272'|0 to 50271",
        "\"eos_token_id\": [2, 60000]|eos_token_id is '60000'|0 to 50271",
        "\"eos_token_id\": \"2\"|eos_token_id is the text '2'|id", "\"eos_token_id\": [[2]]|eos_token_id is '[2]'|id",
        "\"pad_token_id\": -2|pad_token_id is '-2'|id", "\"dtype\": 16|dtype is '16'|float16",
        "\"torch_dtype\": {}|torch_dtype is '{}'|float16",
        "\"quantization_config\": {\"bits\": 4}|quantization_config|before",
        "\"is_encoder_decoder\": true|is_encoder_decoder|decoder"})
    void wrongValuesAreRefusedByKeyAndValue(String field, String value, String accepted) {
        TinyModel.refused(() -> with(field), "config.json", value, accepted);
    }

    @Test
    void filesThatAreNone(@TempDir Path folder) throws Exception {
        TinyModel.refused(() -> OptConfig.read(folder.resolve("config.json")), "no such file");
        TinyModel.refused(() -> OptConfig.read(folder), "not a regular file");
        var file = Files.write(folder.resolve("config.json"), new byte[]{'{', (byte) 0xff, '}'});
        TinyModel.refused(() -> OptConfig.read(file), "not UTF-8");
        Files.write(file, new byte[(16 << 20) + 1]);
        TinyModel.refused(() -> OptConfig.read(file), "16777217 bytes");
        Files.writeString(file, "[".repeat(100_000));
        TinyModel.refused(() -> OptConfig.read(file), "not valid JSON");
    }

    @Test
    void aConfigurationOfOnesOwnIsChecked() {
        assertThrows(IllegalArgumentException.class, () -> new OptConfig(10, 10, 10, 1, 3, 4, 5, true, true, true, true,
                true, Activation.RELU, 0, List.of(), 0));
        assertThrows(IllegalArgumentException.class, () -> new OptConfig(10, 10, 10, 0, 2, 4, 5, true, true, true, true,
                true, Activation.RELU, 0, List.of(), 0));
    }
}
