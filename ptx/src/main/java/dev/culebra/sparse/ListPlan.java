package dev.culebra.sparse;

import java.util.Arrays;

/**
 * Decides for a row block which list of a lane takes which row, and where all lists start anew ({@link LaneLists}), from how
 * many values each row of a lane has in each half of each k-tile.
 *
 * <p>
 * A segment takes as many storage rows as its longest list has values. So in each k-tile the shorter list of a lane takes the
 * fuller row; in the last k-tiles of a segment, where no later one makes up for what is left, the choice is the one that
 * leaves the lists nearest to each other at the segment's end. A restart outside of a segment's beginning costs storage rows
 * too, so it is put where the ring would not hold otherwise, as late as that allows.
 *
 * <p>
 * Not thread-safe: one object a thread.
 */
final class ListPlan {

    private static final int LANES = LaneLists.LANES;
    private static final int LISTS = LaneLists.LISTS;
    /**
     * K-tiles before a segment's end for which every choice of roles is tried. At 90% and segments of 8, of 1024 x 7168: none
     * 0.3744 bytes an element, 4 0.3711, 6 0.3701, 8 0.3700; no slower that could be measured.
     */
    private static final int TRIED = 6;

    private final int kTiles;
    private final int segment;
    /** What the ring should not pass, for the row block at hand. */
    private int limit;
    /** How many values: {@code [((kTile * 2 + half) * 2 + lower) * 32 + lane]}. */
    private final byte[] counts;
    /** Where the lists stand before each k-tile, in storage rows of the row block; list A of each lane, then B. */
    private final int[] positions;
    /** Storage rows used before each k-tile. */
    private final int[] used;
    /** Where the list furthest behind stands before each k-tile. */
    private final int[] behind;
    /** What of the ring is needed for each k-tile's rows, while the one before is read. */
    private final int[] needed;
    private final boolean[] restart;
    private final boolean[] forced;
    /** A bit for each lane: its list A has the lower rows. */
    private final int[] roles;
    private final int[] rows0;
    /** The k-tile at hand as it would be. */
    private final int[] middle = new int[LISTS];
    private final int[] after = new int[LISTS];
    private int role;
    private int usedMiddle;
    private int usedAfter;
    private int behindStart;

    ListPlan(int kTiles, int segment) {
        this.kTiles = kTiles;
        this.segment = segment;
        this.counts = new byte[kTiles * 2 * LISTS];
        this.positions = new int[(kTiles + 1) * LISTS];
        this.used = new int[kTiles + 1];
        this.behind = new int[kTiles];
        this.needed = new int[kTiles];
        this.restart = new boolean[kTiles];
        this.forced = new boolean[kTiles];
        this.roles = new int[kTiles];
        this.rows0 = new int[kTiles];
    }

    /** Begins a row block: no values anywhere. */
    void clear() { Arrays.fill(counts, (byte) 0); }

    /** Counts a k-tile's values: {@code lists[2 * lane + lower]} has a bit for each, the second half's in its upper half. */
    void count(int kTile, long[] lists) {
        int at = kTile * 2 * LISTS;
        for (int lane = 0; lane < LANES; lane++) {
            for (int lower = 0; lower < 2; lower++) {
                long list = lists[2 * lane + lower];
                counts[at + LANES * lower + lane] = (byte) Integer.bitCount((int) list);
                counts[at + LISTS + LANES * lower + lane] = (byte) Integer.bitCount((int) (list >>> 32));
            }
        }
    }

    /** Plans; then the results below hold. */
    void plan() {
        long values = 0;
        for (byte count : counts) {
            values += count;
        }
        limit = LaneLists.usualRing((double) values / kTiles / (LaneLists.ROWS * LaneLists.COLUMNS));
        for (int t = 0; t < kTiles; t++) {
            forced[t] = t % segment == 0;
        }
        Arrays.fill(positions, 0, LISTS, 0);
        used[0] = 0;
        for (int t = 0; t < kTiles;) {
            t = step(t);
        }
    }

    /** Settles a k-tile, or takes the one before back; returns which one comes next. */
    private int step(int t) {
        int continued = Integer.MAX_VALUE;
        if (!forced[t]) {
            advance(t, false);
            continued = need(t);
            if (continued <= limit) {
                return settle(t, false, continued);
            }
        }
        advance(t, true);
        int restarted = need(t);
        if (restarted > limit && t > 0) {
            if (!restart[t - 1]) {
                forced[t - 1] = true; // so that the lists are together when this one starts
                return t - 1;
            }
            if (continued <= restarted) {
                advance(t, false);
                return settle(t, false, continued);
            }
        }
        return settle(t, true, restarted);
    }

    private int settle(int t, boolean isRestart, int need) {
        restart[t] = isRestart;
        needed[t] = need;
        roles[t] = role;
        rows0[t] = usedMiddle - used[t];
        used[t + 1] = usedAfter;
        behind[t] = behindStart;
        System.arraycopy(after, 0, positions, (t + 1) * LISTS, LISTS);
        return t + 1;
    }

    /** What of the ring is needed for the k-tile at hand, which comes while the one before is read. */
    private int need(int t) {
        return usedAfter - (t == 0 ? behindStart : behind[t - 1]);
    }

    /** Goes through a k-tile's halves. */
    private void advance(int t, boolean isRestart) {
        if (isRestart) {
            Arrays.fill(after, used[t]);
            role = 0;
        } else {
            System.arraycopy(positions, t * LISTS, after, 0, LISTS);
            role = roles[t - 1];
        }
        behindStart = least(after);
        role = roles(t, role);
        int at = t * 2 * LISTS;
        for (int lane = 0; lane < LANES; lane++) {
            int swapped = (role >>> lane & 1) * LANES;
            middle[lane] = after[lane] + counts[at + swapped + lane];
            middle[LANES + lane] = after[LANES + lane] + counts[at + LANES - swapped + lane];
            after[lane] = middle[lane] + counts[at + LISTS + swapped + lane];
            after[LANES + lane] = middle[LANES + lane] + counts[at + LISTS + LANES - swapped + lane];
        }
        usedMiddle = most(middle, used[t]);
        usedAfter = most(after, usedMiddle);
    }

    private static int least(int[] positions) {
        int least = Integer.MAX_VALUE;
        for (int position : positions) {
            least = Math.min(least, position);
        }
        return least;
    }

    private static int most(int[] positions, int atLeast) {
        int most = atLeast;
        for (int position : positions) {
            most = Math.max(most, position);
        }
        return most;
    }

    /** Which lanes' list A takes the lower row in a k-tile, given where the lists stand and what the roles were. */
    private int roles(int t, int before) {
        int end = Math.min(kTiles, (t / segment + 1) * segment);
        int result = 0;
        for (int lane = 0; lane < LANES; lane++) {
            int ahead = after[lane] - after[LANES + lane];
            int more = more(t, lane); // of the upper row
            int asBefore = before >>> lane & 1;
            int lower = asBefore;
            if (more != 0) {
                // A takes the upper row where that brings the lists together
                int upper = Math.abs(ahead + more);
                int other = Math.abs(ahead - more);
                if (end - t <= TRIED) {
                    upper += nearest(upper, t + 1, end, lane) << 10; // a difference is under 1024
                    other += nearest(other, t + 1, end, lane) << 10;
                }
                lower = upper == other ? asBefore : upper < other ? 0 : 1;
            }
            result |= lower << lane;
        }
        return result;
    }

    /** By how many values a lane's upper row has more than its lower one in a k-tile. */
    private int more(int t, int lane) {
        int at = t * 2 * LISTS + lane;
        return counts[at] + counts[at + LISTS] - counts[at + LANES] - counts[at + LISTS + LANES];
    }

    /** How near a lane's lists can come to each other at the end, if they are that far apart before a k-tile. */
    private int nearest(int apart, int t, int end, int lane) {
        if (t == end) {
            return apart;
        }
        int more = more(t, lane);
        int best = nearest(Math.abs(apart - more), t + 1, end, lane);
        return more == 0 || best == 0 ? best : Math.min(best, nearest(Math.abs(apart + more), t + 1, end, lane));
    }

    /** Storage rows of the row block before a k-tile; with their number, all of them. */
    int used(int kTile) {
        return used[kTile];
    }

    /** By how much the first half of a k-tile goes on. */
    int rows0(int kTile) { return rows0[kTile]; }

    /** By how much the second half of a k-tile goes on. */
    int rows1(int kTile) {
        return used[kTile + 1] - used[kTile] - rows0[kTile];
    }

    boolean restart(int kTile) { return restart[kTile]; }

    /** A bit for each lane whose lists exchange their roles before a k-tile. */
    int swaps(int kTile) {
        return restart[kTile] ? roles[kTile] : roles[kTile] ^ roles[kTile - 1];
    }

    /** The ring that the row block needs. */
    int ring() {
        int ring = 0;
        for (int need : needed) {
            ring = Math.max(ring, need);
        }
        return ring;
    }
}
