package dev.culebra.sparse;

import java.util.Arrays;

/** A tile of 64 x 64 laid out by rows, with a bit for each nonzero; and what tiles become a CSR matrix with. */
final class TileImage {

    private static final int SIDE = TiledCsl.TILE_ROWS;

    /** Puts a tile's nonzeros into an empty image. */
    interface Loader {
        void load(int tileRow, int tileColumn, TileImage image);
    }

    private final long[] mask = new long[SIDE];
    private final short[] value = new short[SIDE * SIDE];

    private TileImage() {}

    /** Puts an element; +0 is none. */
    void put(int row, int column, short bits) {
        if (bits != 0) {
            mask[row] |= 1L << column;
            value[row * SIDE + column] = bits;
        }
    }

    static Csr toCsr(SparseMatrix matrix, Loader loader) {
        if (matrix.nonzeros() > Integer.MAX_VALUE - 8) {
            throw new IllegalStateException(
                    matrix.nonzeros() + " nonzeros; a CSR matrix in Java arrays has at most 2^31 - 9");
        }
        TiledCsl shape = new TiledCsl(matrix.m(), matrix.k()); // the tiles of every format
        long[] rowStart = new long[shape.m() + 1];
        int[] column = new int[(int) matrix.nonzeros()];
        short[] values = new short[(int) matrix.nonzeros()];
        TileImage image = new TileImage();
        for (int tileRow = 0; tileRow < shape.tileRows(); tileRow++) {
            for (int tileColumn = 0; tileColumn < shape.tileColumns(); tileColumn++) {
                image.load(tileRow, tileColumn, loader);
                for (int r = 0; r < shape.rowsOf(tileRow); r++) {
                    rowStart[tileRow * SIDE + r + 1] += Long.bitCount(image.mask[r]);
                }
            }
        }
        for (int r = 0; r < shape.m(); r++) {
            rowStart[r + 1] += rowStart[r];
        }
        int[] next = new int[SIDE];
        for (int tileRow = 0; tileRow < shape.tileRows(); tileRow++) {
            for (int r = 0; r < shape.rowsOf(tileRow); r++) {
                next[r] = (int) rowStart[tileRow * SIDE + r];
            }
            for (int tileColumn = 0; tileColumn < shape.tileColumns(); tileColumn++) {
                image.load(tileRow, tileColumn, loader);
                for (int r = 0; r < shape.rowsOf(tileRow); r++) {
                    for (long left = image.mask[r]; left != 0; left &= left - 1) {
                        int c = Long.numberOfTrailingZeros(left);
                        column[next[r]] = tileColumn * SIDE + c;
                        values[next[r]++] = image.value[r * SIDE + c];
                    }
                }
            }
        }
        return Csr.of(shape.m(), shape.k(), matrix.valueType(), rowStart, column, values);
    }

    private void load(int tileRow, int tileColumn, Loader loader) {
        Arrays.fill(mask, 0);
        loader.load(tileRow, tileColumn, this);
    }
}
