package dev.culebra.llm.checkpoint;

/** What stands between the two products of a layer's feed-forward part. */
public enum Activation {
    /** {@code max(x, 0)}; named {@code relu}. */
    RELU,
    /** {@code x * (1 + erf(x / sqrt(2))) / 2}, the exact one; named {@code gelu}. */
    GELU
}
