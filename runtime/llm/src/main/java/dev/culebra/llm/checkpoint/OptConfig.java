package dev.culebra.llm.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The facts of an OPT model, from a Hugging Face checkpoint's {@code config.json}. A key that is missing has the value that
 * Hugging Face's {@code OPTConfig} gives it.
 *
 * @param vocabulary rows of the embedding, tokens that the head scores ({@code vocab_size})
 * @param hidden features of a token between the layers ({@code hidden_size})
 * @param embedding features of an embedding; where it is not {@code hidden}, two products lead in and out
 *        ({@code word_embed_proj_dim})
 * @param layers number of layers ({@code num_hidden_layers})
 * @param heads attention heads; they divide {@code hidden} ({@code num_attention_heads})
 * @param ffn features inside the feed-forward part ({@code ffn_dim})
 * @param positions the longest sequence ({@code max_position_embeddings}); the table of positions has 2 rows more
 * @param normBefore whether layers normalise before their products, not after the sum ({@code do_layer_norm_before})
 * @param finalNorm whether there is a norm after the last layer: with {@code normBefore}, unless
 *        {@code _remove_final_layer_norm}
 * @param bias whether the layers' products have biases ({@code enable_bias})
 * @param affineNorm whether norms have weights and biases ({@code layer_norm_elementwise_affine})
 * @param tied whether the head is the embedding ({@code tie_word_embeddings})
 * @param activation {@code activation_function}
 * @param bos token that begins a text, -1 where there is none ({@code bos_token_id})
 * @param eos tokens that end one, may be empty ({@code eos_token_id}, a number or a list)
 * @param pad token that fills up, -1 where there is none ({@code pad_token_id})
 */
public record OptConfig(int vocabulary, int hidden, int embedding, int layers, int heads, int ffn, int positions,
        boolean normBefore, boolean finalNorm, boolean bias, boolean affineNorm, boolean tied, Activation activation,
        int bos, List<Integer> eos, int pad) {

    /** Its name in every checkpoint. */
    public static final String FILE = "config.json";

    /** Rows of the table of positions before the one of position 0: OPT inherited them from a padding scheme. */
    public static final int POSITION_OFFSET = 2;

    /**
     * Keeps its own copy of the list.
     *
     * @param vocabulary rows of the embedding
     * @param hidden features of a token between the layers
     * @param embedding features of an embedding
     * @param layers number of layers
     * @param heads attention heads
     * @param ffn features inside the feed-forward part
     * @param positions the longest sequence
     * @param normBefore whether layers normalise before their products
     * @param finalNorm whether there is a norm after the last layer
     * @param bias whether the layers' products have biases
     * @param affineNorm whether norms have weights and biases
     * @param tied whether the head is the embedding
     * @param activation the activation
     * @param bos token that begins a text, or -1
     * @param eos tokens that end one
     * @param pad token that fills up, or -1
     * @throws IllegalArgumentException if a number is not positive, or heads do not divide hidden
     */
    public OptConfig {
        for (int n : new int[]{vocabulary, hidden, embedding, layers, heads, ffn, positions}) {
            if (n < 1) throw new IllegalArgumentException("a model's size is " + n + "; each is 1 or more");
        }
        if (hidden % heads != 0) {
            throw new IllegalArgumentException(heads + " heads do not divide " + hidden + " features");
        }
        eos = List.copyOf(eos);
    }

    /**
     * Reads and checks a {@code config.json}.
     *
     * @param file the file
     * @return the facts in it
     * @throws CheckpointException if it is missing, no JSON, not of an OPT model, or a value is not one that OPT has; the
     *         message names key and value
     * @throws IOException if the system can not read it
     */
    public static OptConfig read(Path file) throws IOException {
        return new OptConfigParser(file, JsonFile.read(file)).parse();
    }

    /**
     * Parses and checks what is in memory already, under the same rules.
     *
     * @param name what messages call it
     * @param json the text in UTF-8
     * @return the facts in it
     * @throws CheckpointException as {@link #read} does
     */
    public static OptConfig parse(Path name, byte[] json) throws CheckpointException {
        return new OptConfigParser(name, JsonFile.parse(name, json)).parse();
    }

    /**
     * Features of an attention head.
     *
     * @return hidden / heads
     */
    public int headSize() { return hidden / heads; }

    /**
     * Whether embeddings are projected in and out.
     *
     * @return whether their size is not the layers'
     */
    public boolean projected() { return embedding != hidden; }
}
