package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Page-locked host memory, which the device reads and writes directly: copies from and to it are asynchronous. The host
 * sees it as a {@link MemorySegment}, from any thread, until the buffer is closed.
 */
public final class PinnedBuffer implements AutoCloseable {

    /** Seen by all contexts of the process, and by kernels. */
    private static final int FLAGS = CudaApi.CU_MEMHOSTALLOC_PORTABLE() | CudaApi.CU_MEMHOSTALLOC_DEVICEMAP();

    private final Context context;
    private final PageLocked memory;
    private final MemorySegment segment;
    private final Arena arena;
    private final Lifetime lifetime;
    private final Runnable release;

    /** Whether kernels may have its address: launches are of no interest to memory that was only copied. */
    private volatile boolean seenByKernels;

    /** The release is run when the segment is dead; it has to see to the work that uses the memory. */
    @SuppressWarnings("restricted") // the driver said how long it is
    private PinnedBuffer(Context context, long address, long bytes, Uses uses, Runnable release, Lifetime owner) {
        this.context = context;
        this.arena = Arena.ofShared();
        this.segment = Handles.of(address).reinterpret(bytes, arena, null);
        this.release = release;
        this.lifetime = Lifetime.owned(this,
                "pinned buffer 0x" + Long.toHexString(address) + " of " + Advice.bytes(bytes), owner);
        this.memory = new PageLocked(address, bytes, lifetime, uses);
        context.driver().pageLocked.add(memory);
    }

    static PinnedBuffer allocated(Context context, long bytes) {
        if (bytes < 1) throw new IllegalArgumentException("a pinned buffer has 1 byte or more, got " + bytes);
        long address = allocateBlock(context, bytes);
        Uses uses = new Uses();
        return new PinnedBuffer(context, address, bytes, uses, () -> Lifetime.inTurn(uses::await,
                () -> context.driver().memory.freeHost(context.raw(), address)), context.lifetime());
    }

    /** A part of a pool's block. */
    static PinnedBuffer ofPool(Context context, long address, long bytes, Uses uses, Runnable giveBack, Lifetime pool) {
        return new PinnedBuffer(context, address, bytes, uses, giveBack, pool);
    }

    static long allocateBlock(Context context, long bytes) {
        Trace.Span span = Trace.allocation();
        long address = context.driver().memory.allocateHost(context.raw(), bytes, FLAGS);
        Trace.allocated(span, "pinned", bytes, address);
        return address;
    }

    /**
     * The memory. Using it after the buffer is closed is an {@link IllegalStateException}.
     *
     * @return a native segment of {@link #bytes()} bytes
     */
    public MemorySegment segment() {
        lifetime.check();
        return segment;
    }

    /**
     * Its length.
     *
     * @return bytes
     */
    public long bytes() { return memory.bytes(); }

    /**
     * The context it was allocated in.
     *
     * @return the context
     */
    public Context context() { return context; }

    /**
     * The same memory as kernels see it: they read and write it over the bus, without a copy.
     *
     * @return a view that needs no closing and ends with this buffer
     */
    public DeviceBuffer device() {
        lifetime.check();
        seenByKernels = true;
        long address = context.driver().memory.hostDevicePointer(context.raw(), memory.address());
        return DeviceBuffer.view(context, address, memory.bytes(), memory.uses(), this, lifetime);
    }

    /**
     * Waits for the copies and kernels that use the memory, and frees it. Memory of a pool is given back to it, which waits
     * for no work; where kernels were given it ({@link #device()}), for launches that other threads are just making on
     * streams that it was used on. A second call does nothing.
     *
     * @throws IllegalStateException where a graph uses it; nothing is changed then
     */
    @Override
    public void close() {
        lifetime.close(() -> {
            if (seenByKernels) memory.uses().awaitLaunches();
            context.driver().pageLocked.remove(memory);
            endSegment();
            release.run();
        });
    }

    /** An arena can not be closed while a thread is in the midst of a call with its segment; such calls are short. */
    private void endSegment() {
        while (arena.scope().isAlive()) {
            try {
                arena.close();
            } catch (IllegalStateException inUse) {
                Thread.yield();
            }
        }
    }

    @Override
    public String toString() { return lifetime.name(); }
}
