package dev.culebra.llm.opt;

import dev.culebra.sparse.DenseType;
import dev.culebra.spmm.Epilogue;
import dev.culebra.spmm.SpmmWeights;
import java.lang.foreign.MemorySegment;

/** y = W x + b. Immutable and thread-safe. */
final class Linear {
    private final SpmmWeights weights; // [M, K]
    private final float[] bias; // [M], or null
    private final Epilogue<MemorySegment> epilogue; // adds it

    Linear(SpmmWeights weights, float[] bias) {
        this.weights = weights;
        this.bias = bias;
        Epilogue<MemorySegment> none = Epilogue.none();
        this.epilogue = bias == null ? none : none.withBias(MemorySegment.ofArray(bias));
    }

    SpmmWeights weights() { return weights; }

    float[] bias() { return bias; }

    /** From x [n, K] to y [n, M]. */
    void apply(Rows x, int n, Rows y) {
        y.atLeast(n);
        weights.multiply(x.view(n), DenseType.F32, n, y.view(n), epilogue);
    }
}
