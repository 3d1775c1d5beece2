package dev.culebra.sparse;

/**
 * The bitmap format: a bit for every element, {@link LaneLists} of the nonzeros. For matrices of any density; from 50 to some
 * 90% zeros it takes 1.2 to 0.37 bytes an element.
 *
 * <p>
 * A k-tile is gone through in four steps u of 16 columns, two a half; in a step row tile by row tile; of a row tile a lane
 * has the elements of the A fragment of {@code mma.m16n8k16}: of its upper row the columns 16 u + 2 t and 16 u + 2 t + 1 (pair
 * p = 0), then 16 u + 8 + 2 t and 16 u + 9 + 2 t (pair p = 1), of its lower row the same. An element whose bit is set is in
 * its list, no other one is.
 *
 * <p>
 * Section {@code "masks"} has for each k-tile of each row block and each lane four 32-bit words, one for each row tile: word
 * {@code (tile * 32 + lane) * 4 + rt}. The bit of an element is {@link #bit}.
 *
 * <p>
 * Sections: layout, masks, info, offsets, streams, order.
 */
public final class Bitmap {

    /** The name of the section of bits. */
    public static final String MASKS = "masks";

    /** Steps of a k-tile. */
    public static final int STEPS = 4;
    /** Columns of a step. */
    public static final int STEP_COLUMNS = 16;
    /** By how many storage rows a list advances in a half, at most: two steps, four row tiles, four elements. */
    public static final int HALF_ROWS = 32;
    /**
     * The largest ring that a matrix needs, with a restart at each k-tile: all of it and of the next one are at hand, and the list
     * furthest behind may not have begun.
     */
    public static final int MOST_RING = 4 * HALF_ROWS;

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
    public static int column(int u, int t, int p, int h) { return STEP_COLUMNS * u + 8 * p + 2 * t + h; }
}
