package dev.culebra.sparse;

import java.util.function.LongConsumer;

/** Sums what several threads have done in one pass or more and tells a listener; each pass counts as much. */
final class Progress {

    private final LongConsumer listener;
    private final long elements;
    private final int passes;
    private long done;

    Progress(LongConsumer listener, long elements, int passes) {
        this.listener = listener;
        this.elements = elements;
        this.passes = passes;
    }

    void add(long count) {
        if (listener == null) {
            return;
        }
        synchronized (this) {
            done += count;
            listener.accept(done / passes); // at most 2 * elements, which is under 2^63 for any two positive ints
        }
    }
}
