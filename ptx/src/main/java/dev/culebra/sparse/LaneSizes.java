package dev.culebra.sparse;

/** Whether the sections of a matrix in {@link LaneLists} have sizes that fit its shape. */
final class LaneSizes {

    /** Columns: an encoder keeps counts and positions of a whole row block on each thread, some 400 bytes a k-tile. */
    static final int MOST_COLUMNS = 1 << 24;

    private final LaneScheme scheme;
    private final int m;
    private final int k;
    private final long[] bytes;

    private LaneSizes(LaneScheme scheme, int m, int k, long[] bytes) {
        this.scheme = scheme;
        this.m = m;
        this.k = k;
        this.bytes = bytes;
    }

    /** Refuses what no segment explains. */
    static void check(LaneScheme scheme, int m, int k, ValueType type, long nonzeros, long[] sectionBytes)
            throws FormatException {
        new LaneSizes(scheme, m, k, sectionBytes).check(type, nonzeros);
    }

    private void check(ValueType type, long nonzeros) throws FormatException {
        if (type.bits() != 16) {
            throw new FormatException(
                    scheme.format().id() + " with values of type " + type + "; it holds values of 16 bits");
        }
        if (k > MOST_COLUMNS) {
            throw new FormatException("K is " + k + "; " + scheme.format().id() + " takes up to " + MOST_COLUMNS);
        }
        LaneLists shape = null; // the segment is told by the offsets, and held against "layout" later
        for (int segment = LaneLists.MOST_SEGMENT; segment >= 1; segment /= 2) {
            LaneLists s = new LaneLists(scheme.format(), m, k, segment, LaneLists.RING_STEP);
            if (bytes(LaneLists.OFFSETS) == offsetBytes(s)) {
                shape = s;
            }
        }
        if (shape == null) {
            throw new FormatException(
                    "section 'offsets' has " + bytes(LaneLists.OFFSETS) + " bytes; no segment of 1, 2, "
                            + "4, 8 or 16 k-tiles gives a " + m + " x " + k + " matrix as many");
        }
        exactly(LaneLists.LAYOUT, LaneLists.LAYOUT_BYTES);
        exactly(LaneLists.MASKS, shape.tiles() * LaneLists.MASK_BYTES);
        exactly(LaneLists.INFO, shape.tiles() * LaneLists.INFO_BYTES);
        exactly(LaneLists.ORDER, shape.paddedRows() * LaneLists.NUMBER_BYTES);
        multiple(LaneLists.STREAMS, shape.storageRowBytes(type), LaneLists.END_ROWS);
        long room = bytes(LaneLists.STREAMS) / Short.BYTES;
        if (nonzeros < 0 || nonzeros > room) {
            throw new FormatException(nonzeros + " nonzeros are announced; there is room for " + room);
        }
    }

    static long offsetBytes(LaneLists shape) { return (shape.units() + 1) * LaneLists.NUMBER_BYTES; }

    private long bytes(String section) { return bytes[LaneLists.SECTIONS.indexOf(section)]; }

    private void exactly(String section, long expected) throws FormatException {
        if (bytes(section) != expected) {
            throw new FormatException("section '" + section + "' has " + bytes(section) + " bytes; a " + m + " x " + k
                    + " matrix needs " + expected);
        }
    }

    private void multiple(String section, int of, long atLeast) throws FormatException {
        if (bytes(section) % of != 0 || bytes(section) / of < atLeast) {
            throw new FormatException(
                    "section '" + section + "' has " + bytes(section) + " bytes; it consists of pieces of "
                            + of + (atLeast > 0 ? ", " + atLeast + " at least" : ""));
        }
    }
}
