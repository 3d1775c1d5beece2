package dev.culebra.examples;

import dev.culebra.sparse.SparseMatrix;
import dev.culebra.spmm.Spmm;
import dev.culebra.spmm.SpmmWeights;
import java.util.Random;

/** 04: multiplies a pruned matrix, on the GPU if there is one, else on the CPU; or on the device named as an argument. */
public final class Example04SparseMultiply {

    private Example04SparseMultiply() {}

    /**
     * Runs the example.
     *
     * @param args a device, such as {@code cpu}, {@code cuda} or {@code emulator}; nothing means the best there is
     */
    public static void main(String[] args) {
        int m = 256; // outputs
        int k = 512; // inputs
        int n = 4; // tokens
        Random random = new Random(1);
        float[] weights = new float[m * k]; // A [M, K], row-major
        for (int i = 0; i < weights.length; i++) {
            weights[i] = random.nextDouble() < .7 ? 0 : (float) random.nextGaussian(); // 70% pruned
        }
        float[] x = new float[n * k]; // X [N, K]: a token's inputs lie side by side
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }

        SparseMatrix encoded = SparseMatrix.of(weights, m, k); // rounded to fp16; the same bytes for every device
        System.out.printf("%s: %d bytes encoded, %d bytes as dense fp16%n", encoded, encoded.encodedBytes(),
                2L * m * k);
        try (Spmm device = Spmm.open(args.length > 0 ? args[0] : "auto"); SpmmWeights a = device.load(encoded)) {
            float[] y = a.multiply(x, n); // Y [N, M] = X times A transposed
            System.out.printf("%s (%s) ran %s%n", device.device(), device.description(), a.kernel(n));
            System.out.printf("y[0][0] = %.4f, in double precision %.4f%n", y[0], dot(weights, x, k));
        }
    }

    /** Row 0 of A times token 0. */
    private static double dot(float[] weights, float[] x, int k) {
        double sum = 0;
        for (int i = 0; i < k; i++) {
            sum += (double) weights[i] * x[i];
        }
        return sum;
    }
}
