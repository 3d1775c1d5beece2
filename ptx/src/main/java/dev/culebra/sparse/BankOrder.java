package dev.culebra.sparse;

import java.util.Arrays;

/**
 * Puts a tile's entries into the order in which a warp's stores meet the fewest bank conflicts.
 *
 * <p>
 * The 32 entries that a warp stores together, one a lane, are a group. A full pass of 32 quads has four groups of 32, the
 * last pass four groups of as many lanes as it has quads. Entries arrive sorted by bank. With G full groups, and c(b)
 * entries in bank b, a bank with more than G entries must meet itself somewhere, and where a bank is missing another must
 * come twice. So D = max(max c - G, G - min c) groups, no fewer, take up to two of a bank ("double" groups); in the G - D
 * others every bank has exactly one lane. What is left of each bank is dealt to the double groups in turn, the banks one
 * after the other (McNaughton's wrap-around rule): no bank comes more often than ceil(rest / D) in one of them, and all come
 * out with exactly 32. The last pass takes from the fullest banks first, which levels the others. Linear in the entries; no
 * search.
 *
 * <p>
 * Not thread-safe: one object a thread.
 */
final class BankOrder {

    /** A bank has 64 words of two halves in a tile. */
    private static final int BANK_PLACES = TiledCsl.TILE_PLACES / TiledCsl.BANKS;
    private static final int SHIFT = Integer.numberOfTrailingZeros(BANK_PLACES);
    private static final int PASS = TiledCsl.BANKS * TiledCsl.QUAD;

    /** Entries by bank: bank b's are at {@code b << 7} and on. */
    private final int[] bucket = new int[TiledCsl.TILE_PLACES];
    private final int[] count = new int[TiledCsl.BANKS];
    private final int[] tail = new int[TiledCsl.BANKS];

    void clear() { Arrays.fill(count, 0); }

    void add(int place, int value) {
        int bank = TiledCsl.bank(place);
        bucket[bank << SHIFT | count[bank]++] = place << 16 | value;
    }

    /** Writes all entries in order; their number is a multiple of four. */
    void drain(int entries, int[] out) {
        int passes = entries / PASS;
        int lanes = (entries - passes * PASS) / TiledCsl.QUAD;
        takeTail(lanes * TiledCsl.QUAD, passes * PASS, out);
        if (passes > 0) {
            takeFull(passes * TiledCsl.QUAD, out);
        }
    }

    /** The last, narrower pass: {@code wanted} entries from the fullest banks, at most one of a bank in a group if it goes. */
    private void takeTail(int wanted, int at, int[] out) {
        if (wanted == 0) {
            return;
        }
        int cap = TiledCsl.QUAD;
        while (available(0, cap) < wanted) {
            cap += TiledCsl.QUAD; // few banks hold anything: several of one in a group can not be helped
        }
        int high = 0;
        for (int c : count) {
            high = Math.max(high, c);
        }
        int level = 0; // the highest that gives enough
        while (level < high) {
            int middle = (level + high + 1) / 2;
            if (available(middle, cap) >= wanted) {
                level = middle;
            } else {
                high = middle - 1;
            }
        }
        int surplus = available(level, cap) - wanted;
        for (int b = 0; b < TiledCsl.BANKS; b++) {
            int take = Math.clamp(count[b] - level, 0, cap);
            if (surplus > 0 && take > 0 && count[b] - level <= cap) {
                take--; // the level above gives too little, so there are more such banks than the surplus has entries
                surplus--;
            }
            tail[b] = take;
        }
        int to = at; // position 4 l + e is lane l's in group e: dealing in sequence is dealing to the groups in turn
        for (int b = 0; b < TiledCsl.BANKS; b++) {
            for (int i = tail[b]; i > 0; i--) {
                out[to++] = bucket[b << SHIFT | --count[b]];
            }
        }
    }

    /** What a tail can take when every bank keeps {@code level} and gives at most {@code cap}. */
    private int available(int level, int cap) {
        int sum = 0;
        for (int c : count) {
            sum += Math.clamp(c - level, 0, cap);
        }
        return sum;
    }

    private void takeFull(int groups, int[] out) {
        int min = count[0];
        int max = count[0];
        for (int c : count) {
            min = Math.min(min, c);
            max = Math.max(max, c);
        }
        int doubles = Math.min(groups, Math.max(max - groups, groups - min));
        int singles = groups - doubles;
        int lane = 0;
        int group = singles;
        for (int b = 0; b < TiledCsl.BANKS; b++) {
            int from = b << SHIFT;
            for (int g = 0; g < singles; g++) {
                out[position(g, b)] = bucket[from + g];
            }
            for (int i = singles; i < count[b]; i++) {
                out[position(group, lane)] = bucket[from + i];
                if (++group == groups) {
                    group = singles;
                    lane++;
                }
            }
        }
    }

    /** Where lane {@code lane}'s entry of group {@code group} is stored. */
    private static int position(int group, int lane) {
        return (group >> 2) * PASS + lane * TiledCsl.QUAD + (group & 3);
    }
}
