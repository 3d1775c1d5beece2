package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuMemFreeHost_v2000;
import dev.culebra.bindings.PFN_cuMemHostAlloc_v2020;
import dev.culebra.bindings.PFN_cuMemHostGetDevicePointer_v3020;
import dev.culebra.bindings.PFN_cuMemHostRegister_v6050;
import dev.culebra.bindings.PFN_cuMemHostUnregister_v4000;
import dev.culebra.emulator.fault.Occasion;
import dev.culebra.emulator.memory.HostMemory;
import dev.culebra.emulator.memory.Range;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Page-locked host memory. Nothing is locked: what matters to programs is that devices reach it, at its own address, and
 * that copies from it read it when they run and not when they are asked for.
 */
final class PinnedCalls {

    private final EmulatedDriver driver;
    private final Gate gate;
    private final Map<Range, HostMemory.Pinned> made = new ConcurrentHashMap<>();

    PinnedCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuMemHostAlloc", 2020, a -> PFN_cuMemHostAlloc_v2020.allocate(
                (to, bytes, flags) -> gate.inContext("cuMemHostAlloc", c -> allocate(c, to, bytes, flags)), a));
        table.add("cuMemFreeHost", 2000, a -> PFN_cuMemFreeHost_v2000
                .allocate(pointer -> gate.inContext("cuMemFreeHost", c -> free(c, pointer.address())), a));
        table.add("cuMemHostRegister", 6050, a -> PFN_cuMemHostRegister_v6050.allocate((pointer, bytes, flags) -> gate
                .inContext("cuMemHostRegister", c -> registerHost(c, pointer, bytes, flags)), a));
        table.add("cuMemHostUnregister", 4000, a -> PFN_cuMemHostUnregister_v4000.allocate(
                pointer -> gate.inContext("cuMemHostUnregister", c -> unregister(c, pointer.address())), a));
        table.add("cuMemHostGetDevicePointer", 3020, a -> PFN_cuMemHostGetDevicePointer_v3020.allocate((to, pointer,
                flags) -> gate.inContext("cuMemHostGetDevicePointer", c -> devicePointer(to, pointer, flags)), a));
    }

    private void allocate(EmulatedContext context, MemorySegment to, long bytes, int flags) {
        driver.captures.refuseUnsafe("cuMemHostAlloc");
        Native.at(to, 8, "pp");
        MemoryCalls.checkSize(bytes);
        int known = CudaApi.CU_MEMHOSTALLOC_PORTABLE() | CudaApi.CU_MEMHOSTALLOC_DEVICEMAP()
                | CudaApi.CU_MEMHOSTALLOC_WRITECOMBINED();
        if ((flags & ~known) != 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "cuMemHostAlloc has no flags 0x" + Integer.toHexString(flags));
        }
        driver.faults.strike(Occasion.PINNED, context.device, bytes, bytes + " bytes of page-locked memory");
        HostMemory.Pinned pinned = HostMemory.allocatePinned(bytes);
        Range range = driver.memory.add(pinned.segment(), Range.Kind.HOST, context, "page-locked memory");
        if (range == null) {
            // The place was registered and then freed by its owner, without a word to the driver.
            pinned.free();
            throw new CudaError(CudaApi.CUDA_ERROR_UNKNOWN(),
                    "the host gave memory that is still registered: it was freed before cuMemHostUnregister");
        }
        made.put(range, pinned);
        Native.putLong(to, range.base(), "pp");
    }

    private void free(EmulatedContext context, long address) {
        if (address == 0) {
            return;
        }
        driver.captures.refuseUnsafe("cuMemFreeHost");
        Range range = driver.memory.at(address);
        HostMemory.Pinned pinned = range == null || range.base() != address ? null : made.get(range);
        if (pinned == null) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), "cuMemFreeHost of 0x" + Long.toHexString(address)
                    + ", which is "
                    + (range == null
                            ? driver.memory.explain(address)
                            : range.base() != address ? "inside " + range.label() : range.label())
                    + "; only what cuMemHostAlloc gave can be freed, at its first address");
        }
        driver.traffic.refuseInFlight(range, "cuMemFreeHost");
        ((EmulatedContext) range.owner()).drain();
        if (made.remove(range) != null) {
            driver.memory.remove(range);
            pinned.free();
        }
        context.checkHealthy();
    }

    private void registerHost(EmulatedContext context, MemorySegment pointer, long bytes, int flags) {
        Native.at(pointer, 0, "p");
        if (bytes <= 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    Long.toUnsignedString(bytes) + " bytes can not be registered");
        }
        int known = CudaApi.CU_MEMHOSTREGISTER_PORTABLE() | CudaApi.CU_MEMHOSTREGISTER_DEVICEMAP()
                | CudaApi.CU_MEMHOSTREGISTER_READ_ONLY();
        if ((flags & ~known) != 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "cuMemHostRegister has no flags 0x" + Integer.toHexString(flags));
        }
        driver.faults.strike(Occasion.PINNED, context.device, bytes, "the registration of " + bytes + " bytes");
        Range range = driver.memory.add(Native.at(pointer.address(), bytes), Range.Kind.REGISTERED, context,
                "registered host memory");
        if (range == null) {
            throw new CudaError(CudaApi.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED(),
                    "0x" + Long.toHexString(pointer.address()) + " and " + bytes
                            + " bytes from there: a part of it is registered or page-locked already");
        }
    }

    private void unregister(EmulatedContext context, long address) {
        Range range = driver.memory.at(address);
        if (range == null || range.base() != address || range.kind() != Range.Kind.REGISTERED) {
            throw new CudaError(CudaApi.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED(),
                    "0x" + Long.toHexString(address) + " is not where registered memory begins");
        }
        driver.traffic.refuseInFlight(range, "cuMemHostUnregister");
        ((EmulatedContext) range.owner()).drain();
        driver.memory.remove(range);
        context.checkHealthy();
    }

    private void devicePointer(MemorySegment to, MemorySegment pointer, int flags) {
        Range range = driver.memory.at(pointer.address());
        if (flags != 0 || range == null || !range.kind().host()) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    flags != 0
                            ? "cuMemHostGetDevicePointer's flags are " + flags + " and must be 0"
                            : "0x" + Long.toHexString(pointer.address()) + " is no page-locked or registered memory");
        }
        range.map();
        Native.putLong(to, pointer.address(), "pdptr");
    }
}
