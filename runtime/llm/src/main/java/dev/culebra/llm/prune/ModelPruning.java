package dev.culebra.llm.prune;

import dev.culebra.spmm.Spmm;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Pruning of a whole model: a checkpoint in, a checkpoint out. */
public final class ModelPruning {
    private ModelPruning() {}

    /**
     * Prunes the linear weights of a model's layers and writes the result as a checkpoint in the same form.
     *
     * @param model folder of the checkpoint
     * @param options what to prune away, and how
     * @param calibration windows of token ids on which the model's activations are looked at; empty where the method needs
     *        none
     * @param out folder to write; must not exist or be empty
     * @param device multiplies while the model runs on the windows; not closed
     * @param listener told about each matrix
     * @return what became of the weights
     * @throws IOException if the checkpoint can not be read, is no valid one, or the result can not be written
     * @throws IllegalArgumentException if the method needs calibration windows and there are none
     */
    public static PruneReport prune(Path model, PruneOptions options, List<int[]> calibration, Path out, Spmm device,
            PruneListener listener) throws IOException {
        throw new UnsupportedOperationException("not built yet");
    }
}
