package dev.culebra.llm.opt;

import java.time.Duration;
import java.util.List;

/**
 * A prompt and what the model made of it. Immutable.
 *
 * @param ids the prompt's tokens and the new ones
 * @param promptTokens how many of the ids are the prompt's
 * @param text all of it as text, a leading begin-of-text token left out and other special tokens shown; null where the model
 *        has no tokenizer
 * @param stopReason why it ended
 * @param prefill from the start until the first new token was known; a batch's sequences share it
 * @param decode from then until this sequence ended
 */
public record Generation(List<Integer> ids, int promptTokens, String text, StopReason stopReason, Duration prefill,
        Duration decode) {
    /**
     * Takes a copy of the ids.
     */
    public Generation {
        ids = List.copyOf(ids);
    }

    /**
     * How many tokens are new.
     *
     * @return ids less prompt, 0 only where the prompt fills the model's positions
     */
    public int newTokens() { return ids.size() - promptTokens; }

    /**
     * The new tokens.
     *
     * @return the ids after the prompt's; unmodifiable
     */
    public List<Integer> newIds() { return ids.subList(promptTokens, ids.size()); }

    /**
     * The speed of decoding: the tokens after the first over {@link #decode()}; where there is only one, one over
     * {@link #prefill()}. Of this sequence alone, however many share a batch.
     *
     * @return new tokens a second, 0 where there are none
     */
    public double tokensPerSecond() {
        if (newTokens() == 0) return 0;
        return newTokens() == 1 ? perSecond(1, prefill) : perSecond(newTokens() - 1, decode);
    }

    private static double perSecond(int tokens, Duration time) { return tokens * 1e9 / Math.max(1, time.toNanos()); }
}
