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

    /** exp of less than this is under fp32's smallest normal number: near enough to 0 beside a largest element of 1. */
    private static final float LEAST = -87;

    /**
     * exp(x - most) into x, n elements, none over {@code most}: as exp(v / 256)<sup>256</sup>, eight squarings. v / 256 is from
     * -0.34 to 0, where the ninth term that Taylor's series lacks is under 1.7e-10; raised to the 256th that is a relative error
     * of 4.4e-8, less than fp32's rounding. No exponent is put together from bits, as is usual: C2 (JDK 25) leaves such a loop
     * scalar, at 3.5 ns an element instead of 0.8 (AVX-512).
     */
    static void exp(float[] x, int n, float most) {
        for (int i = 0; i < n; i++) {
            double r = Math.max(x[i] - most, LEAST) * (1 / 256.0);
            double p = 1 + r * (1 + r * (1 / 2.0 + r * (1 / 6.0 + r * (1 / 24.0
                    + r * (1 / 120.0 + r * (1 / 720.0 + r * (1 / 5040.0 + r * (1 / 40320.0))))))));
            p *= p;
            p *= p;
            p *= p;
            p *= p;
            p *= p;
            p *= p;
            p *= p;
            p *= p;
            x[i] = (float) p;
        }
    }
}
