package dev.culebra.emulator.exec;

import java.util.Arrays;

/**
 * What the threads of a block, or of all blocks of a cluster, have in common that may race for shared memory: a count of time,
 * and the {@link Agent}s, one a warp. It is the ground of the race check; nothing here decides which warp runs when.
 *
 * <p>
 * An agent's life is cut into intervals: a new one begins at its first access after it has released anything to others. A
 * {@link Clock} says of each agent (and each lane, where lanes differ) up to which interval its accesses are known to have
 * happened; an access that finds one in a cell which its thread's clock does not know races with it.
 *
 * <p>
 * How a synchronisation uses it (with the warp's agent {@code w.agent}, null when the check is off):
 * <ul>
 * <li>a barrier has a {@link Rendezvous}: {@code agent.arrive(rendezvous, mask)} when lanes come, and when all have come
 * {@code agent.adopt(mask, rendezvous.clock())} for each that waited, then {@code rendezvous.clear()};
 * <li>a flag or lock has one that is never cleared: {@code agent.arrive} with each release, {@code agent.acquire(mask,
 * rendezvous.clock())} with each acquire;
 * <li>an engine that copies on its own has a channel a place of completion (an mbarrier): {@link RaceCells#claim} when it is
 * asked for, {@link #complete} and {@link RaceCells#landByChannel} when its bytes have come, {@link Rendezvous#landed} into the rendezvous
 * of the phase that completes with it; those who wait for the phase adopt its clock and so know of the bytes.
 * </ul>
 * For a cluster, make one timeline for all its blocks, agents numbered through, and one {@link RaceCells} a block; any agent may
 * access any of them. Used by one thread at a time.
 */
final class Timeline {

    /** Bits of an interval of a channel that count its completions. */
    static final int CHANNEL_TIME_BITS = 20;
    /** The channel of copies that have not landed: nobody ever knows of it. */
    static final int IN_FLIGHT = 0x7ff;

    /** Bits of an interval that are the agent's number; the others are the time it began. */
    final int bits;
    final Agent[] agents;
    private final int mostTime;
    private int time;
    private int[] channels = new int[0];

    /**
     * A timeline.
     *
     * @param warps how many agents there will be, at most 1 &lt;&lt; 10 (a cluster of 16 blocks of 32 warps has 512)
     */
    Timeline(int warps) {
        bits = Math.max(1, 32 - Integer.numberOfLeadingZeros(warps - 1));
        agents = new Agent[warps];
        mostTime = (1 << 31 - bits) - 1;
    }

    /** Whether so much time has passed that history should be forgotten before the next block. */
    boolean old() {
        return time > mostTime / 2 || channels.length > 0; // those of a block before are no use to the next
    }

    /** Begins again at the first moment; all cells must be cleared with it. */
    void restart() {
        time = 0;
        channels = new int[0];
    }

    /**
     * A new interval. When numbers run out, after more than four million releases, all is one last interval: then
     * nothing more is found, and nothing falsely.
     */
    int tick(int agent) {
        time = Math.min(time + 1, mostTime);
        return time << bits | agent;
    }

    /** The time of the last interval that has begun. */
    int time() { return time; }

    /** No interval of an agent is later than this one. */
    int latest() { return time << bits | (1 << bits) - 1; }

    /** Whether whatever any thread still does comes behind all that an agent did in an interval. */
    boolean known(int interval) {
        for (Agent a : agents) {
            if (!a.knows(interval)) {
                return false;
            }
        }
        return true;
    }

    /** The clock that knows all that has happened so far: a new block's first. */
    Clock now() {
        int[] all = new int[agents.length];
        Arrays.fill(all, time);
        return new Clock(bits, all, null, channels.clone());
    }

    /** A new channel, to be kept as long as its place of completion lives; null-safe use is up to the caller. */
    int newChannel() {
        if (channels.length >= IN_FLIGHT) {
            return IN_FLIGHT - 1; // shared by all the rest: what one knows of, all do
        }
        channels = Arrays.copyOf(channels, channels.length + 1);
        return channels.length - 1;
    }

    /**
     * Something completes on a channel.
     *
     * @param channel from {@link #newChannel}
     * @return the channel's time, for {@link RaceCells#landByChannel} and {@link Rendezvous#landed}
     */
    int complete(int channel) {
        channels[channel] = Math.min(channels[channel] + 1, (1 << CHANNEL_TIME_BITS) - 1);
        return channels[channel];
    }

    /** The interval of a channel's completion; negative, as no agent's is. */
    static int interval(int channel, int time) {
        return 1 << 31 | channel << CHANNEL_TIME_BITS | time;
    }

    /** Whether an interval is that of a copy that has not landed. */
    static boolean inFlight(int interval) {
        return interval < 0 && (interval >>> CHANNEL_TIME_BITS & IN_FLIGHT) == IN_FLIGHT;
    }
}
