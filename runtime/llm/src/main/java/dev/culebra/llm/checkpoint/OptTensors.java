package dev.culebra.llm.checkpoint;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The closed list of tensors that an OPT model of a given configuration has, by names without a checkpoint's prefix. Immutable
 * and thread-safe.
 */
public final class OptTensors {
    /** The six products of a layer, in the order in which they are computed. */
    public static final List<String> LAYER_LINEARS = List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
            "self_attn.out_proj", "fc1", "fc2");

    /** The product that scores tokens; with a tied head its weights are {@link #EMBEDDING}'s. */
    public static final String HEAD = "lm_head";

    /** The table of embeddings, [vocabulary, embedding]. */
    public static final String EMBEDDING = "embed_tokens.weight";

    /**
     * A product {@code y = W x}, with W of shape [m, k].
     *
     * @param name such as {@code layers.3.fc1}, {@code project_in} or {@code lm_head}
     * @param m features out
     * @param k features in
     * @param bias whether {@code name.bias} is added
     * @param layer the layer that it belongs to, -1 for those outside
     */
    public record Linear(String name, int m, int k, boolean bias, int layer) {
        /**
         * Whether pruning touches it: those of the layers are pruned, those outside are not.
         *
         * @return whether it belongs to a layer
         */
        public boolean pruned() { return layer >= 0; }

        /**
         * The name of its weights.
         *
         * @return such as {@code layers.3.fc1.weight}
         */
        public String weight() { return name + ".weight"; }

        /**
         * Weights.
         *
         * @return m * k
         */
        public long elements() { return (long) m * k; }
    }

    /** What a tensor must look like, and the keys of config.json that say so. */
    record Shape(List<Long> lengths, String keys) {}

    private final OptConfig config;
    private final Map<String, Linear> linears = new LinkedHashMap<>();
    private final Map<String, Shape> shapes = new LinkedHashMap<>();

    private OptTensors(OptConfig config) {
        this.config = config;
        int hidden = config.hidden();
        matrix(EMBEDDING, config.vocabulary(), config.embedding(), "[vocab_size, word_embed_proj_dim]");
        matrix("embed_positions.weight", config.positions() + OptConfig.POSITION_OFFSET, hidden,
                "[max_position_embeddings + 2, hidden_size]");
        if (config.projected()) {
            linear("project_in", hidden, config.embedding(), false, -1, "[hidden_size, word_embed_proj_dim]");
        }
        for (int i = 0; i < config.layers(); i++) {
            var layer = "layers." + i + ".";
            norm(layer + "self_attn_layer_norm");
            for (var name : LAYER_LINEARS) {
                int m = name.equals("fc1") ? config.ffn() : hidden;
                int k = name.equals("fc2") ? config.ffn() : hidden;
                var keys = switch (name) {
                    case "fc1" -> "[ffn_dim, hidden_size]";
                    case "fc2" -> "[hidden_size, ffn_dim]";
                    default -> "[hidden_size, hidden_size]";
                };
                linear(layer + name, m, k, config.bias(), i, keys);
            }
            norm(layer + "final_layer_norm");
        }
        if (config.finalNorm()) norm("final_layer_norm");
        if (config.projected()) {
            linear("project_out", config.embedding(), hidden, false, -1, "[word_embed_proj_dim, hidden_size]");
        }
        linear(HEAD, config.vocabulary(), config.embedding(), false, -1, "[vocab_size, word_embed_proj_dim]");
        if (config.tied()) shapes.remove(HEAD + ".weight");
    }

    /**
     * The tensors of a configuration.
     *
     * @param config the configuration
     * @return its tensors
     */
    public static OptTensors of(OptConfig config) { return new OptTensors(config); }

    /**
     * All products, in the order in which they are computed: {@code project_in}, the layers', {@code project_out},
     * {@code lm_head}.
     *
     * @return the products; the head is always among them, the projections where the model has them
     */
    public List<Linear> linears() { return List.copyOf(linears.values()); }

    /**
     * The six products of a layer, in the order of {@link #LAYER_LINEARS}.
     *
     * @param layer 0 to layers - 1
     * @return its products
     * @throws IndexOutOfBoundsException if there is no such layer
     */
    public List<Linear> layer(int layer) {
        var found = new ArrayList<Linear>();
        for (var name : LAYER_LINEARS) found.add(linear("layers." + layer + "." + name));
        return found;
    }

    /**
     * A product by its name.
     *
     * @param name such as {@code layers.3.fc1}
     * @return the product
     * @throws IndexOutOfBoundsException if the model has none of that name
     */
    public Linear linear(String name) {
        var linear = linears.get(name);
        if (linear == null) throw new IndexOutOfBoundsException("no product '" + name + "' in this OPT model");
        return linear;
    }

    /**
     * Weights of all products together, a tied head's among them: what encoding a model goes through.
     *
     * @return the sum of m * k
     */
    public long linearElements() { return linears.values().stream().mapToLong(Linear::elements).sum(); }

    /**
     * The names of all tensors that the model's checkpoint has, each with its shape; a tied head is not among them.
     *
     * @return names without prefix, such as {@code layers.3.fc1.bias}; unmodifiable, in the order of use
     */
    public Map<String, List<Long>> shapes() {
        var lengths = new LinkedHashMap<String, List<Long>>();
        shapes.forEach((name, shape) -> lengths.put(name, shape.lengths()));
        return Collections.unmodifiableMap(lengths);
    }

    /** As {@link #shapes()}, with the reasons. */
    Map<String, Shape> expected() { return shapes; }

    /** The tensor whose elements are a product's weights. */
    String weightOf(Linear linear) {
        return config.tied() && linear.name().equals(HEAD) ? EMBEDDING : linear.weight();
    }

    private void linear(String name, int m, int k, boolean bias, int layer, String keys) {
        linears.put(name, new Linear(name, m, k, bias, layer));
        matrix(name + ".weight", m, k, keys);
        if (bias) vector(name + ".bias", m, keys.substring(0, keys.indexOf(',')) + "]");
    }

    private void norm(String name) {
        if (!config.affineNorm()) return;
        vector(name + ".weight", config.hidden(), "[hidden_size]");
        vector(name + ".bias", config.hidden(), "[hidden_size]");
    }

    private void matrix(String name, long rows, long columns, String keys) {
        shapes.put(name, new Shape(List.of(rows, columns), keys));
    }

    private void vector(String name, long length, String keys) { shapes.put(name, new Shape(List.of(length), keys)); }
}
