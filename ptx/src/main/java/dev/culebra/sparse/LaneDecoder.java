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
    private static final int ROWS = LaneLists.ROWS;
    private static final int LANES = LaneLists.LANES;

    private final LaneLists shape;
    private final SparseMatrix matrix;
    private final int columns;
    private final long rowBytes;
    private final MemorySegment masks;
    private final MemorySegment info;
    private final MemorySegment offsets;
    private final MemorySegment streams;
    private final MemorySegment order;
    /** The k-tile at hand, by rows. */
    private final short[] image;
    /** The strand that each lane holds. */
    private final int[] strands = new int[LANES];
    /** A bit for each strand: its list B is the upper rows'. */
    private int exchanged;
    /** The storage row of the next value of each strand's list A, at 2 strand, and list B. */
    private final long[] next = new long[2 * LANES];

    LaneDecoder(SparseMatrix matrix) {
        this.matrix = matrix;
        this.shape = LaneLists.of(matrix);
        this.columns = shape.columns();
        this.rowBytes = shape.storageRowBytes(matrix.valueType());
        this.image = new short[ROWS * columns];
        this.masks = matrix.section(LaneLists.MASKS).bytes();
        this.info = matrix.section(LaneLists.INFO).bytes();
        this.offsets = matrix.section(LaneLists.OFFSETS).bytes();
        this.streams = matrix.section(LaneLists.STREAMS).bytes();
        this.order = matrix.section(LaneLists.ORDER).bytes();
    }

    /** Puts what a lane has of a k-tile, list by list in order. */
    abstract void lane(int lane, int[] words);

    /** The strand that a lane holds. */
    final int strand(int lane) { return strands[lane]; }

    /** Which list of its strand, 0 for A and 1 for B, is a lane's upper or lower rows'. */
    final int list(int lane, int lower) {
        return exchanged >>> strands[lane] & 1 ^ lower;
    }

    /** The storage row of the next value of a list of a lane's strand; goes on. */
    final long next(int lane, int list) {
        return next[2 * strands[lane] + list]++;
    }

    final short value(long storageRow, int value) { return streams.get(SHORT, storageRow * rowBytes + 2L * value); }

    final void put(int row, int column, short value) { image[row * columns + column] = value; }

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
                used = begin(shape.tile(rowBlock, kTile), used);
                Arrays.fill(image, (short) 0);
                for (int lane = 0; lane < LANES; lane++) {
                    long at = shape.tile(rowBlock, kTile) * LaneLists.MASK_BYTES + lane * 4L * LaneLists.ROW_TILES;
                    MemorySegment.copy(masks, INT, at, words, 0, words.length);
                    lane(lane, words);
                }
                visitor.tile(rowBlock, kTile);
            }
        }
    }

    /** What happens before a k-tile; returns the storage rows used with it. */
    private long begin(long tile, long used) {
        byte[] bytes = info.asSlice(tile * LaneLists.INFO_BYTES, LaneLists.INFO_BYTES).toArray(ValueLayout.JAVA_BYTE);
        int word = 0;
        for (int lane = 0; lane < LANES; lane++) {
            word |= (bytes[lane] >>> LaneLists.INFO_WORD_SHIFT & 1) << lane;
        }
        if ((word & LaneLists.WORD_RESTART) != 0) {
            Arrays.fill(next, used);
            Arrays.setAll(strands, lane -> lane);
            exchanged = 0;
        }
        int[] before = strands.clone();
        for (int lane = 0; lane < LANES; lane++) {
            strands[lane] = before[bytes[lane] & LaneLists.INFO_LANE];
            if ((bytes[lane] & LaneLists.INFO_EXCHANGE) != 0) {
                exchanged ^= 1 << strands[lane];
            }
        }
        return used + (word & LaneLists.WORD_ROWS);
    }

    /** The row of the matrix that a row of a row block stands for; M or more for none. */
    private long row(int rowBlock, int row) {
        return Integer.toUnsignedLong(order.getAtIndex(INT, (long) rowBlock * ROWS + row));
    }

    final void decode(MemorySegment out) {
        walk((rowBlock, kTile) -> {
            int inside = Math.min(columns, shape.k() - kTile * columns);
            for (int r = 0; r < ROWS; r++) {
                long row = row(rowBlock, r);
                if (row < shape.m()) {
                    MemorySegment.copy(image, r * columns, out, SHORT, 2 * (row * shape.k() + (long) kTile * columns),
                            inside);
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
            for (int r = 0; r < ROWS; r++) {
                long row = row(rowBlock, r);
                for (int c = 0; row < shape.m() && c < columns; c++) {
                    rowStart[(int) row + 1] += image[r * columns + c] != 0 ? 1 : 0;
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
            for (int r = 0; r < ROWS; r++) {
                long row = row(rowBlock, r);
                for (int c = 0; row < shape.m() && c < columns; c++) {
                    if (image[r * columns + c] != 0) {
                        column[at[(int) row]] = kTile * columns + c;
                        values[at[(int) row]++] = image[r * columns + c];
                    }
                }
            }
        });
        return Csr.of(shape.m(), shape.k(), matrix.valueType(), rowStart, column, values);
    }
}
