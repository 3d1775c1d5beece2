package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.MemorySegment;

/**
 * Where stream-ordered memory comes from and goes back to. A pool keeps what is freed for the next allocation; at each
 * synchronisation it gives back to the device what it keeps above its threshold, which is 0 at first.
 */
public final class MemoryPool implements AutoCloseable {

    private final Context context;
    private final MemorySegment handle;
    private final boolean owned;
    private final Lifetime lifetime;

    private MemoryPool(Context context, MemorySegment handle, boolean owned) {
        this.context = context;
        this.handle = handle;
        this.owned = owned;
        String name = "memory pool " + Handles.text(handle);
        this.lifetime = owned ? Lifetime.owned(this, name, context.lifetime()) : Lifetime.guest(name);
    }

    static MemoryPool owned(Context context, long maxBytes) {
        if (maxBytes < 0) throw new IllegalArgumentException("a pool's bound is 0 bytes or more, got " + maxBytes);
        return new MemoryPool(context,
                context.driver().pools.create(context.raw(), context.device().handle(), maxBytes), true);
    }

    static MemoryPool guest(Context context, MemorySegment handle) { return new MemoryPool(context, handle, false); }

    /**
     * Wraps a pool that another library made. It is used here and never destroyed; it must outlive its use.
     *
     * @param context a context of its device
     * @param handle the {@code CUmemoryPool}
     * @return the guest
     */
    public static MemoryPool guest(Context context, long handle) { return guest(context, Handles.of(handle)); }

    MemorySegment raw() {
        lifetime.check();
        return handle;
    }

    Lifetime lifetime() { return lifetime; }

    /**
     * The driver's handle, to lend to another library.
     *
     * @return the {@code CUmemoryPool}
     */
    public long handle() { return handle.address(); }

    /**
     * What the pool may keep of freed memory when threads synchronise.
     *
     * @return bytes
     */
    public long releaseThreshold() { return attribute(CudaApi.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD()); }

    /**
     * Chooses what the pool may keep of freed memory when threads synchronise. {@code Long.MAX_VALUE} keeps everything,
     * which makes allocations cheap.
     *
     * @param bytes how much
     */
    public void setReleaseThreshold(long bytes) { setAttribute(CudaApi.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD(), bytes); }

    /**
     * What the pool has taken from the device.
     *
     * @return bytes, in use or kept
     */
    public long reservedBytes() { return attribute(CudaApi.CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT()); }

    /**
     * The most that {@link #reservedBytes()} has been since {@link #resetHighs()}.
     *
     * @return bytes
     */
    public long reservedBytesHigh() { return attribute(CudaApi.CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH()); }

    /**
     * What is allocated from the pool.
     *
     * @return bytes
     */
    public long usedBytes() { return attribute(CudaApi.CU_MEMPOOL_ATTR_USED_MEM_CURRENT()); }

    /**
     * The most that {@link #usedBytes()} has been since {@link #resetHighs()}.
     *
     * @return bytes
     */
    public long usedBytesHigh() { return attribute(CudaApi.CU_MEMPOOL_ATTR_USED_MEM_HIGH()); }

    /** Lets both highs begin again from what is so now. */
    public void resetHighs() {
        // 0 is the only value that the driver takes here, and what it takes it for.
        setAttribute(CudaApi.CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH(), 0);
        setAttribute(CudaApi.CU_MEMPOOL_ATTR_USED_MEM_HIGH(), 0);
    }

    private long attribute(int attribute) { return context.driver().pools.attribute(context.raw(), raw(), attribute); }

    private void setAttribute(int attribute, long value) {
        context.driver().pools.setAttribute(context.raw(), raw(), attribute, value);
    }

    /**
     * Gives back to the device what is not in use. Memory whose freeing has not happened yet on its stream stays.
     *
     * @param keepBytes how much to keep at least
     */
    public void trim(long keepBytes) { context.driver().pools.trim(context.raw(), raw(), keepBytes); }

    /**
     * Destroys the pool; memory whose freeing is still on its way is given back when it has happened. A second call does
     * nothing; a guest and the device's own pool are left alone.
     *
     * @throws IllegalStateException where a buffer of the pool is open; it is named, and nothing is changed
     */
    @Override
    public void close() { lifetime.close(() -> {
        if (owned) context.driver().pools.destroy(context.raw(), handle);
    }); }

    @Override
    public String toString() { return lifetime.name(); }
}
