package dev.culebra.emulator.exec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A warp's part in a {@link Timeline}: the interval it is in, and what each of its lanes knows of the others. */
final class Agent {

    private final Timeline timeline;
    /** Its number in the timeline. */
    final int number;
    /** Lanes that exist. */
    final int threads;
    /** The warp, for diagnostics. */
    final Warp warp;

    private int alive;
    private int interval;
    /** Set by a release: the next access begins a new interval. */
    private boolean released;
    /** The same after an atomic's release, which the next atomic does not mind. */
    private boolean counted;
    private boolean fenced;
    /** Where lanes have acquired without it being worked out yet. */
    private final List<Rendezvous> later = new ArrayList<>();
    /** What all lanes know, where they know the same; else null. */
    private Clock common;
    private final Clock[] each = new Clock[32];

    Agent(Timeline timeline, int number, int threads, Warp warp) {
        this.timeline = timeline;
        this.number = number;
        this.threads = threads;
        this.warp = warp;
        timeline.agents[number] = this;
    }

    Timeline timeline() { return timeline; }

    /** Makes it ready for a block, all of whose threads know what has happened so far. */
    void start(Clock origin) {
        alive = threads;
        common = origin;
        interval = 0;
        released = true;
        later.clear();
        fenced = false;
    }

    /** The interval of an access made now. */
    int interval() {
        if (released | counted) {
            released = false;
            counted = false;
            interval = timeline.tick(number);
        }
        return interval;
    }

    /**
     * The interval of an atomic access made now: it may be one that earlier atomics have released, so that a thousand of them do
     * not make a thousand intervals. What acquires from such an earlier one then counts this one as known too.
     */
    int atomicInterval() { return released ? interval() : interval; }

    /** What a lane knows. */
    Clock clock(int lane) { return common != null ? common : each[lane]; }

    /** The floor of what all lanes know; 0, which is below all, where they differ. */
    long floor() {
        return common == null ? 0 : common.floor;
    }

    /** Whether it has made no access after a time, and one made now would begin an interval. */
    boolean quietSince(int time) {
        return (released || alive == 0) && interval >>> timeline.bits <= time;
    }

    /** Whether all that some agent did in an interval comes before whatever this one's lanes still do. */
    boolean knows(int then) {
        return alive == 0 || common != null && common.unknown(then, -1) == 0;
    }

    /** Lanes end: what they did is left at every later barrier that counts their warp. */
    void exit(int mask) {
        alive &= ~mask;
    }

    /**
     * Lanes release: leave all they did and know.
     *
     * @param to where
     * @param mask which lanes; those of the warp that have exited come with them
     */
    void arrive(Rendezvous to, int mask) {
        settle();
        leave(to, mask);
        released = true;
    }

    /** The same for an atomic that counts: what lanes have acquired by such ones is not worked out for it. */
    void arriveCounting(Rendezvous to, int mask) {
        leave(to, mask);
        counted = true;
    }

    private void leave(Rendezvous to, int mask) {
        int lanes = mask | threads & ~alive;
        Clock before = null;
        for (int m = common != null ? lanes & -lanes : lanes; m != 0; m &= m - 1) {
            Clock c = clock(Integer.numberOfTrailingZeros(m));
            if (c != before) {
                to.include(c);
                before = c;
            }
        }
        to.add(this, lanes, interval >>> timeline.bits);
    }

    /** Lanes acquire by an atomic that counts, as most do whose result nobody waits for: worked out when it first matters. */
    void acquireLater(int mask, Rendezvous from) {
        if (from.owed(number, mask) == 0) {
            later.add(from);
        }
    }

    /** A fence: atomics from here on may be signals, whatever they look like. */
    void fence() {
        settle();
        fenced = true;
    }

    /** Whether there has been a fence. */
    boolean fenced() { return fenced; }

    /** Works out what lanes have acquired so far. */
    void settle() {
        if (!later.isEmpty()) {
            for (Rendezvous r : later) {
                acquire(r.settleOwed(number), r.clock());
            }
            later.clear();
        }
    }

    /** Lanes meet at their warp's own barrier: each knows all of them did and knew. */
    void meet(int mask) {
        Rendezvous r = new Rendezvous(timeline);
        arrive(r, mask);
        adopt(mask, r.clock());
    }

    /** Lanes now know what a clock says and nothing else; it has all they knew. */
    void adopt(int mask, Clock c) {
        if ((alive & ~mask) == 0) {
            common = c;
            return;
        }
        if (common != null) {
            Arrays.fill(each, common);
            common = null;
        }
        for (int m = mask; m != 0; m &= m - 1) {
            each[Integer.numberOfTrailingZeros(m)] = c;
        }
        boolean same = true;
        for (int m = alive; m != 0; m &= m - 1) {
            same &= each[Integer.numberOfTrailingZeros(m)] == c;
        }
        common = same ? c : null;
    }

    /** Lanes acquire: know what a clock says beside what they knew. */
    void acquire(int mask, Clock c) {
        int left = mask;
        while (left != 0) {
            Clock before = clock(Integer.numberOfTrailingZeros(left));
            int same = 0;
            for (int m = left; m != 0; m &= m - 1) {
                same |= clock(Integer.numberOfTrailingZeros(m)) == before ? Integer.lowestOneBit(m) : 0;
            }
            if (before != c && !before.covers(c)) {
                Rendezvous both = new Rendezvous(timeline);
                both.include(before);
                both.include(c);
                adopt(same, both.clock());
            }
            left &= ~same;
        }
    }

    /** What all lanes know, or null where they know different things. */
    Clock common() { return common; }

    /** Whether recorded accesses are this warp's. */
    boolean owns(long record) {
        return record >= 0 && ((int) (record >>> 32) & (1 << timeline.bits) - 1) == number;
    }

    /** Whether a lane's access now comes behind some recorded ones: its own do, and those it knows of. */
    boolean follows(int lane, long record) {
        return unordered(lane, record) == 0;
    }

    /** The lanes of a record whose accesses a lane's access now does not come behind. */
    int unordered(int lane, long record) {
        int when = (int) (record >>> 32);
        int lanes = (int) record;
        if (owns(record)) {
            lanes &= ~(1 << lane);
        }
        int unknown = lanes == 0 ? 0 : clock(lane).unknown(when, lanes);
        if (unknown != 0 && !later.isEmpty()) {
            settle();
            unknown = clock(lane).unknown(when, lanes);
        }
        return unknown;
    }
}
