package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.OptConfig;

/** Whether a model can take some tokens. Sessions ask by themselves; who asks before loading the model fails sooner. */
public final class Prompts {
    private Prompts() {}

    /**
     * Refuses what no session would take.
     *
     * @param ids a prompt
     * @param config the model's
     * @throws IllegalArgumentException if there are none, more than the model has positions, or one is not in the vocabulary
     */
    public static void check(int[] ids, OptConfig config) {
        if (ids.length == 0) throw new IllegalArgumentException("the prompt is empty; give at least one token");
        if (ids.length > config.positions()) {
            throw new IllegalArgumentException("the prompt has " + ids.length + " tokens; the model has "
                    + config.positions() + " positions for a prompt and what follows it");
        }
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= config.vocabulary()) {
                throw new IllegalArgumentException("id " + ids[i] + ", token " + (i + 1)
                        + " of the prompt, is not in the vocabulary; ids go from 0 to " + (config.vocabulary() - 1));
            }
        }
    }

    /**
     * Refuses stop tokens that the model never makes.
     *
     * @param options with the stop tokens
     * @param config the model's
     * @throws IllegalArgumentException if one is not in the vocabulary
     */
    public static void checkStopTokens(GenerateOptions options, OptConfig config) {
        for (int id : options.stopTokens()) {
            if (id >= config.vocabulary()) {
                throw new IllegalArgumentException("stop token " + id
                        + " is not in the vocabulary; ids go from 0 to " + (config.vocabulary() - 1));
            }
        }
    }
}
