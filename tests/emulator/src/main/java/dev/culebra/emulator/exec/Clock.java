package dev.culebra.emulator.exec;

/**
 * What a thread knows to have happened: up to which time each agent's accesses come before its own next one. Immutable, and
 * shared by all threads that know the same, which behind a barrier are all that were at it.
 */
final class Clock {

    private final int bits;
    /** For each agent the time up to which all its lanes are known. */
    final int[] all;
    /** For some agents, lanes that are known beyond that; null where none is. */
    final int[][] some;
    /** For each channel the last completion known. */
    final int[] channels;
    /** A record of an agent (its interval in the upper half) that is not above this, unsigned, is known without looking further. */
    final long floor;

    Clock(int bits, int[] all, int[][] some, int[] channels) {
        this.bits = bits;
        this.all = all;
        this.some = some;
        this.channels = channels;
        int least = Integer.MAX_VALUE;
        for (int t : all) {
            least = Math.min(least, t);
        }
        floor = (long) (least << bits | (1 << bits) - 1) << 32 | 0xffff_ffffL;
    }

    /** Whether all that another knows is known. */
    boolean covers(Clock o) {
        for (int i = 0; i < all.length; i++) {
            if (o.all[i] > all[i]) {
                return false;
            }
            for (int lane = 0; o.some != null && o.some[i] != null && lane < 32; lane++) {
                int t = o.some[i][lane];
                if (t > all[i] && (some == null || some[i] == null || t > some[i][lane])) {
                    return false;
                }
            }
        }
        for (int i = 0; i < o.channels.length; i++) {
            if (i >= channels.length || o.channels[i] > channels[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether accesses are known.
     *
     * @param interval when
     * @param lanes whose, all of the interval's agent
     * @return true when all of them are
     */
    boolean knows(int interval, int lanes) { return unknown(interval, lanes) == 0; }

    /** Whether all records are known of rows of 16 bytes that lanes address. */
    boolean knowsRows(long[] records, int mask, long[] address) {
        for (int m = mask; m != 0; m &= m - 1) {
            long record = records[(int) address[Integer.numberOfTrailingZeros(m)] >> 4];
            if (Long.compareUnsigned(record, floor) > 0 && unknown((int) (record >>> 32), (int) record) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Those of some lanes whose accesses in an interval are not known. */
    int unknown(int interval, int lanes) {
        if (interval < 0) {
            int channel = interval >>> Timeline.CHANNEL_TIME_BITS & Timeline.IN_FLIGHT;
            int time = interval & (1 << Timeline.CHANNEL_TIME_BITS) - 1;
            return channel < channels.length && time <= channels[channel] ? 0 : lanes;
        }
        int agent = interval & (1 << bits) - 1;
        int time = interval >>> bits;
        if (time <= all[agent]) {
            return 0;
        }
        int[] each = some == null ? null : some[agent];
        int left = lanes;
        for (int m = each == null ? 0 : lanes; m != 0; m &= m - 1) {
            int lane = Integer.numberOfTrailingZeros(m);
            left &= time <= each[lane] ? ~(1 << lane) : -1;
        }
        return left;
    }
}
