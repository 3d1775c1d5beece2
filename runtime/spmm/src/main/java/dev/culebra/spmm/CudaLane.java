package dev.culebra.spmm;

import dev.culebra.driver.Context;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.Stream;
import java.util.ArrayList;
import java.util.List;

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

    private DeviceBuffer grown(DeviceBuffer old, long bytes) {
        if (old != null && old.bytes() >= bytes) {
            return old;
        }
        DeviceBuffer larger = context.allocate(bytes);
        close(old);
        return larger;
    }

    /** Closes all, even where one close fails, as it does when work on the device failed. */
    @Override
    public void close() {
        List<AutoCloseable> all = new ArrayList<>();
        for (AutoCloseable c : new AutoCloseable[]{x, y, workspace, hostX, hostY, stream}) {
            if (c != null) {
                all.add(c);
            }
        }
        RuntimeException first = null;
        for (AutoCloseable c : all) {
            try {
                c.close();
            } catch (RuntimeException e) {
                first = first == null ? e : first;
            } catch (Exception e) {
                throw new AssertionError(e); // none of these throws a checked one
            }
        }
        if (first != null) {
            throw first;
        }
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
