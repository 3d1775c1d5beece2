package dev.culebra.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Device memory. Its address is a number, no {@link MemorySegment}: the host can not dereference it.
 *
 * <p>
 * It remembers the streams that it is used on. Closing it is ordered behind all that work: memory of a stream
 * ({@link Stream#allocate(long)}) is freed on that stream when the work is done, and nothing waits; memory of a context
 * ({@link Context#allocate(long)}) is freed at once after waiting for the work. Uses that Culebra does not see, such as an
 * address passed as a {@code long} or lent to another library, are the caller's to wait for.
 *
 * <p>
 * May be used from any thread; closing waits for calls of others that are under way.
 */
public final class DeviceBuffer implements AutoCloseable {

    private final Context context;
    private final long address;
    private final long bytes;
    private final Uses uses;
    private final Lifetime lifetime;
    private final Runnable release;

    /** What this is a view of, or what the memory comes from: it must not be collected, and so reported, before this. */
    private final Object source;

    private final boolean view;

    private DeviceBuffer(Context context, long address, long bytes, Uses uses, Runnable release, Object source,
            Lifetime... owners) {
        this.context = context;
        this.address = address;
        this.bytes = bytes;
        this.uses = uses;
        this.release = release;
        this.source = source;
        this.view = false;
        String name = "buffer 0x" + Long.toHexString(address) + " of " + Advice.bytes(bytes);
        this.lifetime = owners.length == 0 ? Lifetime.guest(name) : Lifetime.owned(this, name, owners);
    }

    /** A part of another's memory, or all of it: whoever owns that closes it. */
    private DeviceBuffer(Context context, long address, long bytes, Uses uses, Object source, Lifetime owner) {
        this.context = context;
        this.address = address;
        this.bytes = bytes;
        this.uses = uses;
        this.lifetime = owner;
        this.release = null;
        this.source = source;
        this.view = true;
    }

    static DeviceBuffer allocated(Context context, long bytes) {
        requireSize(bytes);
        Driver driver = context.driver();
        Trace.Span span = Trace.allocation();
        long address = bytes == 0 ? 0 : driver.memory.allocate(context.raw(), bytes);
        Trace.allocated(span, "device", bytes, address);
        Uses uses = new Uses();
        return new DeviceBuffer(context, address, bytes, uses, () -> Lifetime.inTurn(uses::await, () -> {
            if (bytes > 0) driver.memory.free(context.raw(), address);
        }), context, context.lifetime());
    }

    static DeviceBuffer streamOrdered(Stream stream, long bytes, MemoryPool pool) {
        requireSize(bytes);
        stream.check();
        if (stream.capture != null) {
            throw new IllegalStateException(
                    stream + " is capturing: allocate before, and let the graph use the buffer");
        }
        Driver driver = stream.driver();
        Context context = stream.context();
        Trace.Span span = Trace.allocation();
        long address = bytes == 0
                ? 0
                : pool == null
                        ? driver.memory.allocateAsync(context.raw(), bytes, stream.raw())
                        : driver.memory.allocateFromPool(context.raw(), bytes, pool.raw(), stream.raw());
        Trace.allocated(span, "stream-ordered", bytes, address);
        Uses uses = new Uses();
        uses.mark(stream);
        Lifetime[] owners = pool == null
                ? new Lifetime[]{stream.lifetime()}
                : new Lifetime[]{stream.lifetime(), pool.lifetime()};
        return new DeviceBuffer(context, address, bytes, uses,
                () -> Lifetime.inTurn(() -> order(uses, stream), () -> {
                    if (bytes > 0) driver.memory.freeAsync(context.raw(), address, stream.raw());
                }), pool, owners);
    }

    /** Puts what a stream does from now on behind all uses; where the device can not be told to wait, this thread does. */
    private static void order(Uses uses, Stream stream) {
        try {
            uses.joinInto(stream);
        } catch (CudaException noEvent) {
            uses.await();
        }
    }

    private static void requireSize(long bytes) {
        if (bytes < 0) throw new IllegalArgumentException("a buffer has 0 bytes or more, got " + bytes);
    }

    /**
     * Wraps device memory that another library allocated. It is used here and never freed; it must outlive its use.
     *
     * @param context the context it was allocated in
     * @param address the {@code CUdeviceptr}
     * @param bytes how much of it may be used
     * @return the guest
     */
    public static DeviceBuffer guest(Context context, long address, long bytes) {
        requireSize(bytes);
        return new DeviceBuffer(context, address, bytes, new Uses(), () -> {}, context);
    }

    /** Memory that something else owns: a module's variable, or page-locked memory that the device sees. */
    static DeviceBuffer view(Context context, long address, long bytes, Uses uses, Object source, Lifetime owner) {
        return new DeviceBuffer(context, address, bytes, uses, source, owner);
    }

    void check() { lifetime.check(); }

    Uses uses() { return uses; }

    /** Of what owns the memory: the buffer itself, or what it is a view of. */
    Lifetime rootLifetime() {
        return lifetime;
    }

    /**
     * Where it is on the device, to lend to another library or to compute with.
     *
     * @return the {@code CUdeviceptr}; 0 for a buffer of 0 bytes
     */
    public long address() { return address; }

    /**
     * Its length.
     *
     * @return bytes
     */
    public long bytes() { return bytes; }

    /**
     * The context it belongs to.
     *
     * @return the context
     */
    public Context context() { return context; }

    /**
     * A part of this buffer. It shares the memory and its uses; closing it does nothing, closing this buffer ends it.
     *
     * @param offset in bytes
     * @param length in bytes
     * @return the part
     * @throws IndexOutOfBoundsException where it is not within this buffer
     */
    public DeviceBuffer slice(long offset, long length) {
        if (offset < 0 || length < 0 || length > bytes - offset) {
            throw new IndexOutOfBoundsException(
                    "bytes " + offset + " to " + (offset + length) + " are not within " + this);
        }
        return view(context, address + offset, length, uses, this, lifetime);
    }

    /**
     * Copies a segment to this buffer's beginning and waits until it is done. It waits first for the work on streams that
     * this buffer was used on.
     *
     * @param from any segment, on the heap too, at most as long as this buffer
     */
    public void upload(MemorySegment from) { lifetime.during(() -> uploadNow(from)); }

    private void uploadNow(MemorySegment from) {
        if (from.byteSize() > bytes) {
            throw new IllegalArgumentException(from.byteSize() + " bytes do not fit into " + this);
        }
        requireNoCapture();
        uses.await();
        if (from.byteSize() == 0) return;
        Driver driver = context.driver();
        Trace.Span span = Trace.copy();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = from.isNative() ? from : arena.allocate(from.byteSize(), 16).copyFrom(from);
            driver.copies.toDevice(context.raw(), address, host, from.byteSize());
            // From pageable memory that call returns when the bytes are staged, with the last of them on their way on
            // the default stream; streams that do not wait for that one would read what was there before.
            driver.streams.synchronize(context.raw(), MemorySegment.NULL);
        }
        Trace.copied(span, "host to device", from.byteSize(), context.defaultStream());
    }

    /**
     * Copies all of this buffer to a segment's beginning and waits until it is done. It waits first for the work on streams
     * that this buffer was used on.
     *
     * @param to any segment, on the heap too, at least as long as this buffer
     */
    public void download(MemorySegment to) { lifetime.during(() -> downloadNow(to)); }

    private void downloadNow(MemorySegment to) {
        if (to.byteSize() < bytes) {
            throw new IllegalArgumentException(this + " does not fit into " + to.byteSize() + " bytes");
        }
        if (to.isReadOnly()) throw new IllegalArgumentException("the segment to copy to is read-only");
        requireNoCapture();
        uses.await();
        if (bytes == 0) return;
        Driver driver = context.driver();
        Trace.Span span = Trace.copy();
        if (to.isNative()) {
            driver.copies.toHost(context.raw(), to, address, bytes);
        } else {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment host = arena.allocate(bytes, 16);
                driver.copies.toHost(context.raw(), host, address, bytes);
                MemorySegment.copy(host, 0, to, 0, bytes);
            }
        }
        Trace.copied(span, "device to host", bytes, context.defaultStream());
    }

    private void requireNoCapture() {
        List<Stream> open = uses.open();
        for (Stream stream : open) {
            if (stream.capture != null) {
                throw new IllegalStateException(this + " was used on " + stream
                        + ", which is capturing and can not be waited for: do this before or after the capture");
            }
        }
    }

    /**
     * Frees the memory after its last use: see above for what waits. A second call does nothing, nor does one for a part,
     * a guest, or a module's variable.
     *
     * @throws IllegalStateException where a graph uses it, or a stream that it was used on is capturing; nothing is
     *         changed then
     * @throws CudaException where work that used it failed; it is closed all the same
     */
    @Override
    public void close() {
        if (view) return;
        if (!lifetime.isClosed()) requireNoCapture();
        lifetime.close(() -> {
            uses.awaitLaunches();
            release.run();
        });
    }

    @Override
    public String toString() {
        return view ? "buffer 0x" + Long.toHexString(address) + " of " + Advice.bytes(bytes) : lifetime.name();
    }
}
