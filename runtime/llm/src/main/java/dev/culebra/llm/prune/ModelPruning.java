package dev.culebra.llm.prune;

import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.CheckpointWriter;
import dev.culebra.spmm.Spmm;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Pruning of a whole model: a checkpoint in, a checkpoint out, of the same names, types and shards. The linear weights of the
 * layers are pruned, each to the same sparsity; embeddings, head, projections in and out, biases and norms stay.
 *
 * <p>
 * One layer is looked at after the other, so that memory holds one layer's weights, the hidden states of the calibration text,
 * and what the method needs for a matrix: nothing but its elements for {@link PruneMethod#MAGNITUDE}; for
 * {@link PruneMethod#SPARSEGPT} K x K matrices of doubles too, see {@link SparseGptPruning}.
 */
public final class ModelPruning {
    private ModelPruning() {}

    /**
     * Prunes a checkpoint's folder into another one.
     *
     * @param model folder of the checkpoint
     * @param options what to prune away, and how
     * @param calibration windows of token ids on which the model's activations are looked at, each a sequence of its own;
     *        empty where the method needs none
     * @param out folder to write; must not exist or be empty
     * @param device multiplies while the model runs on the windows; not closed; without effect, and may be null, where the
     *        method needs none
     * @param listener told about each matrix
     * @return what became of the weights
     * @throws IOException if the checkpoint can not be read, is no valid one, or the result can not be written; then there is
     *         none
     * @throws IllegalArgumentException if the method needs calibration windows and there are none, a window does not fit the
     *         model, or memory will not do; then nothing is left behind
     */
    public static PruneReport prune(Path model, PruneOptions options, List<int[]> calibration, Path out, Spmm device,
            PruneListener listener) throws IOException {
        try (var source = Checkpoint.open(model)) {
            return prune(source, options, calibration, out, device, listener);
        }
    }

    /**
     * Prunes an open checkpoint into a folder.
     *
     * @param source the checkpoint, opened from a folder; not closed
     * @param options what to prune away, and how
     * @param calibration windows of token ids; empty where the method needs none
     * @param out folder to write; must not exist or be empty
     * @param device multiplies while the model runs on the windows; not closed; may be null where the method needs none
     * @param listener told about each matrix
     * @return what became of the weights
     * @throws IOException if the checkpoint can not be read, is no valid one, or the result can not be written; then there is
     *         none
     * @throws IllegalArgumentException if the method needs calibration windows and there are none, a window does not fit the
     *         model, or memory will not do; then nothing is left behind
     */
    public static PruneReport prune(Checkpoint source, PruneOptions options, List<int[]> calibration, Path out,
            Spmm device, PruneListener listener) throws IOException {
        boolean calibrated = options.method().needsCalibration() && options.sparsity() > 0;
        if (calibrated && calibration.isEmpty()) {
            throw new IllegalArgumentException(
                    options.method().id() + " needs a calibration text of at least one window");
        }
        if (calibrated) PruneMemory.check(source.config(), options, calibration);
        try (var writer = CheckpointWriter.create(source, out)) {
            var pruning = new LayerPruning(source, options, writer, listener);
            if (!calibrated) pruning.withoutText();
            else if (options.method() == PruneMethod.WANDA) pruning.wanda(device, calibration);
            else pruning.sparseGpt(device, calibration);
            writer.commit();
            return pruning.report();
        }
    }
}
