package dev.culebra.sparse;

/**
 * The dense format, for matrices with few zeros: its geometry.
 *
 * <p>
 * The matrix is cut into tiles of 64 x 64, stored by rows of tiles, as {@link TiledCsl}'s are. A tile is all of its 4,096
 * values of 16 bits, column by column: 64 columns of 64 row values. What lies beyond the matrix in a tile of the ragged edge
 * is +0. So every tile has 8 KiB, its place follows from its index, and whoever multiplies reads the values as they are.
 *
 * <p>
 * Section {@code "values"} has the tiles, and nothing else.
 *
 * @param m rows of the matrix
 * @param k columns of the matrix
 */
public record TiledDense(int m, int k) {

    /** Rows of a tile: a column of one is 128 bytes. */
    public static final int TILE_ROWS = TiledCsl.TILE_ROWS;
    /** Columns of a tile. */
    public static final int TILE_COLUMNS = TiledCsl.TILE_COLUMNS;
    /** Values of a tile. */
    public static final int TILE_PLACES = TILE_ROWS * TILE_COLUMNS;
    /** Bytes of a tile. */
    public static final int TILE_BYTES = TILE_PLACES * Short.BYTES;

    /** The name of the section of values. */
    public static final String VALUES = "values";

    /**
     * Checks the shape.
     *
     * @throws IllegalArgumentException if a dimension is under 1
     */
    public TiledDense {
        if (m < 1 || k < 1) {
            throw new IllegalArgumentException("shape " + m + " x " + k + "; M and K must be 1 or more");
        }
    }

    /**
     * Tiles one above the other.
     *
     * @return ceil(M / 64)
     */
    public int tileRows() { return (m - 1) / TILE_ROWS + 1; }

    /**
     * Tiles side by side.
     *
     * @return ceil(K / 64)
     */
    public int tileColumns() { return (k - 1) / TILE_COLUMNS + 1; }

    /**
     * All tiles.
     *
     * @return tileRows() * tileColumns()
     */
    public long tiles() { return (long) tileRows() * tileColumns(); }

    /**
     * How many rows of a tile lie inside the matrix.
     *
     * @param tileRow index of the tile's row, from 0
     * @return 1 to 64
     */
    public int rowsOf(int tileRow) { return Math.min(TILE_ROWS, m - tileRow * TILE_ROWS); }

    /**
     * How many columns of a tile lie inside the matrix.
     *
     * @param tileColumn index of the tile's column, from 0
     * @return 1 to 64
     */
    public int columnsOf(int tileColumn) { return Math.min(TILE_COLUMNS, k - tileColumn * TILE_COLUMNS); }

    /**
     * The size of the section of values.
     *
     * @return bytes; Long.MAX_VALUE where a long does not hold them, as for 2^31 - 1 rows and columns
     */
    public long valueBytes() {
        return tiles() > Long.MAX_VALUE / TILE_BYTES ? Long.MAX_VALUE : tiles() * TILE_BYTES;
    }

    /**
     * Where a tile begins in the section of values.
     *
     * @param tileRow index of the tile's row, from 0
     * @param tileColumn index of the tile's column, from 0
     * @return bytes from the section's beginning
     */
    public long tileOffset(int tileRow, int tileColumn) {
        return ((long) tileRow * tileColumns() + tileColumn) * TILE_BYTES;
    }

    /**
     * The place of an element of a tile.
     *
     * @param row row in the tile, 0 to 63
     * @param column column in the tile, 0 to 63
     * @return index of its value in the tile, 0 to 4095
     */
    public static int place(int row, int column) { return column * TILE_ROWS + row; }
}
