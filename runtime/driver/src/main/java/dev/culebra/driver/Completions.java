package dev.culebra.driver;

import dev.culebra.bindings.CUhostFn;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * Futures for work on the device. The driver calls back when the work is done. It does not call back when the work failed,
 * so a watcher asks now and then, too; it is also who answers where a callback can not be had.
 */
final class Completions {

    private static final System.Logger LOG = System.getLogger("dev.culebra.driver");

    /** The first question comes soon, for errors of short work; then they come half as often each time, to a limit. */
    private static final long FIRST_POLL_MILLIS = 1;
    private static final long LAST_POLL_MILLIS = 50;

    private static final AtomicLong NEXT = new AtomicLong(1);
    private static final Map<Long, Pending> PENDING = new ConcurrentHashMap<>();

    private Completions() {}

    /** Made when the first future is. */
    private static final class Callback {
        static final MemorySegment FUNCTION = CUhostFn.allocate(Completions::called, Arena.global());
    }

    /** A daemon that asks the driver questions, none of which block. Made when the first future is. */
    private static final class Watcher {
        static final ScheduledThreadPoolExecutor THREAD = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, "culebra-completions");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** A future, the object that it waits for, the question whether it is done, and what to tidy up then. */
    private record Pending(CompletableFuture<Void> future, Lifetime subject, BooleanSupplier done, Runnable after) {}

    static CompletableFuture<Void> ofStream(Stream stream) {
        Pending pending = new Pending(new CompletableFuture<>(), stream.lifetime(),
                () -> stream.driver().streams.isDone(stream.rawContext(), stream.raw()), () -> {});
        return begin(pending, id -> stream.driver().streams.callHost(stream.rawContext(), stream.raw(),
                Callback.FUNCTION, Handles.of(id)));
    }

    /** Events have no callback: a stream that waits for nothing but the event has one. */
    static CompletableFuture<Void> ofEvent(Event event) {
        EventWaiters waiters = event.context().eventWaiters();
        MemorySegment waiter = waiters.take();
        Pending pending = new Pending(new CompletableFuture<>(), event.lifetime(),
                () -> event.driver().events.isDone(event.context().raw(), event.raw()),
                () -> waiters.giveBack(waiter));
        return begin(pending, id -> {
            if (waiter == null) return;
            MemorySegment context = event.context().raw();
            event.driver().streams.await(context, waiter, event.raw());
            event.driver().streams.callHost(context, waiter, Callback.FUNCTION, Handles.of(id));
        });
    }

    private interface Call {
        void enqueue(long id);
    }

    private static CompletableFuture<Void> begin(Pending pending, Call call) {
        long id = NEXT.getAndIncrement();
        PENDING.put(id, pending);
        try {
            call.enqueue(id);
        } catch (CudaException e) {
            finish(id, e);
            return pending.future;
        }
        poll(id, FIRST_POLL_MILLIS);
        return pending.future;
    }

    /** Called by the driver, on a thread of its own, where it must not be called back; and nothing may be thrown. */
    private static void called(MemorySegment id) {
        try {
            finish(id.address(), null);
        } catch (Throwable e) {
            try {
                LOG.log(Level.ERROR, "a future was not completed", e);
            } catch (Throwable ignored) {
                // Leaving an upcall with an exception ends the JVM.
            }
        }
    }

    private static void poll(long id, long delayMillis) {
        Watcher.THREAD.schedule(() -> ask(id, delayMillis), delayMillis, TimeUnit.MILLISECONDS);
    }

    private static void ask(long id, long delayMillis) {
        Pending pending = PENDING.get(id);
        if (pending == null) return;
        Throwable failure = null;
        try {
            // Under the lifetime's lock: the handle can not be destroyed while the driver is asked about it.
            boolean done = pending.subject.whileOpen(pending.done);
            if (!done && !pending.subject.isClosed()) {
                poll(id, Math.min(2 * delayMillis, LAST_POLL_MILLIS));
                return;
            }
            // A stream's work is through when it is closed; an event that is gone can not be asked.
        } catch (Throwable e) {
            failure = e;
        }
        finish(id, failure);
    }

    /** Once for each future. What hangs on it runs on the common pool, never on the driver's thread or the watcher's. */
    private static void finish(long id, Throwable failure) {
        Pending pending = PENDING.remove(id);
        if (pending == null) return;
        CompletableFuture.runAsync(() -> {
            pending.after.run();
            if (failure == null) pending.future.complete(null);
            else
                pending.future.completeExceptionally(failure);
        });
    }
}
