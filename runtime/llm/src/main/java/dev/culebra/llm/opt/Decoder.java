package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.OptConfig;

import java.util.List;

/** The whole stack. Immutable and thread-safe: caches and scratch memory are arguments. */
final class Decoder {
    private final OptConfig config;
    private final Embedding embedding;
    private final List<DecoderLayer> layers;
    private final Head head;

    Decoder(OptConfig config, Embedding embedding, List<DecoderLayer> layers, Head head) {
        this.config = config;
        this.embedding = embedding;
        this.layers = List.copyOf(layers);
        this.head = head;
    }

    OptConfig config() { return config; }

    KvCache newCache() { return new KvCache(config.layers(), config.hidden(), config.positions()); }

    /** Runs the ids of {@code s.pass}'s rows through all layers, into {@code s.hidden} and the pass's caches. */
    void apply(int[] ids, Scratch s) {
        embedding.apply(ids, s.pass, s);
        for (int i = 0; i < layers.size(); i++) layers.get(i).apply(i, s, null);
        s.pass.advance();
    }

    /**
     * Logits of n rows of {@code s.hidden}, into {@code s.logits}.
     *
     * @param rows which
     * @param from the first of them in {@code rows}
     * @param n how many, up to {@code s.mostLogits}
     */
    void logits(int[] rows, int from, int n, Scratch s) {
        int width = config.hidden();
        var last = s.last.atLeast(n);
        for (int i = 0; i < n; i++) {
            System.arraycopy(s.hidden.values(), rows[from + i] * width, last, i * width, width);
        }
        head.apply(n, s);
    }
}
