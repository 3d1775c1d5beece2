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
        if (matrix.nonzeros() > Integer.MAX_VALUE - 8) {
            throw new IllegalStateException(
                    matrix.nonzeros() + " nonzeros; a CSR matrix in Java arrays has at most 2^31 - 9");
        }
        long[] rowStart = new long[shape.m() + 1];
        int[] column = new int[(int) matrix.nonzeros()];
        short[] values = new short[(int) matrix.nonzeros()];
        TileImage image = new TileImage();
        for (int tileRow = 0; tileRow < shape.tileRows(); tileRow++) {
            for (int tileColumn = 0; tileColumn < shape.tileColumns(); tileColumn++) {
                image.load((long) tileRow * shape.tileColumns() + tileColumn);
                for (int r = 0; r < shape.rowsOf(tileRow); r++) {
                    rowStart[tileRow * TiledCsl.TILE_ROWS + r + 1] += Long.bitCount(image.mask[r]);
                }
            }
        }
        for (int r = 0; r < shape.m(); r++) {
            rowStart[r + 1] += rowStart[r];
        }
        int[] next = new int[TiledCsl.TILE_ROWS];
        for (int tileRow = 0; tileRow < shape.tileRows(); tileRow++) {
            for (int r = 0; r < shape.rowsOf(tileRow); r++) {
                next[r] = (int) rowStart[tileRow * TiledCsl.TILE_ROWS + r];
            }
            for (int tileColumn = 0; tileColumn < shape.tileColumns(); tileColumn++) {
                image.load((long) tileRow * shape.tileColumns() + tileColumn);
                for (int r = 0; r < shape.rowsOf(tileRow); r++) {
                    for (long mask = image.mask[r]; mask != 0; mask &= mask - 1) {
                        int c = Long.numberOfTrailingZeros(mask);
                        column[next[r]] = tileColumn * TiledCsl.TILE_COLUMNS + c;
                        values[next[r]++] = image.value[r * TiledCsl.TILE_COLUMNS + c];
                    }
                }
            }
        }
        return Csr.of(shape.m(), shape.k(), matrix.valueType(), rowStart, column, values);
    }

    /** A tile laid out by rows, with a bit for each nonzero. */
    private final class TileImage {
        final long[] mask = new long[TiledCsl.TILE_ROWS];
        final short[] value = new short[TiledCsl.TILE_PLACES];

        void load(long tile) {
            java.util.Arrays.fill(mask, 0);
            for (long i = begin(tile), end = begin(tile + 1); i < end; i++) {
                int entry = entries.getAtIndex(INT, i);
                if (TiledCsl.valueOf(entry) != 0) {
                    int row = TiledCsl.row(TiledCsl.placeOf(entry));
                    int column = TiledCsl.column(TiledCsl.placeOf(entry));
                    mask[row] |= 1L << column;
                    value[row * TiledCsl.TILE_COLUMNS + column] = TiledCsl.valueOf(entry);
                }
            }
        }
    }
}
