package dev.culebra.sparse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** Lays a matrix out in {@link LaneLists}: everything but the values. */
final class LaneLayoutPass {

    private final ValueSource source;
    private final EncodeOptions options;
    private final LaneScheme scheme;
    private final int[] order;
    /** Filled with the nonzeros of each row, where the rows have their own order; null where nobody asks. */
    private final int[] rowCounts;
    private final LaneLists shape;
    private final MemorySegment masks;
    private final MemorySegment info;
    /** Storage rows of each unit at its index + 1 while they are counted, first ones afterwards. */
    private final MemorySegment offsets;
    private final LongAdder nonzeros = new LongAdder();
    /** Values that rounding made infinite. */
    private final LongAdder overflowed = new LongAdder();
    private final LongAccumulator ring = new LongAccumulator(Math::max, 0);
    private long storageRows;

    private LaneLayoutPass(ValueSource source, EncodeOptions options, LaneScheme scheme, int[] order,
            int[] rowCounts) {
        this.source = source;
        this.options = options;
        this.scheme = scheme;
        this.order = order;
        this.rowCounts = rowCounts;
        Format format = scheme.format();
        this.shape = new LaneLists(format, source.m(), source.k(), options.segment(format, source.m(), source.k()),
                LaneLists.RING_STEP);
        Arena arena = Arena.ofAuto();
        masks = arena.allocate(shape.tiles() * LaneLists.MASK_BYTES, TiledCslEncoder.ALIGNMENT);
        info = arena.allocate(shape.tiles() * LaneLists.INFO_BYTES, TiledCslEncoder.ALIGNMENT);
        offsets = arena.allocate((shape.units() + 1) * LaneLists.NUMBER_BYTES, TiledCslEncoder.ALIGNMENT);
    }

    /** Lays out; with an order of rows, or null for their own. */
    static LaneLayoutPass run(ValueSource source, EncodeOptions options, LaneScheme scheme, int[] order,
            int[] rowCounts, Progress progress) {
        LaneLayoutPass pass = new LaneLayoutPass(source, options, scheme, order, rowCounts);
        Panels.forEachTileRow(source, options, progress, () -> pass.new Part());
        pass.storageRows = sums(pass.offsets);
        if (pass.storageRows > LaneLists.MOST_STORAGE_ROWS) {
            throw new IllegalArgumentException("a " + source.m() + " x " + source.k() + " matrix with "
                    + pass.nonzeros.sum() + " nonzeros passes 2^32 storage rows, the most that "
                    + scheme.format().id() + " holds; split its rows");
        }
        return pass;
    }

    /** Counts, each after its place, become their sums; returns the last one. */
    private static long sums(MemorySegment counts) {
        long sum = 0;
        for (long at = LaneLists.NUMBER_BYTES; at < counts.byteSize(); at += LaneLists.NUMBER_BYTES) {
            sum += Integer.toUnsignedLong(counts.get(TiledCslEncoder.INT, at));
            counts.set(TiledCslEncoder.INT, at, (int) sum);
        }
        return sum;
    }

    LaneLists shape() { return shape; }

    int[] order() { return order; }

    long nonzeros() { return nonzeros.sum(); }

    long overflowed() { return overflowed.sum(); }

    /** With the rows of zeros at the end. */
    long streamBytes() {
        return (storageRows + LaneLists.END_ROWS) * shape.storageRowBytes(source.type());
    }

    /** What depends on the order of rows. */
    long bytes() { return masks.byteSize() + streamBytes(); }

    MemorySegment info() { return info; }

    long firstStorageRow(long unit) { return Integer.toUnsignedLong(offsets.getAtIndex(TiledCslEncoder.INT, unit)); }

    /** The sections that are done, and two small ones. */
    Map<String, MemorySegment> sections(Arena arena) {
        MemorySegment layout = arena.allocate(LaneLists.LAYOUT_BYTES, TiledCslEncoder.ALIGNMENT);
        layout.setAtIndex(TiledCslEncoder.INT, 0, shape.segment());
        layout.setAtIndex(TiledCslEncoder.INT, 1, LaneLists.ringFor((int) ring.get()));
        MemorySegment rows = arena.allocate(shape.paddedRows() * LaneLists.NUMBER_BYTES, TiledCslEncoder.ALIGNMENT);
        for (long i = 0; i < shape.paddedRows(); i++) {
            rows.setAtIndex(TiledCslEncoder.INT, i, order == null ? (int) i : order[(int) i]);
        }
        Map<String, MemorySegment> sections = new HashMap<>();
        sections.put(LaneLists.LAYOUT, layout);
        sections.put(LaneLists.ORDER, rows);
        sections.put(LaneLists.MASKS, masks);
        sections.put(LaneLists.INFO, info);
        sections.put(LaneLists.OFFSETS, offsets);
        return sections;
    }

    /** One thread's part. */
    private final class Part implements Panels.Pass, Panels.Visitor {

        private final Panels panels = new Panels(source, options.keepNegativeZero(), order);
        private final ListPlan plan = new ListPlan(shape);
        private final long[] lists = new long[LaneLists.LISTS];
        private final int[] words = new int[LaneLists.LANES * LaneLists.ROW_TILES];
        private final byte[] infos = new byte[shape.kTiles() * LaneLists.INFO_BYTES];
        private int rowBlock;

        @Override
        public void tileRow(int tileRow) {
            rowBlock = tileRow;
            plan.clear();
            nonzeros.add(panels.tileRow(tileRow, this));
            plan.plan();
            ring.accumulate(plan.ring());
            store();
        }

        @Override
        public void tile(long tile, int rows, int column, int count) {
            if (count == 0) {
                return;
            }
            if (rowCounts != null) {
                for (int r = 0; r < rows; r++) {
                    rowCounts[rowBlock * LaneLists.ROWS + r] += Long.bitCount(panels.masks[r]);
                }
            }
            int tileColumn = panels.tileColumn(tile, rowBlock);
            int parts = shape.columns() / Panels.TILE_COLUMNS;
            int kTile = tileColumn / parts;
            scheme.lists(panels.masks, lists);
            plan.count(kTile, lists);
            scheme.words(lists, words);
            long at = shape.tile(rowBlock, kTile) * LaneLists.MASK_BYTES;
            if (tileColumn % parts == 0) {
                MemorySegment.copy(words, 0, masks, TiledCslEncoder.INT, at, words.length);
            } else {
                for (int i = 0; i < words.length; i++, at += Integer.BYTES) {
                    masks.set(TiledCslEncoder.INT, at, masks.get(TiledCslEncoder.INT, at) | words[i] << 16);
                }
            }
        }

        private void store() {
            for (int t = 0; t < shape.kTiles(); t++) {
                plan.info(t, infos, t * LaneLists.INFO_BYTES);
            }
            MemorySegment.copy(infos, 0, info, ValueLayout.JAVA_BYTE, shape.tile(rowBlock, 0) * LaneLists.INFO_BYTES,
                    infos.length);
            for (int s = 0; s < shape.segments(); s++) {
                int end = (int) Math.min(shape.kTiles(), (s + 1L) * shape.segment());
                offsets.setAtIndex(TiledCslEncoder.INT, shape.unit(rowBlock, s) + 1,
                        plan.used(end) - plan.used(s * shape.segment()));
            }
        }

        @Override
        public void done() { overflowed.add(panels.overflowed()); }
    }
}
