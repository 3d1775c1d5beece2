package dev.culebra.jmh.peer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The sparsity that Tensor Cores know: of four neighbours in a row, two are zero. */
public final class TwoOfFour {

    private static final short LEAST = 1; // 2^-24

    private TwoOfFour() {}

    /**
     * Keeps the two largest magnitudes of each four; of equal ones the first. Where one that is kept is zero it becomes the
     * least fp16 above zero, so that each four has two nonzeros.
     *
     * <p>
     * On an H200 (2026-11-20, cuSPARSELt 0.8.0) products of matrices that had fours with fewer nonzeros ended in an illegal
     * instruction, which takes the context along; products of the same sizes with two in each four were right. That this is
     * the cause is likely and not proven.
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
                else if (magnitude(pruned[i + j]) == 0) pruned[i + j] = LEAST;
            }
        }
        return MemorySegment.ofArray(pruned);
    }

    /** An fp16's bits without the sign are ordered as magnitudes are. */
    private static int magnitude(short bits) {
        return bits & 0x7fff;
    }
}
