package dev.culebra.spmm;

import dev.culebra.driver.Context;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.Stream;

/**
 * What one call from the host needs on a device: a stream, page-locked memory on the way in and out, and buffers, which grow
 * and are kept for the next call. One thread's at a time.
 */
final class CudaLane implements AutoCloseable {

    private final Context context;
    final Stream stream;
    private PinnedBuffer hostX;
    private PinnedBuffer hostY;
    private DeviceBuffer x;
    private DeviceBuffer y;
    private DeviceBuffer workspace;
    private DeviceBuffer zeroed;

    CudaLane(Context context) {
        this.context = context;
        this.stream = context.newStream();
    }

    PinnedBuffer hostX(long bytes) {
        if (hostX == null || hostX.bytes() < bytes) {
            close(hostX);
            hostX = null;
            hostX = context.allocatePinned(bytes);
        }
        return hostX;
    }

    PinnedBuffer hostY(long bytes) {
        if (hostY == null || hostY.bytes() < bytes) {
            close(hostY);
            hostY = null;
            hostY = context.allocatePinned(bytes);
        }
        return hostY;
    }

    DeviceBuffer x(long bytes) { return x = grown(x, bytes); }

    DeviceBuffer y(long bytes) { return y = grown(y, bytes); }

    /** Null for 0 bytes. */
    DeviceBuffer workspace(long bytes) {
        return bytes == 0 ? null : (workspace = grown(workspace, bytes));
    }

    /** All 0 for the first product that uses it, and again after each; null for 0 bytes. */
    DeviceBuffer zeroed(long bytes) {
        if (bytes == 0) {
            return null;
        }
        DeviceBuffer old = zeroed;
        zeroed = grown(old, bytes);
        if (zeroed != old) {
            stream.fill(zeroed, (byte) 0);
        }
        return zeroed;
    }

    private DeviceBuffer grown(DeviceBuffer old, long bytes) {
        if (old != null && old.bytes() >= bytes) {
            return old;
        }
        DeviceBuffer larger = context.allocate(bytes); // first: where there is no memory for it, the old one is kept
        boolean closed = false;
        try {
            close(old);
            closed = true;
            return larger;
        } finally {
            if (!closed) {
                close(larger);
            }
        }
    }

    /** Closes all, even where one close fails, as it does when work on the device failed. */
    @Override
    public void close() {
        Closing closing = new Closing();
        for (AutoCloseable c : new AutoCloseable[]{x, y, workspace, zeroed, hostX, hostY, stream}) {
            closing.close(c);
        }
        closing.rethrow();
    }

    private static void close(PinnedBuffer b) {
        if (b != null) {
            b.close();
        }
    }

    private static void close(DeviceBuffer b) {
        if (b != null) {
            b.close();
        }
    }
}
