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

    static final ValueLayout.OfInt INT = LaneDecoder.INT;
    private static final ValueLayout.OfShort SHORT = TiledDenseEncoder.SHORT;
    private static final int LISTS = LaneLists.LISTS;
    private static final int LANES = LaneLists.LANES;

    final SparseMatrix matrix;
    final LaneScheme scheme;
    private final MemorySegment places;
    private final MemorySegment info;
    private final MemorySegment offsets;
    private final MemorySegment streams;
    private final MemorySegment order;
    LaneLists shape;

    LaneValidator(SparseMatrix matrix, LaneScheme scheme) {
        this.matrix = matrix;
        this.scheme = scheme;
        this.places = matrix.section(scheme.placeSection()).bytes();
        this.info = matrix.section(LaneLists.INFO).bytes();
        this.offsets = matrix.section(LaneLists.OFFSETS).bytes();
        this.streams = matrix.section(LaneLists.STREAMS).bytes();
        this.order = matrix.section(LaneLists.ORDER).bytes();
    }

    /**
     * The columns, a bit for each, that a half word of a lane puts into a list: low 16 bits for the upper row, high ones for the
     * lower row, moved down; -1 for what is no valid half word (no lane has all columns).
     */
    abstract long columns(int half, int t);

    /** Checks the sections that the other format does not have; the shape and the order are valid. */
    abstract void checkOwn() throws FormatException;

    /** Checks what a row block has outside of the lists; its lists are valid. Returns how many nonzeros. */
    abstract long checkRest(int rowBlock) throws FormatException;

    final void validate() throws FormatException {
        checkLayout();
        checkOrder();
        checkOffsets();
        checkOwn();
        LongAccumulator ring = new LongAccumulator(Math::max, 0);
        long nonzeros = TileRowCheck.all(shape.rowBlocks(), places.byteSize() + streams.byteSize(), () -> {
            RowBlock check = new RowBlock();
            return rowBlock -> {
                long found = check.check(rowBlock);
                ring.accumulate(check.ring);
                return found + checkRest(rowBlock);
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
        if (ring < LaneLists.RING_STEP || ring % LaneLists.RING_STEP != 0 || ring > scheme.mostRing()) {
            throw new FormatException("the ring is " + Integer.toUnsignedString(ring) + "; it is a multiple of "
                    + LaneLists.RING_STEP + ", " + scheme.mostRing() + " at most");
        }
        shape = new LaneLists(matrix.m(), matrix.k(), segment, ring);
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
        long total = streams.byteSize() / LaneLists.storageRowBytes(matrix.valueType()) - LaneLists.END_ROWS;
        long most = (long) shape.segment() * 2 * scheme.halfRows();
        checkRising(offsets, "offset", total, most);
        for (int value = 0; value < LaneLists.END_ROWS * LISTS; value++) {
            if (value(total, value) != 0) {
                throw new FormatException("the two storage rows after the last one are not of zeros");
            }
        }
    }

    /** Numbers that rise from 0 to a total, none by more than so many. */
    static void checkRising(MemorySegment numbers, String what, long total, long most) throws FormatException {
        long count = numbers.byteSize() / LaneLists.NUMBER_BYTES;
        long begin = Integer.toUnsignedLong(numbers.getAtIndex(INT, 0));
        if (begin != 0) {
            throw new FormatException(what + " 0 is " + begin + "; the first must be 0");
        }
        for (long i = 1; i < count; i++) {
            long end = Integer.toUnsignedLong(numbers.getAtIndex(INT, i));
            if (end < begin || end - begin > most || end > total) {
                throw new FormatException(
                        what + " " + i + " is " + end + "; after " + begin + " it must be from " + begin
                                + " to " + Math.min(total, begin + most));
            }
            begin = end;
        }
        if (begin != total) {
            throw new FormatException("the last " + what + " is " + begin + "; it must be " + total);
        }
    }

    /** The row of the matrix that a row of the row blocks stands for. */
    final long row(long i) {
        return Integer.toUnsignedLong(order.getAtIndex(INT, i));
    }

    /** The columns that a row of a row block has in a list in a k-tile, t the lane's number in its group of four. */
    final long columns(long tile, int row, int t) {
        int lane = (row & 7) * 4 + t;
        long at = tile * LaneLists.PLACE_BYTES + 4L * (lane * LaneLists.ROW_TILES + row / LaneLists.TILE_ROWS);
        return columns(places.get(INT, at) >>> ((row & 8) != 0 ? 16 : 0) & 0xffff, t);
    }

    private short value(long storageRow, int value) {
        return streams.get(SHORT, storageRow * LaneLists.storageRowBytes(matrix.valueType()) + 2L * value);
    }

    /** One thread's way through a row block. */
    private final class RowBlock {

        /** The storage row of the row block that each list is at: A of each lane, then B. */
        private final int[] positions = new int[LISTS];
        /** Values of each row's half of the k-tile at hand: {@code [(half * 2 + lower) * 32 + lane]}. */
        private final int[] counts = new int[2 * LISTS];
        private final short[] values = new short[LISTS];
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
            int roles = 0;
            int behind = 0;
            long nonzeros = 0;
            for (int kTile = 0; kTile < shape.kTiles(); kTile++) {
                long tile = shape.tile(rowBlock, kTile);
                int swaps = info.get(INT, tile * LaneLists.INFO_BYTES);
                int numbers = info.get(INT, tile * LaneLists.INFO_BYTES + Integer.BYTES);
                int flags = numbers >>> 16;
                if ((flags & ~LaneLists.RESTART) != 0) {
                    throw wrong(kTile, "has flags and padding " + Integer.toHexString(flags) + "; known is "
                            + LaneLists.RESTART + " (restart)");
                }
                boolean begins = kTile % shape.segment() == 0;
                if (flags == LaneLists.RESTART) {
                    endLists(kTile);
                    Arrays.fill(positions, used);
                    start = used;
                    roles = 0;
                } else if (begins) {
                    throw wrong(kTile, "begins a segment without a restart");
                }
                if (begins) {
                    beginUnit(kTile);
                }
                roles ^= swaps;
                nonzeros += count(kTile, tile);
                int least = least();
                int before = used;
                advance(0, roles);
                int rows0 = used - before;
                advance(1, roles);
                int rows1 = used - before - rows0;
                ring = Math.max(ring, used - (kTile == 0 ? least : behind));
                behind = least;
                if ((numbers & 0xff) != rows0 || (numbers >>> 8 & 0xff) != rows1) {
                    throw wrong(kTile, "needs " + rows0 + " and " + rows1 + " storage rows more; its info says "
                            + (numbers & 0xff) + " and " + (numbers >>> 8 & 0xff));
                }
                if (used - unitStart > unitRows) {
                    throw wrong(kTile, "goes to storage row " + (used - unitStart) + " of its segment, which has "
                            + unitRows);
                }
            }
            endLists(shape.kTiles() - 1);
            endUnit(shape.kTiles() - 1);
            return nonzeros;
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

        /** Counts a k-tile's values; refuses places that lie outside of the matrix. */
        private int count(int kTile, long tile) throws FormatException {
            Arrays.fill(counts, 0);
            int columns = Math.min(LaneLists.COLUMNS, shape.k() - kTile * LaneLists.COLUMNS);
            long outside = columns < Long.SIZE ? -1L << columns : 0;
            int all = 0;
            for (int row = 0; row < LaneLists.ROWS; row++) {
                for (int t = 0; t < 4; t++) {
                    long found = columns(tile, row, t);
                    if (found == -1L) {
                        throw wrong(kTile, "has a code that is none, in row " + row + " of the row block, lane "
                                + ((row & 7) * 4 + t));
                    }
                    if (found != 0 && ((found & outside) != 0
                            || row((long) rowBlock * LaneLists.ROWS + row) >= shape.m())) {
                        throw wrong(kTile,
                                "has values outside of the matrix, in row " + row + " of the row block, lane "
                                        + ((row & 7) * 4 + t));
                    }
                    int at = (row & 8) * 4 + (row & 7) * 4 + t;
                    counts[at] += Integer.bitCount((int) found);
                    counts[LISTS + at] += Integer.bitCount((int) (found >>> 32));
                    all += Long.bitCount(found);
                }
            }
            return all;
        }

        private void advance(int half, int roles) {
            for (int lane = 0; lane < LANES; lane++) {
                int lower = roles >>> lane & 1;
                positions[lane] += counts[half * LISTS + lower * LANES + lane];
                positions[LANES + lane] += counts[half * LISTS + (1 - lower) * LANES + lane];
            }
            for (int position : positions) {
                used = Math.max(used, position);
            }
        }

        private int least() {
            int least = Integer.MAX_VALUE;
            for (int position : positions) {
                least = Math.min(least, position);
            }
            return least;
        }

        /** A list has nonzeros up to where it ends, and zeros from there to where all lists start anew. */
        private void endLists(int kTile) throws FormatException {
            for (int r = start; r < used; r++) {
                long at = unitFirst + r - unitStart;
                MemorySegment.copy(streams, SHORT, at * LaneLists.storageRowBytes(matrix.valueType()), values, 0,
                        LISTS);
                for (int i = 0; i < LISTS; i++) {
                    if (values[(i & LANES - 1) * 2 + i / LANES] != 0 != r < positions[i]) {
                        throw wrong(kTile, String.format(
                                "or one before it: storage row %d, list %s of lane %d is %04x; the list %s there", at,
                                i < LANES ? "A" : "B", i & LANES - 1, values[(i & LANES - 1) * 2 + i / LANES] & 0xffff,
                                r < positions[i] ? "has a nonzero" : "has ended"));
                    }
                }
            }
        }

        private FormatException wrong(int kTile, String what) {
            return LaneValidator.this.wrong(rowBlock, kTile, what);
        }
    }

    final FormatException wrong(int rowBlock, int kTile, String what) {
        return new FormatException("k-tile " + kTile + " of row block " + rowBlock + " " + what);
    }
}
