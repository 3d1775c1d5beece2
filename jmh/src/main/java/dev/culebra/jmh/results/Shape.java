package dev.culebra.jmh.results;

/**
 * A product's shape: weights [M, K] times activations of N tokens.
 *
 * @param m rows of the weights
 * @param k columns of the weights
 * @param n tokens
 */
public record Shape(long m, long k, long n) {

    @Override
    public String toString() { return m + "x" + k + "x" + n; }
}
