package dev.culebra.cli;

import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.TensorInfo;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Comparator;

/** The small trained model that comes with the command. */
final class DemoModel {
    /** Relative to this class. */
    private static final String WEIGHTS = "kjv-opt/model.safetensors";

    private DemoModel() {}

    static Safetensors open() throws IOException {
        try (var in = DemoModel.class.getResourceAsStream(WEIGHTS)) {
            if (in == null) throw new FileNotFoundException(WEIGHTS + " is missing from the program");
            return Safetensors.of(Path.of(WEIGHTS), MemorySegment.ofArray(in.readAllBytes()));
        }
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
