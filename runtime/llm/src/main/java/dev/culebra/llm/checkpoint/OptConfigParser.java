package dev.culebra.llm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import static dev.culebra.llm.checkpoint.CheckpointException.quote;

/**
 * Takes a {@code config.json} apart. Defaults are those of {@code OPTConfig} in transformers 5. What says nothing about the
 * result of inference (dropout, initialisation, {@code use_cache}, ...) is not looked at. {@code torch_dtype} and
 * {@code dtype} are statements about the tensors, which have types of their own; those count, so the statements may be wrong,
 * contradict each other or be absent.
 */
final class OptConfigParser {
    /** OPT-175B's largest is 50,272 (vocabulary) or 49,152 (ffn); past 2^24 a number is a mistake, and products still fit a long. */
    private static final int LARGEST = 1 << 24;

    /** OPT-175B has 96. Names of all tensors are made from it before the files are looked at. */
    private static final int MOST_LAYERS = 1 << 12;

    private final Path file;
    private final JsonNode root;

    OptConfigParser(Path file, JsonNode root) {
        this.file = file;
        this.root = root;
    }

    OptConfig parse() throws CheckpointException {
        checkKind();
        int vocabulary = number("vocab_size", 50_272, LARGEST);
        int hidden = number("hidden_size", 768, LARGEST);
        // Hugging Face's own default: null, which stands for hidden_size.
        int embedding = root.path("word_embed_proj_dim").isNull()
                ? hidden
                : number("word_embed_proj_dim", hidden, LARGEST);
        int heads = number("num_attention_heads", 12, LARGEST);
        if (hidden % heads != 0) {
            throw new CheckpointException(file,
                    "num_attention_heads " + heads + " do not divide hidden_size " + hidden);
        }
        boolean normBefore = flag("do_layer_norm_before", true);
        boolean finalNorm = !flag("_remove_final_layer_norm", false) && normBefore;
        return new OptConfig(vocabulary, hidden, embedding, number("num_hidden_layers", 12, MOST_LAYERS), heads,
                number("ffn_dim", 3072, LARGEST), number("max_position_embeddings", 2048, LARGEST), normBefore,
                finalNorm, flag("enable_bias", true), flag("layer_norm_elementwise_affine", true),
                flag("tie_word_embeddings", true), activation(), token("bos_token_id", 2, vocabulary),
                tokens("eos_token_id", 2, vocabulary), token("pad_token_id", 1, vocabulary));
    }

    private void checkKind() throws CheckpointException {
        var type = root.path("model_type");
        if (!type.isTextual()) {
            throw new CheckpointException(file, "model_type " + (type.isMissingNode() ? "is missing" : value(type))
                    + "; supported is 'opt'");
        }
        if (!type.textValue().equals("opt")) {
            throw new CheckpointException(file, "model_type " + value(type) + " is not supported; supported is 'opt'");
        }
        if (root.path("is_encoder_decoder").asBoolean(false)) {
            throw new CheckpointException(file, "is_encoder_decoder is true; OPT has a decoder alone");
        }
        if (!absent(root.path("quantization_config"))) {
            throw new CheckpointException(file, "quantization_config: quantized weights are not supported; give the "
                    + "checkpoint from before, in F16, BF16 or F32");
        }
        for (var key : new String[]{"torch_dtype", "dtype"}) {
            var node = root.path(key);
            if (!absent(node) && !node.isTextual()) throw wrong(key, node, "a name such as 'float16', or null");
        }
    }

    private Activation activation() throws CheckpointException {
        var node = root.path("activation_function");
        if (node.isMissingNode()) return Activation.RELU;
        if (!node.isTextual()) throw wrong("activation_function", node, "'relu' or 'gelu'");
        return switch (node.textValue()) {
            case "relu" -> Activation.RELU;
            case "gelu" -> Activation.GELU;
            default -> throw new CheckpointException(file, "activation_function " + value(node)
                    + " is not supported; supported are 'relu' and 'gelu' (the exact one)");
        };
    }

    private int number(String key, int otherwise, int most) throws CheckpointException {
        var node = root.path(key);
        if (node.isMissingNode()) return otherwise;
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 1 || node.intValue() > most) {
            throw wrong(key, node, "a whole number from 1 to " + most);
        }
        return node.intValue();
    }

    private boolean flag(String key, boolean otherwise) throws CheckpointException {
        var node = root.path(key);
        if (node.isMissingNode()) return otherwise;
        if (!node.isBoolean()) throw wrong(key, node, "true or false");
        return node.booleanValue();
    }

    /** A token's id, -1 for none. */
    private int token(String key, int otherwise, int vocabulary) throws CheckpointException {
        var node = root.path(key);
        // A default that a small vocabulary does not have is nobody's statement.
        if (node.isMissingNode()) return otherwise < vocabulary ? otherwise : -1;
        return node.isNull() ? -1 : id(key, node, vocabulary);
    }

    private List<Integer> tokens(String key, int otherwise, int vocabulary) throws CheckpointException {
        var node = root.path(key);
        if (!node.isArray()) {
            int id = token(key, otherwise, vocabulary);
            return id < 0 ? List.of() : List.of(id);
        }
        var ids = new ArrayList<Integer>();
        for (var element : node) ids.add(id(key, element, vocabulary));
        return ids.stream().filter(id -> id >= 0).distinct().toList();
    }

    private int id(String key, JsonNode node, int vocabulary) throws CheckpointException {
        // Some write -1 for none.
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < -1
                || node.intValue() >= vocabulary) {
            throw wrong(key, node, "a token's id, 0 to " + (vocabulary - 1) + ", as vocab_size says");
        }
        return node.intValue();
    }

    private CheckpointException wrong(String key, JsonNode node, String accepted) {
        return new CheckpointException(file,
                key + " is " + (node.isTextual() ? "the text " : "") + value(node) + "; it must be " + accepted);
    }

    private static boolean absent(JsonNode node) { return node.isMissingNode() || node.isNull(); }

    private static String value(JsonNode node) { return quote(node.isTextual() ? node.textValue() : node.toString()); }
}
