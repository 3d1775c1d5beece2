package dev.culebra.llm.opt;

import java.util.ArrayList;
import java.util.List;

/** Sequences that share each pass over the weights: first all of their prompts, then a token of each that still goes on. */
final class Batch {
    private final Decoder decoder;
    private final Scratch s;
    private final List<Sequence> live;
    private final int[] ids; // of a pass's rows
    private final int[] rows; // those whose logits are asked for
    private final List<Sequence> asking = new ArrayList<>(); // whose rows they are

    /** Of sequences that have a cache each. */
    Batch(Decoder decoder, Scratch scratch, List<Sequence> sequences) {
        this.decoder = decoder;
        this.s = scratch;
        this.live = new ArrayList<>(sequences);
        ids = new int[s.mostRows];
        rows = new int[sequences.size()];
        live.removeIf(one -> !one.live());
    }

    boolean live() { return !live.isEmpty(); }

    /** All prompts, packed one after another, cut where a pass is full; each gets its first new token. */
    void prefill() {
        begin();
        for (var sequence : live) {
            for (int done = 0; done < sequence.promptTokens();) {
                int count = Math.min(sequence.promptTokens() - done, s.mostRows - s.pass.rows());
                System.arraycopy(sequence.ids(), done, ids, s.pass.rows(), count);
                s.pass.add(sequence.cache, count);
                done += count;
                if (done == sequence.promptTokens()) ask(sequence);
                if (s.pass.rows() == s.mostRows) run();
            }
        }
        if (s.pass.rows() > 0) run();
        live.removeIf(one -> !one.live());
    }

    /** The next token of each. */
    void step() {
        begin();
        for (int i = 0; i < live.size(); i++) { // no iterator: nothing is allocated for a token
            var sequence = live.get(i);
            ids[s.pass.rows()] = sequence.last();
            s.pass.add(sequence.cache, 1);
            ask(sequence);
            if (s.pass.rows() == s.mostRows) run();
        }
        if (s.pass.rows() > 0) run();
        live.removeIf(one -> !one.live());
    }

    private void begin() {
        s.pass.clear();
        asking.clear();
    }

    /** For the logits of the row that was added last. */
    private void ask(Sequence sequence) {
        rows[asking.size()] = s.pass.rows() - 1;
        asking.add(sequence);
    }

    private void run() {
        decoder.apply(ids, s);
        int vocabulary = decoder.config().vocabulary();
        for (int from = 0; from < asking.size(); from += s.mostLogits) {
            int n = Math.min(s.mostLogits, asking.size() - from);
            decoder.logits(rows, from, n, s);
            for (int i = 0; i < n; i++)
                asking.get(from + i).next(s.sampler, s.logits.values(), i * vocabulary, vocabulary);
        }
        begin();
    }
}
