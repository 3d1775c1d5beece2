package dev.culebra.llm.prune;

import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.CheckpointWriter;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.llm.checkpoint.OptTensors.Linear;
import dev.culebra.llm.opt.LayerWalk;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.Spmm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Goes through a model's layers by one of the methods and writes each weight as it is done. One thread's. */
final class LayerPruning {
    /** A layer's products by the input that they share, in the order in which they are computed. */
    private static final List<List<String>> STAGES = List.of(
            List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), List.of("self_attn.out_proj"),
            List.of("fc1"), List.of("fc2"));

    /** Prunes a matrix in place. */
    private interface Method {
        void prune(MemorySegment data, DenseType type, int m);
    }

    private final Checkpoint source;
    private final PruneOptions options;
    private final CheckpointWriter writer;
    private final PruneListener listener;
    private final OptTensors tensors;
    private final int total;
    private int done;
    private long elements;
    private long zeros;

    LayerPruning(Checkpoint source, PruneOptions options, CheckpointWriter writer, PruneListener listener) {
        this.source = source;
        this.options = options;
        this.writer = writer;
        this.listener = listener;
        tensors = OptTensors.of(source.config());
        total = source.config().layers() * OptTensors.LAYER_LINEARS.size();
    }

    PruneReport report() { return new PruneReport(elements, zeros); }

    /** By magnitude; or, where nothing is to go, by nothing. */
    void withoutText() throws IOException {
        for (int layer = 0; layer < source.config().layers(); layer++) {
            for (var linear : tensors.layer(layer)) {
                prune(linear, (data, type, m) -> MagnitudePruning.prune(data, type, options.sparsity()), weights -> {});
            }
        }
    }

    /** By the norms of the dense model's activations. */
    void wanda(Spmm device, List<int[]> calibration) throws IOException {
        try (var walk = new LayerWalk(source, device, calibration)) {
            for (; !walk.done(); walk.advance()) {
                var inputs = new LinkedHashMap<String, InputNorms>();
                for (var stage : STAGES) {
                    inputs.put(stage.getFirst(), new InputNorms(linear(walk, stage.getFirst()).k()));
                }
                walk.observe((name, x, n) -> {
                    var seen = inputs.get(name);
                    if (seen != null) named(linear(walk, name), () -> seen.add(x, n));
                });
                for (var stage : STAGES) {
                    var norms = inputs.get(stage.getFirst()).norms();
                    for (var name : stage) {
                        prune(linear(walk, name),
                                (data, type, m) -> WandaPruning.prune(data, type, m, norms, options.sparsity()),
                                weights -> {});
                    }
                }
            }
        }
    }

    /** By what the weights pruned so far make of the text: those of the layers before, and of the stages before in the layer. */
    void sparseGpt(Spmm device, List<int[]> calibration) throws IOException {
        try (var walk = new LayerWalk(source, device, calibration)) {
            for (; !walk.done(); walk.advance()) {
                for (var stage : STAGES) {
                    var pruning = sparseGpt(walk, stage.getFirst());
                    for (var name : stage) {
                        prune(linear(walk, name),
                                (data, type, m) -> pruning.prune(data, type, m, options.sparsity()),
                                weights -> walk.replace(name, encoded(weights, device.fastestFormat())));
                    }
                }
            }
        }
    }

    private SparseGptPruning sparseGpt(LayerWalk walk, String name) {
        var linear = linear(walk, name);
        var inputs = new Hessian(linear.k());
        walk.observe(name, (observed, x, n) -> named(linear, () -> inputs.add(x, n)));
        return named(linear, () -> new SparseGptPruning(inputs, options.sparseGpt()));
    }

    private Linear linear(LayerWalk walk, String name) { return tensors.linear("layers." + walk.layer() + "." + name); }

    /** What the model multiplies by, so that the walk goes on with what the new checkpoint will hold. */
    private static SparseMatrix encoded(Weights weights, FormatChoice format) {
        var values = weights.type() == DenseType.BF16 ? ValueType.BF16 : ValueType.F16;
        return SparseMatrix.encode(weights.data(), weights.type(), weights.m(), weights.k(), values,
                EncodeOptions.DEFAULT.withFormat(format));
    }

    private void prune(Linear linear, Method method, Consumer<Weights> then) throws IOException {
        var tensor = source.tensor(linear.weight());
        try (var arena = Arena.ofShared()) {
            var weights = new Weights(arena.allocate(tensor.data().byteSize()).copyFrom(tensor.data()), tensor.type(),
                    linear.m(), linear.k());
            named(linear, () -> method.prune(weights.data(), weights.type(), weights.m()));
            then.accept(weights);
            writer.replace(linear.weight(), weights.data());
            zeros += weights.zeros();
        }
        elements += linear.elements();
        listener.pruned(linear.name(), ++done, total);
    }

    private void named(Linear linear, Runnable work) {
        named(linear, () -> {
            work.run();
            return null;
        });
    }

    /** Says whose numbers were refused. */
    private <T> T named(Linear linear, Supplier<T> work) {
        try {
            return work.get();
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new IllegalArgumentException(source.folder() + ": " + linear.name() + ": " + e.getMessage(), e);
        }
    }
}
