package dev.culebra.driver;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** What a {@link Stream} does for its copies: it checks them, remembers what they use, and enqueues them. */
final class StreamCopies {

    private final Stream stream;
    private final CheckedCopies copies;

    StreamCopies(Stream stream) {
        this.stream = stream;
        this.copies = stream.driver().copies;
    }

    void toDevice(MemorySegment from, long fromOffset, DeviceBuffer to, long toOffset, long bytes) {
        requireHost(from, fromOffset, bytes);
        requireDevice(to, toOffset, bytes);
        stream.touch(to);
        if (bytes == 0) return;
        boolean wait = touchHost(from);
        Trace.Span span = Trace.copy();
        copies.toDeviceAsync(stream.rawContext(), to.address() + toOffset, from.asSlice(fromOffset, bytes), bytes,
                stream.raw());
        awaitIf(wait);
        Trace.copied(span, "host to device", bytes, stream);
    }

    void toHost(DeviceBuffer from, long fromOffset, MemorySegment to, long toOffset, long bytes) {
        requireDevice(from, fromOffset, bytes);
        requireHost(to, toOffset, bytes);
        requireWritable(to);
        stream.touch(from);
        if (bytes == 0) return;
        boolean wait = touchHost(to);
        Trace.Span span = Trace.copy();
        copies.toHostAsync(stream.rawContext(), to.asSlice(toOffset, bytes), from.address() + fromOffset, bytes,
                stream.raw());
        awaitIf(wait);
        Trace.copied(span, "device to host", bytes, stream);
    }

    void onDevice(DeviceBuffer from, long fromOffset, DeviceBuffer to, long toOffset, long bytes) {
        requireDevice(from, fromOffset, bytes);
        requireDevice(to, toOffset, bytes);
        stream.touch(from);
        stream.touch(to);
        if (bytes == 0) return;
        Trace.Span span = Trace.copy();
        if (from.context().isSameAs(to.context())) {
            copies.onDeviceAsync(stream.rawContext(), to.address() + toOffset, from.address() + fromOffset, bytes,
                    stream.raw());
            Trace.copied(span, "device to device", bytes, stream);
        } else {
            copies.peerAsync(stream.rawContext(), to.address() + toOffset, to.context().raw(),
                    from.address() + fromOffset, from.context().raw(), bytes, stream.raw());
            Trace.copied(span, "device to peer", bytes, stream);
        }
    }

    void toDevice2d(MemorySegment from, long fromPitch, DeviceBuffer to, long toPitch, long width, long rows) {
        requireHost(from, 0, extent(fromPitch, width, rows));
        requireDevice(to, 0, extent(toPitch, width, rows));
        stream.touch(to);
        if (width == 0 || rows == 0) return;
        boolean wait = touchHost(from);
        copy2d(new CheckedCopies.Plane(null, to.address(), toPitch), new CheckedCopies.Plane(from, 0, fromPitch), width,
                rows, "host to device");
        awaitIf(wait);
    }

    void toHost2d(DeviceBuffer from, long fromPitch, MemorySegment to, long toPitch, long width, long rows) {
        requireDevice(from, 0, extent(fromPitch, width, rows));
        requireHost(to, 0, extent(toPitch, width, rows));
        requireWritable(to);
        stream.touch(from);
        if (width == 0 || rows == 0) return;
        boolean wait = touchHost(to);
        copy2d(new CheckedCopies.Plane(to, 0, toPitch), new CheckedCopies.Plane(null, from.address(), fromPitch), width,
                rows, "device to host");
        awaitIf(wait);
    }

    void onDevice2d(DeviceBuffer from, long fromPitch, DeviceBuffer to, long toPitch, long width, long rows) {
        requireDevice(from, 0, extent(fromPitch, width, rows));
        requireDevice(to, 0, extent(toPitch, width, rows));
        stream.touch(from);
        stream.touch(to);
        if (width == 0 || rows == 0) return;
        copy2d(new CheckedCopies.Plane(null, to.address(), toPitch),
                new CheckedCopies.Plane(null, from.address(), fromPitch), width, rows, "device to device");
    }

    private void copy2d(CheckedCopies.Plane to, CheckedCopies.Plane from, long width, long rows, String direction) {
        Trace.Span span = Trace.copy();
        copies.copy2dAsync(stream.rawContext(), to, from, width, rows, stream.raw());
        Trace.copied(span, direction, width * rows, stream);
    }

    void fill(DeviceBuffer buffer, byte value) {
        stream.check();
        stream.touch(buffer);
        if (buffer.bytes() == 0) return;
        copies.fill8Async(stream.rawContext(), buffer.address(), value, buffer.bytes(), stream.raw());
    }

    void fill32(DeviceBuffer buffer, int value) {
        stream.check();
        if (buffer.bytes() % 4 != 0) {
            throw new IllegalArgumentException(buffer + " is not a multiple of 4 bytes long: fill a slice of it");
        }
        stream.touch(buffer);
        if (buffer.bytes() == 0) return;
        copies.fill32Async(stream.rawContext(), buffer.address(), value, buffer.bytes() / 4, stream.raw());
    }

    /** The bytes from the first row's begin to the last row's end. */
    private static long extent(long pitch, long width, long rows) {
        if (width < 0 || rows < 0 || pitch < width) {
            throw new IllegalArgumentException("a row is 0 bytes or more and no wider than the pitch: got " + rows
                    + " rows of " + width + " bytes, " + pitch + " bytes apart");
        }
        return rows == 0 ? 0 : Math.addExact(Math.multiplyExact(rows - 1, pitch), width);
    }

    private void requireHost(MemorySegment segment, long offset, long bytes) {
        stream.check();
        Host.requireNative(segment);
        Objects.checkFromIndexSize(offset, bytes, segment.byteSize());
    }

    private static void requireWritable(MemorySegment segment) {
        if (segment.isReadOnly()) throw new IllegalArgumentException("the segment to copy to is read-only");
    }

    private void requireDevice(DeviceBuffer buffer, long offset, long bytes) {
        stream.check();
        if (offset < 0 || bytes < 0 || bytes > buffer.bytes() - offset) {
            throw new IndexOutOfBoundsException(
                    "bytes " + offset + " to " + (offset + bytes) + " are not within " + buffer);
        }
    }

    /**
     * Pageable memory needs no remembering: a device that can not reach it is given staged bytes, and the driver is through
     * with the segment when the call returns. Nothing promises so of a device that reaches it by itself.
     *
     * @return whether the copy has to be waited for
     */
    private boolean touchHost(MemorySegment segment) {
        PageLocked memory = stream.driver().pageLocked.covering(segment);
        if (memory != null) {
            memory.lifetime().check();
            stream.touch(memory, memory.lifetime(), memory.uses());
            return false;
        }
        if (stream.capture != null) {
            throw new IllegalStateException("host memory in a graph must be page-locked, since the graph reads and"
                    + " writes it at each launch: use allocatePinned, a PinnedPool, or register");
        }
        Context context = stream.context();
        // What another library locked is a caller's to wait for, as what is locked here.
        return context.device().reachesPageableMemory()
                && stream.driver().memory.kind(context.raw(), segment.address()) == MemoryKind.UNKNOWN;
    }

    private void awaitIf(boolean wanted) {
        if (wanted) stream.driver().streams.synchronize(stream.rawContext(), stream.raw());
    }
}
