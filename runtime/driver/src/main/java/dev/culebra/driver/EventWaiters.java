package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A context's streams that wait for events on behalf of futures: one event each, so that none waits behind another. */
final class EventWaiters {

    /** More futures than this at once are answered by the watcher's questions alone, up to 50 ms later. */
    private static final int MOST = 16;

    private final Context context;
    private final List<MemorySegment> all = new ArrayList<>();
    private final Deque<MemorySegment> idle = new ArrayDeque<>();
    private boolean closed;

    EventWaiters(Context context) { this.context = context; }

    /** A stream with no work on it; null where there are enough. */
    synchronized MemorySegment take() {
        MemorySegment waiter = idle.poll();
        if (waiter != null || closed || all.size() == MOST) return waiter;
        waiter = context.driver().streams.create(context.raw(), CudaApi.CU_STREAM_NON_BLOCKING());
        all.add(waiter);
        return waiter;
    }

    synchronized void giveBack(MemorySegment waiter) { if (!closed) idle.add(waiter); }

    /** With the context: waits for what is still waited for, so that each future hears of its end. */
    synchronized void close() {
        closed = true;
        CudaException failure = null;
        for (MemorySegment waiter : all) {
            try {
                context.driver().streams.synchronize(context.raw(), waiter);
                context.driver().streams.destroy(context.raw(), waiter);
            } catch (CudaException e) {
                // The work's owner was told, or is by the futures; the context is released in any case.
                failure = e;
            }
        }
        Completions.closed(context.lifetime(), failure);
    }
}
