package dev.culebra.llm.opt;

import java.util.List;

/**
 * One thread's use of a model: it owns the key and value caches and all scratch memory, and keeps them from call to call. Calls
 * are independent of each other: nothing of an earlier prompt is remembered. Not thread-safe: a call while another is under way
 * is refused.
 */
public final class Session implements AutoCloseable {
    Session() {}

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
        throw new UnsupportedOperationException();
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
        throw new UnsupportedOperationException();
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
        throw new UnsupportedOperationException();
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
    public float[] logits(int[] ids) { throw new UnsupportedOperationException(); }

    /**
     * How likely each token is after those before it.
     *
     * @param ids T tokens, 2 or more
     * @return T - 1 natural logarithms: element t is log p(ids[t + 1] | ids[0..t]); summed in double
     * @throws IllegalArgumentException if ids has fewer than two tokens, is longer than the model's positions, or not in the
     *         vocabulary
     * @throws IllegalStateException if this is closed or in use, or the model gives NaN
     */
    public double[] logLikelihoods(int[] ids) { throw new UnsupportedOperationException(); }

    /** Lets go of the memory. May be called twice. */
    @Override
    public void close() {}
}
