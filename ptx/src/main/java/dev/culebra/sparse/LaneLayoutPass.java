package dev.culebra.sparse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
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
    private final MemorySegment places;
    private final MemorySegment info;
    /** Storage rows of each unit at its index + 1 while they are counted, first ones afterwards. */
    private final MemorySegment offsets;
    /** Groups of overflow likewise; empty where there is none. */
    private final MemorySegment starts;
    private final LongAdder nonzeros = new LongAdder();
    private final LongAdder overflowed = new LongAdder();
    private final LongAccumulator ring = new LongAccumulator(Math::max, 0);
    private long storageRows;
    private long groups;

    private LaneLayoutPass(ValueSource source, EncodeOptions options, LaneScheme scheme, int[] order,
            int[] rowCounts) {
        this.source = source;
        this.options = options;
        this.scheme = scheme;
        this.order = order;
        this.rowCounts = rowCounts;
        this.shape = new LaneLists(source.m(), source.k(), options.segment(source.m(), source.k()),
                LaneLists.RING_STEP);
        Arena arena = Arena.ofAuto();
        places = arena.allocate(shape.tiles() * LaneLists.PLACE_BYTES, TiledCslEncoder.ALIGNMENT);
        info = arena.allocate(shape.tiles() * LaneLists.INFO_BYTES, TiledCslEncoder.ALIGNMENT);
        offsets = arena.allocate((shape.units() + 1) * LaneLists.NUMBER_BYTES, TiledCslEncoder.ALIGNMENT);
        starts = arena.allocate(
                scheme.overflows() ? (shape.units() * LaneLists.ROW_TILES + 1) * LaneLists.NUMBER_BYTES : 0,
                TiledCslEncoder.ALIGNMENT);
    }

    /** Lays out; with an order of rows, or null for their own. */
    static LaneLayoutPass run(ValueSource source, EncodeOptions options, LaneScheme scheme, int[] order,
            int[] rowCounts, Progress progress) {
        LaneLayoutPass pass = new LaneLayoutPass(source, options, scheme, order, rowCounts);
        Panels.forEachTileRow(source, options, progress, () -> pass.new Part());
        pass.storageRows = sums(pass.offsets);
        pass.groups = sums(pass.starts);
        if (pass.storageRows > LaneLists.MOST_STORAGE_ROWS) {
            throw new IllegalArgumentException("a " + source.m() + " x " + source.k() + " matrix with "
                    + pass.nonzeros.sum() + " nonzeros passes 2^32 storage rows, the most that "
                    + scheme.id() + " holds; split its rows");
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
        return (storageRows + LaneLists.END_ROWS) * LaneLists.storageRowBytes(source.type());
    }

    long overflowBytes() { return groups * Slots.OVERFLOW_GROUP * Slots.OVERFLOW_BYTES; }

    /** What depends on the order of rows. */
    long bytes() {
        return places.byteSize() + streamBytes() + overflowBytes();
    }

    MemorySegment info() { return info; }

    long firstStorageRow(long unit) { return Integer.toUnsignedLong(offsets.getAtIndex(TiledCslEncoder.INT, unit)); }

    /** The first group of a row tile's overflow in a unit. */
    long firstGroup(long unit, int rowTile) {
        return Integer.toUnsignedLong(
                starts.getAtIndex(TiledCslEncoder.INT, unit * LaneLists.ROW_TILES + rowTile));
    }

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
        sections.put(scheme.placeSection(), places);
        sections.put(LaneLists.INFO, info);
        sections.put(LaneLists.OFFSETS, offsets);
        sections.put(Slots.OVERFLOW_STARTS, starts);
        return sections;
    }

    /** One thread's part. */
    private final class Part implements Panels.Pass, Panels.Visitor {

        private final Panels panels = new Panels(source, options.keepNegativeZero(), order);
        private final ListPlan plan = new ListPlan(shape.kTiles(), shape.segment());
        private final long[] lists = new long[LaneLists.LISTS];
        private final int[] words = new int[LaneLists.LANES * LaneLists.ROW_TILES];
        /** Entries of overflow of each row tile of each segment of the row block at hand. */
        private final int[] overflow = new int[scheme.overflows() ? shape.segments() * LaneLists.ROW_TILES : 0];
        private int rowBlock;

        @Override
        public void tileRow(int tileRow) {
            rowBlock = tileRow;
            plan.clear();
            Arrays.fill(overflow, 0);
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
            int kTile = (int) (tile - shape.tile(rowBlock, 0));
            long[] masks = panels.masks;
            if (rowCounts != null) {
                for (int r = 0; r < rows; r++) {
                    rowCounts[rowBlock * LaneLists.ROWS + r] += Long.bitCount(masks[r]);
                }
            }
            if (scheme.overflows()) {
                for (int r = 0; r < LaneLists.ROWS; r++) {
                    overflow[kTile / shape.segment() * LaneLists.ROW_TILES + r / LaneLists.TILE_ROWS] += Long
                            .bitCount(scheme.overflow(masks[r]));
                }
            }
            scheme.lists(masks, lists);
            plan.count(kTile, lists);
            scheme.words(lists, words);
            MemorySegment.copy(words, 0, places, TiledCslEncoder.INT, tile * LaneLists.PLACE_BYTES, words.length);
        }

        private void store() {
            for (int t = 0; t < shape.kTiles(); t++) {
                long at = shape.tile(rowBlock, t) * LaneLists.INFO_BYTES;
                info.set(TiledCslEncoder.INT, at, plan.swaps(t));
                info.set(TiledCslEncoder.INT, at + Integer.BYTES,
                        plan.rows0(t) | plan.rows1(t) << 8 | (plan.restart(t) ? LaneLists.RESTART << 16 : 0));
            }
            for (int s = 0; s < shape.segments(); s++) {
                long unit = shape.unit(rowBlock, s);
                int end = (int) Math.min(shape.kTiles(), (s + 1L) * shape.segment());
                offsets.setAtIndex(TiledCslEncoder.INT, unit + 1,
                        plan.used(end) - plan.used(s * shape.segment()));
                for (int rt = 0; scheme.overflows() && rt < LaneLists.ROW_TILES; rt++) {
                    int entries = overflow[s * LaneLists.ROW_TILES + rt];
                    starts.setAtIndex(TiledCslEncoder.INT, unit * LaneLists.ROW_TILES + rt + 1,
                            (entries + Slots.OVERFLOW_GROUP - 1) / Slots.OVERFLOW_GROUP);
                }
            }
        }

        @Override
        public void done() { overflowed.add(panels.overflowed()); }
    }
}
