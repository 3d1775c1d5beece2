package dev.culebra.jmh.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** A plain read of the very bytes that a product has to read. */
final class ReadContestant implements Contestant {

    private final MemoryReader reader;
    private final List<MemorySegment> copies;
    private final boolean warm;
    private MemorySegment last;
    private long sum;

    /** Rotates through all copies, or takes one all the time. */
    ReadContestant(MemoryReader reader, List<MemorySegment> copies, boolean warm) {
        this.reader = reader;
        this.copies = copies;
        this.warm = warm;
    }

    long bytes() { return copies.getFirst().byteSize(); }

    @Override
    public void run(int turn) {
        last = copies.get(warm ? 0 : turn % copies.size());
        sum = reader.sum(last);
    }

    @Override
    public void forget() { sum = ~sum; }

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
