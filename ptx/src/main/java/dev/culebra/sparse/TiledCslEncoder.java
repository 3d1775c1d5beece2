package dev.culebra.sparse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * Dense or CSR to {@link TiledCsl}, in two passes over rows of tiles, each spread over threads: count the nonzeros of every
 * tile, lay out the tiles, fill them.
 */
final class TiledCslEncoder implements Codec.Encoding {

    /** Alignment of sections in memory: a device's own allocations have 256 bytes. */
    static final int ALIGNMENT = 256;

    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final ValueSource source;
    private final EncodeOptions options;
    private final TiledCsl shape;
    private final LongAdder nonzeros = new LongAdder();
    private final LongAdder overflowed = new LongAdder();
    private final Arena arena = Arena.ofAuto();
    /** Quads of each tile at its index + 1 when measured, beginnings when filled. */
    private MemorySegment offsets;
    private long quads;

    TiledCslEncoder(ValueSource source, EncodeOptions options) {
        this.source = source;
        this.options = options;
        this.shape = new TiledCsl(source.m(), source.k());
    }

    @Override
    public int passes() { return 2; }

    /** The first pass, for those who want to know before they let it go on. */
    long count(Progress progress) {
        offsets = arena.allocate(shape.offsetBytes(), ALIGNMENT);
        Panels.forEachTileRow(source, options, progress, Counting::new);
        for (long t = 1; t <= shape.tiles(); t++) {
            quads += offsets.getAtIndex(INT, t);
        }
        return nonzeros.sum();
    }

    @Override
    public Codec.Encoded encode(Progress progress) {
        if (offsets == null) {
            count(progress);
        }
        if (quads > TiledCsl.MOST_QUADS) {
            throw new IllegalArgumentException("a " + shape.m() + " x " + shape.k() + " matrix with "
                    + nonzeros.sum() + " nonzeros passes 64 GiB, the most that tile offsets reach; split its rows");
        }
        int begin = 0; // counts become beginnings
        for (long t = 1; t <= shape.tiles(); t++) {
            begin += offsets.getAtIndex(INT, t);
            offsets.setAtIndex(INT, t, begin);
        }
        MemorySegment entries = arena.allocate(quads * TiledCsl.QUAD_BYTES, ALIGNMENT);
        Panels.forEachTileRow(source, options, progress, () -> new Filling(entries));
        return new Codec.Encoded(List.of(new Section(TiledCsl.ENTRIES, entries.asReadOnly()),
                new Section(TiledCsl.OFFSETS, offsets.asReadOnly())), nonzeros.sum(), overflowed.sum());
    }

    /** One thread's part of the first pass. */
    private final class Counting implements Panels.Pass {

        private final Panels panels = new Panels(source, options.keepNegativeZero());

        @Override
        public void tileRow(int tileRow) {
            nonzeros.add(panels.tileRow(tileRow,
                    (tile, rows, column, count) -> offsets.setAtIndex(INT, tile + 1, TiledCsl.quads(count))));
        }

        @Override
        public void done() { overflowed.add(panels.overflowed()); }
    }

    /** One thread's part of the second pass. */
    private final class Filling implements Panels.Pass, Panels.Visitor {

        private final MemorySegment entries;
        private final Panels panels = new Panels(source, options.keepNegativeZero());
        private final BankOrder order = new BankOrder();
        private final int[] ordered = new int[TiledCsl.TILE_PLACES];

        Filling(MemorySegment entries) { this.entries = entries; }

        @Override
        public void tileRow(int tileRow) { panels.tileRow(tileRow, this); }

        @Override
        public void tile(long tile, int rows, int column, int n) {
            if (n == 0) {
                return;
            }
            long[] masks = panels.masks;
            order.clear();
            for (int r = 0; r < rows; r++) {
                int from = r * Panels.COLUMNS + column;
                for (long mask = masks[r]; mask != 0; mask &= mask - 1) {
                    int c = Long.numberOfTrailingZeros(mask);
                    order.add(TiledCsl.place(r, c), panels.values[from + c] & 0xffff);
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

        @Override
        public void done() {}
    }
}
