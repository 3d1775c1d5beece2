package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;

/** What {@link Slots} means. */
final class SlotsDecoder extends LaneDecoder {

    private final MemorySegment overflow;
    private final MemorySegment starts;

    SlotsDecoder(SparseMatrix matrix) {
        super(matrix, Slots.CODES);
        this.overflow = matrix.section(Slots.OVERFLOW).bytes();
        this.starts = matrix.section(Slots.OVERFLOW_STARTS).bytes();
    }

    @Override
    void lane(int lane, int[] words) {
        for (int lower = 0; lower < 2; lower++) {
            for (int w = 0; w < Slots.STEPS; w++) {
                for (int rt = 0; rt < LaneLists.ROW_TILES; rt++) {
                    int row = LaneLists.TILE_ROWS * rt + lane / 4 + 8 * lower;
                    for (int hi = 0; hi < 2; hi++) {
                        int code = words[rt] >>> Slots.shift(w, hi, lower == 1) & 15;
                        if (code != 0) {
                            take(lane, lower, row, Slots.column(w, lane % 4, hi) + (code & 3));
                            if (code >>> 2 != 3) {
                                take(lane, lower, row, Slots.column(w, lane % 4, hi) + (code >>> 2));
                            }
                        }
                    }
                }
            }
        }
    }

    @Override
    void rest(int rowBlock, int kTile) {
        long unit = shape.unit(rowBlock, kTile / shape.segment());
        for (int rt = 0; rt < LaneLists.ROW_TILES; rt++) {
            long begin = start(unit * LaneLists.ROW_TILES + rt);
            long end = start(unit * LaneLists.ROW_TILES + rt + 1);
            for (long i = begin; i < end; i++) {
                int entry = overflow.getAtIndex(INT, i);
                int column = Slots.overflowColumn(entry) - kTile % shape.segment() * LaneLists.COLUMNS;
                if (Slots.overflowValue(entry) != 0 && column >= 0 && column < LaneLists.COLUMNS) {
                    put(LaneLists.TILE_ROWS * rt + Slots.overflowRow(entry), column, Slots.overflowValue(entry));
                }
            }
        }
    }

    private long start(long index) {
        return Integer.toUnsignedLong(starts.getAtIndex(INT, index)) * Slots.OVERFLOW_GROUP;
    }
}
