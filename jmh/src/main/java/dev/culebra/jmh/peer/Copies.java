package dev.culebra.jmh.peer;

import dev.culebra.driver.Context;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The same bytes several times in one allocation of the device, each copy 256-byte aligned as libraries like it. */
final class Copies implements AutoCloseable {

    private static final long ALIGNMENT = 256;

    private final Stream stream;
    private final DeviceBuffer buffer;
    private final long stride;
    private final int count;

    /** Allocates; the contents come later. */
    Copies(Stream stream, long bytes, int count) {
        if (count < 1) throw new IllegalArgumentException("1 copy or more, got " + count);
        this.stream = stream;
        this.stride = Math.ceilDiv(Math.max(bytes, 1), ALIGNMENT) * ALIGNMENT;
        this.count = count;
        this.buffer = stream.context().allocate(Math.multiplyExact(stride, count));
    }

    Context context() { return buffer.context(); }

    Stream stream() { return stream; }

    int count() { return count; }

    /** Where a copy is. */
    long address(int copy) {
        return buffer.address() + Objects.checkIndex(copy, count) * stride;
    }

    /** Brings a part of the first copy from the host. */
    void upload(long offset, MemorySegment from) {
        if (from.byteSize() > 0) buffer.slice(offset, from.byteSize()).upload(from);
    }

    /** Makes all like the first, and waits. */
    void spread() {
        DeviceBuffer first = buffer.slice(0, stride);
        for (int i = 1; i < count; i++) stream.copy(first, buffer.slice(i * stride, stride));
        stream.synchronize();
    }

    /** Waits for the stream, whose products are unseen by the buffer, and frees it. */
    @Override
    public void close() {
        stream.synchronize();
        buffer.close();
    }
}
