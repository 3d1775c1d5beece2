package dev.culebra.driver;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;

/**
 * A mark in a stream's order: it happens when the work before it is done. Streams and threads can wait for it. An event
 * that was never recorded counts as happened.
 *
 * <p>
 * May be used from any thread; recording it again while others wait is allowed, they wait for what they saw.
 */
public final class Event implements AutoCloseable {

    private final Context context;
    private final Driver driver;
    private final MemorySegment handle;
    private final boolean owned;
    private final boolean timing;
    private final Lifetime lifetime;

    /** The capture it was last recorded in; null where that was no capture. */
    private volatile Capture captured;

    private Event(Context context, MemorySegment handle, boolean owned, boolean timing) {
        this.context = context;
        this.driver = context.driver();
        this.handle = handle;
        this.owned = owned;
        this.timing = timing;
        String name = "event " + Handles.text(handle);
        this.lifetime = owned ? Lifetime.owned(this, name, context.lifetime()) : Lifetime.guest(name);
    }

    static Event owned(Context context, MemorySegment handle, boolean timing) {
        return new Event(context, handle, true, timing);
    }

    /**
     * Wraps an event that another library made. It is used here and never destroyed; it must outlive its use.
     *
     * @param context the context it belongs to
     * @param handle the {@code CUevent}
     * @return the guest
     */
    public static Event guest(Context context, long handle) {
        return new Event(context, Handles.of(handle), false, true);
    }

    MemorySegment raw() { return handle; }

    Driver driver() { return driver; }

    Lifetime lifetime() { return lifetime; }

    void check() { lifetime.check(); }

    void recordedIn(Capture capture) { captured = capture; }

    Capture captured() { return captured; }

    /**
     * The driver's handle, to lend to another library.
     *
     * @return the {@code CUevent}
     */
    public long handle() { return handle.address(); }

    /**
     * The context it belongs to.
     *
     * @return the context
     */
    public Context context() { return context; }

    /**
     * Waits until it has happened.
     *
     * @throws IllegalStateException where it was last recorded in a capture, which runs at no time of its own
     * @throws CudaException where work before it failed
     */
    public void synchronize() {
        requireTime();
        lifetime.during(() -> driver.events.synchronize(context.raw(), handle));
    }

    /** The driver's answer to a question about such an event spoils the capture; waited for, it draws others into it. */
    private void requireTime() {
        if (captured != null) {
            throw new IllegalStateException(lifetime.name() + " was recorded in a capture and has no time of its own:"
                    + " record it on a stream that does not capture");
        }
    }

    /**
     * Whether it has happened. Does not wait.
     *
     * @return true where it has
     * @throws IllegalStateException where it was last recorded in a capture, which runs at no time of its own
     * @throws CudaException where work before it failed
     */
    public boolean isDone() {
        requireTime();
        lifetime.enter();
        try {
            return driver.events.isDone(context.raw(), handle);
        } finally {
            lifetime.exit();
        }
    }

    /**
     * The time between two events, both of which must have happened.
     *
     * @param start the earlier one, from {@link Context#newTimingEvent()} as this one
     * @return milliseconds, to about half a microsecond
     * @throws IllegalStateException where one of them does not remember times
     * @throws CudaException where one of them has not happened yet or was never recorded
     */
    public float millisecondsSince(Event start) {
        lifetime.check();
        start.check();
        if (!timing || !start.timing) {
            throw new IllegalStateException(
                    (timing ? start : this).lifetime.name() + " remembers no time: make it with newTimingEvent()");
        }
        return driver.events.elapsedMilliseconds(context.raw(), start.handle, handle);
    }

    /**
     * What it was last recorded for, as a future. No thread waits for it, so a virtual thread that joins it keeps no
     * carrier. It completes on a thread of the common pool, where calls of this library are allowed.
     *
     * @return completes when the event has happened, or with a {@link CudaException} where work before it failed
     * @throws IllegalStateException where it was last recorded in a capture, which runs at no time of its own
     */
    public CompletableFuture<Void> whenDone() {
        lifetime.check();
        requireTime();
        return Completions.ofEvent(this);
    }

    /** Destroys the event, which lets down nobody who waits for it. A second call does nothing; a guest is left alone. */
    @Override
    public void close() {
        lifetime.close(() -> {
            Completions.closed(lifetime, null);
            if (owned) driver.events.destroy(context.raw(), handle);
        });
    }

    @Override
    public String toString() { return lifetime.name(); }
}
