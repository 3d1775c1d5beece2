package dev.culebra.sparse;

import java.util.Arrays;

/**
 * Deals strands of two lists to lanes so that the list that then is furthest ahead is as little ahead as it can be: a bottleneck
 * assignment. From any assignment, a bound is lowered one by one as long as augmenting paths (Kuhn's algorithm, on words of 32 bits)
 * find an assignment that keeps to it.
 *
 * <p>
 * Not thread-safe.
 */
final class LaneMatching {

    private static final int LANES = LaneLists.LANES;
    private static final int NONE = -1;

    private final int[] shorter = new int[LANES];
    private final int[] longer = new int[LANES];
    private final int[] fewer = new int[LANES];
    private final int[] more = new int[LANES];
    private int bound;
    /** The strands that a lane may have within the bound, a bit for each, as far as they were asked for. */
    private final int[] allowed = new int[LANES];
    private int known;
    /** The strand of a lane, the lane of a strand. */
    private final int[] strandOf = new int[LANES];
    private final int[] laneOf = new int[LANES];
    private int visited;

    /** Says where a strand's two lists stand. */
    void strand(int strand, int a, int b) {
        shorter[strand] = Math.min(a, b);
        longer[strand] = Math.max(a, b);
    }

    /** Says how many values a lane has for its two lists. */
    void lane(int lane, int a, int b) {
        fewer[lane] = Math.min(a, b);
        more[lane] = Math.max(a, b);
    }

    /** Improves an assignment, the strand of each lane. */
    void improve(int[] strands) {
        bound = 0;
        for (int lane = 0; lane < LANES; lane++) {
            bound = Math.max(bound, end(lane, strands[lane]));
        }
        do {
            bound--;
        } while (keepsTo(strands));
    }

    /** Where a strand's list furthest ahead is after a lane has had it, the fuller row in the shorter list. */
    private int end(int lane, int strand) {
        return Math.max(shorter[strand] + more[lane], longer[strand] + fewer[lane]);
    }

    /** Makes an assignment keep to the bound, or says that none does. */
    private boolean keepsTo(int[] strands) {
        known = 0;
        Arrays.fill(laneOf, NONE);
        for (int lane = 0; lane < LANES; lane++) {
            strandOf[lane] = end(lane, strands[lane]) <= bound ? strands[lane] : NONE;
            if (strandOf[lane] != NONE) {
                laneOf[strandOf[lane]] = lane;
            }
        }
        for (int lane = 0; lane < LANES; lane++) {
            visited = 0;
            if (strandOf[lane] == NONE && !augment(lane)) {
                return false;
            }
        }
        System.arraycopy(strandOf, 0, strands, 0, LANES);
        return true;
    }

    /** Finds a strand for a lane, by a path along which others change theirs. */
    private boolean augment(int lane) {
        if ((known >>> lane & 1) == 0) {
            known |= 1 << lane;
            int bits = 0;
            for (int strand = 0; strand < LANES; strand++) {
                bits |= (end(lane, strand) - bound - 1 >>> 31) << strand;
            }
            allowed[lane] = bits;
        }
        for (int left = allowed[lane] & ~visited; left != 0; left = allowed[lane] & ~visited) {
            int strand = Integer.numberOfTrailingZeros(left);
            visited |= 1 << strand;
            if (laneOf[strand] == NONE || augment(laneOf[strand])) {
                laneOf[strand] = lane;
                strandOf[lane] = strand;
                return true;
            }
        }
        return false;
    }
}
