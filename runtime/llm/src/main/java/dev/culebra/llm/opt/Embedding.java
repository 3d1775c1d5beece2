package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.checkpoint.Tensor;

/** Tokens and their positions as hidden states. Immutable and thread-safe. */
final class Embedding {
    private final Tensor tokens; // [vocabulary, embedding], looked up where it is mapped
    private final Linear projectIn; // [hidden, embedding], or null where the two are equal
    private final float[] positions; // [positions + 2, hidden]

    Embedding(Tensor tokens, Linear projectIn, float[] positions) {
        this.tokens = tokens;
        this.projectIn = projectIn;
        this.positions = positions;
    }

    /** Null where there is none. */
    Linear projectIn() { return projectIn; }

    /** From the ids of a pass's rows to {@code s.hidden} [n, hidden]. */
    void apply(int[] ids, Pass pass, Scratch s) {
        int n = pass.rows();
        var out = projectIn == null ? s.hidden : s.embedded;
        var values = out.atLeast(n);
        for (int row = 0; row < n; row++) {
            tokens.floats((long) ids[row] * out.width(), values, row * out.width(), out.width());
        }
        if (projectIn != null) projectIn.apply(s.embedded, n, s.hidden);
        addPositions(pass, s.hidden);
    }

    private void addPositions(Pass pass, Rows hidden) {
        int width = hidden.width();
        var x = hidden.values();
        for (int sequence = 0; sequence < pass.sequences(); sequence++) {
            int first = pass.firstRow(sequence);
            int from = (pass.position(sequence, first) + OptConfig.POSITION_OFFSET) * width;
            int at = first * width;
            for (int i = 0, count = pass.rows(sequence) * width; i < count; i++) x[at + i] += positions[from + i];
        }
    }
}
