package dev.culebra.jmh.peer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The sparsity that Tensor Cores know: of four neighbours in a row, two are zero. */
public final class TwoOfFour {

    private TwoOfFour() {}

    /**
     * Keeps the two largest magnitudes of each four; of equal ones the first.
     *
     * @param dense fp16, rows of a multiple of 4
     * @return fp16 of the same length
     */
    public static MemorySegment prune(MemorySegment dense) {
        short[] pruned = dense.toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
        for (int i = 0; i + 3 < pruned.length; i += 4) {
            int first = 0, second = -1;
            for (int j = 1; j < 4; j++) {
                if (magnitude(pruned[i + j]) > magnitude(pruned[i + first])) {
                    second = first;
                    first = j;
                } else if (second < 0 || magnitude(pruned[i + j]) > magnitude(pruned[i + second])) {
                    second = j;
                }
            }
            for (int j = 0; j < 4; j++) {
                if (j != first && j != second) pruned[i + j] = 0;
            }
        }
        return MemorySegment.ofArray(pruned);
    }

    /** An fp16's bits without the sign are ordered as magnitudes are. */
    private static int magnitude(short bits) {
        return bits & 0x7fff;
    }
}
