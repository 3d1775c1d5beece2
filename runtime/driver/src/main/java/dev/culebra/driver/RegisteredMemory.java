package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.MemorySegment;

/**
 * A caller's own memory, page-locked as long as this is open: copies from and to the segment are asynchronous then. The
 * segment's arena must stay open as long.
 */
public final class RegisteredMemory implements AutoCloseable {

    private final Context context;
    private final MemorySegment segment;
    private final PageLocked memory;
    private final Lifetime lifetime;

    private RegisteredMemory(Context context, MemorySegment segment) {
        this.context = context;
        this.segment = segment;
        this.lifetime = Lifetime.owned(this, "registration of 0x" + Long.toHexString(segment.address()) + ", "
                + Advice.bytes(segment.byteSize()), context.lifetime());
        this.memory = new PageLocked(segment.address(), segment.byteSize(), lifetime, new Uses());
        context.driver().pageLocked.add(memory);
    }

    static RegisteredMemory of(Context context, MemorySegment segment) {
        Host.requireNative(segment);
        if (segment.byteSize() == 0) throw new IllegalArgumentException("there is nothing to register in 0 bytes");
        int flags = CudaApi.CU_MEMHOSTREGISTER_PORTABLE() | CudaApi.CU_MEMHOSTREGISTER_DEVICEMAP();
        context.driver().memory.register(context.raw(), segment, flags);
        return new RegisteredMemory(context, segment);
    }

    /**
     * The memory that was registered.
     *
     * @return the caller's segment
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
     * The same memory as kernels see it: they read and write it over the bus, without a copy.
     *
     * @return a view that needs no closing and ends with this registration
     */
    public DeviceBuffer device() {
        lifetime.check();
        long address = context.driver().memory.hostDevicePointer(context.raw(), memory.address());
        return DeviceBuffer.view(context, address, memory.bytes(), memory.uses(), this, lifetime);
    }

    /**
     * Waits for the copies and kernels that use the memory, and lets it be pageable again. A second call does nothing.
     *
     * @throws IllegalStateException where a graph uses it; nothing is changed then
     */
    @Override
    public void close() {
        lifetime.close(() -> {
            context.driver().pageLocked.remove(memory);
            Lifetime.inTurn(memory.uses()::await,
                    () -> context.driver().memory.unregister(context.raw(), memory.address()));
        });
    }

    @Override
    public String toString() { return lifetime.name(); }
}
