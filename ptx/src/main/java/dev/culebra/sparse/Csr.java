package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;

/**
 * A sparse matrix by rows. Row r's nonzeros are those from {@code rowStart[r]} up to, not including,
 * {@code rowStart[r + 1]}, by rising column. The arrays belong to whoever made it and must not be changed while it is used;
 * it has at most 2^31 - 1 nonzeros, since that is what an array holds.
 *
 * @param m rows
 * @param k columns
 * @param type the values' type
 * @param rowStart M + 1 positions
 * @param column the column of each nonzero
 * @param values the nonzeros' values, {@code type.bits()} each, little-endian, packed
 */
public record Csr(int m, int k, ValueType type, long[] rowStart, int[] column, MemorySegment values) {

    /**
     * Checks the structure.
     *
     * @throws IllegalArgumentException if a length does not fit, positions do not rise, or a row's columns do not rise or
     *         are out of range; the message names the row
     */
    public Csr {
        if (m < 1 || k < 1) {
            throw new IllegalArgumentException("shape " + m + " x " + k + "; M and K must be 1 or more");
        }
        if (rowStart.length != m + 1L || rowStart[0] != 0 || rowStart[m] != column.length) {
            throw new IllegalArgumentException("rowStart must have M + 1 = " + (m + 1L) + " positions from 0 to "
                    + column.length + ", the number of columns given");
        }
        long bytes = ((long) column.length * type.bits() + 7) / 8;
        if (values.byteSize() != bytes) {
            throw new IllegalArgumentException(column.length + " values of " + type + " take " + bytes
                    + " bytes; the segment has " + values.byteSize());
        }
        for (int r = 0; r < m; r++) {
            if (rowStart[r + 1] < rowStart[r] || rowStart[r + 1] > column.length) {
                throw new IllegalArgumentException("row " + r + " goes from position " + rowStart[r] + " to "
                        + rowStart[r + 1] + "; positions must not fall, nor pass " + column.length);
            }
            int last = -1;
            for (int i = (int) rowStart[r]; i < rowStart[r + 1]; i++) {
                if (column[i] <= last || column[i] >= k) {
                    throw new IllegalArgumentException("row " + r + " has column " + column[i] + " after " + last
                            + "; columns of a row must rise and be under " + k);
                }
                last = column[i];
            }
        }
    }

    /**
     * A matrix with values of 16 bits from plain arrays.
     *
     * @param m rows
     * @param k columns
     * @param type the values' type
     * @param rowStart M + 1 positions
     * @param column the column of each nonzero
     * @param values the bits of each nonzero
     * @return the matrix
     * @throws IllegalArgumentException as the constructor's
     */
    public static Csr of(int m, int k, ValueType type, long[] rowStart, int[] column, short[] values) {
        return new Csr(m, k, type, rowStart, column, MemorySegment.ofArray(values));
    }

    /**
     * How many nonzeros it has.
     *
     * @return the number of entries
     */
    public long nonzeros() { return column.length; }
}
