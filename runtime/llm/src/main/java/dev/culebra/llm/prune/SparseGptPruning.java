package dev.culebra.llm.prune;

/** SparseGPT. */
public final class SparseGptPruning {
    private SparseGptPruning() {}
}
