package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * {@link LaneLists} to dense or CSR. With its two subclasses this is what the formats mean; kernels are held against it. It
 * shares no code with the encoder.
 */
abstract class LaneDecoder {

    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int SIDE = LaneLists.ROWS;

    final LaneLists shape;
    private final SparseMatrix matrix;
    private final MemorySegment places;
    private final MemorySegment info;
    private final MemorySegment offsets;
    private final MemorySegment streams;
    private final MemorySegment order;
    /** The k-tile at hand, by rows. */
    private final short[] image = new short[SIDE * SIDE];
    /** The storage row of each lane's next value in its upper and its lower row's list, at 2 lane + lower. */
    private final long[] next = new long[LaneLists.LISTS];
    /** Which list the upper row of a lane has: 0 for A, 1 for B. */
    private final int[] upper = new int[LaneLists.LANES];

    LaneDecoder(SparseMatrix matrix, String placeSection) {
        this.matrix = matrix;
        this.shape = LaneLists.of(matrix);
        this.places = matrix.section(placeSection).bytes();
        this.info = matrix.section(LaneLists.INFO).bytes();
        this.offsets = matrix.section(LaneLists.OFFSETS).bytes();
        this.streams = matrix.section(LaneLists.STREAMS).bytes();
        this.order = matrix.section(LaneLists.ORDER).bytes();
    }

    /** Puts what a lane has of a k-tile, list by list in order, by {@link #take}. */
    abstract void lane(int lane, int[] words);

    /** Puts what a k-tile has outside of the lists. */
    abstract void rest(int rowBlock, int kTile);

    /** Puts the next value of a lane's upper or lower row. */
    final void take(int lane, int lower, int row, int column) {
        int list = upper[lane] ^ lower;
        long at = next[2 * lane + lower]++ * LaneLists.storageRowBytes(matrix.valueType());
        put(row, column, streams.get(SHORT, at + 4L * lane + 2L * list));
    }

    final void put(int row, int column, short value) { image[row * SIDE + column] = value; }

    private interface Tile {
        /** A k-tile; {@code image} has it by rows. */
        void tile(int rowBlock, int kTile);
    }

    /** Goes through all k-tiles, row block by row block, from the left to the right. */
    private void walk(Tile visitor) {
        int[] words = new int[LaneLists.ROW_TILES];
        for (int rowBlock = 0; rowBlock < shape.rowBlocks(); rowBlock++) {
            long used = 0;
            for (int kTile = 0; kTile < shape.kTiles(); kTile++) {
                if (kTile % shape.segment() == 0) {
                    used = Integer.toUnsignedLong(
                            offsets.getAtIndex(INT, shape.unit(rowBlock, kTile / shape.segment())));
                }
                long tile = shape.tile(rowBlock, kTile);
                int swaps = info.get(INT, tile * LaneLists.INFO_BYTES);
                int rows0 = info.get(ValueLayout.JAVA_BYTE, tile * LaneLists.INFO_BYTES + 4) & 0xff;
                int rows1 = info.get(ValueLayout.JAVA_BYTE, tile * LaneLists.INFO_BYTES + 5) & 0xff;
                int flags = info.get(ValueLayout.JAVA_BYTE, tile * LaneLists.INFO_BYTES + 6);
                if ((flags & LaneLists.RESTART) != 0) {
                    Arrays.fill(next, used);
                    Arrays.fill(upper, 0);
                }
                used += rows0 + rows1;
                Arrays.fill(image, (short) 0);
                for (int lane = 0; lane < LaneLists.LANES; lane++) {
                    if ((swaps >>> lane & 1) != 0) {
                        upper[lane] ^= 1;
                        long other = next[2 * lane];
                        next[2 * lane] = next[2 * lane + 1];
                        next[2 * lane + 1] = other;
                    }
                    long at = tile * LaneLists.PLACE_BYTES + lane * 4L * LaneLists.ROW_TILES;
                    MemorySegment.copy(places, INT, at, words, 0, words.length);
                    lane(lane, words);
                }
                rest(rowBlock, kTile);
                visitor.tile(rowBlock, kTile);
            }
        }
    }

    /** The row of the matrix that a row of a row block stands for; M or more for none. */
    private long row(int rowBlock, int row) {
        return Integer.toUnsignedLong(order.getAtIndex(INT, (long) rowBlock * SIDE + row));
    }

    final void decode(MemorySegment out) {
        walk((rowBlock, kTile) -> {
            int columns = Math.min(SIDE, shape.k() - kTile * SIDE);
            for (int r = 0; r < SIDE; r++) {
                long row = row(rowBlock, r);
                if (row < shape.m()) {
                    MemorySegment.copy(image, r * SIDE, out, SHORT, 2 * (row * shape.k() + (long) kTile * SIDE),
                            columns);
                }
            }
        });
    }

    final Csr toCsr() {
        if (matrix.nonzeros() > Integer.MAX_VALUE - 8) {
            throw new IllegalStateException(
                    matrix.nonzeros() + " nonzeros; a CSR matrix in Java arrays has at most 2^31 - 9");
        }
        long[] rowStart = new long[shape.m() + 1];
        walk((rowBlock, kTile) -> {
            for (int r = 0; r < SIDE; r++) {
                long row = row(rowBlock, r);
                for (int c = 0; row < shape.m() && c < SIDE; c++) {
                    rowStart[(int) row + 1] += image[r * SIDE + c] != 0 ? 1 : 0;
                }
            }
        });
        for (int r = 0; r < shape.m(); r++) {
            rowStart[r + 1] += rowStart[r];
        }
        int[] column = new int[(int) matrix.nonzeros()];
        short[] values = new short[(int) matrix.nonzeros()];
        int[] at = new int[shape.m()];
        for (int r = 0; r < shape.m(); r++) {
            at[r] = (int) rowStart[r];
        }
        walk((rowBlock, kTile) -> {
            for (int r = 0; r < SIDE; r++) {
                long row = row(rowBlock, r);
                for (int c = 0; row < shape.m() && c < SIDE; c++) {
                    if (image[r * SIDE + c] != 0) {
                        column[at[(int) row]] = kTile * SIDE + c;
                        values[at[(int) row]++] = image[r * SIDE + c];
                    }
                }
            }
        });
        return Csr.of(shape.m(), shape.k(), matrix.valueType(), rowStart, column, values);
    }
}
