package dev.culebra.emulator.exec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A warp's bulk copies from shared to global memory, in groups that their threads commit and wait for. They read and write when
 * their thread waits and not before, the latest that the rules allow; what is only waited for to be read is written when the
 * thread waits on, or when the block ends.
 */
final class BulkGroups {

    /** A thread's copy of which some part has not been done. */
    interface Store {
        /** Reads the source. */
        void read();

        /** Writes the destination, having read. */
        void write();

        /** Where it was asked for. */
        String name();
    }

    private static final class Entry {
        final Store store;
        final int lane;
        final int group;
        boolean read;

        Entry(Store store, int lane, int group) {
            this.store = store;
            this.lane = lane;
            this.group = group;
        }
    }

    private final List<Entry> pending = new ArrayList<>();
    private final int[] committed = new int[32];

    void clear() {
        pending.clear();
        Arrays.fill(committed, 0);
    }

    void add(int lane, Store store) { pending.add(new Entry(store, lane, committed[lane])); }

    void commit(int mask) {
        for (int l = 0; l < 32; l++) {
            committed[l] += mask >>> l & 1;
        }
    }

    /** Does what lanes have asked for, but for their last {@code keep} groups and what is not committed. */
    void await(int mask, int keep, boolean readOnly) {
        for (int i = 0; i < pending.size(); i++) {
            Entry e = pending.get(i);
            if ((mask >>> e.lane & 1) != 0 && e.group < committed[e.lane] - keep) {
                finish(e, readOnly);
                if (!readOnly) {
                    pending.remove(i--);
                }
            }
        }
    }

    private static void finish(Entry e, boolean readOnly) {
        if (!e.read) {
            e.store.read();
            e.read = true;
        }
        if (!readOnly) {
            e.store.write();
        }
    }

    /** The block ends: what has been read is written, and what has not can not be read any more. */
    void end(Block block) {
        for (Entry e : pending) {
            if (!e.read) {
                throw new Fault(DeviceFault.LAUNCH_FAILED, -1, "block " + block.index + " ends while " + e.store.name()
                        + " has not read its shared memory: wait for it with cp.async.bulk.wait_group.read");
            }
            e.store.write();
        }
        pending.clear();
    }
}
