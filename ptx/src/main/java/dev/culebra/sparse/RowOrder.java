package dev.culebra.sparse;

import java.util.Arrays;

/**
 * An order of rows in which those of alike density share a row block, and in which what the lanes of a warp have is alike: rows
 * by falling number of nonzeros, 64 to a block, dealt to the classes g = 0 to 7 ({@link LaneLists}) and back again.
 */
final class RowOrder {

    /** More rows are left as they are: 16 bytes a row are needed to order them. */
    static final int MOST_ROWS = 1 << 24;
    private static final int CLASSES = 8;

    private RowOrder() {}

    /**
     * The order, row of the matrix for each row of the row blocks; null where rows differ no more than chance makes them:
     * where the variance of their counts is under twice that of independent draws.
     */
    static int[] of(int[] counts, int k) {
        int m = counts.length;
        double sum = 0;
        double squares = 0;
        for (int c : counts) {
            sum += c;
            squares += (double) c * c;
        }
        double mean = sum / m;
        double drawn = mean * (1 - mean / k);
        if (squares / m - mean * mean <= 2 * drawn) {
            return null;
        }
        int padded = (m - 1) / LaneLists.ROWS * LaneLists.ROWS + LaneLists.ROWS;
        long[] sorted = new long[padded]; // by falling count, then by row; what no row has counts 0 and comes last
        for (int row = 0; row < padded; row++) {
            sorted[row] = (long) (row < m ? k - counts[row] : k) << 32 | row;
        }
        Arrays.parallelSort(sorted);
        int[] order = new int[padded];
        for (int i = 0; i < padded; i++) {
            int inBlock = i % LaneLists.ROWS;
            int round = inBlock / CLASSES;
            int g = round % 2 == 0 ? inBlock % CLASSES : CLASSES - 1 - inBlock % CLASSES;
            // a class's rows in turn: its upper and its lower row of row tile 0, of row tile 1, and so on
            order[i - inBlock + CLASSES * round + g] = (int) sorted[i];
        }
        return order;
    }
}
