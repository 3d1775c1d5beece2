package dev.culebra.llm.opt;

/** What makes logits of the last layer's hidden states. Immutable and thread-safe. */
final class Head {
    private final LayerNorm norm; // null where there is none
    private final Linear projectOut; // [embedding, hidden], or null where the two are equal
    private final Linear scores; // [vocabulary, embedding]

    Head(LayerNorm norm, Linear projectOut, Linear scores) {
        this.norm = norm;
        this.projectOut = projectOut;
        this.scores = scores;
    }

    /** From {@code s.last} [n, hidden], which it changes, to {@code s.logits} [n, vocabulary]; n is up to {@code s.mostLogits}. */
    void apply(int n, Scratch s) {
        if (norm != null) norm.apply(s.last.values(), n, s.last.values());
        if (projectOut != null) projectOut.apply(s.last, n, s.projected);
        scores.apply(projectOut == null ? s.last : s.projected, n, s.logits);
    }
}
