package dev.culebra.emulator.exec;

/** What is said of races that {@link RaceCells} and its layers have found. */
final class RaceFaults {

    private RaceFaults() {}

    /** The fault of an access that does not come behind one of which first and last comer are known. */
    static Fault between(Agent a, int l, String place, String how, String earlier, long record, int unordered,
            long firstAndLast) {
        int first = (int) (firstAndLast >>> 32);
        int last = (int) firstAndLast;
        int who = (unordered >>> (last & 31) & 1) != 0 ? last : first;
        if ((unordered >>> (who & 31) & 1) != 0) {
            return of(a, l, place, how, earlier + " at", record, 1 << (who & 31), who >> 5);
        }
        // One of those between: its line is that of first and last, if these came by the same, and not behind the last one's.
        return of(a, l, place, how, earlier + (first >> 5 == last >> 5 ? " at" : " at or before"), record, unordered,
                last >> 5);
    }

    /** The fault of an access that does not come behind a recorded one. */
    static Fault of(Agent a, int l, String place, String how, String earlier, long record, int unordered, int line) {
        int interval = (int) (record >>> 32);
        int lane = Integer.numberOfTrailingZeros(unordered);
        String what = "race: " + place + " is " + how;
        if (interval < 0 && !Timeline.inFlight(interval)) {
            return new Fault(DeviceFault.LAUNCH_FAILED, l,
                    what + " by a thread that has not waited for the copy of ptx line "
                            + line + " into it; wait for its completion first");
        }
        boolean flying = Timeline.inFlight(interval);
        Agent other = a.timeline().agents[interval & (flying
                ? (1 << Timeline.CHANNEL_TIME_BITS) - 1
                : (1 << a.timeline().bits) - 1)];
        String person = "thread " + other.warp.threadOf(lane)
                + (other.warp.block == a.warp.block ? "" : " of block " + other.warp.block.index);
        if (flying) {
            return new Fault(DeviceFault.LAUNCH_FAILED, l, what + " while the copy that " + person
                    + " asked for at ptx line " + line
                    + " is in flight; wait for the copy first, and then for the other threads");
        }
        return new Fault(DeviceFault.LAUNCH_FAILED, l, what + " and nothing orders that behind where it is " + earlier
                + (earlier.indexOf(' ') < 0 ? " at" : "") + " ptx line " + line + " by " + person
                + "; a barrier is missing between the two");
    }

    /** The fault of a block that ends while another may still be at its memory. */
    static Fault end(Block block, String place, String how, int line, Warp other, int lane) {
        return new Fault(DeviceFault.LAUNCH_FAILED, -1,
                "race: block " + block.index + " ends and nothing orders that behind where " + place
                        + " of its shared memory is " + how + " at ptx line " + line + " by thread "
                        + other.threadOf(lane) + " of block " + other.block.index
                        + "; let it wait at barrier.cluster before it ends");
    }

    /** The fault of two lanes that write different values to one place at once. */
    static Fault together(Agent a, int l, String place, int lower) {
        return new Fault(DeviceFault.LAUNCH_FAILED, l, "race: " + place + " is written with another value by thread "
                + a.warp.threadOf(lower)
                + " with the same instruction, and which of the two stays is undefined; one of them must not write");
    }
}
