package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** {@link TiledCsl} to dense or CSR. This is what the format means; kernels are held against it. */
final class TiledCslDecoder {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = TiledCslEncoder.INT;

    private final SparseMatrix matrix;
    private final TiledCsl shape;
    private final MemorySegment entries;
    private final MemorySegment offsets;

    TiledCslDecoder(SparseMatrix matrix) {
        this.matrix = matrix;
        this.shape = new TiledCsl(matrix.m(), matrix.k());
        this.entries = matrix.section(TiledCsl.ENTRIES).bytes();
        this.offsets = matrix.section(TiledCsl.OFFSETS).bytes();
    }

    /** The first entry of a tile; with the index of the last tile plus one, the number of entries. */
    private long begin(long tile) {
        return Integer.toUnsignedLong(offsets.getAtIndex(INT, tile)) * TiledCsl.QUAD;
    }

    void decode(MemorySegment out) {
        out.fill((byte) 0);
        for (int tileRow = 0; tileRow < shape.tileRows(); tileRow++) {
            for (int tileColumn = 0; tileColumn < shape.tileColumns(); tileColumn++) {
                long tile = (long) tileRow * shape.tileColumns() + tileColumn;
                long corner = (long) tileRow * TiledCsl.TILE_ROWS * shape.k()
                        + (long) tileColumn * TiledCsl.TILE_COLUMNS;
                for (long i = begin(tile), end = begin(tile + 1); i < end; i++) {
                    int entry = entries.getAtIndex(INT, i);
                    short value = TiledCsl.valueOf(entry);
                    if (value != 0) { // otherwise padding, whose place may lie outside the matrix
                        int place = TiledCsl.placeOf(entry);
                        long at = corner + (long) TiledCsl.row(place) * shape.k() + TiledCsl.column(place);
                        out.set(SHORT, 2 * at, value);
                    }
                }
            }
        }
    }

    Csr toCsr() {
        return TileImage.toCsr(matrix, (tileRow, tileColumn, image) -> {
            long tile = (long) tileRow * shape.tileColumns() + tileColumn;
            for (long i = begin(tile), end = begin(tile + 1); i < end; i++) {
                int entry = entries.getAtIndex(INT, i);
                int place = TiledCsl.placeOf(entry);
                image.put(TiledCsl.row(place), TiledCsl.column(place), TiledCsl.valueOf(entry));
            }
        });
    }
}
