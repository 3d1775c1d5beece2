package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.Activation;

/** What is done to each number by itself, in loops that C2 vectorises: no branches, no calls, one index. */
final class Elementwise {

    private Elementwise() {}

    /** x + y into x, both of the length n. */
    static void add(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i++) x[i] += y[i];
    }

    static void activate(Activation activation, float[] x, int n) {
        switch (activation) {
            case RELU -> relu(x, n);
            case GELU -> gelu(x, n);
        }
    }

    /** Math.max keeps a NaN, as a comparison would not. */
    private static void relu(float[] x, int n) {
        for (int i = 0; i < n; i++) x[i] = Math.max(x[i], 0);
    }

    /** x times the probability that a standard normal number is less: the exact GELU (Hendrycks and Gimpel, 2016). */
    static void gelu(float[] x, int n) {
        for (int i = 0; i < n; i++) {
            double v = x[i];
            x[i] = (float) (0.5 * v * (1 + erf(v * SQRT_HALF)));
        }
    }

    private static final double SQRT_HALF = 0.7071067811865476;

    /** Beyond it, 1 - erf is under 3e-8, half a step of fp32 below 1. */
    private static final double ERF_IS_1 = 3.92;

    /**
     * The error function, relative error up to 1.9e-8, a third of fp32's rounding. A rational function of the form of W. J.
     * Cody, "Rational Chebyshev Approximations for the Error Function", Mathematics of Computation 23 (1969), x P(x^2) / Q(x^2),
     * but over all of 0 to 3.92 at once, so that there is nothing to branch on; the coefficients are our own: least squares of the
     * relative error at 4000 Chebyshev points, weighted anew by the error 200 times until its peaks are level (Lawson).
     */
    static double erf(double x) {
        double c = Math.max(-ERF_IS_1, Math.min(ERF_IS_1, x));
        double u = c * c;
        double p = 1.12837914617 + u * (0.190405270168 + u * (0.0527485437026 + u * (0.00376556028852
                + u * (0.000284880606622 + u * 2.05008530157e-06))));
        double q = 1 + u * (0.502075018396 + u * (0.114108598214 + u * (0.0149691031031
                + u * (0.00116252022501 + u * 3.8091583844e-05))));
        return c * p / q;
    }

    private static final float LOG2_E = 1.442695f;
    /** ln 2 in two parts, the first with so few digits that its product with a small whole number is exact. */
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;
    /** Added to a small number it leaves no place for a fraction: the lowest bits are the number, rounded. */
    private static final float ROUND = 0x1.8p23f;
    /** exp of less than this is under fp32's smallest normal number: near enough to 0 beside a largest element of 1. */
    private static final float LEAST = -87;

    /**
     * exp(x - most) into x, n elements, none over {@code most}. Cody and Waite's reduction to half of ln 2 and the polynomial of
     * S. L. Moshier's Cephes library (expf); relative error under 2e-7.
     */
    static void exp(float[] x, int n, float most) {
        for (int i = 0; i < n; i++) {
            float v = Math.max(x[i] - most, LEAST);
            float rounded = v * LOG2_E + ROUND;
            float whole = rounded - ROUND;
            float r = v - whole * LN2_HIGH - whole * LN2_LOW;
            float p = 5.0000001201e-1f + r * (1.6666665459e-1f + r * (4.1665795894e-2f
                    + r * (8.3334519073e-3f + r * (1.3981999507e-3f + r * 1.9875691500e-4f))));
            int power = Float.floatToRawIntBits(rounded) + 127 << 23; // what is not the whole number is shifted out
            x[i] = (r * r * p + r + 1) * Float.intBitsToFloat(power);
        }
    }
}
