package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.OptConfig;

/** What a caller's tokens are held against. */
final class Prompts {
    private Prompts() {}

    static void check(int[] ids, OptConfig config) {
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

    static void checkStopTokens(GenerateOptions options, OptConfig config) {
        for (int id : options.stopTokens()) {
            if (id >= config.vocabulary()) {
                throw new IllegalArgumentException("stop token " + id
                        + " is not in the vocabulary; ids go from 0 to " + (config.vocabulary() - 1));
            }
        }
    }
}
