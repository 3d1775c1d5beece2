package dev.culebra.llm.prune;

import java.util.Locale;

/** How the weights to give up are chosen. */
public enum PruneMethod {
    /** The smallest by absolute value of each matrix; see {@link MagnitudePruning}. Needs no text. */
    MAGNITUDE,

    /** The smallest of each row by absolute value times the norm of its input; see {@link WandaPruning}. */
    WANDA,

    /** Those whose loss the others can best make up for, and the others changed to do so; see {@link SparseGptPruning}. */
    SPARSEGPT;

    /**
     * Whether the method looks at what a text makes of the model.
     *
     * @return whether a calibration text is needed
     */
    public boolean needsCalibration() { return this != MAGNITUDE; }

    /**
     * The name that people write.
     *
     * @return {@code magnitude}, {@code wanda} or {@code sparsegpt}
     */
    public String id() { return name().toLowerCase(Locale.ROOT); }
}
