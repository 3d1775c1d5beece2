package dev.culebra.llm.opt;

import java.util.Arrays;

/**
 * One pass over the layers: which of its packed rows belong to which sequence. Rows of a sequence follow each other, and
 * continue its cache. Filled anew for each pass, without allocating.
 */
final class Pass {
    /** Rows of one sequence that attention takes as one task: many tasks for a long prompt, none of them tiny. */
    private static final int BLOCK = 32;

    private int sequences;
    private int rows;
    private KvCache[] caches = new KvCache[1];
    private int[] firstRow = new int[2]; // of each sequence; and one past the last row
    private int blocks;
    private int[] blockSequence = new int[1];
    private int[] blockRow = new int[1]; // the first row of a block

    void clear() {
        Arrays.fill(caches, 0, sequences, null);
        sequences = 0;
        rows = 0;
        blocks = 0;
    }

    /** Adds the next count positions of a sequence, and makes room for them. */
    void add(KvCache cache, int count) {
        cache.reserve(count);
        if (sequences == caches.length) {
            caches = Arrays.copyOf(caches, 2 * sequences);
            firstRow = Arrays.copyOf(firstRow, 2 * sequences + 1);
        }
        for (int row = rows; row < rows + count; row += BLOCK) {
            if (blocks == blockRow.length) {
                blockRow = Arrays.copyOf(blockRow, 2 * blocks);
                blockSequence = Arrays.copyOf(blockSequence, 2 * blocks);
            }
            blockSequence[blocks] = sequences;
            blockRow[blocks++] = row;
        }
        caches[sequences] = cache;
        firstRow[sequences] = rows;
        rows += count;
        firstRow[++sequences] = rows;
    }

    int sequences() { return sequences; }

    int rows() { return rows; }

    KvCache cache(int sequence) { return caches[sequence]; }

    int firstRow(int sequence) { return firstRow[sequence]; }

    int rows(int sequence) { return firstRow[sequence + 1] - firstRow[sequence]; }

    /** The position in its sequence that a row has. */
    int position(int sequence, int row) {
        return caches[sequence].length() + row - firstRow[sequence];
    }

    int blocks() { return blocks; }

    int blockSequence(int block) { return blockSequence[block]; }

    int blockStart(int block) { return blockRow[block]; }

    int blockEnd(int block) { return Math.min(blockRow[block] + BLOCK, firstRow[blockSequence[block] + 1]); }

    /** How many pairs of positions attention looks at. */
    long pairs() {
        long pairs = 0;
        for (int s = 0; s < sequences; s++) {
            long count = rows(s);
            pairs += count * caches[s].length() + count * (count + 1) / 2;
        }
        return pairs;
    }

    /** After the last layer. */
    void advance() { for (int s = 0; s < sequences; s++) caches[s].advance(rows(s)); }
}
