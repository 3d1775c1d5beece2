package dev.culebra.sparse;

/**
 * The slots format: up to two nonzeros of any four neighbouring columns go to the two slots that a sparse
 * {@code mma.sp.m16n8k32} has for them, {@link LaneLists} hold their values, and what finds no slot lies in a list of its
 * own. For matrices from some 70% zeros on.
 *
 * <p>
 * A k-tile is gone through in two steps w of 32 columns, one a half; in a step row tile by row tile; of a row tile a lane has
 * the groups of four columns j = t and then j = t + 4 of its upper row, where group j is columns 32 w + 4 j to
 * 32 w + 4 j + 3, and the same of its lower row.
 *
 * <p>
 * Section {@code "codes"} has for each k-tile of each row block and each lane four 32-bit words, one for each row tile: word
 * {@code (tile * 32 + lane) * 4 + rt}. Four bits of it are a group's code, at {@link #shift}: 0 for no value; 12 + p for one
 * value at column p of the four; 4 i + j for two, at columns j and i &lt; j (so i is never 3, and no code of two has both
 * upper bits set). The list has the value of the code's lower two bits first, then the other one: by falling column.
 *
 * <p>
 * Of a group with three or four nonzeros the first and the last have the slots. The others are the <i>overflow</i>. Section
 * {@code "overflow"} has an entry of 32 bits for each of them: the low 16 bits are the value, bits 16 to 27 the column in the
 * segment, bits 28 to 31 the row in the row tile. They lie by row block, segment, row tile, column, row. Each segment of a row
 * tile is filled up to a multiple of 16 with entries of 0. Section {@code "overflow-starts"} has unsigned 32-bit numbers: where
 * the entries of each segment of a row tile begin, in groups of 16, at {@code 4 unit + rt} ({@link LaneLists#unit}), and at
 * the end the number of all groups.
 *
 * <p>
 * Sections: layout, codes, info, offsets, overflow, overflow-starts, streams, order.
 */
public final class Slots {

    /** The name of the section of codes. */
    public static final String CODES = "codes";
    /** The name of the section of what found no slot. */
    public static final String OVERFLOW = "overflow";
    /** The name of the section that says where a row tile's overflow begins. */
    public static final String OVERFLOW_STARTS = "overflow-starts";

    /** Steps of a k-tile: its halves. */
    public static final int STEPS = 2;
    /** Columns of a step. */
    public static final int STEP_COLUMNS = 32;
    /** Columns that share two slots. */
    public static final int GROUP = 4;
    /** Entries of the overflow that lie together. */
    public static final int OVERFLOW_GROUP = 16;
    /** Bytes of an entry of the overflow. */
    public static final int OVERFLOW_BYTES = 4;
    /** By how many storage rows a list advances in a half, at most: four row tiles, two groups, two slots. */
    public static final int HALF_ROWS = 16;
    /** The largest ring that a matrix has: with restarts every one fits into 4 {@link #HALF_ROWS}, which is less. */
    public static final int MOST_RING = LaneLists.USUAL_RING;

    private Slots() {}

    /**
     * Where a group's code is in its lane's word.
     *
     * @param w step, 0 or 1
     * @param hi 0 for group t, 1 for group t + 4
     * @param lower whether it is of the lower row
     * @return 4 (2 w + hi), and 16 more for the lower row
     */
    public static int shift(int w, int hi, boolean lower) { return 4 * (2 * w + hi) + (lower ? 16 : 0); }

    /**
     * The first column of a group in its k-tile.
     *
     * @param w step, 0 or 1
     * @param t the lane's number in its group of four, 0 to 3
     * @param hi 0 for group t, 1 for group t + 4
     * @return 0 to 60, a multiple of 4
     */
    public static int column(int w, int t, int hi) { return STEP_COLUMNS * w + GROUP * (t + 4 * hi); }

    /**
     * An entry of the overflow.
     *
     * @param row row in the row tile, 0 to 15
     * @param column column in the segment, 0 to 1023
     * @param value the value's bits
     * @return the entry's 32 bits
     */
    public static int overflowEntry(int row, int column, short value) {
        return row << 28 | column << 16 | value & 0xffff;
    }

    /**
     * The row of an entry of the overflow.
     *
     * @param entry its 32 bits
     * @return row in the row tile, 0 to 15
     */
    public static int overflowRow(int entry) { return entry >>> 28; }

    /**
     * The column of an entry of the overflow.
     *
     * @param entry its 32 bits
     * @return column in the segment; 0 to 1023 in a valid matrix
     */
    public static int overflowColumn(int entry) { return entry >>> 16 & 0xfff; }

    /**
     * The value of an entry of the overflow.
     *
     * @param entry its 32 bits
     * @return the value's bits; 0 for padding
     */
    public static short overflowValue(int entry) { return (short) entry; }
}
