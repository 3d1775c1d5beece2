package dev.culebra.emulator.exec;

import dev.culebra.emulator.check.Check;
import java.util.ArrayDeque;

/**
 * An mbarrier: a barrier of a program's own in shared memory, that threads arrive at and asynchronous copies tell their bytes.
 * A phase is complete when no arrival and no byte is missing. Its counts are kept here, and its eight bytes of shared memory
 * mean nothing.
 *
 * <p>
 * What comes by itself (copies, and arrivals that follow copies) comes when somebody waits for it and all that is missing is on
 * its way, the latest that the rules allow.
 */
final class Mbarrier {

    /** Largest of its counts (PTX ISA, "Contents of the mbarrier object"). */
    static final int MOST = (1 << 20) - 1;
    private static final int PHASE_BITS = 24;

    /** Something that comes by itself. */
    interface Coming {
        /** How much it takes off the pending arrivals. */
        int arrivals();

        /** How much it takes off the transaction count. */
        int bytes();

        /** The block whose shared memory it reads, or null. */
        Block source();

        /**
         * Does what has been asked for; the barrier counts it afterwards.
         *
         * @param landing the completion that those know of who wait for the phase
         */
        void land(Landing landing);

        /** Where it was asked for: such as {@code "the copy of 64 bytes at ptx line 7"}. */
        String name();
    }

    /**
     * A completion.
     *
     * @param channel the mbarrier's channel, or -1 where races are not looked for
     * @param time the channel's time
     */
    record Landing(int channel, int time) {}

    final Block home;
    final int offset;
    private final ArrayDeque<Coming> coming = new ArrayDeque<>();
    private int expected;
    private int pending;
    private int tx;
    private long phase;
    /** Whether somebody has been told that the phase before this one is complete. */
    private boolean told = true;

    /**
     * Whether what is on its way has not come when it is first asked for: so that a program shows that does not look at the
     * answer. It is not done where instructions are counted, for a count should not have each wait twice.
     */
    private final boolean late;
    /** The phase in which it was denied. */
    private long denied = -1;
    private final Timeline timeline;
    /** What those know who have arrived in this phase, and what those knew in the one before; null where nobody looks. */
    private final Rendezvous arriving;
    private Clock completed;
    private int channel = -1;
    /** When and by whom it was made; 0 once everybody knows. */
    private long made;
    private final Warp maker;
    /** The phase of the cluster's barrier behind which everybody knows, fenced as it was. */
    private int announced = Integer.MAX_VALUE;

    Mbarrier(Warp w, int offset, int lane, int count) {
        this.home = w.block;
        this.offset = offset;
        maker = w;
        late = home.strictBarriers && home.meter == null;
        timeline = home.cluster.timeline;
        arriving = timeline == null ? null : new Rendezvous(timeline);
        made = w.agent == null ? 0 : (long) w.agent.interval() << 32 | 1L << lane;
        if (count < 1 || count > MOST) {
            throw misuse(lane, "an mbarrier for " + Integer.toUnsignedString(count) + " arrivals: 1 to " + MOST
                    + " are accepted");
        }
        expected = count;
        pending = count;
    }

    long phase() { return phase; }

    ArrayDeque<Coming> coming() { return coming; }

    // ---- who knows what ----

    /** A fence for fresh mbarriers: behind the cluster's barrier all know of it. */
    void announce(Warp w, int mask) {
        if (w == maker && (made & mask & 0xffff_ffffL) != 0 && announced == Integer.MAX_VALUE) {
            announced = home.cluster.barrier.phase();
        }
    }

    /** Refuses a use that does not come behind {@code mbarrier.init}. */
    void refuseUnseen(Warp w, int lane) {
        if (made != 0 && w.agent.unordered(lane, made) != 0) {
            if (home.cluster.barrier.phase() > announced) {
                made = 0;
                return;
            }
            throw misuse(lane, "a use that nothing orders behind mbarrier.init by thread "
                    + maker.threadOf(Integer.numberOfTrailingZeros((int) made)) + " of block " + home.index
                    + ": a barrier of the block, or of the cluster, is missing between the two");
        }
    }

    /** Lanes leave what they did and know for those who will wait for this phase. */
    void release(Warp w, int mask) {
        if (arriving != null) {
            w.agent.arrive(arriving, mask);
        }
    }

    /** Lanes have been told that the phase before this one is complete. */
    void acquire(Warp w, int mask) {
        if (completed != null) {
            w.agent.acquire(mask, completed);
        }
    }

    private Landing landing() {
        if (timeline == null) {
            return new Landing(-1, 0);
        }
        channel = channel < 0 ? timeline.newChannel() : channel;
        Landing l = new Landing(channel, timeline.complete(channel));
        arriving.landed(channel, l.time);
        return l;
    }

    // ---- the opaque state ----

    /** The state as {@code mbarrier.arrive} returns it: what is pending, which phase, whose, and of which kind of arrival. */
    long state(boolean incomplete) {
        return 0xaL << 60 | (incomplete ? 1L << 59 : 0) | (long) (offset >> 3) << 44
                | (phase & (1L << PHASE_BITS) - 1) << 20 | pending;
    }

    /** Whether two states are of one mbarrier's phase: they may differ in what was pending. */
    static boolean samePhase(long state, long other) {
        return (state ^ other) >>> 20 == 0;
    }

    /** What {@code mbarrier.pending_count} reads from a state. */
    static int pending(int lane, long state) {
        if (state >>> 59 != 0x15) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, lane, "mbarrier.pending_count of 0x" + Long.toHexString(state)
                    + ", which no mbarrier.arrive.noComplete and no mbarrier.arrive_drop.noComplete returned");
        }
        return (int) state & MOST;
    }

    /** The phase that a state was taken in. */
    long phaseOf(int lane, long state) {
        if (state >>> 60 != 0xa || (state >>> 44 & 0x7fff) != offset >> 3) {
            throw misuse(lane, "a wait with state 0x" + Long.toHexString(state)
                    + ", which no mbarrier.arrive on this mbarrier returned");
        }
        long behind = phase - (state >>> 20) & (1L << PHASE_BITS) - 1;
        if (behind > 1) {
            throw misuse(lane, "a wait for a phase that was complete " + behind
                    + " phases ago: only the current and the one before can be waited for");
        }
        return phase - behind;
    }

    // ---- counting ----

    void expect(int lane, int bytes) {
        if (bytes < 0 || bytes > MOST || tx > MOST - bytes) {
            throw misuse(lane, "expect_tx of " + Integer.toUnsignedString(bytes) + " bytes on top of " + tx
                    + ": the transaction count goes up to " + MOST);
        }
        tx += bytes;
    }

    void complete(int lane, int bytes) {
        if (bytes < 0 || bytes > MOST || tx < bytes - MOST) {
            throw misuse(lane, "complete_tx of " + Integer.toUnsignedString(bytes) + " bytes with " + tx
                    + " expected: the transaction count goes down to -" + MOST);
        }
        tx -= bytes;
        turn();
    }

    /** Raises the pending arrivals for one that will follow a thread's copies. */
    void expectArrival(int lane) {
        if (pending == MOST) {
            throw misuse(lane, "more pending arrivals than " + MOST);
        }
        pending++;
    }

    void arrive(int lane, int count, boolean drop, boolean incomplete) {
        if (count < 1 || count > MOST) {
            throw misuse(lane, "an arrival of count " + Integer.toUnsignedString(count) + ": 1 to " + MOST
                    + " are accepted");
        }
        if (count > pending) {
            throw misuse(lane, "an arrival of count " + count + " where " + pending + " are pending"
                    + (pending == 0 && tx != 0 ? " and " + tx + " bytes are missing" : "")
                    + ": more arrive than the mbarrier is for");
        }
        if (!told && home.launch.spec.checks().contains(Check.BARRIERS)) {
            throw misuse(lane, "an arrival in phase " + phase + " before any wait saw phase " + (phase - 1)
                    + " complete: each phase must be waited for by at least one thread");
        }
        if (incomplete && count == pending && tx == 0) {
            throw misuse(lane, "an arrival with .noComplete completes the phase");
        }
        expected -= drop ? count : 0;
        pending -= count;
        turn();
    }

    private void turn() {
        if (pending == 0 && tx == 0) {
            phase++;
            pending = expected;
            told = false;
            if (arriving != null) {
                completed = arriving.clock();
                arriving.clear();
            }
        }
    }

    // ---- waiting ----

    /** Whether a phase, the current one or the one before, is complete; lets come what is on its way if that completes it. */
    boolean over(long wanted) {
        if (wanted == phase && completable()) {
            if (late && denied != phase) {
                denied = phase;
                return false;
            }
            while (wanted == phase) {
                Coming c = coming.poll();
                c.land(landing());
                if (c.arrivals() > 0) {
                    arrive(-1, c.arrivals(), false, false);
                }
                if (c.bytes() > 0) {
                    complete(-1, c.bytes());
                }
            }
        }
        told |= wanted != phase;
        return wanted != phase;
    }

    private boolean completable() {
        int arrivals = pending;
        int bytes = tx;
        for (Coming c : coming) {
            arrivals -= c.arrivals();
            bytes -= c.bytes();
            if (arrivals == 0 && bytes == 0) {
                return true;
            }
        }
        return false;
    }

    /** What the current phase lacks, for a diagnostic. */
    String lacks() {
        int bytes = 0;
        for (Coming c : coming) {
            bytes += c.bytes();
        }
        return pending + " arrivals and " + tx + " bytes are missing"
                + (bytes > 0 ? ", " + bytes + " bytes on their way" : "");
    }

    String name() { return "the mbarrier at shared address 0x" + Long.toHexString(home.window + offset); }

    Fault misuse(int lane, String what) { return new Fault(DeviceFault.LAUNCH_FAILED, lane, what + ", " + name()); }
}
