package dev.culebra.jmh.run;

import java.util.Random;

/** Layers of models as benchmarks name them, and weights for them. */
public final class Layers {

    private Layers() {}

    /**
     * A shape by its name.
     *
     * @param name such as "3072x768"
     * @return {M, K}, such as {3072, 768}
     */
    public static int[] shape(String name) {
        String[] parts = name.split("x");
        return new int[]{Integer.parseInt(parts[0]), Integer.parseInt(parts[1])};
    }

    /**
     * Dense fp16 weights with zeros at independent places; the rest normal. The same for the same shape.
     *
     * @param m rows
     * @param k columns
     * @param sparsity share of zeros, 0 to 1
     * @return [M, K] row-major
     */
    public static short[] weights(int m, int k, double sparsity) {
        Random random = new Random(m * 31L + k);
        short[] w = new short[Math.multiplyExact(m, k)];
        for (int i = 0; i < w.length; i++) {
            if (random.nextDouble() >= sparsity) {
                w[i] = Float.floatToFloat16((float) random.nextGaussian());
            }
        }
        return w;
    }

    /**
     * Normal fp32 activations. The same for the same shape.
     *
     * @param n tokens
     * @param k features
     * @return [N, K] row-major
     */
    public static float[] activations(int n, int k) {
        Random random = new Random(n * 31L + k);
        float[] x = new float[Math.multiplyExact(n, k)];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }
}
