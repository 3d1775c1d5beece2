package dev.culebra.llm.prune;

/** The inputs of a linear layer, [n, K] row-major. */
final class Inputs {
    private Inputs() {}

    /** Refuses an array that is too short, and what is no number; a model whose weights are too large gives such. */
    static void check(float[] x, int n, int k) {
        if (n < 0 || x.length / k < n) {
            throw new IllegalArgumentException(x.length + " numbers are no " + n + " rows of " + k);
        }
        for (int i = 0, end = n * k; i < end; i++) {
            if (!Float.isFinite(x[i])) {
                throw new IllegalArgumentException("input " + i % k + " of token " + i / k + " is " + x[i]);
            }
        }
    }
}
