package dev.culebra.llm.prune;

/** The Euclidean norms of a linear layer's inputs over a text, in double precision. */
final class InputNorms {
    private final double[] squares;

    InputNorms(int k) { squares = new double[k]; }

    /** Adds tokens, [n, K]. */
    void add(float[] x, int n) {
        int k = squares.length;
        Inputs.check(x, n, k);
        for (int t = 0; t < n; t++) {
            for (int i = 0; i < k; i++) {
                double value = x[t * k + i];
                squares[i] += value * value;
            }
        }
    }

    double[] norms() {
        var norms = squares.clone();
        for (int i = 0; i < norms.length; i++) norms[i] = Math.sqrt(norms[i]);
        return norms;
    }
}
