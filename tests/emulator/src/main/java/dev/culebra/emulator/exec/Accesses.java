package dev.culebra.emulator.exec;

import java.util.Arrays;

/** Accesses of one cell that {@link RaceCells} can not keep in its two records: more readers, and strong accesses. */
final class Accesses {

    /** A plain read. */
    static final byte READ = 0;
    /** A read that races with plain writes alone. */
    static final byte STRONG_READ = 1;
    /** A write, perhaps with a read, that races with plain accesses alone. */
    static final byte STRONG_WRITE = 2;
    /** A plain write that another has followed, unordered, with the same value. */
    static final byte SAME_WRITE = 3;

    /**
     * With so many, a strong access joins an earlier one of its warp, as if it had happened then: a race with it alone is not
     * found any more. Without that a counter that a thousand threads add to, each many times, would cost a thousand looks.
     */
    private static final int MANY = 16;

    long[] record = new long[4];
    int[] line = new int[4];
    byte[] kind = new byte[4];
    int count;

    /** Adds what a lane does, unless it is there already. */
    void add(Agent agent, int interval, int lane, int ptxLine, byte what) {
        int bit = 1 << lane;
        for (int i = 0; i < count; i++) {
            if (kind[i] == what && (int) (record[i] >>> 32) == interval) {
                if (((int) record[i] & bit) != 0) {
                    return;
                }
                if (line[i] == ptxLine) {
                    record[i] |= bit & 0xffff_ffffL;
                    return;
                }
            }
        }
        for (int i = count >= MANY && what != READ ? 0 : count; i < count; i++) {
            if (kind[i] == what && agent.owns(record[i])) {
                record[i] |= bit & 0xffff_ffffL;
                return;
            }
        }
        forget(agent, bit, what);
        put((long) interval << 32 | bit & 0xffff_ffffL, ptxLine, what);
    }

    /** Takes out a lane's earlier accesses of a kind: who comes behind its next one comes behind them. */
    private void forget(Agent agent, int bit, byte what) {
        for (int i = count - 1; i >= 0; i--) {
            if (kind[i] == what && ((int) record[i] & bit) != 0 && agent.owns(record[i])) {
                record[i] &= ~(bit & 0xffff_ffffL);
                if ((int) record[i] == 0) {
                    remove(i);
                }
            }
        }
    }

    void put(long accesses, int ptxLine, byte what) {
        for (int i = 0; i < count; i++) {
            if (record[i] == accesses && kind[i] == what) {
                return;
            }
        }
        if (count == record.length) {
            record = Arrays.copyOf(record, 2 * count);
            line = Arrays.copyOf(line, 2 * count);
            kind = Arrays.copyOf(kind, 2 * count);
        }
        record[count] = accesses;
        line[count] = ptxLine;
        kind[count++] = what;
    }

    void remove(int i) {
        count--;
        record[i] = record[count];
        line[i] = line[count];
        kind[i] = kind[count];
    }

    /** Takes out what everybody of a floor knows. */
    void prune(long floor) {
        for (int i = count - 1; i >= 0; i--) {
            if (Long.compareUnsigned(record[i], floor) <= 0) {
                remove(i);
            }
        }
    }

    /** Takes out what a lane's write now comes behind. */
    void dropKnown(Agent agent, int lane) {
        for (int i = count - 1; i >= 0; i--) {
            if (agent.follows(lane, record[i])) {
                remove(i);
            }
        }
    }

    Accesses copy() {
        Accesses a = new Accesses();
        a.record = record.clone();
        a.line = line.clone();
        a.kind = kind.clone();
        a.count = count;
        return a;
    }
}
