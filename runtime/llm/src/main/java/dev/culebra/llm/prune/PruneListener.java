package dev.culebra.llm.prune;

/** Told how far the pruning of a model has come; called by the thread that prunes. */
@FunctionalInterface
public interface PruneListener {
    /** Not interested. */
    PruneListener NONE = (linear, done, total) -> {};

    /**
     * A matrix is done.
     *
     * @param linear its name, such as {@code layers.3.fc1}
     * @param done matrices done, this one among them
     * @param total matrices to do
     */
    void pruned(String linear, int done, int total);
}
