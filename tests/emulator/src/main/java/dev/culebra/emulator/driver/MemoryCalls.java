package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuMemAlloc_v3020;
import dev.culebra.bindings.PFN_cuMemFree_v3020;
import dev.culebra.bindings.PFN_cuMemGetInfo_v3020;
import dev.culebra.bindings.PFN_cuPointerGetAttribute_v4000;
import dev.culebra.emulator.fault.Occasion;
import dev.culebra.emulator.memory.Range;
import java.lang.foreign.MemorySegment;

/** Device memory that is allocated and freed at once, and what can be asked of an address. */
final class MemoryCalls {

    private final EmulatedDriver driver;
    private final Gate gate;

    MemoryCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuMemAlloc", 3020, a -> PFN_cuMemAlloc_v3020
                .allocate((to, bytes) -> gate.inContext("cuMemAlloc", c -> allocate(c, to, bytes)), a));
        table.add("cuMemFree", 3020,
                a -> PFN_cuMemFree_v3020.allocate(address -> gate.inContext("cuMemFree", c -> free(c, address)), a));
        table.add("cuMemGetInfo", 3020,
                a -> PFN_cuMemGetInfo_v3020.allocate((free, total) -> gate.inContext("cuMemGetInfo", c -> {
                    Native.putLong(free, c.device.account.free(), "free");
                    Native.putLong(total, c.device.account.total(), "total");
                }), a));
        table.add("cuPointerGetAttribute", 4000, a -> PFN_cuPointerGetAttribute_v4000
                .allocate((to, attribute, pointer) -> gate.inContext("cuPointerGetAttribute",
                        c -> PointerAttributes.get(driver, c, to, attribute, pointer)), a));
    }

    private void allocate(EmulatedContext context, MemorySegment to, long bytes) {
        driver.captures.refuseUnsafe("cuMemAlloc");
        Native.at(to, 8, "dptr");
        checkSize(bytes);
        driver.faults.strike(Occasion.ALLOCATION, context.device, bytes, "an allocation of " + bytes + " bytes");
        long taken = MemoryAccount.rounded(bytes);
        context.device.account.take(taken);
        Range range;
        try {
            range = driver.memory.allocate(bytes, Range.Kind.DEVICE, context, "allocation");
        } catch (Throwable t) {
            context.device.account.give(taken);
            throw t;
        }
        Native.putLong(to, range.base(), "dptr");
    }

    static void checkSize(long bytes) {
        if (bytes == 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), "0 bytes of memory were asked for");
        }
        if (bytes < 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_OUT_OF_MEMORY(),
                    Long.toUnsignedString(bytes) + " bytes of memory were asked for");
        }
    }

    private void free(EmulatedContext context, long address) {
        if (address == 0) {
            return;
        }
        driver.captures.refuseUnsafe("cuMemFree");
        Range range = freeable(driver, address, "cuMemFree");
        EmulatedContext owner = (EmulatedContext) range.owner();
        if (!range.condemn()) {
            throw doubleFree(range);
        }
        // The driver waits for the device, so that nothing that still runs loses its memory.
        owner.drain();
        if (!driver.graphRanges.contains(range)) {
            owner.giveBack(range);
        }
        context.checkHealthy();
    }

    /** The device allocation that begins at an address. */
    static Range freeable(EmulatedDriver driver, long address, String call) {
        Range range = driver.memory.at(address);
        if (range == null) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), call + " of 0x" + Long.toHexString(address)
                    + ", which is " + driver.memory.explain(address));
        }
        if (range.condemned()) {
            throw doubleFree(range);
        }
        if (range.base() != address
                || range.kind() != Range.Kind.DEVICE && range.kind() != Range.Kind.POOL) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    call + " of 0x" + Long.toHexString(address) + ", which is "
                            + (range.base() != address ? "inside " : "") + range.label()
                            + "; only what cuMemAlloc or a pool gave can be freed, at its first address");
        }
        return range;
    }

    static CudaError doubleFree(Range range) {
        return new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), range.label() + " is freed twice");
    }
}
