package dev.culebra.sparse;

import java.util.function.LongConsumer;

/** Sums what several threads have done in two passes and tells a listener; each pass counts half. */
final class Progress {

    private final LongConsumer listener;
    private final long elements;
    private long done;

    Progress(LongConsumer listener, long elements) {
        this.listener = listener;
        this.elements = elements;
    }

    void add(long count) {
        if (listener == null) {
            return;
        }
        synchronized (this) {
            done += count;
            // done is at most 2 * elements, which is under 2^63 for any two positive ints
            listener.accept(done == 2 * elements ? elements : done / 2);
        }
    }
}
