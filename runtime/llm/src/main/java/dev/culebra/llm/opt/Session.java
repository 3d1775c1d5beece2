package dev.culebra.llm.opt;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One thread's use of a model: it owns the key and value caches and all scratch memory, and keeps them from call to call. Calls
 * are independent of each other: nothing of an earlier prompt is remembered. Not thread-safe: a call while another is under way
 * is refused, a listener's too. An interrupt is left to the caller: nothing here waits for long, and a listener can stop.
 *
 * <p>
 * A cache takes 2 * layers * hidden * 4 bytes for each position of each sequence, and up to twice that while it grows. What a
 * pass needs besides is bounded: what needs more than 64 MiB of activations, or has more than 16,384 tokens, goes
 * through in several passes.
 */
public final class Session implements AutoCloseable {
    private final OptModel model;
    private final Decoder decoder;
    private final Scratch scratch;
    private final List<KvCache> caches = new ArrayList<>();
    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile boolean closed;

    Session(OptModel model, Decoder decoder) {
        this.model = model;
        this.decoder = decoder;
        this.scratch = new Scratch(decoder.config());
    }

    /**
     * Continues a text.
     *
     * @param prompt the text, tokenized as the tokenizer does by itself (OPT's puts a begin-of-text token in front)
     * @param options how
     * @param listener hears of each token, and may stop
     * @return the result
     * @throws IllegalArgumentException if the model has no tokenizer, the prompt gives no token or more than the model has
     *         positions, or a stop token is not in the vocabulary
     * @throws IllegalStateException if this is closed or in use, or the model gives NaN
     */
    public Generation generate(String prompt, GenerateOptions options, GenerateListener listener) {
        var tokenizer = model.tokenizer().orElseThrow(() -> new IllegalArgumentException(
                "the model has no tokenizer for a text; put tokenizer.json beside it, or give token ids"));
        return generate(tokenizer.encode(prompt), options, listener);
    }

    /**
     * Continues tokens.
     *
     * @param ids the prompt, taken as it is
     * @param options how
     * @param listener hears of each token, and may stop
     * @return the result
     * @throws IllegalArgumentException if the prompt is empty or longer than the model's positions, or it or a stop token is not
     *         in the vocabulary
     * @throws IllegalStateException if this is closed or in use, or the model gives NaN
     */
    public Generation generate(int[] ids, GenerateOptions options, GenerateListener listener) {
        return generate(List.of(ids), options, listener).getFirst();
    }

    /**
     * Continues several prompts at once: all of them share each pass over the weights. Each result equals what the prompt would
     * give alone up to the rounding of fp32 sums (which may choose another token where two are that close).
     *
     * @param prompts of any lengths, taken as they are
     * @param options how, for all
     * @param listener hears of each token, and may stop single sequences
     * @return a result for each prompt, in order
     * @throws IllegalArgumentException as for a single prompt, or if the caches of all of them would not fit in memory
     * @throws IllegalStateException if this is closed or in use, or the model gives NaN
     */
    public List<Generation> generate(List<int[]> prompts, GenerateOptions options, GenerateListener listener) {
        Objects.requireNonNull(listener, "listener"); // not first missed when the prompts are through
        for (var prompt : prompts) Prompts.check(prompt, model.config());
        Prompts.checkStopTokens(options, model.config());
        long most = 0;
        for (var p : prompts) most += Math.min(model.config().positions(), (long) p.length + options.maxNewTokens());
        if (prompts.size() > 1) MemoryCheck.batch(model.config(), prompts.size(), most);
        begin();
        try {
            return run(prompts, options, listener);
        } finally {
            busy.set(false);
        }
    }

    private List<Generation> run(List<int[]> prompts, GenerateOptions options, GenerateListener listener) {
        var generate = Trace.generate();
        var prefill = Trace.prefill();
        long started = System.nanoTime();
        var sequences = new ArrayList<Sequence>();
        for (var prompt : prompts) {
            var sequence = new Sequence(sequences.size(), prompt, model, options, listener);
            sequence.cache = cache(sequences.size());
            sequences.add(sequence);
        }
        var batch = new Batch(decoder, scratch, sequences);
        batch.prefill();
        long prefilled = System.nanoTime();
        long promptTokens = sequences.stream().mapToLong(Sequence::promptTokens).sum();
        Trace.prefilled(prefill, sequences.size(), promptTokens);
        while (batch.live()) batch.step();
        Trace.generated(generate, sequences.size(), promptTokens,
                sequences.stream().mapToLong(Sequence::newTokens).sum());
        return sequences.stream().map(s -> s.result(started, prefilled)).toList();
    }

    /**
     * The logits at every position.
     *
     * @param ids T tokens
     * @return [T, vocabulary] row-major: row t has the logits of the token after {@code ids[t]}
     * @throws IllegalArgumentException if ids is empty, longer than the model's positions, or not in the vocabulary, or the
     *         result is more than an array holds
     * @throws IllegalStateException if this is closed or in use
     */
    public float[] logits(int[] ids) {
        int vocabulary = model.config().vocabulary();
        Prompts.check(ids, model.config());
        long elements = (long) ids.length * vocabulary;
        if (elements > Integer.MAX_VALUE - 8) { // JVMs keep a few to themselves
            throw new IllegalArgumentException("logits [T, vocabulary] = [" + ids.length + ", " + vocabulary
                    + "] are more than the 2147483639 elements of an array; give fewer tokens");
        }
        var all = new float[(int) elements];
        forEachRow(ids, ids.length,
                (t, logits, at) -> System.arraycopy(logits, at, all, t * vocabulary, vocabulary));
        return all;
    }

    /**
     * How likely each token is after those before it.
     *
     * @param ids T tokens, 2 or more
     * @return T - 1 natural logarithms: element t is log p(ids[t + 1] | ids[0..t]); summed in double
     * @throws IllegalArgumentException if ids has fewer than two tokens, is longer than the model's positions, or not in the
     *         vocabulary
     * @throws IllegalStateException if this is closed or in use, or the model gives NaN
     */
    public double[] logLikelihoods(int[] ids) {
        int vocabulary = model.config().vocabulary();
        Prompts.check(ids, model.config());
        if (ids.length < 2) {
            throw new IllegalArgumentException("one token has none before it; give 2 or more for likelihoods");
        }
        var all = new double[ids.length - 1];
        forEachRow(ids, ids.length - 1,
                (t, logits, at) -> all[t] = LogSoftmax.of(logits, at, vocabulary, ids[t + 1]));
        return all;
    }

    /** One position's logits. */
    private interface RowConsumer {
        void accept(int t, float[] logits, int at);
    }

    /** The logits of the first n positions, one after another. */
    private void forEachRow(int[] ids, int n, RowConsumer consumer) {
        begin();
        try {
            var cache = cache(0);
            int vocabulary = model.config().vocabulary();
            var rows = new int[scratch.mostLogits];
            for (int done = 0; done < n;) {
                int count = Math.min(n - done, scratch.mostRows);
                scratch.pass.clear();
                scratch.pass.add(cache, count);
                decoder.apply(Arrays.copyOfRange(ids, done, done + count), scratch);
                for (int from = 0; from < count; from += rows.length) {
                    int some = Math.min(rows.length, count - from);
                    for (int i = 0; i < some; i++) rows[i] = from + i;
                    decoder.logits(rows, 0, some, scratch);
                    for (int i = 0; i < some; i++) {
                        consumer.accept(done + from + i, scratch.logits.values(), i * vocabulary);
                    }
                }
                done += count;
            }
        } finally {
            busy.set(false);
        }
    }

    /** The empty cache of a sequence. */
    private KvCache cache(int sequence) {
        if (sequence == caches.size()) caches.add(decoder.newCache());
        var cache = caches.get(sequence);
        cache.clear();
        return cache;
    }

    private void begin() {
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException("this session is in use; open another one for each thread");
        }
        if (closed) {
            busy.set(false);
            throw new IllegalStateException("this session is closed");
        }
    }

    /**
     * Lets go of the memory. May be called twice.
     *
     * @throws IllegalStateException if another thread uses it
     */
    @Override
    public void close() {
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException("this session is in use; close it when its call has returned");
        }
        boolean first = !closed; // asked while nobody else can close it too
        closed = true;
        caches.clear();
        busy.set(false);
        if (first) model.released();
    }
}
