package dev.culebra.llm.tokenizer;

import java.util.Arrays;

/** Ranks by pair of ids, without boxes: open addressing at a load of at most a half. Immutable once it is shared. */
final class MergeTable {
    static final int NONE = -1;

    private final long[] keys;
    private final int[] ranks;
    private final int mask;

    MergeTable(int merges) {
        int slots = Math.max(2, Integer.highestOneBit(Math.max(1, merges)) * 4);
        keys = new long[slots];
        ranks = new int[slots];
        mask = slots - 1;
        Arrays.fill(keys, -1); // no pair of ids: they are not negative
    }

    void put(int left, int right, int rank) {
        int slot = slot(left, right);
        keys[slot] = key(left, right);
        ranks[slot] = rank;
    }

    int rank(int left, int right) {
        int slot = slot(left, right);
        return keys[slot] < 0 ? NONE : ranks[slot];
    }

    private int slot(int left, int right) {
        long key = key(left, right);
        long mixed = key * 0x9E3779B97F4A7C15L; // 2^64 over the golden ratio: neighbours land apart
        int slot = (int) (mixed >>> 32) & mask;
        while (keys[slot] >= 0 && keys[slot] != key) slot = slot + 1 & mask;
        return slot;
    }

    private static long key(int left, int right) { return (long) left << 32 | right; }
}
