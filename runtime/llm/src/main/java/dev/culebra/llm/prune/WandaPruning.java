package dev.culebra.llm.prune;

/** Pruning by weights and activations. */
public final class WandaPruning {
    private WandaPruning() {}
}
