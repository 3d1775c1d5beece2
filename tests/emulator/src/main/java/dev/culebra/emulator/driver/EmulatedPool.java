package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;

/**
 * A pool's account: what is in use of what it holds of the device's memory. It holds on to freed memory until a
 * synchronisation, and beyond that up to its release threshold. (The bytes themselves are the host's and are not pooled.)
 */
final class EmulatedPool {

    /** Pools take memory from the device in pieces of this size. */
    private static final long PIECE = 2L << 20;

    final EmulatedDevice device;
    final long handle;
    final long maximum;

    private long threshold;
    private long used;
    private long usedHigh;
    private long reserved;
    private long reservedHigh;
    private boolean destroyed;

    /** Reuse policies (follow event dependencies, opportunistic, internal dependencies): kept and given back. */
    private final int[] reuse = {1, 1, 1};

    EmulatedPool(EmulatedDevice device, long maximum) {
        this.device = device;
        this.maximum = maximum;
        this.handle = device.driver.handles.add(this);
    }

    synchronized void take(long bytes) {
        long need = MemoryAccount.rounded(bytes);
        if (maximum > 0 && need > maximum - used) {
            throw new CudaError(CudaApi.CUDA_ERROR_OUT_OF_MEMORY(),
                    "asked for " + bytes + " bytes of a pool of at most "
                            + maximum + ", of which " + used + " are in use");
        }
        if (need > reserved - used) {
            long more = need - (reserved - used);
            more = more > Long.MAX_VALUE - PIECE ? more : (more + PIECE - 1) / PIECE * PIECE;
            // A device with less than a whole piece left still gives what is needed.
            more = Math.max(need - (reserved - used), Math.min(more, device.account.free()));
            device.account.take(more);
            reserved += more;
            reservedHigh = Math.max(reservedHigh, reserved);
        }
        used += need;
        usedHigh = Math.max(usedHigh, used);
    }

    synchronized void give(long bytes) {
        used -= MemoryAccount.rounded(bytes);
        if (destroyed) {
            trim(0);
        }
    }

    /** What a synchronisation does: gives back what the threshold does not keep. */
    synchronized void settle() {
        trim(threshold);
    }

    synchronized void trim(long keep) {
        long target = Math.max(used, Math.min(keep, reserved));
        device.account.give(reserved - target);
        reserved = target;
    }

    synchronized void destroy() {
        destroyed = true;
        device.driver.handles.remove(handle);
        trim(0);
    }

    synchronized long get(int attribute) {
        if (attribute == CudaApi.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD()) {
            return threshold;
        } else if (attribute == CudaApi.CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT()) {
            return reserved;
        } else if (attribute == CudaApi.CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH()) {
            return reservedHigh;
        } else if (attribute == CudaApi.CU_MEMPOOL_ATTR_USED_MEM_CURRENT()) {
            return used;
        } else if (attribute == CudaApi.CU_MEMPOOL_ATTR_USED_MEM_HIGH()) {
            return usedHigh;
        }
        return reuse[reuseIndex(attribute)];
    }

    synchronized void set(int attribute, long value) {
        if (attribute == CudaApi.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD()) {
            threshold = value < 0 ? Long.MAX_VALUE : value;
        } else
            if (attribute == CudaApi.CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH()
                    || attribute == CudaApi.CU_MEMPOOL_ATTR_USED_MEM_HIGH()) {
                        if (value != 0) {
                            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                                    "a pool's high-water mark can only be set to 0, not to " + value);
                        }
                        if (attribute == CudaApi.CU_MEMPOOL_ATTR_USED_MEM_HIGH()) {
                            usedHigh = used;
                        } else {
                            reservedHigh = reserved;
                        }
                    } else {
                        reuse[reuseIndex(attribute)] = (int) value;
                    }
    }

    /** Whether an attribute is a 32-bit flag and no 64-bit size. */
    static boolean isFlag(int attribute) {
        return attribute == CudaApi.CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES()
                || attribute == CudaApi.CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC()
                || attribute == CudaApi.CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES();
    }

    private static int reuseIndex(int attribute) {
        if (!isFlag(attribute)) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), "a pool has no attribute " + attribute
                    + ", or it can not be set");
        }
        return attribute - CudaApi.CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES();
    }
}
