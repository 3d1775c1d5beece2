package dev.culebra.sparse;

/**
 * The pairs format: a bit for every two neighbouring columns of a row, {@link LaneLists} of those of which at least one is
 * nonzero, with both of their values. It takes more bytes than {@link Bitmap}, and half as many steps to read: for matrices from
 * some 80% zeros on.
 *
 * <p>
 * A k-tile of 128 columns is gone through in eight steps u of 16; in a step row tile by row tile; of a row tile a lane has the
 * registers i of the A fragment of {@code mma.m16n8k16}: i = 0 is columns 16 u + 2 t and 16 u + 2 t + 1 of its upper row, i = 1 the same
 * columns of its lower row, i = 2 columns 16 u + 8 + 2 t and 16 u + 9 + 2 t of its upper row, i = 3 those of its lower row. A
 * register whose bit is set in section {@code "masks"} is in its list, no other one is. The bit of a register is {@link #bit}.
 *
 * <p>
 * An entry of a list is a pair, the even column first. A storage row has the entries of all lists A, strand by strand, then those of
 * all lists B (with 16 bits: 256 bytes; list h of strand s at byte 128 h + 4 s of a row, the even column in the word's low half). A
 * pair's zero is +0; that a pair is in a list though both of its values are +0 is not allowed.
 */
public final class Pairs {

    /** Columns of a k-tile. */
    public static final int COLUMNS = 128;
    /** Steps of a k-tile. */
    public static final int STEPS = COLUMNS / LaneLists.STEP_COLUMNS;
    /** Registers of a fragment, and so bits of a step in a word. */
    public static final int REGISTERS = 4;

    private Pairs() {}

    /**
     * The bit of a register in its lane's word.
     *
     * @param u step, 0 to 7
     * @param i register, 0 to 3
     * @return 4 u + i
     */
    public static int bit(int u, int i) { return REGISTERS * u + i; }

    /**
     * The even column of a register in its k-tile.
     *
     * @param u step, 0 to 7
     * @param t the lane's number in its group of four, 0 to 3
     * @param i register, 0 to 3; even ones are of the upper row
     * @return 0 to 126
     */
    public static int column(int u, int t, int i) { return LaneLists.STEP_COLUMNS * u + 8 * (i >>> 1) + 2 * t; }
}
