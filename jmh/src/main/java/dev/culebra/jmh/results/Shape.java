package dev.culebra.jmh.results;

/**
 * A product's shape: weights [M, K] times activations of N tokens.
 *
 * @param m rows of the weights
 * @param k columns of the weights
 * @param n tokens
 */
public record Shape(long m, long k, long n) {

    /**
     * Checks the extents.
     *
     * @throws IllegalArgumentException if one is below 1
     */
    public Shape {
        Checked.atLeast("shape.m", m, 1);
        Checked.atLeast("shape.k", k, 1);
        Checked.atLeast("shape.n", n, 1);
    }

    @Override
    public String toString() { return m + "x" + k + "x" + n; }
}
