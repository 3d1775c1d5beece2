package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;

/**
 * A queue of work for a device. What is enqueued on one stream runs in order; different streams run side by side unless
 * events order them. Enqueuing returns before the work is done, and errors of the work are reported by later calls.
 *
 * <p>
 * May be used from several threads, which then share the order; closing waits for calls that are under way. Buffers remember the streams they were used on, so that none
 * is freed under work that is enqueued.
 */
public final class Stream implements AutoCloseable {

    /** {@code CU_STREAM_LEGACY}: the default stream's other name. */
    private static final long LEGACY = 1;

    private final Context context;
    private final Driver driver;
    private final MemorySegment handle;
    private final boolean owned;
    private final Lifetime lifetime;
    private final Launches launches = new Launches();
    private final StreamCopies copies;

    /** The capture that takes this stream's work now, or null. */
    volatile Capture capture;

    private Stream(Context context, MemorySegment handle, boolean owned) {
        this.context = context;
        this.driver = context.driver();
        this.handle = handle;
        this.owned = owned;
        String name = "stream " + Handles.text(handle);
        this.lifetime = owned ? Lifetime.owned(this, name, context.lifetime()) : Lifetime.guest(name);
        this.copies = new StreamCopies(this);
    }

    static Stream owned(Context context, MemorySegment handle) { return new Stream(context, handle, true); }

    /**
     * Wraps a stream that another library made. It is used here and never destroyed; it must outlive its use here, which
     * ends when the guest is closed.
     *
     * @param context the context it belongs to
     * @param handle the {@code CUstream}
     * @return the guest
     */
    public static Stream guest(Context context, long handle) {
        return new Stream(context, Handles.of(handle), false);
    }

    /**
     * Work that is captured into a graph.
     *
     * @param <X> what it may throw
     */
    @FunctionalInterface
    public interface Work<X extends Exception> {

        /**
         * Enqueues the work.
         *
         * @throws X as it likes; nothing is captured then
         */
        void run() throws X;
    }

    Driver driver() { return driver; }

    MemorySegment raw() { return handle; }

    Lifetime lifetime() { return lifetime; }

    Launches launches() { return launches; }

    boolean isReleased() { return lifetime.isReleased(); }

    /** A stream of ours keeps its context open; a guest, and the default stream, can be left behind. */
    void check() {
        lifetime.check();
        if (!owned) context.lifetime().check();
    }

    /** The context's handle, for a call on this stream. */
    MemorySegment rawContext() { return context.raw(); }

    /** Remembers that work enqueued here uses the memory. Called before the work is enqueued. */
    void touch(DeviceBuffer buffer) {
        buffer.check();
        touch(buffer, buffer.rootLifetime(), buffer.uses());
    }

    /**
     * Whoever closes the buffer meanwhile waits until its use is enqueued, and then for that. The stream is entered without
     * another lambda: copies are often small, and each would allocate it.
     */
    private void using(DeviceBuffer buffer, Runnable call) {
        lifetime.enter();
        try {
            buffer.rootLifetime().during(call);
        } finally {
            lifetime.exit();
        }
    }

    private void using(DeviceBuffer one, DeviceBuffer other, Runnable call) {
        using(one, () -> other.rootLifetime().during(call));
    }

    void touch(Object object, Lifetime memory, Uses uses) {
        Capture now = capture;
        if (now == null) uses.mark(this);
        else
            now.touch(object, memory, uses);
    }

    /**
     * The driver's handle, to lend to another library.
     *
     * @return the {@code CUstream}
     */
    public long handle() { return handle.address(); }

    /**
     * The context it belongs to.
     *
     * @return the context
     */
    public Context context() { return context; }

    /**
     * Copies a whole host segment to a buffer's beginning. From page-locked memory the copy is asynchronous, and the
     * segment must not be changed before it is done. From pageable memory it goes through the driver's own staging
     * memory: the call returns when the segment may be changed.
     *
     * @param from native memory
     * @param to at least as long
     * @throws IllegalArgumentException for a heap segment, or one longer than the buffer
     */
    public void copy(MemorySegment from, DeviceBuffer to) {
        using(to, () -> copies.toDevice(from, 0, to, 0, from.byteSize()));
    }

    /**
     * Copies a part of a host segment to a part of a buffer, like {@link #copy(MemorySegment, DeviceBuffer)}.
     *
     * @param from native memory
     * @param fromOffset in bytes
     * @param to the buffer
     * @param toOffset in bytes
     * @param bytes how many
     * @throws IllegalArgumentException for a heap segment
     * @throws IndexOutOfBoundsException where a part is not within its whole
     */
    public void copy(MemorySegment from, long fromOffset, DeviceBuffer to, long toOffset, long bytes) {
        using(to, () -> copies.toDevice(from, fromOffset, to, toOffset, bytes));
    }

    /**
     * Copies a whole buffer to a host segment's beginning. To page-locked memory the copy is asynchronous; to pageable
     * memory the call returns when it is done.
     *
     * @param from the buffer
     * @param to native memory, at least as long
     * @throws IllegalArgumentException for a heap segment, or one shorter than the buffer
     */
    public void copy(DeviceBuffer from, MemorySegment to) {
        using(from, () -> copies.toHost(from, 0, to, 0, from.bytes()));
    }

    /**
     * Copies a part of a buffer to a part of a host segment, like {@link #copy(DeviceBuffer, MemorySegment)}.
     *
     * @param from the buffer
     * @param fromOffset in bytes
     * @param to native memory
     * @param toOffset in bytes
     * @param bytes how many
     * @throws IllegalArgumentException for a heap segment
     * @throws IndexOutOfBoundsException where a part is not within its whole
     */
    public void copy(DeviceBuffer from, long fromOffset, MemorySegment to, long toOffset, long bytes) {
        using(from, () -> copies.toHost(from, fromOffset, to, toOffset, bytes));
    }

    /**
     * Copies a whole buffer to another's beginning. Between two devices it goes directly where they can reach each other,
     * else through the host.
     *
     * @param from the buffer
     * @param to at least as long, not overlapping
     * @throws IllegalArgumentException where the other is shorter
     */
    public void copy(DeviceBuffer from, DeviceBuffer to) {
        using(from, to, () -> copies.onDevice(from, 0, to, 0, from.bytes()));
    }

    /**
     * Copies a part of a buffer to a part of another, like {@link #copy(DeviceBuffer, DeviceBuffer)}.
     *
     * @param from the buffer
     * @param fromOffset in bytes
     * @param to the other
     * @param toOffset in bytes
     * @param bytes how many
     * @throws IndexOutOfBoundsException where a part is not within its whole
     */
    public void copy(DeviceBuffer from, long fromOffset, DeviceBuffer to, long toOffset, long bytes) {
        using(from, to, () -> copies.onDevice(from, fromOffset, to, toOffset, bytes));
    }

    /**
     * Copies rows from the host to a device, where rows may lie further apart than they are wide.
     *
     * @param from native memory; asynchronous where it is page-locked
     * @param fromPitch bytes from a row's begin to the next one's
     * @param to the buffer
     * @param toPitch bytes from a row's begin to the next one's
     * @param widthBytes bytes of a row that are copied, at most either pitch
     * @param rows how many
     * @throws IllegalArgumentException for a heap segment, or a width above a pitch
     * @throws IndexOutOfBoundsException where rows are not within their whole
     */
    public void copy2d(MemorySegment from, long fromPitch, DeviceBuffer to, long toPitch, long widthBytes, long rows) {
        using(to, () -> copies.toDevice2d(from, fromPitch, to, toPitch, widthBytes, rows));
    }

    /**
     * Copies rows from a device to the host, where rows may lie further apart than they are wide.
     *
     * @param from the buffer
     * @param fromPitch bytes from a row's begin to the next one's
     * @param to native memory; asynchronous where it is page-locked
     * @param toPitch bytes from a row's begin to the next one's
     * @param widthBytes bytes of a row that are copied, at most either pitch
     * @param rows how many
     * @throws IllegalArgumentException for a heap segment, or a width above a pitch
     * @throws IndexOutOfBoundsException where rows are not within their whole
     */
    public void copy2d(DeviceBuffer from, long fromPitch, MemorySegment to, long toPitch, long widthBytes, long rows) {
        using(from, () -> copies.toHost2d(from, fromPitch, to, toPitch, widthBytes, rows));
    }

    /**
     * Copies rows on a device, where rows may lie further apart than they are wide.
     *
     * @param from the buffer
     * @param fromPitch bytes from a row's begin to the next one's
     * @param to another
     * @param toPitch bytes from a row's begin to the next one's
     * @param widthBytes bytes of a row that are copied, at most either pitch
     * @param rows how many
     * @throws IllegalArgumentException for a width above a pitch
     * @throws IndexOutOfBoundsException where rows are not within their whole
     */
    public void copy2d(DeviceBuffer from, long fromPitch, DeviceBuffer to, long toPitch, long widthBytes, long rows) {
        using(from, to, () -> copies.onDevice2d(from, fromPitch, to, toPitch, widthBytes, rows));
    }

    /**
     * Fills a buffer with a byte.
     *
     * @param buffer what to fill; a slice for a part
     * @param value the byte
     */
    public void fill(DeviceBuffer buffer, byte value) { using(buffer, () -> copies.fill(buffer, value)); }

    /**
     * Fills a buffer with a 4-byte pattern.
     *
     * @param buffer what to fill, a multiple of 4 bytes long; a slice for a part
     * @param value the pattern, in the device's order (little endian)
     * @throws IllegalArgumentException for another length
     */
    public void fill32(DeviceBuffer buffer, int value) { using(buffer, () -> copies.fill32(buffer, value)); }

    /**
     * Allocates from the device's current pool, in this stream's order: work enqueued here from now on may use it, other
     * streams after they were ordered behind. Waits for nothing. Closing the buffer frees it in the same way, after its
     * last use on any stream.
     *
     * @param bytes how much; 0 gives a buffer with no memory behind it
     * @return the buffer, to be closed before this stream
     * @throws CudaException where there is not enough, with what was asked and what is free
     */
    public DeviceBuffer allocate(long bytes) { return allocate(bytes, null); }

    /**
     * Allocates from a pool, like {@link #allocate(long)}.
     *
     * @param bytes how much; 0 gives a buffer with no memory behind it
     * @param pool of this stream's device; null for the device's current one
     * @return the buffer, to be closed before this stream and the pool
     * @throws CudaException where there is not enough, with what was asked and what is free
     */
    public DeviceBuffer allocate(long bytes, MemoryPool pool) {
        lifetime.enter();
        try {
            return DeviceBuffer.streamOrdered(this, bytes, pool);
        } finally {
            lifetime.exit();
        }
    }

    /**
     * Lets the event happen when all work enqueued here so far is done.
     *
     * @param event of the same context; what it waited for before is forgotten
     */
    public void record(Event event) {
        lifetime.during(() -> event.lifetime().during(() -> {
            event.recordedIn(capture);
            driver.events.record(rawContext(), event.raw(), handle);
        }));
    }

    /**
     * Lets work enqueued here from now on wait, on the device, until the event happened. An event that was never recorded
     * holds nothing up.
     *
     * @param event of any context of this driver
     */
    public void await(Event event) {
        lifetime.during(() -> event.lifetime().during(() -> {
            Capture captured = event.captured();
            if (captured == null || capture != null) driver.streams.await(rawContext(), handle, event.raw());
            else joinCapture(captured, () -> driver.streams.await(rawContext(), handle, event.raw()));
        }));
    }

    /** Takes part in a capture after a call, with nobody asking this stream a question between: that would spoil it. */
    void joinCapture(Capture joined, Runnable call) {
        lifetime.whileOpen(() -> {
            call.run();
            joined.join(this);
            return true;
        });
    }

    /** Whether all work so far is done, for questions that nobody sees: while it captures it is not, and must not be asked. */
    boolean isQuiet() {
        return lifetime.whileOpen(() -> capture == null && (owned || !isCapturing())
                && driver.streams.isDone(rawContext(), handle)) || lifetime.isReleased();
    }

    /**
     * Waits until all work enqueued here so far is done.
     *
     * @throws CudaException where such work failed
     */
    public void synchronize() { lifetime.during(() -> driver.streams.synchronize(rawContext(), handle)); }

    /** Waits for the work here, or, where a thread is closing this stream, for that. */
    void synchronizeOrAwaitClose() {
        if (!lifetime.tryEnter()) {
            lifetime.awaitRelease();
            return;
        }
        try {
            driver.streams.synchronize(rawContext(), handle);
        } finally {
            lifetime.exit();
        }
    }

    /**
     * Whether all work enqueued here so far is done. Does not wait.
     *
     * @return true where it is
     * @throws CudaException where such work failed
     */
    public boolean isDone() {
        lifetime.enter();
        try {
            return driver.streams.isDone(rawContext(), handle);
        } finally {
            lifetime.exit();
        }
    }

    /**
     * All work enqueued here so far, as a future. No thread waits for it, so a virtual thread that joins it keeps no
     * carrier. It completes on a thread of the common pool, where calls of this library are allowed.
     *
     * @return completes when the work is done, or with a {@link CudaException} where it failed
     * @throws IllegalStateException while this stream captures
     */
    public CompletableFuture<Void> whenDone() {
        lifetime.check();
        if (capture != null) throw new IllegalStateException(lifetime.name() + " is capturing: nothing runs yet");
        return Completions.ofStream(this);
    }

    /**
     * Runs Java in this stream's order: when the work enqueued here so far is done, and before what comes after. It runs on
     * a thread of the driver, where nothing of this library may be called, and holds the stream up: let it be short. A real
     * driver has one such thread for all streams, and futures complete there too, so whoever waits in it holds them all up.
     * It is never run where the work before it fails. What it throws is logged.
     *
     * @param action what to run
     * @throws IllegalStateException while this stream captures
     */
    public void call(Runnable action) {
        lifetime.check();
        if (capture != null)
            throw new IllegalStateException(lifetime.name() + " is capturing: Java is no part of a graph");
        long id = HostCalls.register(action);
        boolean enqueued = false;
        try {
            lifetime.during(() -> HostCalls.enqueue(context, handle, id));
            enqueued = true;
        } finally {
            if (!enqueued) HostCalls.forget(id);
        }
    }

    /**
     * Records the work that is enqueued on this stream, and on streams that wait for its events, instead of running it.
     * What the work uses can not be closed before the graph and what is instantiated from it.
     *
     * <p>
     * Nothing in it may wait for the device or ask it. Host memory must be page-locked. Memory can not be allocated in
     * stream order, nor freed.
     *
     * @param <X> what the work may throw
     * @param work enqueues it, on the calling thread
     * @return the graph, to be closed before this stream's context
     * @throws X where the work does
     * @throws CudaException where it did what can not be captured
     * @throws IllegalStateException where a capture is already under way here, and on the default stream
     */
    public <X extends Exception> Graph capture(Work<X> work) throws X {
        lifetime.check();
        if (capture != null) throw new IllegalStateException(lifetime.name() + " is capturing already");
        if (handle.address() <= LEGACY) {
            throw new IllegalStateException("the default stream can not capture, since it waits for others and they for"
                    + " it: capture on a stream of Context.newStream()");
        }
        return Graph.captured(this, work);
    }

    /**
     * Whether work enqueued here is recorded into a graph, by {@link #capture} or by another library.
     *
     * @return true while it is
     */
    public boolean isCapturing() {
        lifetime.enter();
        try {
            return driver.streams.captureStatus(rawContext(), handle) != CudaApi.CU_STREAM_CAPTURE_STATUS_NONE();
        } finally {
            lifetime.exit();
        }
    }

    /**
     * Waits for all work enqueued here and destroys the stream. A second call does nothing; a guest is waited for, and
     * left alone. The context's default stream is waited for, and stays open.
     *
     * @throws IllegalStateException where a buffer that was allocated on it is open; it is named, and nothing is changed
     * @throws CudaException where such work failed; the stream is closed all the same
     */
    @Override
    public void close() {
        if (capture != null) throw new IllegalStateException(lifetime.name() + " is capturing");
        if (context.isDefault(this)) {
            // Everybody's, and the context's to the end.
            if (!context.lifetime().isClosed()) synchronize();
            return;
        }
        lifetime.close(() -> Lifetime.inTurn(this::waitForTheLastTime, () -> {
            if (owned) driver.streams.destroy(rawContext(), handle);
        }));
    }

    private void waitForTheLastTime() {
        launches.await();
        CudaException failure = null;
        try {
            driver.streams.synchronize(rawContext(), handle);
        } catch (CudaException e) {
            failure = e;
            throw e;
        } finally {
            Completions.closed(lifetime, failure);
        }
    }

    @Override
    public String toString() { return lifetime.name(); }
}
