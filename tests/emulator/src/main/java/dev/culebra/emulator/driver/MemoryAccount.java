package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;

/** How much of a device's memory is taken, by allocations and by what pools hold. */
final class MemoryAccount {

    /** The smallest piece of memory that an allocation takes. */
    private static final long GRAIN = 512;

    private final long total;
    private long taken;

    MemoryAccount(long total) { this.total = total; }

    /** What an allocation of some bytes takes. */
    static long rounded(long bytes) {
        return bytes > Long.MAX_VALUE - GRAIN ? Long.MAX_VALUE : (bytes + GRAIN - 1) & -GRAIN;
    }

    synchronized void take(long bytes) {
        if (bytes < 0 || bytes > total - taken) {
            throw new CudaError(CudaApi.CUDA_ERROR_OUT_OF_MEMORY(), "asked for " + bytes + " bytes of device memory; "
                    + (total - taken) + " of " + total + " are free (culebra.emulator.memory sets the total)");
        }
        taken += bytes;
    }

    synchronized void give(long bytes) { taken = Math.max(0, taken - bytes); }

    synchronized void clear() { taken = 0; }

    synchronized long free() { return total - taken; }

    long total() { return total; }
}
