package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.Activation;
import dev.culebra.llm.checkpoint.OptTensors;

/**
 * Attention, then the feed-forward part, each with its norm, before it or after the sum. Immutable and thread-safe.
 *
 * @param normBefore where the norms stand
 * @param activation what is between the two products of the feed-forward part
 * @param attentionNorm [hidden]
 * @param query [hidden, hidden]
 * @param key [hidden, hidden]
 * @param value [hidden, hidden]
 * @param output [hidden, hidden]
 * @param finalNorm [hidden]
 * @param fc1 [ffn, hidden]
 * @param fc2 [hidden, ffn]
 */
record DecoderLayer(boolean normBefore, Activation activation, LayerNorm attentionNorm, Linear query, Linear key,
        Linear value, Linear output, LayerNorm finalNorm, Linear fc1, Linear fc2) {

    /** Sees what the products are given, one after another. */
    interface Probe {
        /** The input of one, [n, K]; false to go no further. */
        boolean input(String linear, float[] x, int n);
    }

    /**
     * Replaces {@code s.hidden} [n, hidden] by what the layer makes of it, and appends to the caches of the pass.
     *
     * @param index which layer it is to the caches
     * @param s holds the pass
     * @param probe sees the products' inputs; null for nobody. Where it stops, {@code s.hidden} is of no use
     */
    void apply(int index, Scratch s, Probe probe) {
        int n = s.pass.rows();
        if (attend(index, n, s, probe)) feedForward(n, s, probe);
    }

    /** Whether to go on. */
    private boolean attend(int index, int n, Scratch s, Probe probe) {
        var hidden = s.hidden.values();
        var in = normBefore ? normed(attentionNorm, n, s) : s.hidden;
        if (stops(probe, "self_attn.q_proj", in, n) || stops(probe, "self_attn.k_proj", in, n)
                || stops(probe, "self_attn.v_proj", in, n)) {
            return false;
        }
        query.apply(in, n, s.query);
        key.apply(in, n, s.key);
        value.apply(in, n, s.value);
        for (int i = 0; i < s.pass.sequences(); i++) {
            s.pass.cache(i).append(index, s.key.values(), s.value.values(), s.pass.firstRow(i), s.pass.rows(i));
        }
        s.attention.apply(s.pass, index, s.query.values());
        if (stops(probe, "self_attn.out_proj", s.query, n)) return false;
        output.apply(s.query, n, s.output);
        Elementwise.add(hidden, s.output.values(), n * s.hidden.width());
        if (!normBefore) attentionNorm.apply(hidden, n, hidden);
        return true;
    }

    private void feedForward(int n, Scratch s, Probe probe) {
        var hidden = s.hidden.values();
        var in = normBefore ? normed(finalNorm, n, s) : s.hidden;
        if (stops(probe, "fc1", in, n)) return;
        fc1.apply(in, n, s.inner);
        Elementwise.activate(activation, s.inner.values(), n * s.inner.width());
        if (stops(probe, "fc2", s.inner, n)) return;
        fc2.apply(s.inner, n, s.output);
        Elementwise.add(hidden, s.output.values(), n * s.hidden.width());
        if (!normBefore) finalNorm.apply(hidden, n, hidden);
    }

    private static Rows normed(LayerNorm norm, int n, Scratch s) {
        norm.apply(s.hidden.values(), n, s.normed.atLeast(n));
        return s.normed;
    }

    private static boolean stops(Probe probe, String linear, Rows x, int n) {
        return probe != null && !probe.input(linear, x.values(), n);
    }

    /** The same with another linear layer in one place. */
    DecoderLayer with(String linear, Linear other) {
        return new DecoderLayer(normBefore, activation, attentionNorm,
                linear.equals("self_attn.q_proj") ? other : query, linear.equals("self_attn.k_proj") ? other : key,
                linear.equals("self_attn.v_proj") ? other : value, linear.equals("self_attn.out_proj") ? other : output,
                finalNorm, linear.equals("fc1") ? other : fc1, linear.equals("fc2") ? other : fc2);
    }

    /** By its name in a checkpoint. */
    Linear linear(String name) {
        return switch (name) {
            case "self_attn.q_proj" -> query;
            case "self_attn.k_proj" -> key;
            case "self_attn.v_proj" -> value;
            case "self_attn.out_proj" -> output;
            case "fc1" -> fc1;
            case "fc2" -> fc2;
            default -> throw new IllegalArgumentException("no linear layer '" + name
                    + "' in a decoder layer; there is " + String.join(", ", OptTensors.LAYER_LINEARS));
        };
    }
}
