package dev.culebra.sparse;

import java.util.function.LongConsumer;

/** Sums what several threads have done in one pass or more and tells a listener; each pass counts as much. */
final class Progress {

    private final LongConsumer listener;
    private final long elements;
    private int passes;
    private long done;
    private long told;
    /** What had been told before the passes that are counted now. */
    private long before;

    Progress(LongConsumer listener, long elements, int passes) {
        this.listener = listener;
        this.elements = elements;
        this.passes = passes;
    }

    /** What is left will be done in so many passes more; called between passes. */
    void follow(int morePasses) {
        before = told;
        passes = morePasses;
        done = 0;
    }

    void add(long count) {
        if (listener == null) {
            return;
        }
        synchronized (this) {
            done += count;
            double share = (double) (done / passes) / elements; // 2 passes of under 2^62 elements, or 3 of under 2^56
            told = share >= 1 ? elements : before + (long) (share * (elements - before));
            listener.accept(told);
        }
    }
}
