package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Puts the values where a {@link LaneLayoutPass} has found places for them: into the lists, and into the overflow. */
final class LaneFillPass {

    private final ValueSource source;
    private final EncodeOptions options;
    private final LaneScheme scheme;
    private final LaneLayoutPass layout;
    private final LaneLists shape;
    private final MemorySegment streams;
    private final MemorySegment overflow;
    /** Where in the panel the value of a list mask's bit is, after that of the lane's first row and column. */
    private final int[] inPanel = new int[Long.SIZE];

    private LaneFillPass(ValueSource source, EncodeOptions options, LaneScheme scheme, LaneLayoutPass layout,
            MemorySegment streams, MemorySegment overflow) {
        this.source = source;
        this.options = options;
        this.scheme = scheme;
        this.layout = layout;
        this.shape = layout.shape();
        this.streams = streams;
        this.overflow = overflow;
        for (int bit = 0; bit < inPanel.length; bit++) {
            inPanel[bit] = scheme.rowOf(bit) * Panels.COLUMNS + scheme.columnOf(bit);
        }
    }

    /** Fills sections of zeros. */
    static void run(ValueSource source, EncodeOptions options, LaneScheme scheme, LaneLayoutPass layout,
            MemorySegment streams, MemorySegment overflow, Progress progress) {
        LaneFillPass pass = new LaneFillPass(source, options, scheme, layout, streams, overflow);
        Panels.forEachTileRow(source, options, progress, () -> pass.new Part());
    }

    /** One thread's part. */
    private final class Part implements Panels.Pass, Panels.Visitor {

        private final Panels panels = new Panels(source, options.keepNegativeZero(), layout.order());
        private final long[] lists = new long[LaneLists.LISTS];
        /** The storage rows of a unit; zeros where nothing was put. */
        private final short[] rows = new short[shape.segment() * 2 * scheme.halfRows() * LaneLists.LISTS];
        /** Where the lists stand, in values of {@link #rows}: list A of each lane, then B. */
        private final int[] next = new int[LaneLists.LISTS];
        private final int[] columns = new int[LaneLists.COLUMNS];
        /** Entries of overflow in each row tile of the unit. */
        private final int[] entries = new int[LaneLists.ROW_TILES];
        private int rowBlock;
        private int kTile;
        private int segment;
        /** A bit for each lane whose list A has the lower rows. */
        private int roles;
        private int used;

        @Override
        public void tileRow(int tileRow) {
            rowBlock = tileRow;
            kTile = -1;
            segment = 0;
            used = 0;
            Arrays.fill(entries, 0);
            panels.tileRow(tileRow, this);
            flush();
        }

        /** Goes on to a k-tile. */
        private void go(int to) {
            while (kTile < to) {
                kTile++;
                if (kTile / shape.segment() != segment) {
                    flush();
                    segment++;
                    used = 0;
                    Arrays.fill(entries, 0);
                }
                long at = shape.tile(rowBlock, kTile) * LaneLists.INFO_BYTES;
                int numbers = layout.info().get(TiledCslEncoder.INT, at + Integer.BYTES);
                if ((numbers >>> 16 & LaneLists.RESTART) != 0) {
                    for (int lane = 0; lane < LaneLists.LANES; lane++) {
                        next[lane] = used * LaneLists.LISTS + 2 * lane;
                        next[LaneLists.LANES + lane] = next[lane] + 1;
                    }
                    roles = 0;
                }
                roles ^= layout.info().get(TiledCslEncoder.INT, at);
                used += (numbers & 0xff) + (numbers >>> 8 & 0xff);
            }
        }

        @Override
        public void tile(long tile, int rowsInside, int column, int count) {
            if (count == 0) {
                return;
            }
            go((int) (tile - shape.tile(rowBlock, 0)));
            scheme.lists(panels.masks, lists);
            for (int lane = 0; lane < LaneLists.LANES; lane++) {
                int from = (lane >>> 2) * Panels.COLUMNS + column + scheme.firstColumn(lane);
                int swapped = (roles >>> lane & 1) * LaneLists.LANES;
                put(lists[2 * lane], from, swapped + lane);
                put(lists[2 * lane + 1], from + 8 * Panels.COLUMNS, LaneLists.LANES - swapped + lane);
            }
            if (scheme.overflows()) {
                for (int rt = 0; rt < LaneLists.ROW_TILES; rt++) {
                    putOverflow(rt, column);
                }
            }
        }

        private void put(long listMask, int from, int list) {
            short[] values = panels.values;
            int to = next[list];
            for (long left = listMask; left != 0; left &= left - 1) {
                rows[to] = values[from + inPanel[Long.numberOfTrailingZeros(left)]];
                to += LaneLists.LISTS;
            }
            next[list] = to;
        }

        /** By column, then by row. */
        private void putOverflow(int rowTile, int column) {
            long any = 0;
            for (int r = 0; r < LaneLists.TILE_ROWS; r++) {
                long mask = scheme.overflow(panels.masks[rowTile * LaneLists.TILE_ROWS + r]);
                any |= mask;
                for (; mask != 0; mask &= mask - 1) {
                    columns[Long.numberOfTrailingZeros(mask)] |= 1 << r;
                }
            }
            long at = layout.firstGroup(shape.unit(rowBlock, segment), rowTile) * Slots.OVERFLOW_GROUP
                    + entries[rowTile];
            int inSegment = kTile % shape.segment() * LaneLists.COLUMNS;
            for (; any != 0; any &= any - 1) {
                int c = Long.numberOfTrailingZeros(any);
                for (int mask = columns[c]; mask != 0; mask &= mask - 1) {
                    int r = Integer.numberOfTrailingZeros(mask);
                    short value = panels.values[(rowTile * LaneLists.TILE_ROWS + r) * Panels.COLUMNS + column + c];
                    overflow.setAtIndex(TiledCslEncoder.INT, at++, Slots.overflowEntry(r, inSegment + c, value));
                    entries[rowTile]++;
                }
                columns[c] = 0;
            }
        }

        /** The one place that knows that a value has 16 bits. */
        private void flush() {
            long at = layout.firstStorageRow(shape.unit(rowBlock, segment)) * LaneLists.storageRowBytes(source.type());
            int count = used * LaneLists.LISTS;
            MemorySegment.copy(rows, 0, streams, TiledDenseEncoder.SHORT, at, count);
            Arrays.fill(rows, 0, count, (short) 0);
        }

        @Override
        public void done() {}
    }
}
