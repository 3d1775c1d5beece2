package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.FormatChoice;

import java.io.IOException;
import java.util.ArrayList;

/** Makes a model's parts of a source's: matrices go to the device, everything small becomes fp32. */
final class ModelLoader {
    private final ModelSource source;
    private final OptConfig config;
    private final OptTensors tensors;
    private final DeviceWeights weights;
    private final LoadListener listener;
    private final EncodeOptions options;
    private long done; // weights
    private long small; // bytes of norms, biases and positions

    /** Loads into the weights, which the caller closes, if anything is thrown too. The format is for what is not encoded yet. */
    ModelLoader(ModelSource source, FormatChoice format, DeviceWeights weights, LoadListener listener) {
        this.source = source;
        this.config = source.config();
        this.tensors = OptTensors.of(config);
        this.weights = weights;
        this.options = EncodeOptions.DEFAULT.withFormat(format);
        this.listener = listener;
    }

    Decoder decoder() throws IOException {
        var embedding = embedding();
        var layers = new ArrayList<DecoderLayer>();
        for (int i = 0; i < config.layers(); i++) layers.add(layer(i));
        var norm = config.finalNorm() ? norm("final_layer_norm") : null;
        var projectOut = config.projected() ? linear("project_out") : null;
        return new Decoder(config, embedding, layers, new Head(norm, projectOut, linear(OptTensors.HEAD)));
    }

    Embedding embedding() throws IOException {
        var tokens = source.tensor(OptTensors.EMBEDDING);
        var projectIn = config.projected() ? linear("project_in") : null;
        return new Embedding(tokens, projectIn, floats("embed_positions.weight"));
    }

    DecoderLayer layer(int index) throws IOException {
        var name = "layers." + index + ".";
        return new DecoderLayer(config.normBefore(), config.activation(), norm(name + "self_attn_layer_norm"),
                linear(name + "self_attn.q_proj"), linear(name + "self_attn.k_proj"), linear(name + "self_attn.v_proj"),
                linear(name + "self_attn.out_proj"), norm(name + "final_layer_norm"), linear(name + "fc1"),
                linear(name + "fc2"));
    }

    /** Bytes of what is not on the device, nor in the source. */
    long smallBytes() { return small; }

    private Linear linear(String name) throws IOException {
        var linear = tensors.linear(name);
        // encoded by all processors together, one matrix after another, so that only one is on its way at a time
        var matrix = source.matrix(name, options);
        var loaded = new Linear(weights.load(matrix), linear.bias() ? floats(name + ".bias") : null);
        done += linear.elements();
        listener.loaded(name, done, tensors.linearElements());
        return loaded;
    }

    private LayerNorm norm(String name) throws IOException {
        return config.affineNorm()
                ? new LayerNorm(config.hidden(), floats(name + ".weight"), floats(name + ".bias"))
                : new LayerNorm(config.hidden(), null, null);
    }

    private float[] floats(String tensor) throws IOException {
        var values = source.tensor(tensor).floats();
        small += (long) Float.BYTES * values.length;
        return values;
    }
}
