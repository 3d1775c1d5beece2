package dev.culebra.jmh.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A plain read of as many bytes as a product has to. */
final class ReadContestant implements Contestant {

    private final MemoryReader reader;
    private final List<MemorySegment> parts = new ArrayList<>();
    private MemorySegment last;
    private long sum;

    /** Rotates through as many disjoint parts of a buffer as are asked for; size is a multiple of 8. */
    ReadContestant(MemoryReader reader, MemorySegment buffer, long size, int copies) {
        this.reader = reader;
        for (int i = 0; i < copies; i++) {
            parts.add(buffer.asSlice(i * size, size));
        }
    }

    /** Numbers that add up to another sum for each part. */
    static void fill(MemorySegment buffer) {
        for (long i = 0; i < buffer.byteSize() / Long.BYTES; i++) {
            buffer.setAtIndex(ValueLayout.JAVA_LONG, i, i * 0x9e37_79b9_7f4a_7c15L);
        }
    }

    @Override
    public void run(int turn) {
        last = parts.get(turn % parts.size());
        sum = reader.sum(last);
    }

    @Override
    public void forget() { sum = 0; }

    @Override
    public void check() {
        long expected = 0;
        for (long i = 0; i < last.byteSize() / Long.BYTES; i++) {
            expected += last.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i);
        }
        if (sum != expected) {
            throw new IllegalStateException(
                    "read " + last.byteSize() + " bytes wrong: a sum of " + sum + " for " + expected);
        }
    }
}
