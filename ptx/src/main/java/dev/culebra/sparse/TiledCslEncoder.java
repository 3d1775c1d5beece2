package dev.culebra.sparse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Dense or CSR to {@link TiledCsl}, in two passes over rows of tiles, each spread over threads: count the nonzeros of every
 * tile, lay out the tiles, fill them. Masks of nonzeros are made four 16-bit values at a time in a 64-bit register.
 */
final class TiledCslEncoder {

    /** Alignment of sections in memory: a device's own allocations have 256 bytes. */
    static final int ALIGNMENT = 256;

    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    /** The panel is a Java array, in the machine's own order. */
    private static final ValueLayout.OfLong FOUR = ValueLayout.JAVA_LONG_UNALIGNED;

    /** Columns read at a time: 64 rows of 512 values are 64 KB, which stays in a core's second-level cache. */
    private static final int PANEL = 8 * TiledCsl.TILE_COLUMNS;

    private static final long MAGNITUDES = 0x7fff7fff7fff7fffL;
    private static final long SIGNS = 0x8000800080008000L;
    /** Multiplying bits 0, 16, 32, 48 by it brings them to 48, 49, 50, 51; every other product is elsewhere. */
    private static final long GATHER = 1L << 48 | 1L << 33 | 1L << 18 | 1L << 3;

    private final ValueSource source;
    private final EncodeOptions options;
    private final TiledCsl shape;
    private final Progress progress;
    private final LongAdder nonzeros = new LongAdder();
    private final LongAdder overflowed = new LongAdder();

    TiledCslEncoder(ValueSource source, EncodeOptions options) {
        this.source = source;
        this.options = options;
        this.shape = new TiledCsl(source.m(), source.k());
        this.progress = new Progress(options.progress(), (long) source.m() * source.k());
    }

    Codec.Encoded encode() {
        Arena arena = Arena.ofAuto();
        MemorySegment offsets = arena.allocate(shape.offsetBytes(), ALIGNMENT);
        forEachTileRow(() -> new Pass(offsets, null));
        long quads = 0; // counts become beginnings
        for (long t = 0; t <= shape.tiles(); t++) {
            quads += Integer.toUnsignedLong(offsets.getAtIndex(INT, t));
            if (quads > TiledCsl.MOST_QUADS) {
                throw new IllegalArgumentException("a " + shape.m() + " x " + shape.k() + " matrix with "
                        + nonzeros.sum() + " nonzeros passes 64 GiB, the most that tile offsets reach; split its rows");
            }
            offsets.setAtIndex(INT, t, (int) quads);
        }
        MemorySegment entries = arena.allocate(quads * TiledCsl.QUAD_BYTES, ALIGNMENT);
        forEachTileRow(() -> new Pass(offsets, entries));
        return new Codec.Encoded(List.of(new Section(TiledCsl.ENTRIES, entries.asReadOnly()),
                new Section(TiledCsl.OFFSETS, offsets.asReadOnly())), nonzeros.sum(), overflowed.sum());
    }

    private void forEachTileRow(java.util.function.Supplier<Pass> newPass) {
        AtomicLong next = new AtomicLong();
        Workers.run(Math.min(options.effectiveThreads(), shape.tileRows()), () -> {
            Pass pass = newPass.get();
            for (long row = next.getAndIncrement(); row < shape.tileRows(); row = next.getAndIncrement()) {
                pass.tileRow((int) row);
            }
            pass.done();
        });
    }

    /** One thread's work of one pass: counting while there are no entries yet, filling when there are. */
    private final class Pass {

        private final MemorySegment offsets;
        private final MemorySegment entries;
        private final ValueSource.Reader reader = source.reader();
        private final short[] panel = new short[TiledCsl.TILE_ROWS * PANEL];
        private final MemorySegment halves = MemorySegment.ofArray(panel);
        private final long[] masks = new long[TiledCsl.TILE_ROWS];
        private final BankOrder order = new BankOrder();
        private final int[] ordered = new int[TiledCsl.TILE_PLACES];
        /** All ones where the sign decides too. */
        private final long signs = options.keepNegativeZero() ? -1L : 0L;

        Pass(MemorySegment offsets, MemorySegment entries) {
            this.offsets = offsets;
            this.entries = entries;
        }

        void tileRow(int tileRow) {
            int rows = shape.rowsOf(tileRow);
            long found = 0;
            for (int column = 0; column < shape.k() && column >= 0; column += PANEL) {
                int columns = Math.min(PANEL, shape.k() - column);
                int tiles = (columns + TiledCsl.TILE_COLUMNS - 1) / TiledCsl.TILE_COLUMNS;
                int past = tiles * TiledCsl.TILE_COLUMNS;
                if (reader.read(tileRow * TiledCsl.TILE_ROWS, rows, column, columns, panel, PANEL)) {
                    for (int r = 0; columns < past && r < rows; r++) {
                        Arrays.fill(panel, r * PANEL + columns, r * PANEL + past, (short) 0);
                    }
                    long tile = (long) tileRow * shape.tileColumns() + column / TiledCsl.TILE_COLUMNS;
                    for (int t = 0; t < tiles; t++) {
                        int n = mask(rows, t * TiledCsl.TILE_COLUMNS);
                        found += n;
                        if (entries == null) {
                            offsets.setAtIndex(INT, tile + t + 1, TiledCsl.quads(n));
                        } else if (n > 0) {
                            fill(rows, t * TiledCsl.TILE_COLUMNS, n, tile + t);
                        }
                    }
                }
            }
            if (entries == null) {
                nonzeros.add(found);
            }
            progress.add((long) rows * shape.k());
        }

        /** Finds the nonzeros of a tile of the panel; returns how many. */
        private int mask(int rows, int column) {
            int n = 0;
            for (int r = 0; r < rows; r++) {
                long at = 2L * (r * PANEL + column);
                long mask = 0;
                for (int i = 0; i < TiledCsl.TILE_COLUMNS / 4; i++) {
                    long x = halves.get(FOUR, at + 8 * i);
                    // a magnitude of 1 or more carries into its half's sign bit and no further
                    long nonzero = ((x & MAGNITUDES) + MAGNITUDES | x & signs) & SIGNS;
                    mask |= ((nonzero >>> 15) * GATHER >>> 48) << 4 * i;
                }
                masks[r] = mask;
                n += Long.bitCount(mask);
            }
            return n;
        }

        private void fill(int rows, int column, int n, long tile) {
            order.clear();
            for (int r = 0; r < rows; r++) {
                int from = r * PANEL + column;
                for (long mask = masks[r]; mask != 0; mask &= mask - 1) {
                    int c = Long.numberOfTrailingZeros(mask);
                    order.add(TiledCsl.place(r, c), panel[from + c] & 0xffff);
                }
            }
            int padded = TiledCsl.quads(n) * TiledCsl.QUAD;
            for (int r = 0, missing = padded - n; missing > 0; r++) {
                long free = r < rows ? ~masks[r] : -1L;
                for (; free != 0 && missing > 0; free &= free - 1, missing--) {
                    order.add(TiledCsl.place(r, Long.numberOfTrailingZeros(free)), 0);
                }
            }
            order.drain(padded, ordered);
            long begin = Integer.toUnsignedLong(offsets.getAtIndex(INT, tile)) * TiledCsl.QUAD_BYTES;
            MemorySegment.copy(ordered, 0, entries, INT, begin, padded);
        }

        void done() {
            if (entries == null) {
                overflowed.add(reader.overflowed());
            }
        }
    }
}
