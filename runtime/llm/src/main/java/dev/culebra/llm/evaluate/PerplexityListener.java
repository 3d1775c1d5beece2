package dev.culebra.llm.evaluate;

/** Hears how far a measurement has come. Called by the thread that measures. */
@FunctionalInterface
public interface PerplexityListener {
    /** Hears nothing. */
    PerplexityListener NONE = (done, total) -> {};

    /**
     * One more window is measured.
     *
     * @param done the perplexity of the windows so far, and how many they are
     * @param total how many windows there are; reached with the last call
     */
    void measured(Perplexity done, int total);
}
