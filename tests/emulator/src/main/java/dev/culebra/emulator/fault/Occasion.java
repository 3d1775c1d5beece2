package dev.culebra.emulator.fault;

import java.util.Locale;

/** What a {@link FaultPlan} counts, for each driver from its loading on and over all its devices. */
public enum Occasion {
    /** A call that allocates device memory, at once or on a stream. */
    ALLOCATION,
    /** A call that allocates page-locked host memory, or registers the caller's. */
    PINNED,
    /** A call that launches a kernel or a graph; what is captured counts when the graph is launched. */
    LAUNCH,
    /** A call that copies, of any direction; fills do not count, nor does what is captured. */
    COPY,
    /** A call that loads a module or a library. */
    MODULE,
    /** A call that makes a stream. */
    STREAM,
    /** A call that makes an event. */
    EVENT,
    /** Any call but {@code cuInit}, {@code cuDriverGetVersion}, {@code cuGetProcAddress}, and those for an error's text. */
    CALL;

    /**
     * The name as it is written in a plan.
     *
     * @return such as {@code allocation}
     */
    public String word() { return name().toLowerCase(Locale.ROOT); }

    /** Whether it puts work on a stream that may fail or be slow later. */
    boolean enqueues() {
        return this == LAUNCH || this == COPY;
    }

    /** Whether it has a size that a rule may be about. */
    boolean hasSize() {
        return this == ALLOCATION || this == PINNED || this == COPY;
    }
}
