package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.OptConfig;

/** What one pass over the layers writes and the next one overwrites. A session's; it grows to the largest pass there was. */
final class Scratch {
    /**
     * What the rows of one pass may take: a prompt, or a batch of them, that needs more is cut into several passes. Larger passes
     * gain nothing, since a product's weights are read once for every 128 tokens on a CPU.
     */
    private static final long MOST_BYTES = 64L << 20;
    /** However narrow the model: attention's results stay in a cache, and a first token does not wait for all prompts. */
    private static final int MOST_ROWS = 1 << 14;
    /** What logits of one pass may take. */
    private static final long MOST_LOGIT_BYTES = 16L << 20;

    final Pass pass = new Pass();
    final Attention attention;
    final Sampler sampler = new Sampler();
    final Rows embedded; // [n, embedding]
    final Rows hidden; // [n, hidden]: what goes from layer to layer
    final Rows normed; // [n, hidden]
    final Rows query; // [n, hidden]
    final Rows key; // [n, hidden]
    final Rows value; // [n, hidden]
    final Rows output; // [n, hidden]: of attention, then of the feed-forward part, before the sum
    final Rows inner; // [n, ffn]
    final Rows last; // [n, hidden]: the rows whose logits are asked for
    final Rows projected; // [n, embedding]
    final Rows logits; // [n, vocabulary]
    /** The most rows of a pass, and of a call of the head. */
    final int mostRows;
    final int mostLogits;

    Scratch(OptConfig c) {
        attention = new Attention(c.hidden(), c.heads());
        embedded = new Rows(c.embedding());
        hidden = new Rows(c.hidden());
        normed = new Rows(c.hidden());
        query = new Rows(c.hidden());
        key = new Rows(c.hidden());
        value = new Rows(c.hidden());
        output = new Rows(c.hidden());
        inner = new Rows(c.ffn());
        last = new Rows(c.hidden());
        projected = new Rows(c.embedding());
        logits = new Rows(c.vocabulary());
        mostRows = mostRows(c);
        mostLogits = mostLogits(c);
    }

    private static int mostRows(OptConfig c) { return Math.clamp(MOST_BYTES / rowBytes(c), 1, MOST_ROWS); }

    private static int mostLogits(OptConfig c) {
        return Math.clamp(MOST_LOGIT_BYTES / (4L * c.vocabulary()), 1, mostRows(c));
    }

    private static long rowBytes(OptConfig c) { return 4L * (c.embedding() + 6L * c.hidden() + c.ffn()); }

    /** The most that all of it takes for so many tokens at a time, for a check of memory. */
    static long bytes(OptConfig c, long tokens) {
        return bytes(c, tokens, 1);
    }

    /** The same where so many of them are never cut into several passes. */
    static long bytes(OptConfig c, long tokens, int uncut) {
        long rows = Math.min(tokens, Math.max(uncut, mostRows(c)));
        return rows * rowBytes(c) + Math.min(rows, mostLogits(c)) * 4L * c.vocabulary();
    }
}
