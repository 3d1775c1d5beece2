package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/** A context's streams that wait for events on behalf of futures: one event each, so that none waits behind another. */
final class EventWaiters {

    /** More futures than this at once are answered by the watcher's questions alone, up to 50 ms later. */
    private static final int MOST = 16;

    private final Context context;
    private final Deque<MemorySegment> idle = new ArrayDeque<>();
    private int made;
    private boolean closed;

    EventWaiters(Context context) {
        this.context = context;
    }

    /** A stream with no work on it; null where there are enough. */
    synchronized MemorySegment take() {
        MemorySegment waiter = idle.poll();
        if (waiter != null || closed || made == MOST) return waiter;
        made++;
        return context.driver().streams.create(context.raw(), CudaApi.CU_STREAM_NON_BLOCKING());
    }

    /** Null is nothing to give back. */
    synchronized void giveBack(MemorySegment waiter) {
        if (waiter == null) return;
        if (closed) return; // destroyed with the context
        idle.add(waiter);
    }

    synchronized void close() {
        closed = true;
        for (MemorySegment waiter : idle) context.driver().streams.destroy(context.raw(), waiter);
        idle.clear();
    }
}
