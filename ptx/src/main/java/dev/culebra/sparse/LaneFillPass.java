package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Puts the values into the lists, where a {@link LaneLayoutPass} has found places for them. */
final class LaneFillPass {

    private static final int LANES = LaneLists.LANES;

    private final ValueSource source;
    private final EncodeOptions options;
    private final LaneScheme scheme;
    private final LaneLayoutPass layout;
    private final LaneLists shape;
    private final MemorySegment streams;
    /** Where in the panel the value of a list mask's bit is, after that of the list's first row and column. */
    private final int[] inPanel = new int[Long.SIZE];

    private LaneFillPass(ValueSource source, EncodeOptions options, LaneScheme scheme, LaneLayoutPass layout,
            MemorySegment streams) {
        this.source = source;
        this.options = options;
        this.scheme = scheme;
        this.layout = layout;
        this.shape = layout.shape();
        this.streams = streams;
        for (int bit = 0; bit < inPanel.length; bit++) {
            inPanel[bit] = scheme.rowOf(bit) * Panels.COLUMNS + scheme.columnOf(bit);
        }
    }

    /** Fills a section of zeros. */
    static void run(ValueSource source, EncodeOptions options, LaneScheme scheme, LaneLayoutPass layout,
            MemorySegment streams, Progress progress) {
        LaneFillPass pass = new LaneFillPass(source, options, scheme, layout, streams);
        Panels.forEachTileRow(source, options, progress, () -> pass.new Part());
    }

    /** One thread's part. */
    private final class Part implements Panels.Pass, Panels.Visitor {

        private final Panels panels = new Panels(source, options.keepNegativeZero(), layout.order());
        private final long[] lists = new long[LaneLists.LISTS];
        private final int rowValues = shape.rowValues();
        /** The storage rows of a unit; zeros where nothing was put. */
        private final short[] rows = new short[shape.segment() * LaneLists.MOST_ROWS * rowValues];
        /** Where the lists that the lanes hold stand, in values of {@link #rows}; at 2 * lane + lower. */
        private int[] next = new int[LaneLists.LISTS];
        private int[] before = new int[LaneLists.LISTS];
        private final byte[] info = new byte[LaneLists.INFO_BYTES];
        private int rowBlock;
        private int kTile;
        private int segment;
        private int used;

        @Override
        public void tileRow(int tileRow) {
            rowBlock = tileRow;
            kTile = -1;
            segment = 0;
            used = 0;
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
                }
                MemorySegment.copy(layout.info(), ValueLayout.JAVA_BYTE,
                        shape.tile(rowBlock, kTile) * LaneLists.INFO_BYTES, info, 0, info.length);
                int word = 0;
                for (int lane = 0; lane < LANES; lane++) {
                    word |= (info[lane] >>> LaneLists.INFO_WORD_SHIFT & 1) << lane;
                }
                if ((word & LaneLists.WORD_RESTART) != 0) {
                    for (int list = 0; list < next.length; list++) {
                        next[list] = used * rowValues + shape.place(list / 2, list % 2);
                    }
                }
                exchange();
                used += word & LaneLists.WORD_ROWS;
            }
        }

        private void exchange() {
            int[] now = before;
            before = next;
            next = now;
            for (int lane = 0; lane < LANES; lane++) {
                int from = info[lane] & LaneLists.INFO_LANE;
                int swap = info[lane] / LaneLists.INFO_EXCHANGE & 1;
                next[2 * lane] = before[2 * from + swap];
                next[2 * lane + 1] = before[2 * from + 1 - swap];
            }
        }

        @Override
        public void tile(long tile, int rowsInside, int column, int count) {
            if (count == 0) {
                return;
            }
            go(panels.tileColumn(tile, rowBlock) * Panels.TILE_COLUMNS / shape.columns());
            scheme.lists(panels.masks, lists);
            for (int lane = 0; lane < LANES; lane++) {
                int from = (lane >>> 2) * Panels.COLUMNS + column + 2 * (lane & 3);
                if (scheme.width() == 1) {
                    put(lists[2 * lane], from, 2 * lane);
                    put(lists[2 * lane + 1], from + 8 * Panels.COLUMNS, 2 * lane + 1);
                } else {
                    putPairs(lists[2 * lane], from, 2 * lane);
                    putPairs(lists[2 * lane + 1], from + 8 * Panels.COLUMNS, 2 * lane + 1);
                }
            }
        }

        private void put(long listMask, int from, int list) {
            short[] values = panels.values;
            int to = next[list];
            for (long left = listMask; left != 0; left &= left - 1) {
                rows[to] = values[from + inPanel[Long.numberOfTrailingZeros(left)]];
                to += rowValues;
            }
            next[list] = to;
        }

        private void putPairs(long listMask, int from, int list) {
            short[] values = panels.values;
            int to = next[list];
            for (long left = listMask; left != 0; left &= left - 1) {
                int at = from + inPanel[Long.numberOfTrailingZeros(left)];
                rows[to] = positiveZero(values[at]);
                rows[to + 1] = positiveZero(values[at + 1]);
                to += rowValues;
            }
            next[list] = to;
        }

        /** A pair's other value may be a -0 that counts as zero. */
        private short positiveZero(short value) {
            return value == Short.MIN_VALUE && !options.keepNegativeZero() ? 0 : value;
        }

        /** The one place that knows that a value has 16 bits. */
        private void flush() {
            long at = layout.firstStorageRow(shape.unit(rowBlock, segment)) * shape.storageRowBytes(source.type());
            int count = used * rowValues;
            MemorySegment.copy(rows, 0, streams, TiledDenseEncoder.SHORT, at, count);
            Arrays.fill(rows, 0, count, (short) 0);
        }

        @Override
        public void done() {}
    }
}
