package dev.culebra.sparse;

import java.util.List;

/**
 * How an element of a k-tile finds its place: what {@link Bitmap} and {@link Slots} differ in, as their encoder needs it. A
 * lane's <i>list mask</i> has 64 bits, one for each value that one of its rows of all four row tiles can put into a list, in the
 * list's order: the k-tile's first half in the lower 32 bits. Implementations have no state.
 */
interface LaneScheme {

    /** The names of the sections, in the order in which they are stored. */
    List<String> sectionNames();

    /** The name of the section of places: 512 bytes for each k-tile of each row block. */
    String placeSection();

    /** The format's name, for messages. */
    String id();

    /** The largest ring that a matrix has. */
    int mostRing();

    /** By how many storage rows a half goes on, at most. */
    int halfRows();

    /**
     * What of a row's nonzeros finds no place in a list: {@code mask} has a bit for each of the k-tile's columns, and so has the
     * result.
     */
    long overflow(long mask);

    /** Whether there can be any overflow. */
    boolean overflows();

    /**
     * Sorts a k-tile's elements, without the overflow.
     *
     * @param masks a word for each of the 64 rows, with a bit for each column
     * @param lists filled with the list masks, at 2 lane + lower
     */
    void lists(long[] masks, long[] lists);

    /**
     * The words of the section of places.
     *
     * @param lists list masks, at 2 lane + lower
     * @param words filled with the words, at 4 lane + rt
     */
    void words(long[] lists, int[] words);

    /** The column that the columns of a lane's elements are counted from. */
    int firstColumn(int lane);

    /** The row of a list mask's bit: the first row of its row tile. */
    int rowOf(int bit);

    /** The column of a list mask's bit, after the lane's first one. */
    int columnOf(int bit);
}
