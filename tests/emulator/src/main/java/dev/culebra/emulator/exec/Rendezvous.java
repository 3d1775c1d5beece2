package dev.culebra.emulator.exec;

import java.util.Arrays;

/**
 * Where threads leave what they know for others to take: inside a barrier, an mbarrier's phase, a flag. See {@link Timeline}.
 */
final class Rendezvous {

    private final Timeline timeline;
    private int[] all;
    private int[][] some;
    private int[] channels;
    private int[] owed;
    private Clock included;
    private Clock built;

    Rendezvous(Timeline timeline) { this.timeline = timeline; }

    /** Forgets all, for a barrier's next use. */
    void clear() {
        all = null;
        some = null;
        channels = null;
        included = null;
        built = null;
    }

    /** Notes that lanes of an agent will acquire from here; gives those noted before. */
    int owed(int agent, int mask) {
        if (owed == null) {
            owed = new int[timeline.agents.length];
        }
        int before = owed[agent];
        owed[agent] |= mask;
        return before;
    }

    /** Takes the note back. */
    int settleOwed(int agent) {
        int lanes = owed[agent];
        owed[agent] = 0;
        return lanes;
    }

    /** Whether nobody has left anything. */
    boolean empty() { return all == null; }

    private void begin() {
        built = null;
        if (all == null) {
            all = new int[timeline.agents.length];
            channels = new int[0];
        }
    }

    /** Adds all that a clock knows. */
    void include(Clock c) {
        if (c == included) {
            return;
        }
        begin();
        included = c;
        for (int i = 0; i < all.length; i++) {
            all[i] = Math.max(all[i], c.all[i]);
        }
        for (int i = 0; c.some != null && i < all.length; i++) {
            for (int lane = 0; c.some[i] != null && lane < 32; lane++) {
                lane(i, lane, c.some[i][lane]);
            }
        }
        if (channels.length < c.channels.length) {
            channels = Arrays.copyOf(channels, c.channels.length);
        }
        for (int i = 0; i < c.channels.length; i++) {
            channels[i] = Math.max(channels[i], c.channels[i]);
        }
    }

    /** Adds the accesses of an agent's lanes up to a time. */
    void add(Agent agent, int mask, int time) {
        begin();
        if ((agent.threads & ~mask) == 0) {
            all[agent.number] = Math.max(all[agent.number], time);
            return;
        }
        for (int m = mask & agent.threads; m != 0; m &= m - 1) {
            lane(agent.number, Integer.numberOfTrailingZeros(m), time);
        }
    }

    private void lane(int agent, int lane, int time) {
        if (time <= all[agent]) {
            return;
        }
        if (some == null) {
            some = new int[all.length][];
        }
        if (some[agent] == null) {
            some[agent] = new int[32];
        }
        some[agent][lane] = Math.max(some[agent][lane], time);
    }

    /** Adds a channel's completion: those who take this clock know of what had landed by then. */
    void landed(int channel, int time) {
        begin();
        if (channel >= channels.length) {
            channels = Arrays.copyOf(channels, channel + 1);
        }
        channels[channel] = Math.max(channels[channel], time);
    }

    /** What has been left here so far. */
    Clock clock() {
        if (built == null) {
            begin();
            int[][] ahead = someLeft();
            for (int i = 0; i < all.length; i++) {
                // One that has done nothing since is known up to now; so behind a barrier all clocks say the same for all.
                all[i] = timeline.agents[i].quietSince(all[i]) ? timeline.time() : all[i];
            }
            built = new Clock(timeline.bits, all.clone(), ahead, channels.clone());
        }
        return built;
    }

    /** Lanes that are ahead of {@link #all}; a whole warp that came lane by lane raises it first. */
    private int[][] someLeft() {
        if (some == null) {
            return null;
        }
        int[][] copy = null;
        for (int i = 0; i < all.length; i++) {
            if (some[i] == null) {
                continue;
            }
            int least = Integer.MAX_VALUE;
            int most = 0;
            for (int m = timeline.agents[i].threads; m != 0; m &= m - 1) {
                int time = some[i][Integer.numberOfTrailingZeros(m)];
                least = Math.min(least, time);
                most = Math.max(most, time);
            }
            all[i] = Math.max(all[i], least);
            if (most <= all[i]) {
                some[i] = null;
                continue;
            }
            copy = copy == null ? new int[all.length][] : copy;
            copy[i] = some[i].clone();
        }
        return copy;
    }
}
