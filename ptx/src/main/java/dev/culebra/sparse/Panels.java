package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * One thread's way through a source, a row of 64 x 64 tiles at a time: reads panels of several tiles, and finds each tile's
 * nonzeros, four 16-bit values at a time in a 64-bit register.
 */
final class Panels {

    static final int ROWS = TiledCsl.TILE_ROWS;
    static final int TILE_COLUMNS = TiledCsl.TILE_COLUMNS;
    /** Columns read at a time: 64 rows of 512 values are 64 KB, which stays in a core's second-level cache. */
    static final int COLUMNS = 8 * TILE_COLUMNS;

    /** The panel is a Java array, in the machine's own order. */
    private static final ValueLayout.OfLong FOUR = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final long MAGNITUDES = 0x7fff7fff7fff7fffL;
    private static final long SIGNS = 0x8000800080008000L;
    /** Multiplying bits 0, 16, 32, 48 by it brings them to 48, 49, 50, 51; every other product is elsewhere. */
    private static final long GATHER = 1L << 48 | 1L << 33 | 1L << 18 | 1L << 3;

    /** What is done with a tile that may have nonzeros; the panel holds it until the next one. */
    interface Visitor {

        /**
         * A tile.
         *
         * @param tile its index in the matrix
         * @param rows how many of its rows lie inside the matrix
         * @param column its first column in the panel
         * @param nonzeros how many it has
         */
        void tile(long tile, int rows, int column, int nonzeros);
    }

    /** Value (row r, column c) of the panel is {@code values[r * COLUMNS + c]}; +0 right of the matrix, anything below it. */
    final short[] values = new short[ROWS * COLUMNS];
    /** A bit for each nonzero of the tile at hand, a word for each of its rows, 0 for those beyond the matrix. */
    final long[] masks = new long[ROWS];

    private final ValueSource source;
    private final ValueSource.Reader reader;
    private final MemorySegment halves = MemorySegment.ofArray(values);
    /** All ones where the sign decides too. */
    private final long signs;

    /** Which row of the source is the i-th row of the rows of tiles; null for the i-th. */
    private final int[] order;

    Panels(ValueSource source, boolean keepNegativeZero) { this(source, keepNegativeZero, null); }

    /** Rows in an order of their own; one that the source does not have is a row of zeros. */
    Panels(ValueSource source, boolean keepNegativeZero, int[] order) {
        this.source = source;
        this.order = order;
        this.reader = source.reader();
        this.signs = keepNegativeZero ? -1L : 0L;
    }

    /** Which of its row of tiles a tile is. */
    int tileColumn(long tile, int tileRow) {
        return (int) (tile - (long) tileRow * tileColumns());
    }

    private int tileColumns() { return (source.k() - 1) / TILE_COLUMNS + 1; }

    /** Shows a row of tiles, from the left to the right, but for those that are known to hold nothing; counts nonzeros. */
    long tileRow(int tileRow, Visitor visitor) {
        int rows = order == null ? Math.min(ROWS, source.m() - tileRow * ROWS) : ROWS;
        long first = (long) tileRow * tileColumns();
        long nonzeros = 0;
        for (int column = 0; column < source.k() && column >= 0; column += COLUMNS) {
            int columns = Math.min(COLUMNS, source.k() - column);
            int tiles = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
            int past = tiles * TILE_COLUMNS;
            if (!read(tileRow, rows, column, columns)) {
                continue;
            }
            for (int r = 0; columns < past && r < rows; r++) {
                Arrays.fill(values, r * COLUMNS + columns, r * COLUMNS + past, (short) 0);
            }
            for (int t = 0; t < tiles; t++) {
                int n = mask(rows, t * TILE_COLUMNS);
                nonzeros += n;
                visitor.tile(first + column / TILE_COLUMNS + t, rows, t * TILE_COLUMNS, n);
            }
        }
        return nonzeros;
    }

    private boolean read(int tileRow, int rows, int column, int columns) {
        if (order == null) {
            return reader.read(tileRow * ROWS, rows, column, columns, values, 0, COLUMNS);
        }
        boolean any = false;
        for (int r = 0; r < rows; r++) {
            int row = order[tileRow * ROWS + r];
            if (row < source.m() && reader.read(row, 1, column, columns, values, r * COLUMNS, COLUMNS)) {
                any = true;
            } else {
                Arrays.fill(values, r * COLUMNS, r * COLUMNS + columns, (short) 0);
            }
        }
        return any;
    }

    /** How many finite values became infinite by rounding so far. */
    long overflowed() { return reader.overflowed(); }

    /** Finds the nonzeros of a tile of the panel; returns how many. */
    private int mask(int rows, int column) {
        int n = 0;
        for (int r = 0; r < rows; r++) {
            long at = 2L * (r * COLUMNS + column);
            long mask = 0;
            for (int i = 0; i < TILE_COLUMNS / 4; i++) {
                long x = halves.get(FOUR, at + 8 * i);
                // a magnitude of 1 or more carries into its half's sign bit and no further
                long nonzero = ((x & MAGNITUDES) + MAGNITUDES | x & signs) & SIGNS;
                mask |= ((nonzero >>> 15) * GATHER >>> 48) << 4 * i;
            }
            masks[r] = mask;
            n += Long.bitCount(mask);
        }
        Arrays.fill(masks, rows, ROWS, 0);
        return n;
    }

    /** One thread's part of a pass over all rows of tiles. */
    interface Pass {

        /** Does one row of tiles. */
        void tileRow(int tileRow);

        /** Called once, when there are no more for this thread. */
        void done();
    }

    /** Runs a pass on several threads, each with a part of its own. */
    static void forEachTileRow(ValueSource source, EncodeOptions options, Progress progress, Supplier<Pass> newPass) {
        int tileRows = (source.m() - 1) / ROWS + 1;
        AtomicInteger next = new AtomicInteger(); // at most a step for each of the threads past 2^25
        Workers.run(Math.min(options.effectiveThreads(), tileRows), () -> {
            Pass pass = newPass.get();
            for (int row = next.getAndIncrement(); row < tileRows; row = next.getAndIncrement()) {
                pass.tileRow(row);
                progress.add((long) Math.min(ROWS, source.m() - row * ROWS) * source.k());
            }
            pass.done();
        });
    }
}
