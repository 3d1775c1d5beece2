package dev.culebra.llm.opt;

/** Sees what the linear layers of a decoder layer are given, for pruning by the inputs' statistics. */
@FunctionalInterface
public interface InputObserver {
    /**
     * The inputs of some tokens, in the order of the windows. {@code q_proj}, {@code k_proj} and {@code v_proj} share their
     * input and are told of it one after another.
     *
     * @param linear {@code self_attn.q_proj}, {@code self_attn.k_proj}, {@code self_attn.v_proj}, {@code self_attn.out_proj},
     *        {@code fc1} or {@code fc2}
     * @param x [n, K] row-major; longer than that, maybe; not to be changed nor kept
     * @param n how many tokens
     */
    void input(String linear, float[] x, int n);
}
