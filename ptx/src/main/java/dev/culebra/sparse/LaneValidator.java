package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.atomic.LongAccumulator;

/**
 * Holds sections in {@link LaneLists} against the rules, so that neither a decoder nor a kernel can be led astray. Their sizes
 * have been checked ({@link LaneSizes}). Which list serves which row, and where lists start anew, is the encoder's choice: any is
 * accepted that keeps to the rules.
 */
abstract class LaneValidator {

    private static final ValueLayout.OfInt INT = LaneDecoder.INT;
    private static final ValueLayout.OfShort SHORT = TiledDenseEncoder.SHORT;
    private static final int LANES = LaneLists.LANES;

    private final SparseMatrix matrix;
    private final MemorySegment masks;
    private final MemorySegment info;
    private final MemorySegment offsets;
    private final MemorySegment streams;
    private final MemorySegment order;
    private LaneLists shape;

    LaneValidator(SparseMatrix matrix) {
        this.matrix = matrix;
        this.masks = matrix.section(LaneLists.MASKS).bytes();
        this.info = matrix.section(LaneLists.INFO).bytes();
        this.offsets = matrix.section(LaneLists.OFFSETS).bytes();
        this.streams = matrix.section(LaneLists.STREAMS).bytes();
        this.order = matrix.section(LaneLists.ORDER).bytes();
    }

    /** The bits of a lane's word that are of the lower row. */
    abstract int lowerBits();

    /** The first column of a bit in its k-tile, t the lane's number in its group of four. */
    abstract int column(int bit, int t);

    final void validate() throws FormatException {
        checkLayout();
        checkOrder();
        checkOffsets();
        LongAccumulator ring = new LongAccumulator(Math::max, 0);
        long nonzeros = TileRowCheck.all(shape.rowBlocks(), masks.byteSize() + streams.byteSize(), () -> {
            RowBlock check = new RowBlock();
            return rowBlock -> {
                long found = check.check(rowBlock);
                ring.accumulate(check.ring);
                return found;
            };
        });
        if (LaneLists.ringFor((int) ring.get()) != shape.ring()) {
            throw new FormatException("the ring is " + shape.ring() + "; the lists need "
                    + LaneLists.ringFor((int) ring.get()));
        }
        if (nonzeros != matrix.nonzeros()) {
            throw new FormatException(
                    matrix.nonzeros() + " nonzeros are announced; the row blocks have " + nonzeros + " together");
        }
    }

    private void checkLayout() throws FormatException {
        MemorySegment layout = matrix.section(LaneLists.LAYOUT).bytes();
        int segment = layout.getAtIndex(INT, 0);
        if (!LaneLists.isSegment(segment)) {
            throw new FormatException(
                    "the segment is " + Integer.toUnsignedString(segment) + "; it is 1, 2, 4, 8 or 16 k-tiles");
        }
        int ring = layout.getAtIndex(INT, 1);
        if (ring < LaneLists.RING_STEP || ring % LaneLists.RING_STEP != 0 || ring > LaneLists.MOST_RING) {
            throw new FormatException("the ring is " + Integer.toUnsignedString(ring) + "; it is a multiple of "
                    + LaneLists.RING_STEP + ", " + LaneLists.MOST_RING + " at most");
        }
        shape = new LaneLists(matrix.format(), matrix.m(), matrix.k(), segment, ring);
        if (offsets.byteSize() != LaneSizes.offsetBytes(shape)) {
            throw new FormatException(
                    "section 'offsets' has " + offsets.byteSize() + " bytes; with segments of " + segment
                            + " k-tiles it needs " + LaneSizes.offsetBytes(shape));
        }
    }

    private void checkOrder() throws FormatException {
        BitSet seen = new BitSet();
        for (long i = 0; i < shape.paddedRows(); i++) {
            long row = row(i);
            if (row >= shape.paddedRows() || row > Integer.MAX_VALUE || seen.get((int) row)) {
                throw new FormatException("row " + i + " of the row blocks stands for row " + row
                        + "; the order is a permutation of 0 to " + (shape.paddedRows() - 1));
            }
            seen.set((int) row);
        }
    }

    private void checkOffsets() throws FormatException {
        long total = streams.byteSize() / shape.storageRowBytes(matrix.valueType()) - LaneLists.END_ROWS;
        long most = (long) shape.segment() * LaneLists.MOST_ROWS;
        long count = shape.units() + 1;
        long begin = 0;
        for (long i = 0; i < count; i++) {
            long offset = Integer.toUnsignedLong(offsets.getAtIndex(INT, i));
            if (i == 0 && offset != 0) {
                throw new FormatException("offset 0 is " + offset + "; the first must be 0");
            }
            if (offset < begin || offset - begin > most || offset > total) {
                throw new FormatException("offset " + i + " is " + offset + "; after " + begin + " it must be from "
                        + begin + " to " + Math.min(total, begin + most));
            }
            begin = offset;
        }
        if (begin != total) {
            throw new FormatException("the last offset is " + begin + "; it must be " + total);
        }
        for (int value = 0; value < LaneLists.END_ROWS * shape.rowValues(); value++) {
            if (value(total, value) != 0) {
                throw new FormatException("the two storage rows after the last one are not of zeros");
            }
        }
    }

    /** The row of the matrix that a row of the row blocks stands for. */
    private long row(long i) {
        return Integer.toUnsignedLong(order.getAtIndex(INT, i));
    }

    private short value(long storageRow, int value) {
        return streams.get(SHORT, storageRow * shape.storageRowBytes(matrix.valueType()) + 2L * value);
    }

    /** One thread's way through a row block. */
    private final class RowBlock {

        private final byte[] bytes = new byte[LaneLists.INFO_BYTES];
        private final int[] words = new int[LANES * LaneLists.ROW_TILES];
        /** Which list each lane holds, at 2 * lane + lower; list h of strand s has the number 2 * s + h. */
        private int[] held = new int[LaneLists.LISTS];
        private int[] before = new int[LaneLists.LISTS];
        /** The storage row of the row block that each list is at, by its number. */
        private final int[] positions = new int[LaneLists.LISTS];
        private final short[] values = new short[shape.rowValues()];
        /** The bits of the words of row tile rt of the lanes 4 g to 4 g + 3 that lie below the matrix, at 4 g + rt. */
        private final int[] rowsOutside = new int[8 * LaneLists.ROW_TILES];
        /** The bits of the words of the k-tile at hand that lie right of the matrix, by t. */
        private final int[] columnsOutside = new int[4];
        private int ring;
        private int rowBlock;
        private int used;
        /** Where the lists started last. */
        private int start;
        /** The unit at hand: its first storage row, in the row block and in the matrix, and how many it has. */
        private int unitStart;
        private long unitFirst;
        private long unitRows;

        long check(int block) throws FormatException {
            rowBlock = block;
            used = 0;
            start = 0;
            ring = 0;
            unitStart = 0;
            unitRows = 0;
            findRowsOutside();
            int behind = 0;
            long nonzeros = 0;
            for (int kTile = 0; kTile < shape.kTiles(); kTile++) {
                int word = info(kTile);
                if ((word & LaneLists.WORD_RESTART) != 0) {
                    nonzeros += endLists(kTile);
                    start = used;
                    for (int list = 0; list < held.length; list++) {
                        held[list] = list;
                        positions[list] = used;
                    }
                } else if (kTile % shape.segment() == 0) {
                    throw wrong(kTile, "begins a segment without a restart");
                }
                if (kTile % shape.segment() == 0) {
                    beginUnit(kTile);
                }
                exchange(kTile);
                MemorySegment.copy(masks, INT, shape.tile(rowBlock, kTile) * LaneLists.MASK_BYTES, words, 0,
                        words.length);
                checkPlaces(kTile);
                int least = least();
                int rows = advance();
                ring = Math.max(ring, used - (kTile == 0 ? least : behind));
                behind = least;
                if ((word & LaneLists.WORD_ROWS) != rows) {
                    throw wrong(kTile, "needs " + rows + " storage rows more; its info says "
                            + (word & LaneLists.WORD_ROWS));
                }
                if (used - unitStart > unitRows) {
                    throw wrong(kTile, "goes to storage row " + (used - unitStart) + " of its segment, which has "
                            + unitRows);
                }
            }
            if (shape.width() == 2 && shape.k() % 2 != 0) {
                checkLastPairs(shape.kTiles() - 1);
            }
            nonzeros += endLists(shape.kTiles() - 1);
            endUnit(shape.kTiles() - 1);
            return nonzeros;
        }

        /** Reads a k-tile's info; returns the word of all lanes. */
        private int info(int kTile) throws FormatException {
            MemorySegment.copy(info, ValueLayout.JAVA_BYTE, shape.tile(rowBlock, kTile) * LaneLists.INFO_BYTES, bytes,
                    0, bytes.length);
            int word = 0;
            int seen = 0;
            int known = LaneLists.INFO_LANE | LaneLists.INFO_EXCHANGE | 1 << LaneLists.INFO_WORD_SHIFT;
            for (int lane = 0; lane < LANES; lane++) {
                if ((bytes[lane] & 0xff & ~known) != 0) {
                    throw wrong(kTile, String.format("has info %02x for lane %d; known are the bits of %02x",
                            bytes[lane] & 0xff, lane, known));
                }
                word |= (bytes[lane] >>> LaneLists.INFO_WORD_SHIFT & 1) << lane;
                seen |= 1 << (bytes[lane] & LaneLists.INFO_LANE);
            }
            if (seen != -1) {
                throw wrong(kTile, "has lane " + Integer.numberOfTrailingZeros(~seen)
                        + "'s strand taken over by none; the lanes of its info are a permutation");
            }
            if ((word & ~(LaneLists.WORD_ROWS | LaneLists.WORD_RESTART)) != 0) {
                throw wrong(kTile, String.format("has %x for rows and restart; known are the bits of %x", word,
                        LaneLists.WORD_ROWS | LaneLists.WORD_RESTART));
            }
            return word;
        }

        private void exchange(int kTile) {
            int[] now = before;
            before = held;
            held = now;
            for (int lane = 0; lane < LANES; lane++) {
                int from = bytes[lane] & LaneLists.INFO_LANE;
                int swap = (bytes[lane] & LaneLists.INFO_EXCHANGE) != 0 ? 1 : 0;
                held[2 * lane] = before[2 * from + swap];
                held[2 * lane + 1] = before[2 * from + 1 - swap];
            }
        }

        private void beginUnit(int kTile) throws FormatException {
            if (kTile > 0) {
                endUnit(kTile - 1);
            }
            long unit = shape.unit(rowBlock, kTile / shape.segment());
            unitStart = used;
            unitFirst = Integer.toUnsignedLong(offsets.getAtIndex(INT, unit));
            unitRows = Integer.toUnsignedLong(offsets.getAtIndex(INT, unit + 1)) - unitFirst;
        }

        private void endUnit(int kTile) throws FormatException {
            if (used - unitStart != unitRows) {
                throw wrong(kTile, "ends its segment after " + (used - unitStart) + " storage rows; there are "
                        + unitRows);
            }
        }

        /** Finds which bits of a row block's words are those of rows that are none of the matrix. */
        private void findRowsOutside() {
            for (int row = 0; row < LaneLists.ROWS; row++) {
                int at = (row & 7) * LaneLists.ROW_TILES + row / LaneLists.TILE_ROWS;
                int bits = (row & 8) != 0 ? lowerBits() : ~lowerBits();
                rowsOutside[at] &= ~bits;
                if (row((long) rowBlock * LaneLists.ROWS + row) >= shape.m()) {
                    rowsOutside[at] |= bits;
                }
            }
        }

        /** Refuses places that lie outside of the matrix. */
        private void checkPlaces(int kTile) throws FormatException {
            int inside = shape.k() - kTile * shape.columns();
            for (int t = 0; t < columnsOutside.length; t++) {
                columnsOutside[t] = 0;
                for (int bit = 0; inside < shape.columns() && bit < Integer.SIZE; bit++) {
                    columnsOutside[t] |= column(bit, t) >= inside ? 1 << bit : 0;
                }
            }
            for (int i = 0; i < words.length; i++) {
                int lane = i / LaneLists.ROW_TILES;
                int rt = i % LaneLists.ROW_TILES;
                int outside = words[i] & (rowsOutside[lane / 4 * LaneLists.ROW_TILES + rt] | columnsOutside[lane % 4]);
                if (outside != 0) {
                    int row = LaneLists.TILE_ROWS * rt + lane / 4 + ((outside & ~lowerBits()) == 0 ? 8 : 0);
                    throw wrong(kTile, "has values outside of the matrix, in row " + row + " of the row block, lane "
                            + lane);
                }
            }
        }

        /** Lets each list have what the k-tile takes from it; returns by how much the one furthest ahead goes on. */
        private int advance() {
            int most = used;
            for (int lane = 0; lane < LANES; lane++) {
                for (int lower = 0; lower < 2; lower++) {
                    int count = count(lane, lower);
                    int number = held[2 * lane + lower];
                    positions[number] += count;
                    most = Math.max(most, positions[number]);
                }
            }
            int rows = most - used;
            used = most;
            return rows;
        }

        /** How many entries a lane's upper or lower rows have in the k-tile. */
        private int count(int lane, int lower) {
            int bits = lower == 1 ? lowerBits() : ~lowerBits();
            int count = 0;
            for (int rt = 0; rt < LaneLists.ROW_TILES; rt++) {
                count += Integer.bitCount(words[LaneLists.ROW_TILES * lane + rt] & bits);
            }
            return count;
        }

        /** The last column, if it is an even one, shares its pairs with what lies outside of the matrix: +0. */
        private void checkLastPairs(int kTile) throws FormatException {
            int column = shape.k() - 1 - kTile * shape.columns();
            for (int lane = column % 8 / 2; lane < LANES; lane += 4) {
                int at = LaneLists.ROW_TILES * lane;
                for (int lower = 0; lower < 2; lower++) {
                    int number = held[2 * lane + lower];
                    int storageRow = positions[number] - count(lane, lower);
                    for (int u = 0; u < Pairs.STEPS; u++) {
                        for (int rt = 0; rt < LaneLists.ROW_TILES; rt++) {
                            for (int i = lower; i < Pairs.REGISTERS; i += 2) {
                                if ((words[at + rt] >>> Pairs.bit(u, i) & 1) == 0) {
                                    continue;
                                }
                                if (Pairs.column(u, lane % 4, i) == column && value(unitFirst + storageRow - unitStart,
                                        shape.place(number / 2, number % 2) + 1) != 0) {
                                    throw wrong(kTile, "has values outside of the matrix, in column " + shape.k()
                                            + ", lane " + lane);
                                }
                                storageRow++;
                            }
                        }
                    }
                }
            }
        }

        private int least() {
            int least = Integer.MAX_VALUE;
            for (int position : positions) {
                least = Math.min(least, position);
            }
            return least;
        }

        /** A list has nonzeros up to where it ends, and zeros from there to where all lists start anew. Counts nonzeros. */
        private int endLists(int kTile) throws FormatException {
            int nonzeros = 0;
            for (int r = start; r < used; r++) {
                long at = unitFirst + r - unitStart;
                MemorySegment.copy(streams, SHORT, at * shape.storageRowBytes(matrix.valueType()), values, 0,
                        values.length);
                for (int list = 0; list < positions.length; list++) {
                    int any = 0;
                    int place = shape.place(list / 2, list % 2);
                    for (int i = place; i < place + shape.width(); i++) {
                        any |= values[i];
                        nonzeros += values[i] != 0 ? 1 : 0;
                    }
                    if (any != 0 != r < positions[list]) {
                        throw wrong(kTile, "or one before it: storage row " + at + ", " + content(list)
                                + (r < positions[list]
                                        ? "; the list has a nonzero there"
                                        : "; the list has ended there"));
                    }
                }
            }
            return nonzeros;
        }

        private String content(int list) {
            int place = shape.place(list / 2, list % 2);
            String name = "list " + "AB".charAt(list % 2) + " of strand " + list / 2 + " is ";
            return name + (shape.width() == 1
                    ? String.format("%04x", values[place] & 0xffff)
                    : String.format("%04x%04x", values[place + 1] & 0xffff, values[place] & 0xffff));
        }

        private FormatException wrong(int kTile, String what) {
            return new FormatException("k-tile " + kTile + " of row block " + rowBlock + " " + what);
        }
    }
}
