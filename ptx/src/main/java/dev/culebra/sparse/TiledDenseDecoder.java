package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** {@link TiledDense} to dense or CSR. This is what the format means; kernels are held against it. */
final class TiledDenseDecoder {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    private final SparseMatrix matrix;
    private final TiledDense shape;
    private final MemorySegment values;

    TiledDenseDecoder(SparseMatrix matrix) {
        this.matrix = matrix;
        this.shape = new TiledDense(matrix.m(), matrix.k());
        this.values = matrix.section(TiledDense.VALUES).bytes();
    }

    void decode(MemorySegment out) {
        short[] tile = new short[TiledDense.TILE_PLACES];
        short[] row = new short[TiledDense.TILE_COLUMNS];
        for (int tileRow = 0; tileRow < shape.tileRows(); tileRow++) {
            for (int tileColumn = 0; tileColumn < shape.tileColumns(); tileColumn++) {
                MemorySegment.copy(values, SHORT, shape.tileOffset(tileRow, tileColumn), tile, 0, tile.length);
                long corner = (long) tileRow * TiledDense.TILE_ROWS * shape.k()
                        + (long) tileColumn * TiledDense.TILE_COLUMNS;
                for (int r = 0; r < shape.rowsOf(tileRow); r++) {
                    for (int c = 0; c < row.length; c++) {
                        row[c] = tile[TiledDense.place(r, c)];
                    }
                    MemorySegment.copy(row, 0, out, SHORT, 2 * (corner + (long) r * shape.k()),
                            shape.columnsOf(tileColumn));
                }
            }
        }
    }

    Csr toCsr() {
        short[] tile = new short[TiledDense.TILE_PLACES];
        return TileImage.toCsr(matrix, (tileRow, tileColumn, image) -> {
            MemorySegment.copy(values, SHORT, shape.tileOffset(tileRow, tileColumn), tile, 0, tile.length);
            for (int c = 0; c < TiledDense.TILE_COLUMNS; c++) {
                for (int r = 0; r < TiledDense.TILE_ROWS; r++) {
                    image.put(r, c, tile[TiledDense.place(r, c)]);
                }
            }
        });
    }
}
