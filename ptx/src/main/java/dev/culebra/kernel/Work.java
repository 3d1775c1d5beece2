package dev.culebra.kernel;

import dev.culebra.sparse.TiledCsl;
import dev.culebra.sparse.TiledDense;

/**
 * A product as a kernel cuts it.
 *
 * @param m rows of A
 * @param n tokens
 * @param gridX blocks side by side, for the tokens
 * @param rowBlocks blocks one above the other, for the rows
 * @param steps k-tiles
 * @param weightBytes what a block reads of A in a step
 * @param stepBytes that and its part of X, which each block reads again
 */
record Work(int m, int n, int gridX, int rowBlocks, int steps, double weightBytes, double stepBytes) {

    static Work of(KernelInstance kernel, int m, int k, long nonzeros, int n) {
        double tile = switch (kernel.format()) {
            case TILED_CSL -> TiledCsl.OFFSET_BYTES
                    + (double) nonzeros * TiledCsl.ENTRY_BYTES / new TiledCsl(m, k).tiles();
            case DENSE -> TiledDense.TILE_BYTES;
            case BITMAP, PAIRS -> throw new IllegalArgumentException("no kernel for " + kernel.format().id());
        };
        double weights = tile * kernel.tileM() / TiledCsl.TILE_ROWS;
        return new Work(m, n, (n - 1) / kernel.tileN() + 1, (m - 1) / kernel.tileM() + 1, (k - 1) / kernel.tileK() + 1,
                weights, weights + (double) kernel.tileN() * kernel.tileK() * Short.BYTES);
    }

    /** Blocks of one split. */
    long blocks() { return (long) gridX * rowBlocks; }

    /** Bytes that the sum of partial results moves: written, read, the sum written. */
    double sumBytes(int splits) {
        return (2.0 * splits + 1) * n * m * Float.BYTES;
    }
}
