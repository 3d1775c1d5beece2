package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;

/** Holds a {@link TiledDense} section against the format's rules. */
final class TiledDenseValidator {

    private final SparseMatrix matrix;
    private final TiledDense shape;
    private final MemorySegment values;

    TiledDenseValidator(SparseMatrix matrix) {
        this.matrix = matrix;
        this.shape = new TiledDense(matrix.m(), matrix.k());
        this.values = matrix.section(TiledDense.VALUES).bytes();
    }

    static void checkSizes(TiledDense shape, ValueType type, long nonzeros, long valueBytes) throws FormatException {
        if (type.bits() != 16) {
            throw new FormatException("dense with values of type " + type + "; it holds values of 16 bits");
        }
        if (valueBytes != shape.valueBytes()) {
            throw new FormatException("section 'values' has " + valueBytes + " bytes; a " + shape.m() + " x "
                    + shape.k() + " matrix has " + shape.tiles() + " tiles of " + TiledDense.TILE_BYTES);
        }
        if (nonzeros < 0 || nonzeros > (long) shape.m() * shape.k()) {
            throw new FormatException(nonzeros + " nonzeros are announced; the matrix has room for "
                    + (long) shape.m() * shape.k());
        }
    }

    void validate() throws FormatException {
        checkSizes(shape, matrix.valueType(), matrix.nonzeros(), values.byteSize());
        long nonzeros = TileRowCheck.all(shape.tileRows(), values.byteSize(), () -> {
            short[] tile = new short[TiledDense.TILE_PLACES];
            return tileRow -> check(tileRow, tile);
        });
        if (nonzeros != matrix.nonzeros()) {
            throw new FormatException(
                    matrix.nonzeros() + " nonzeros are announced; the tiles have " + nonzeros + " together");
        }
    }

    private long check(int tileRow, short[] tile) throws FormatException {
        long nonzeros = 0;
        for (int tileColumn = 0; tileColumn < shape.tileColumns(); tileColumn++) {
            MemorySegment.copy(values, TiledDenseEncoder.SHORT, shape.tileOffset(tileRow, tileColumn), tile, 0,
                    tile.length);
            nonzeros += nonzeros(tile);
            if (shape.rowsOf(tileRow) < TiledDense.TILE_ROWS
                    || shape.columnsOf(tileColumn) < TiledDense.TILE_COLUMNS) {
                checkEdge(tile, tileRow, tileColumn);
            }
        }
        return nonzeros;
    }

    private static int nonzeros(short[] tile) {
        int zeros = 0;
        for (short v : tile) {
            zeros += (v & 0xffff) - 1 >>> 31; // no branch: this loop becomes vector code
        }
        return tile.length - zeros;
    }

    /** Refuses padding that is not +0. */
    private void checkEdge(short[] tile, int tileRow, int tileColumn) throws FormatException {
        int rows = shape.rowsOf(tileRow);
        int columns = shape.columnsOf(tileColumn);
        for (int c = 0; c < TiledDense.TILE_COLUMNS; c++) {
            for (int r = c < columns ? rows : 0; r < TiledDense.TILE_ROWS; r++) {
                if (tile[TiledDense.place(r, c)] != 0) {
                    throw new FormatException(String.format("row %d, column %d of tile (%d, %d) is %04x; only %d x %d "
                            + "of it lie inside the matrix, the rest must be +0", r, c, tileRow, tileColumn,
                            tile[TiledDense.place(r, c)] & 0xffff, rows, columns));
                }
            }
        }
    }
}
