package dev.culebra.llm.opt;

import java.util.Set;

/**
 * How to continue a prompt. Immutable; start from {@link #DEFAULT} or {@link OptModel#defaultOptions()}.
 *
 * <p>
 * The next token is drawn from the logits over {@code temperature}, first cut down to the {@code topK} most likely, then to the
 * fewest that together have a probability of {@code topP} or more among those (the token that crosses it stays). Among equal
 * logits the lowest id comes first, everywhere (Hugging Face keeps all that equal the k-th; without such ties the two keep the same
 * tokens, of the same probabilities).
 *
 * @param maxNewTokens the most tokens to make, 1 or more
 * @param temperature 0 always takes the most likely token, and the three options below mean nothing; 1 draws from the model's
 *        own distribution; smaller is tamer, larger is wilder
 * @param topK the most tokens to draw from; 0 for all
 * @param topP a probability over 0 and up to 1; 1 for all
 * @param seed any number; the same gives the same text on the same machine. Each sequence of a batch draws from a stream of
 *        its own, the first from that which a prompt alone has
 * @param stopTokens ids after which a sequence ends; none if empty. The token itself is part of the result
 */
public record GenerateOptions(int maxNewTokens, float temperature, int topK, float topP, long seed,
        Set<Integer> stopTokens) {

    /** 128 tokens, always the most likely one, no stop tokens. */
    public static final GenerateOptions DEFAULT = new GenerateOptions(128, 0, 0, 1, 0, Set.of());

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public GenerateOptions {
        if (maxNewTokens < 1) {
            throw new IllegalArgumentException("max new tokens is " + maxNewTokens + "; give 1 or more");
        }
        if (!(temperature >= 0 && temperature <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "temperature is " + temperature + "; give 0 for the most likely token, or more");
        }
        if (topK < 0) throw new IllegalArgumentException("top-k is " + topK + "; give 1 or more, or 0 for all tokens");
        if (!(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("top-p is " + topP + "; give a number over 0 and up to 1");
        }
        for (int id : stopTokens) {
            if (id < 0) throw new IllegalArgumentException("stop token " + id + " is negative");
        }
        stopTokens = Set.copyOf(stopTokens);
    }

    /**
     * The same with another length.
     *
     * @param tokens the most tokens to make, 1 or more
     * @return new options
     * @throws IllegalArgumentException if it is out of its range
     */
    public GenerateOptions withMaxNewTokens(int tokens) {
        return new GenerateOptions(tokens, temperature, topK, topP, seed, stopTokens);
    }

    /**
     * The same with another temperature.
     *
     * @param temperature 0 or more
     * @return new options
     * @throws IllegalArgumentException if it is out of its range
     */
    public GenerateOptions withTemperature(float temperature) {
        return new GenerateOptions(maxNewTokens, temperature, topK, topP, seed, stopTokens);
    }

    /**
     * The same with another number of tokens to draw from.
     *
     * @param topK 1 or more, or 0 for all
     * @return new options
     * @throws IllegalArgumentException if it is out of its range
     */
    public GenerateOptions withTopK(int topK) {
        return new GenerateOptions(maxNewTokens, temperature, topK, topP, seed, stopTokens);
    }

    /**
     * The same with another probability to draw from.
     *
     * @param topP over 0 and up to 1
     * @return new options
     * @throws IllegalArgumentException if it is out of its range
     */
    public GenerateOptions withTopP(float topP) {
        return new GenerateOptions(maxNewTokens, temperature, topK, topP, seed, stopTokens);
    }

    /**
     * The same with another seed.
     *
     * @param seed any number
     * @return new options
     */
    public GenerateOptions withSeed(long seed) {
        return new GenerateOptions(maxNewTokens, temperature, topK, topP, seed, stopTokens);
    }

    /**
     * The same with other stop tokens.
     *
     * @param ids after which a sequence ends; none if empty
     * @return new options
     * @throws IllegalArgumentException if one is negative
     */
    public GenerateOptions withStopTokens(Set<Integer> ids) {
        return new GenerateOptions(maxNewTokens, temperature, topK, topP, seed, ids);
    }
}
