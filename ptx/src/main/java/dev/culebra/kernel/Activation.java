package dev.culebra.kernel;

/**
 * What a product does to each of its sums, on every device by the same fp32 operations in the same order, none of them fused,
 * so that one sum has one result. A NaN stays one.
 */
public enum Activation {
    /** Nothing. */
    NONE,
    /** {@code v <= 0 ? +0 : v}: a NaN, which is not less than anything, passes; -0 becomes +0. */
    RELU,
    /**
     * The exact GELU, v times the probability that a standard normal number is less, {@code v / 2 * (1 + erf(v / sqrt(2)))}
     * (Hendrycks and Gimpel, "Gaussian Error Linear Units (GELUs)", arXiv 1606.08415): OPT's and PyTorch's {@code gelu}, not
     * the {@code tanh} form. Absolute error below |v| 2<sup>-21</sup>; minus infinity gives NaN, as the formula says.
     */
    GELU
}
