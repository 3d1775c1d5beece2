package dev.culebra.sparse;

import java.util.Arrays;

/**
 * Decides for a row block which lane takes over which strand before each k-tile, and where all lists start anew ({@link LaneLists}),
 * from how many values each lane has for its lists in each k-tile.
 *
 * <p>
 * A segment takes as many storage rows as its longest list has values. So in each k-tile the lane with the fullest row takes the
 * strand whose longer list is the shortest, the next one the next, and within a strand the shorter list takes the fuller row. In a
 * segment's last k-tile, where no later one makes up for what is left, the longest list is made as short as any exchange can
 * ({@link LaneMatching}). A restart outside of a segment's beginning
 * costs storage rows too, so it is put where the ring would not hold otherwise, as late as that allows.
 *
 * <p>
 * Not thread-safe: one object a thread.
 */
final class ListPlan {

    private static final int LANES = LaneLists.LANES;
    private static final int LISTS = LaneLists.LISTS;

    private final LaneLists shape;
    private final int kTiles;
    private final int segment;
    /** What the ring should not pass, for the row block at hand. */
    private int limit;
    /** How many values: {@code [kTile * 64 + 2 * lane + lower]}. */
    private final byte[] counts;
    /** Where the lists that the lanes hold stand before each k-tile, in storage rows of the row block; before the exchange. */
    private final int[] positions;
    /** Storage rows used before each k-tile. */
    private final int[] used;
    /** Where the list furthest behind stands before each k-tile. */
    private final int[] behind;
    /** What of the ring is needed for each k-tile's rows, while the one before is read. */
    private final int[] needed;
    private final boolean[] restart;
    private final boolean[] forced;
    /** The info of each lane before each k-tile: the lane that it takes over from, and whether its lists exchange their roles. */
    private final byte[] exchanges;
    /** The k-tile at hand as it would be. */
    private final int[] after;
    private final byte[] exchange = new byte[LANES];
    private final int[] strands = new int[LANES];
    private final int[] pieces = new int[LANES];
    private final int[] from = new int[LANES];
    private final LaneMatching matching = new LaneMatching();
    private int usedAfter;
    private int behindStart;

    ListPlan(LaneLists shape) {
        this.shape = shape;
        this.kTiles = shape.kTiles();
        this.segment = shape.segment();
        this.counts = new byte[kTiles * LISTS];
        this.positions = new int[(kTiles + 1) * LISTS];
        this.used = new int[kTiles + 1];
        this.behind = new int[kTiles];
        this.needed = new int[kTiles];
        this.restart = new boolean[kTiles];
        this.forced = new boolean[kTiles];
        this.exchanges = new byte[kTiles * LANES];
        this.after = new int[LISTS];
    }

    /** Begins a row block: no values anywhere. */
    void clear() { Arrays.fill(counts, (byte) 0); }

    /** Counts a part of a k-tile's values: {@code masks[2 * lane + lower]} has a bit for each. */
    void count(int kTile, long[] masks) {
        int at = kTile * LISTS;
        for (int list = 0; list < LISTS; list++) {
            counts[at + list] += (byte) Long.bitCount(masks[list]);
        }
    }

    private int count(int kTile, int list) { return counts[kTile * LISTS + list] & 0xff; }

    /** Plans; then the results below hold. */
    void plan() {
        long values = 0;
        for (byte count : counts) {
            values += count & 0xff;
        }
        limit = shape.usualRing(2. * values / kTiles / LISTS);
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
        used[t + 1] = usedAfter;
        behind[t] = behindStart;
        System.arraycopy(exchange, 0, exchanges, t * LANES, LANES);
        System.arraycopy(after, 0, positions, (t + 1) * LISTS, LISTS);
        return t + 1;
    }

    /** What of the ring is needed for the k-tile at hand, which comes while the one before is read. */
    private int need(int t) {
        return usedAfter - (t == 0 ? behindStart : behind[t - 1]);
    }

    /** Goes through a k-tile. */
    private void advance(int t, boolean isRestart) {
        if (isRestart) {
            Arrays.fill(after, used[t]);
            for (int lane = 0; lane < LANES; lane++) {
                exchange[lane] = (byte) lane;
            }
        } else {
            exchange(t);
        }
        int least = Integer.MAX_VALUE;
        int most = used[t];
        for (int list = 0; list < LISTS; list++) {
            least = Math.min(least, after[list]);
            after[list] += count(t, list);
            most = Math.max(most, after[list]);
        }
        behindStart = least;
        usedAfter = most;
    }

    /** Lets lanes exchange their strands before a k-tile, and then each one the roles of its lists. */
    private void exchange(int t) {
        int at = t * LISTS;
        deal(t);
        if ((t + 1) % segment == 0 || t + 1 == kTiles) {
            for (int lane = 0; lane < LANES; lane++) {
                matching.strand(lane, positions[at + 2 * lane], positions[at + 2 * lane + 1]);
                matching.lane(lane, count(t, 2 * lane), count(t, 2 * lane + 1));
            }
            matching.improve(from);
        }
        for (int lane = 0; lane < LANES; lane++) {
            int a = positions[at + 2 * from[lane]];
            int b = positions[at + 2 * from[lane] + 1];
            int more = count(t, 2 * lane) - count(t, 2 * lane + 1);
            int swap = a > b && more > 0 || a < b && more < 0 ? 1 : 0;
            after[2 * lane + swap] = a;
            after[2 * lane + 1 - swap] = b;
            exchange[lane] = (byte) (from[lane] | swap * LaneLists.INFO_EXCHANGE);
        }
    }

    /** The lane with the fullest row gets the strand that is behind, and so on. */
    private void deal(int t) {
        for (int lane = 0; lane < LANES; lane++) {
            int ahead = Math.max(positions[t * LISTS + 2 * lane], positions[t * LISTS + 2 * lane + 1]);
            int values = Math.max(count(t, 2 * lane), count(t, 2 * lane + 1));
            strands[lane] = ahead << 5 | lane;
            pieces[lane] = -values << 5 | lane;
        }
        Arrays.sort(strands);
        Arrays.sort(pieces);
        for (int i = 0; i < LANES; i++) {
            from[pieces[i] & LANES - 1] = strands[i] & LANES - 1;
        }
    }

    /** Storage rows of the row block before a k-tile; with their number, all of them. */
    int used(int kTile) {
        return used[kTile];
    }

    /** A k-tile's info, from a place on. */
    void info(int kTile, byte[] info, int at) {
        int word = used[kTile + 1] - used[kTile] | (restart[kTile] ? LaneLists.WORD_RESTART : 0);
        for (int lane = 0; lane < LANES; lane++) {
            info[at + lane] = (byte) (exchanges[kTile * LANES + lane]
                    | (word >>> lane & 1) << LaneLists.INFO_WORD_SHIFT);
        }
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
