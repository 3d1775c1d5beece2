package dev.culebra.llm.prune;

import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.memory.Memory;

import java.util.List;

import static dev.culebra.llm.memory.Memory.amount;

/** Whether the heap will do, asked before any of it is taken. */
final class PruneMemory {
    private PruneMemory() {}

    static void check(OptConfig config, PruneOptions options, List<int[]> calibration) {
        check(config, options, calibration.stream().mapToLong(w -> w.length).sum(), Runtime.getRuntime().maxMemory());
    }

    /** Refuses what takes more than the heap can be. */
    static void check(OptConfig config, PruneOptions options, long tokens, long most) {
        long text = Float.BYTES * config.hidden() * tokens;
        long matrix = options.method() == PruneMethod.SPARSEGPT ? sparseGpt(config, options.sparseGpt()) : 0;
        if (text + matrix <= most) return;
        int k = Math.max(config.hidden(), config.ffn());
        throw new IllegalArgumentException("the hidden states of " + tokens + " tokens take " + amount(text)
                + (matrix == 0 ? "" : ", and SparseGPT " + amount(matrix) + " for a matrix with " + k + " inputs")
                + ", and the heap is at most " + amount(most) + "; give less text, or "
                + Memory.largerHeap(text + matrix));
    }

    /** Three K x K matrices while the factor is made; then two, the weights in doubles, which go and the costs of a block, twice. */
    private static long sparseGpt(OptConfig config, SparseGptOptions options) {
        long worst = 0;
        for (int[] shape : new int[][]{{config.hidden(), config.hidden()}, {config.ffn(), config.hidden()},
            {config.hidden(), config.ffn()}}) {
            long m = shape[0];
            long k = shape[1];
            long factoring = 3 * Double.BYTES * k * k;
            long pruning = 2 * Double.BYTES * k * k + (Double.BYTES + 1) * m * k
                    + 2 * Double.BYTES * m * Math.min(k, options.block());
            worst = Math.max(worst, Math.max(factoring, pruning));
        }
        return worst;
    }
}
