package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A device's context: what memory, streams, events, modules and graphs belong to. It has to be closed after all of them;
 * closing it earlier is an {@link IllegalStateException} that names what is open.
 *
 * <p>
 * May be used from any thread, virtual ones too: the context is made current for each call, and stays so on the OS thread
 * until somebody sets another. Nothing here waits for the device except where it says so.
 */
public final class Context implements AutoCloseable {

    /** What closing it does. */
    private enum Holding {
        RETAINED, OWNED, GUEST
    }

    private final Device device;
    private final Driver driver;
    private final MemorySegment handle;
    private final Holding holding;
    private final Lifetime lifetime;
    private final Stream defaultStream;
    private final EventWaiters eventWaiters;

    private Context(Device device, MemorySegment handle, Holding holding) {
        this.device = device;
        this.driver = device.driver();
        this.handle = handle;
        this.holding = holding;
        String name = "context " + Handles.text(handle) + " of " + device;
        this.lifetime = holding == Holding.GUEST ? Lifetime.guest(name) : Lifetime.owned(this, name);
        this.defaultStream = Stream.guest(this, 0);
        this.eventWaiters = new EventWaiters(this);
    }

    static Context primary(Device device) {
        return new Context(device, device.driver().devices.retainPrimaryContext(device.handle()), Holding.RETAINED);
    }

    /**
     * Wraps a context that another library made. It is used here and never destroyed; it must outlive its use.
     *
     * @param cuda the driver it belongs to
     * @param device the device it is of
     * @param handle the {@code CUcontext}
     * @return the guest; closing it leaves the other library's context alone
     */
    public static Context guest(Cuda cuda, Device device, long handle) {
        requireHandle(cuda, device, handle);
        return new Context(device, Handles.of(handle), Holding.GUEST);
    }

    /**
     * Takes over a context that other code made with {@code cuCtxCreate}: closing it destroys it.
     *
     * @param cuda the driver it belongs to
     * @param device the device it is of
     * @param handle the {@code CUcontext}
     * @return the context, now ours
     */
    public static Context adopt(Cuda cuda, Device device, long handle) {
        requireHandle(cuda, device, handle);
        return new Context(device, Handles.of(handle), Holding.OWNED);
    }

    /**
     * Wraps the context that is current on the calling thread, such as the one that another library works in.
     *
     * @param cuda the driver
     * @return the guest, or nothing where no context is current
     */
    public static Optional<Context> current(Cuda cuda) {
        MemorySegment handle = cuda.driver.contexts.current();
        if (handle.address() == 0) return Optional.empty();
        int device = cuda.driver.contexts.device(handle);
        return cuda.devices().stream().filter(d -> d.handle() == device).findFirst()
                .map(d -> new Context(d, handle, Holding.GUEST));
    }

    private static void requireHandle(Cuda cuda, Device device, long handle) {
        if (handle == 0) throw new IllegalArgumentException("a context's handle is not 0");
        if (device.cuda() != cuda) throw new IllegalArgumentException(device + " is not of " + cuda);
    }

    Driver driver() { return driver; }

    Lifetime lifetime() { return lifetime; }

    /** The handle for a driver call. */
    MemorySegment raw() { return handle; }

    boolean isDefault(Stream stream) { return stream == defaultStream; }

    EventWaiters eventWaiters() { return eventWaiters; }

    boolean isSameAs(Context other) { return handle.address() == other.handle.address() && driver == other.driver; }

    /**
     * The driver's handle, to lend to another library.
     *
     * @return the {@code CUcontext}
     */
    public long handle() { return handle.address(); }

    /**
     * The device.
     *
     * @return the device whose context this is
     */
    public Device device() { return device; }

    /**
     * Makes a stream that does not wait for the default stream, nor the default stream for it.
     *
     * @return the stream, to be closed before this context
     */
    public Stream newStream() {
        lifetime.check();
        return Stream.owned(this, driver.streams.create(handle, CudaApi.CU_STREAM_NON_BLOCKING()));
    }

    /**
     * Makes a stream of a priority: where work of several streams is ready, the device begins the more urgent one.
     *
     * @param priority a number of {@link #priorities()}, lower is more urgent; one beyond the range is drawn into it
     * @return the stream, to be closed before this context
     */
    public Stream newStream(int priority) {
        lifetime.check();
        return Stream.owned(this, driver.streams.create(handle, CudaApi.CU_STREAM_NON_BLOCKING(), priority));
    }

    /**
     * The priorities that streams can have here.
     *
     * @return the range
     */
    public PriorityRange priorities() {
        lifetime.check();
        return driver.contexts.priorityRange(handle);
    }

    /**
     * The stream with the handle 0, which libraries use that were not given one. It needs no closing.
     *
     * @return always the same object
     */
    public Stream defaultStream() {
        lifetime.check();
        return defaultStream;
    }

    /**
     * Makes an event to order streams by and to wait for; the cheaper kind.
     *
     * @return the event, to be closed before this context
     */
    public Event newEvent() {
        lifetime.check();
        return Event.owned(this, driver.events.create(handle, CudaApi.CU_EVENT_DISABLE_TIMING()), false);
    }

    /**
     * Makes an event that also remembers when it happened: see {@link Event#millisecondsSince(Event)}.
     *
     * @return the event, to be closed before this context
     */
    public Event newTimingEvent() {
        lifetime.check();
        return Event.owned(this, driver.events.create(handle, CudaApi.CU_EVENT_DEFAULT()), true);
    }

    /**
     * Allocates device memory at once, whatever streams are doing. Its contents are undefined. May wait for the device;
     * {@link Stream#allocate(long)} does not.
     *
     * @param bytes how much; 0 gives a buffer with no memory behind it
     * @return the buffer, to be closed before this context
     * @throws CudaException where there is not enough, with what was asked and what is free
     */
    public DeviceBuffer allocate(long bytes) {
        lifetime.check();
        return DeviceBuffer.allocated(this, bytes);
    }

    /**
     * Allocates page-locked host memory, which the device reads and writes directly: copies are asynchronous and faster.
     * Costly to make, so keep it, or take it from a {@link PinnedPool}. Its contents are undefined.
     *
     * @param bytes how much, 1 or more
     * @return the buffer, to be closed before this context
     * @throws CudaException where the host does not give so much
     */
    public PinnedBuffer allocatePinned(long bytes) {
        lifetime.check();
        return PinnedBuffer.allocated(this, bytes);
    }

    /**
     * Page-locks memory that the caller has, for copies as fast as with {@link #allocatePinned(long)}.
     *
     * @param segment native memory, 1 byte or more; its arena must stay open until the registration is closed
     * @return the registration, to be closed before this context
     * @throws IllegalArgumentException for a heap segment, which moves
     * @throws CudaException where the memory can not be locked, or is already
     */
    public RegisteredMemory register(MemorySegment segment) {
        lifetime.check();
        return RegisteredMemory.of(this, segment);
    }

    /**
     * Compiles PTX for this device and loads it. Takes milliseconds to seconds; the driver keeps what it compiled on disk.
     *
     * @param ptx the text
     * @return the module, to be closed before this context
     * @throws CudaException where it can not be compiled, with the compiler's log
     */
    public CudaModule load(String ptx) { return load(ptx, JitOptions.DEFAULT); }

    /**
     * Compiles PTX for this device, as told, and loads it.
     *
     * @param ptx the text
     * @param options for the compiler
     * @return the module, to be closed before this context
     * @throws CudaException where it can not be compiled, with the compiler's log
     */
    public CudaModule load(String ptx, JitOptions options) {
        lifetime.check();
        return CudaModule.load(this, ptx, options);
    }

    /**
     * Loads code that is compiled already: a cubin or a fatbin.
     *
     * @param image all of its bytes, in any segment
     * @return the module, to be closed before this context
     * @throws CudaException where it has no code for this device
     */
    public CudaModule loadBinary(MemorySegment image) {
        lifetime.check();
        return CudaModule.loadBinary(this, image);
    }

    /**
     * Compiles PTX as a library, which unlike a module serves all of the driver's contexts; each kernel is loaded into a
     * context when it is first asked for there.
     *
     * @param ptx the text
     * @param options for the compiler
     * @return the library, to be closed before this context
     * @throws CudaException where it can not be compiled, with the compiler's log; a driver that compiles lazily, as
     *         NVIDIA's does unless told otherwise, may say so only when the first kernel is asked for
     */
    public CudaLibrary loadLibrary(String ptx, JitOptions options) {
        lifetime.check();
        return CudaLibrary.load(this, ptx, options);
    }

    /**
     * The pool that the device has from the start.
     *
     * @return the pool; it needs no closing
     */
    public MemoryPool defaultPool() {
        lifetime.check();
        return MemoryPool.guest(this, driver.devices.defaultPool(device.handle()));
    }

    /**
     * The pool that {@link Stream#allocate(long)} takes from.
     *
     * @return the pool; it needs no closing
     */
    public MemoryPool currentPool() {
        lifetime.check();
        return MemoryPool.guest(this, driver.devices.currentPool(device.handle()));
    }

    /**
     * Chooses the pool that {@link Stream#allocate(long)} takes from, for all of this process.
     *
     * @param pool a pool of this device; it must not be closed while it is the current one
     */
    public void setCurrentPool(MemoryPool pool) {
        lifetime.check();
        driver.devices.setCurrentPool(device.handle(), pool.raw());
    }

    /**
     * Makes a pool of its own.
     *
     * @param maxBytes what it may take from the device at most; 0 for no bound but the device's memory
     * @return the pool, to be closed before this context
     */
    public MemoryPool newPool(long maxBytes) {
        lifetime.check();
        return MemoryPool.owned(this, maxBytes);
    }

    /**
     * Makes a graph without work. Graphs with work come from {@link Stream#capture}.
     *
     * @return the graph, to be closed before this context
     */
    public Graph newGraph() {
        lifetime.check();
        return Graph.empty(this);
    }

    /**
     * The device's memory, all processes together.
     *
     * @return what is free, and all
     */
    public MemoryInfo memoryInfo() {
        lifetime.check();
        return driver.memory.info(handle);
    }

    /**
     * Where the memory behind an address is: for addresses that come from other libraries.
     *
     * @param address of a device or the host
     * @return its kind
     */
    public MemoryKind memoryKind(long address) {
        lifetime.check();
        return driver.memory.kind(handle, address);
    }

    /**
     * Lets kernels and copies of this context reach the peer's memory directly. Does nothing where they already can.
     *
     * @param peer a context of another device
     * @throws CudaException where the devices can not: see {@link Device#canAccessPeer(Device)}
     */
    public void enablePeerAccess(Context peer) {
        lifetime.check();
        peer.lifetime.check();
        try {
            driver.contexts.enablePeerAccess(handle, peer.handle);
        } catch (CudaException e) {
            if (e.code() != CudaApi.CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED()) throw e;
        }
    }

    /**
     * Waits for all work of this context. Reports errors of work enqueued before. Not to be called while a stream of it
     * captures, by whatever thread: that spoils the capture.
     *
     * @throws CudaException where such work failed, or a stream is capturing
     */
    public void synchronize() { lifetime.during(() -> driver.contexts.synchronize(handle)); }

    /**
     * Runs code of another library that expects a current context, and makes the former one current again.
     *
     * @param action runs on the calling thread
     * @throws IllegalStateException on a virtual thread, which may change its OS thread on the way; use a platform thread
     */
    public void lend(Runnable action) {
        lifetime.check();
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("a context is current on an OS thread, and a virtual thread may change its"
                    + " OS thread: lend on a platform thread");
        }
        driver.contexts.push(handle);
        try {
            action.run();
        } finally {
            driver.contexts.pop();
        }
    }

    /**
     * Releases the context. Waits for nothing but events that a future is open for, and launches that other threads are
     * just making on its default stream. A second call does nothing; a guest is left alone.
     *
     * @throws IllegalStateException where something of this context is open; it is named, and nothing is changed
     */
    @Override
    public void close() {
        lifetime.close(() -> {
            defaultStream.launches().await();
            eventWaiters.close();
            switch (holding) {
                case RETAINED -> driver.devices.releasePrimaryContext(device.handle());
                case OWNED -> driver.contexts.destroy(handle);
                case GUEST -> {
                }
            }
        });
    }

    @Override
    public String toString() { return lifetime.name(); }
}
