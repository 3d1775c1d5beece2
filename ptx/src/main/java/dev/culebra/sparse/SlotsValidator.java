package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;

/** Holds {@link Slots} sections against the rules. */
final class SlotsValidator extends LaneValidator {

    private final MemorySegment overflow;
    private final MemorySegment starts;

    SlotsValidator(SparseMatrix matrix, LaneScheme scheme) {
        super(matrix, scheme);
        this.overflow = matrix.section(Slots.OVERFLOW).bytes();
        this.starts = matrix.section(Slots.OVERFLOW_STARTS).bytes();
    }

    @Override
    long columns(int half, int t) {
        long columns = 0;
        for (int w = 0; w < Slots.STEPS; w++) {
            for (int hi = 0; hi < 2; hi++) {
                int code = half >>> Slots.shift(w, hi, false) & 15;
                int greater = code & 3;
                int smaller = code >>> 2;
                if (code == 0) {
                    continue;
                }
                if (smaller != 3 && smaller >= greater) {
                    return -1;
                }
                columns |= (1L << greater | (smaller == 3 ? 0 : 1L << smaller)) << Slots.column(w, t, hi);
            }
        }
        return columns;
    }

    @Override
    void checkOwn() throws FormatException {
        if (starts.byteSize() != LaneSizes.startBytes(shape)) {
            throw new FormatException("section 'overflow-starts' has " + starts.byteSize() + " bytes; with segments of "
                    + shape.segment() + " k-tiles it needs " + LaneSizes.startBytes(shape));
        }
        int mostEntries = shape.segment() * LaneLists.COLUMNS * LaneLists.TILE_ROWS / 2;
        checkRising(starts, "overflow start", overflow.byteSize() / Slots.OVERFLOW_BYTES / Slots.OVERFLOW_GROUP,
                mostEntries / Slots.OVERFLOW_GROUP);
    }

    @Override
    long checkRest(int rowBlock) throws FormatException {
        long found = 0;
        for (int s = 0; s < shape.segments(); s++) {
            for (int rt = 0; rt < LaneLists.ROW_TILES; rt++) {
                found += check(rowBlock, s, rt);
            }
        }
        return found;
    }

    /** Checks the overflow of a segment of a row tile, by the lists' codes; returns how many entries are no padding. */
    private long check(int rowBlock, int segment, int rowTile) throws FormatException {
        long index = shape.unit(rowBlock, segment) * LaneLists.ROW_TILES + rowTile;
        long begin = start(index);
        long end = start(index + 1);
        int last = -1; // column and row of the entry before
        long i = begin;
        for (; i < end; i++) {
            int entry = overflow.getAtIndex(INT, i);
            if (entry == 0) {
                break;
            }
            int row = Slots.overflowRow(entry);
            int column = Slots.overflowColumn(entry);
            int kTile = segment * shape.segment() + column / LaneLists.COLUMNS;
            if (Slots.overflowValue(entry) == 0 || column / LaneLists.COLUMNS >= shape.segment()
                    || kTile >= shape.kTiles()) {
                throw wrong(i, entry, "is no nonzero of the segment");
            }
            if ((column << 4 | row) <= last) {
                throw wrong(i, entry, "does not follow the entry before: they rise by column, then by row");
            }
            last = column << 4 | row;
            int inTile = column % LaneLists.COLUMNS;
            int group = inTile / Slots.GROUP;
            long slots = columns(shape.tile(rowBlock, kTile), rowTile * LaneLists.TILE_ROWS + row, group & 3) >>> group
                    * Slots.GROUP & 15;
            int between = 1 << inTile % Slots.GROUP;
            if (Long.bitCount(slots) != 2 || between < Long.lowestOneBit(slots)
                    || between > Long.highestOneBit(slots) || (slots & between) != 0) {
                throw wrong(i, entry, "does not lie between two values that have the slots of its group");
            }
        }
        if (end - i >= Slots.OVERFLOW_GROUP) {
            throw new FormatException("segment " + segment + " of row tile " + rowTile + " of row block " + rowBlock
                    + " has " + (end - i) + " entries of overflow as padding; it fills up a group of "
                    + Slots.OVERFLOW_GROUP);
        }
        for (long p = i; p < end; p++) {
            if (overflow.getAtIndex(INT, p) != 0) {
                throw wrong(p, overflow.getAtIndex(INT, p), "follows padding");
            }
        }
        return i - begin;
    }

    private long start(long index) {
        return Integer.toUnsignedLong(starts.getAtIndex(INT, index)) * Slots.OVERFLOW_GROUP;
    }

    private static FormatException wrong(long i, int entry, String what) {
        return new FormatException(String.format("entry %d of the overflow, %08x, %s", i, entry, what));
    }
}
