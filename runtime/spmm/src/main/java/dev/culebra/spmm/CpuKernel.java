package dev.culebra.spmm;

import java.lang.foreign.MemorySegment;

/**
 * The two inner steps of a product on a CPU, over one dense tile of 64 x 64 16-bit values that lies in the first-level cache
 * column by column: value (row r, column c) is {@code tile[64 * c + r]}.
 *
 * <p>
 * Sums of a tile's rows are kept for each token as 64 floats, in an order of the kernel's own; {@link #inOrder} undoes it.
 * Stateless and thread-safe.
 */
abstract sealed class CpuKernel permits VectorKernel, PlainKernel {

    /** Rows of a tile, and columns. */
    static final int SIDE = 64;

    /** What is accepted as a number of tokens at once: powers of 2 up to this. */
    abstract int mostColumns();

    /** A word for descriptions, such as "512-bit vectors". */
    abstract String description();

    /** A word for kernel names, such as "v512". */
    abstract String suffix();

    /**
     * Turns entries into ones that scatter into a tile: the value stays in the low half, the high half becomes 64 * column +
     * row.
     *
     * @param entries section "entries"
     * @param fromByte where to begin
     * @param count how many, a multiple of 4
     * @param out {@code count} results and, behind them, up to 15 undefined ones
     */
    abstract void decode(MemorySegment entries, long fromByte, int count, int[] out);

    /**
     * Adds a tile times some tokens to their sums.
     *
     * @param tile the values, finite unless they are bf16 or the kernel is {@link PlainKernel}
     * @param bf16 whether they are bf16, not fp16
     * @param x activations [K, columns]
     * @param xAt where those of the tile's first column begin
     * @param columns tokens: 1, 2, 4 or 8, up to {@link #mostColumns()}
     * @param sums [columns, 64]
     * @param sumsAt where they begin
     * @param scratch the thread's; {@code wide} and {@code row} may be overwritten
     * @param clear whether to leave the tile full of zeros
     */
    abstract void multiply(short[] tile, boolean bf16, float[] x, int xAt, int columns, float[] sums, int sumsAt,
            CpuScratch scratch, boolean clear);

    /**
     * Adds a tile times one token to its sums, where the tile lies.
     *
     * @param values section "values" of a dense matrix; as the tile of {@link #multiply}
     * @param at where the tile begins, in bytes
     * @param bf16 whether they are bf16, not fp16
     * @param x activations [K]
     * @param xAt where those of the tile's first column begin
     * @param sums [64]
     * @param scratch the thread's; {@code full}, {@code wide} and {@code row} may be overwritten
     */
    abstract void multiplyOne(MemorySegment values, long at, boolean bf16, float[] x, int xAt, float[] sums,
            CpuScratch scratch);

    /**
     * As {@link #multiplyOne}, for two tokens.
     *
     * @param values section "values" of a dense matrix
     * @param at where the tile begins, in bytes
     * @param bf16 whether they are bf16, not fp16
     * @param x activations [K, 2]
     * @param xAt where those of the tile's first column begin
     * @param sums [2, 64]
     * @param scratch the thread's; {@code full}, {@code wide} and {@code row} may be overwritten
     */
    abstract void multiplyTwo(MemorySegment values, long at, boolean bf16, float[] x, int xAt, float[] sums,
            CpuScratch scratch);

    /** Copies a token's 64 sums, in the kernel's own order, to the order of rows. */
    abstract void inOrder(float[] sums, int sumsAt, float[] rows);

    /** The width of the group of columns that begins with {@code left} columns to go: the least one that takes them all. */
    final int columns(int left) {
        int most = mostColumns();
        return left >= most ? most : left == 1 ? 1 : Integer.highestOneBit(left - 1) << 1;
    }

    /** The kernel to take. */
    static CpuKernel of(boolean vectors) {
        return vectors && vectorsPresent() && VectorKernel.worthwhile() ? VectorKernel.INSTANCE : PlainKernel.INSTANCE;
    }

    /** Whether this JVM was started with {@code --add-modules jdk.incubator.vector}. */
    static boolean vectorsPresent() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }
}
