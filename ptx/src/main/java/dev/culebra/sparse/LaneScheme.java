package dev.culebra.sparse;

/**
 * What {@link Bitmap} and {@link Pairs} differ in, as their encoder needs it. A k-tile has one <i>part</i> of 64 columns (bitmap) or
 * two (pairs). A <i>list mask</i> has 64 bits, one for each place in a part from which a lane can put something into one of its
 * lists, in the list's order. Implementations have no state.
 */
interface LaneScheme {

    /** The format. */
    Format format();

    /** Values of an entry of a list. */
    int width();

    /**
     * Sorts a part's elements.
     *
     * @param masks a word for each of the 64 rows, with a bit for each column
     * @param lists filled with the list masks, at 2 lane + lower
     */
    void lists(long[] masks, long[] lists);

    /**
     * A part's bits in the section of masks.
     *
     * @param lists list masks
     * @param words filled with a k-tile's bits (bitmap) or with the lower 16 of half of a k-tile (pairs), at 4 lane + rt
     */
    void words(long[] lists, int[] words);

    /** The row of a list mask's bit, after the lane's upper or lower one. */
    int rowOf(int bit);

    /** The column of a list mask's bit, after the lane's first one; of a pair the even one. */
    int columnOf(int bit);
}
