package dev.culebra.driver;

import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * Futures for work on the device. The driver calls back when the work is done. It does not call back when the work failed,
 * so a watcher asks now and then, too; it is also who answers where a callback can not be had.
 */
final class Completions {

    /** The first question comes soon, for errors of short work; then they come half as often each time, to a limit. */
    private static final long FIRST_POLL_MILLIS = 1;

    private static final long LAST_POLL_MILLIS = 50;

    /** What is not finished yet. */
    private static final Set<Pending> OPEN = ConcurrentHashMap.newKeySet();

    private Completions() {}

    /** A daemon that asks the driver questions, none of which block. Made when the first future is. */
    private static final class Watcher {
        static final ScheduledThreadPoolExecutor THREAD = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, "culebra-completions");
            thread.setDaemon(true);
            return thread;
        });
    }

    static CompletableFuture<Void> ofStream(Stream stream) {
        Pending pending = new Pending(stream.lifetime(), stream::isQuiet, () -> {});
        return pending.begin(() -> HostCalls.enqueue(stream.context(), stream.raw(), pending.id));
    }

    /** Events have no callback: a stream that waits for nothing but the event has one. */
    static CompletableFuture<Void> ofEvent(Event event) {
        Context context = event.context();
        Driver driver = event.driver();
        MemorySegment waiter = context.eventWaiters().take();
        if (waiter == null) {
            return new Pending(event.lifetime(), () -> driver.events.isDone(context.raw(), event.raw()), () -> {})
                    .begin(() -> {});
        }
        Pending pending = new Pending(context.lifetime(), () -> driver.streams.isDone(context.raw(), waiter),
                () -> context.eventWaiters().giveBack(waiter));
        return pending.begin(() -> {
            driver.streams.await(context.raw(), waiter, event.raw());
            HostCalls.enqueue(context, waiter, pending.id);
        });
    }

    /** When an object is closed, its work was waited for: what is still open then has failed, or will never be known. */
    static void closed(Lifetime subject, CudaException failure) {
        for (Pending pending : OPEN) {
            if (pending.subject == subject) {
                pending.finish(failure != null
                        ? failure
                        : new IllegalStateException(subject.name() + " was closed while its future was open"));
            }
        }
    }

    /** A future, the object that it waits for, the question whether it is done, and what to tidy up then. */
    private static final class Pending {

        private final CompletableFuture<Void> future = new CompletableFuture<>();
        private final AtomicBoolean finished = new AtomicBoolean();
        private final Lifetime subject;
        private final BooleanSupplier isDone;
        private final Runnable after;
        private final long id = HostCalls.register(() -> finish(null));

        Pending(Lifetime subject, BooleanSupplier isDone, Runnable after) {
            this.subject = subject;
            this.isDone = isDone;
            this.after = after;
        }

        CompletableFuture<Void> begin(Runnable enqueue) {
            OPEN.add(this);
            try {
                enqueue.run();
            } catch (CudaException e) {
                finish(e);
                return future;
            }
            askIn(FIRST_POLL_MILLIS);
            return future;
        }

        private void askIn(long millis) { Watcher.THREAD.schedule(() -> ask(millis), millis, TimeUnit.MILLISECONDS); }

        private void ask(long waited) {
            if (finished.get()) return;
            try {
                // Under the lifetime's lock: the handle can not be destroyed while the driver is asked about it.
                if (subject.whileOpen(isDone)) finish(null);
                // Who closes an object sees to its futures.
                else if (!subject.isClosed()) askIn(Math.min(2 * waited, LAST_POLL_MILLIS));
            } catch (CudaException e) {
                finish(e);
            }
        }

        /** Once. What hangs on the future runs on the common pool, never on the driver's thread or the watcher's. */
        private void finish(Throwable failure) {
            if (!finished.compareAndSet(false, true)) return;
            HostCalls.forget(id);
            OPEN.remove(this);
            CompletableFuture.runAsync(() -> {
                after.run();
                if (failure == null) future.complete(null);
                else future.completeExceptionally(failure);
            });
        }
    }
}
