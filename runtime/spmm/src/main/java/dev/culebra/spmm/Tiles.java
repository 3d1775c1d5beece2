package dev.culebra.spmm;

import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The tiles of a matrix, 64 x 64, and where their values come from: one class for each format. Immutable and thread-safe;
 * what changes while a row of tiles is gone through is in the thread's {@link CpuScratch}.
 */
abstract sealed class Tiles permits CslTiles, DenseTiles {

    static final int SIDE = CpuKernel.SIDE;

    private final int m;
    private final int rows;
    private final int columns;

    Tiles(SparseMatrix matrix) {
        this.m = matrix.m();
        this.rows = (matrix.m() - 1) / SIDE + 1;
        this.columns = (matrix.k() - 1) / SIDE + 1;
    }

    static Tiles of(SparseMatrix matrix) {
        return switch (matrix.format()) {
            case TILED_CSL -> new CslTiles(matrix);
            case DENSE -> new DenseTiles(matrix);
            case BITMAP, PAIRS -> new DenseTiles(dense(matrix)); // lists of a warp's lanes are nothing for a CPU
        };
    }

    /** The same matrix in the dense format; -0.0 where it is stored. */
    private static SparseMatrix dense(SparseMatrix matrix) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment rows = arena.allocate((long) matrix.m() * matrix.k() * matrix.valueType().dense().bytes());
            matrix.decode(rows);
            return SparseMatrix.encode(rows, matrix.valueType().dense(), matrix.m(), matrix.k(), matrix.valueType(),
                    EncodeOptions.DEFAULT.withFormat(Format.DENSE).withNegativeZeroKept(true));
        }
    }

    /** Tiles one above the other. */
    final int rows() { return rows; }

    /** Tiles side by side. */
    final int columns() { return columns; }

    /** How many rows of a row of tiles lie inside the matrix. */
    final int rowsOf(int tileRow) {
        return Math.min(SIDE, m - tileRow * SIDE);
    }

    /** Adds a row of tiles times some tokens to {@code s.sums}, [tokens, 64] in the kernel's order. */
    abstract void multiply(int tileRow, CpuKernel kernel, boolean bf16, Activations x, int tokens, CpuScratch s);

    /** About how many cycles a core takes for all tiles; see NOTES.md. */
    abstract long cycles(int tokens);

    /** How many bytes a row of tiles has. */
    abstract long bytes(int tileRow);

    /** Whether a value would be infinite or NaN as an fp16. */
    abstract boolean nonFiniteF16();

    /** Threads take rows of tiles one by one; with the longest first, the last ones to finish are short. */
    final int[] longestFirst() {
        return IntStream.range(0, rows).boxed().sorted(Comparator.comparingLong((Integer r) -> -bytes(r)))
                .mapToInt(Integer::intValue).toArray();
    }

    /** Multiplies a tile that lies in an array by all tokens. */
    static void multiply(short[] tile, int tileColumn, CpuKernel kernel, boolean bf16, Activations x, int tokens,
            CpuScratch s, boolean clear) {
        for (int n = 0; n < tokens;) {
            int width = kernel.columns(tokens - n);
            kernel.multiply(tile, bf16, x.values(), x.at(n, width, tileColumn), width, s.sums, n * SIDE, s,
                    clear && n + width >= tokens);
            n += width;
        }
    }
}
