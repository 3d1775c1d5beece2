package dev.culebra.llm.opt;

import dev.culebra.sparse.DenseType;
import dev.culebra.spmm.SpmmWeights;

/** y = W x + b. Immutable and thread-safe. */
final class Linear {
    private final SpmmWeights weights; // [M, K]
    private final float[] bias; // [M], or null

    Linear(SpmmWeights weights, float[] bias) {
        this.weights = weights;
        this.bias = bias;
    }

    SpmmWeights weights() { return weights; }

    float[] bias() { return bias; }

    /** From x [n, K] to y [n, M]. */
    void apply(Rows x, int n, Rows y) {
        float[] out = y.atLeast(n);
        weights.multiply(x.view(n), DenseType.F32, n, y.view(n));
        if (bias == null) return;
        for (int row = 0, at = 0; row < n; row++, at += bias.length) {
            for (int i = 0; i < bias.length; i++) out[at + i] += bias[i];
        }
    }
}
