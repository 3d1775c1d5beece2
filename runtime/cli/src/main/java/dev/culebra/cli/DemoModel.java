package dev.culebra.cli;

import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.TensorInfo;
import dev.culebra.llm.prune.MagnitudePruning;
import dev.culebra.llm.tokenizer.Tokenizer;
import dev.culebra.sparse.DenseType;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/** The small trained model that comes with the command. */
final class DemoModel {
    /** Relative to this class. */
    private static final String FOLDER = "kjv-opt/";
    private static final String WEIGHTS = FOLDER + "model.safetensors";
    private static final String CONFIG = FOLDER + "config.json";
    /** What all its tensors' names begin with. */
    private static final String PREFIX = "model.decoder.";

    private DemoModel() {}

    private static byte[] read(String resource) throws IOException {
        try (var in = DemoModel.class.getResourceAsStream(resource)) {
            if (in == null) throw new FileNotFoundException(resource + " is missing from the program");
            return in.readAllBytes();
        }
    }

    static Safetensors open() throws IOException {
        return Safetensors.of(Path.of(WEIGHTS), MemorySegment.ofArray(read(WEIGHTS)));
    }

    static Tokenizer tokenizer() throws IOException {
        return Tokenizer.of(read(FOLDER + "tokenizer.json"), read(FOLDER + "tokenizer_config.json"));
    }

    /**
     * The model, as it was trained or with the smallest weights of its layers made zero.
     *
     * @param sparsity the part that becomes zero
     */
    static Checkpoint checkpoint(double sparsity) throws IOException {
        var file = MemorySegment.ofArray(read(WEIGHTS));
        var tensors = Safetensors.of(Path.of(WEIGHTS), file);
        var config = OptConfig.parse(Path.of(CONFIG), read(CONFIG));
        if (sparsity > 0) {
            // The data lies at the file's end.
            long begin = file.byteSize() - tensors.tensors().stream().mapToLong(TensorInfo::end).max().orElseThrow();
            for (var linear : OptTensors.of(config).linears()) {
                if (!linear.pruned()) continue;
                var tensor = tensors.tensor(PREFIX + linear.weight());
                MagnitudePruning.prune(file.asSlice(begin + tensor.begin(), tensor.bytes()), DenseType.F16, sparsity);
            }
        }
        return Checkpoint.of(config, List.of(tensors));
    }

    /** The largest weight of a linear layer, the first of several that are as large. Embeddings are looked up, not multiplied. */
    static TensorInfo largestLayer(Safetensors model) {
        return model.tensors().stream()
                .filter(t -> t.name().contains(".layers.") && t.name().endsWith(".weight") && t.shape().size() == 2)
                // max() would take the last of equals.
                .min(Comparator.comparingLong((TensorInfo t) -> -t.elements()).thenComparingLong(TensorInfo::begin))
                .orElseThrow();
    }
}
