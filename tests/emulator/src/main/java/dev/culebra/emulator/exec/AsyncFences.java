package dev.culebra.emulator.exec;

import java.util.Arrays;

/**
 * Which ordinary writes of a cluster's threads the {@code fence.proxy.async} there have been come after: those of the fencing warp,
 * and those that the fencing thread knew of. Lanes of a warp count as one, and whoever then goes the other way is not asked whether
 * it knows of the fence; so that what is told is always wrong, and not all that is wrong is told.
 */
final class AsyncFences {

    private final int agentBits;
    /** How many each agent's warp has executed. */
    private final int[] count;
    /** What each lane of each agent knew at its last, or null. */
    private final Clock[][] known;

    AsyncFences(Timeline timeline) {
        agentBits = timeline.bits;
        count = new int[timeline.agents.length];
        known = new Clock[count.length][32];
    }

    void clear() {
        for (Clock[] c : known) {
            Arrays.fill(c, null);
        }
    }

    void fence(Agent a, int mask) {
        a.settle();
        count[a.number]++;
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            known[a.number][l] = a.clock(l);
        }
    }

    /** How many there will be of an agent's when one comes after what it does now. */
    int next(Agent a) {
        return count[a.number] + 1;
    }

    /**
     * Whether a write has been fenced.
     *
     * @param record its interval (or that of a channel that a copy completed on) in the upper half, its lane's bit in the lower
     * @param next from {@link #next} when it was made
     */
    boolean cover(long record, int next) {
        int interval = (int) (record >>> 32);
        if (interval >= 0 && count[interval & (1 << agentBits) - 1] >= next) {
            return true;
        }
        for (Clock[] lanes : known) {
            Clock before = null;
            for (Clock c : lanes) {
                if (c != null && c != before && c.knows(interval, (int) record)) {
                    return true;
                }
                before = c;
            }
        }
        return false;
    }
}
