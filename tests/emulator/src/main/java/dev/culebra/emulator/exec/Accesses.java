package dev.culebra.emulator.exec;

import java.util.Arrays;

/** Accesses of one cell that a {@link RaceLayer} has no place of its own for. */
final class Accesses {

    /** A plain read. */
    static final byte READ = 0;
    /** A plain write that another has followed, unordered, with the same value. */
    static final byte SAME_WRITE = 1;
    /** A write that races with plain accesses alone, of an engine. */
    static final byte UPDATE = 2;

    long[] record = new long[4];
    int[] line = new int[4];
    byte[] kind = new byte[4];
    int count;

    /** Adds some, unless they are there already. */
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

    /** Takes one out; the last one takes its place. */
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

    Accesses copy() {
        Accesses a = new Accesses();
        a.record = record.clone();
        a.line = line.clone();
        a.kind = kind.clone();
        a.count = count;
        return a;
    }
}
