package dev.culebra.sparse;

/**
 * The bitmap format: a bit for every element, {@link LaneLists} of the nonzeros. For matrices of any density; from 50 to some
 * 90% zeros it takes 1.15 to 0.35 bytes an element.
 *
 * <p>
 * A k-tile of 64 columns is gone through in four steps u of 16; in a step row tile by row tile; of a row tile a lane has the
 * elements of the A fragment of {@code mma.m16n8k16}: of its upper row the columns 16 u + 2 t and 16 u + 2 t + 1 (pair p = 0),
 * then 16 u + 8 + 2 t and 16 u + 9 + 2 t (pair p = 1), of its lower row the same. An element whose bit is set in section
 * {@code "masks"} is in its list, no other one is. The bit of an element is {@link #bit}.
 *
 * <p>
 * A strand is two lists: value 2 s of a storage row is list A's of strand s, value 2 s + 1 list B's (with 16 bits: byte
 * 128 r + 4 s + 2 h of row r, h = 1 for B).
 */
public final class Bitmap {

    /** Columns of a k-tile. */
    public static final int COLUMNS = 64;
    /** Steps of a k-tile. */
    public static final int STEPS = COLUMNS / LaneLists.STEP_COLUMNS;

    private Bitmap() {}

    /**
     * The bit of an element in its lane's word.
     *
     * @param u step, 0 to 3
     * @param p pair of columns, 0 or 1
     * @param h column in the pair, 0 or 1
     * @param lower whether it is of the lower row
     * @return 2 u + p + 8 h, and 16 more for the lower row
     */
    public static int bit(int u, int p, int h, boolean lower) { return 2 * u + p + 8 * h + (lower ? 16 : 0); }

    /**
     * The column of an element in its k-tile.
     *
     * @param u step, 0 to 3
     * @param t the lane's number in its group of four, 0 to 3
     * @param p pair of columns, 0 or 1
     * @param h column in the pair, 0 or 1
     * @return 0 to 63
     */
    public static int column(int u, int t, int p, int h) { return LaneLists.STEP_COLUMNS * u + 8 * p + 2 * t + h; }
}
