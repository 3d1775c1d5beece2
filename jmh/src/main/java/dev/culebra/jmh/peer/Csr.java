package dev.culebra.jmh.peer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Compressed rows with 32-bit indices, in host memory.
 *
 * @param nonzeros how many
 * @param offsets int32, rows + 1: where each row begins among the nonzeros
 * @param columns int32, ascending in each row
 * @param values fp16
 */
public record Csr(int nonzeros, MemorySegment offsets, MemorySegment columns, MemorySegment values) {

    /**
     * Drops the zeros, negative ones too.
     *
     * @param dense fp16 [M, K] row-major
     * @param m rows
     * @param k columns
     * @param arena that the result lives in
     * @return the rows
     * @throws IllegalArgumentException where the nonzeros are too many for 32-bit indices
     */
    public static Csr of(MemorySegment dense, int m, int k, Arena arena) {
        MemorySegment offsets = arena.allocate(4L * (m + 1L), 64);
        long nonzeros = 0;
        for (int row = 0; row < m; row++) {
            offsets.setAtIndex(ValueLayout.JAVA_INT, row, (int) nonzeros);
            for (long i = (long) row * k; i < (row + 1L) * k; i++) if (isNonzero(dense, i)) nonzeros++;
            if (nonzeros > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("more than 2^31 nonzeros, which CSR's 32-bit indices can not count");
            }
        }
        offsets.setAtIndex(ValueLayout.JAVA_INT, m, (int) nonzeros);
        MemorySegment columns = arena.allocate(4 * nonzeros, 64);
        MemorySegment values = arena.allocate(2 * nonzeros, 64);
        long at = 0;
        for (int row = 0; row < m; row++) {
            for (int column = 0; column < k; column++) {
                long i = (long) row * k + column;
                if (!isNonzero(dense, i)) continue;
                columns.setAtIndex(ValueLayout.JAVA_INT, at, column);
                values.setAtIndex(ValueLayout.JAVA_SHORT, at, dense.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i));
                at++;
            }
        }
        return new Csr((int) nonzeros, offsets, columns, values);
    }

    private static boolean isNonzero(MemorySegment dense, long i) {
        return (dense.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i) & 0x7fff) != 0;
    }
}
