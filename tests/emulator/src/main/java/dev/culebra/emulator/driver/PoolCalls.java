package dev.culebra.emulator.driver;

import dev.culebra.bindings.CUmemLocation;
import dev.culebra.bindings.CUmemPoolProps;
import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuDeviceGetDefaultMemPool_v11020;
import dev.culebra.bindings.PFN_cuDeviceGetMemPool_v11020;
import dev.culebra.bindings.PFN_cuDeviceSetMemPool_v11020;
import dev.culebra.bindings.PFN_cuMemAllocAsync_v11020;
import dev.culebra.bindings.PFN_cuMemAllocFromPoolAsync_v11020;
import dev.culebra.bindings.PFN_cuMemFreeAsync_v11020;
import dev.culebra.bindings.PFN_cuMemPoolCreate_v11020;
import dev.culebra.bindings.PFN_cuMemPoolDestroy_v11020;
import dev.culebra.bindings.PFN_cuMemPoolGetAttribute_v11020;
import dev.culebra.bindings.PFN_cuMemPoolSetAttribute_v11020;
import dev.culebra.bindings.PFN_cuMemPoolTrimTo_v11020;
import dev.culebra.emulator.fault.Occasion;
import dev.culebra.emulator.memory.Range;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Memory pools, and allocation and freeing in the order of a stream. */
final class PoolCalls {

    private final EmulatedDriver driver;
    private final Gate gate;

    PoolCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuMemAllocAsync", 11020, a -> PFN_cuMemAllocAsync_v11020
                .allocate((to, bytes, stream) -> gate.inContext("cuMemAllocAsync",
                        c -> allocate(c.device.currentPool(), to, bytes, c.stream(stream))), a));
        table.add("cuMemAllocFromPoolAsync", 11020, a -> PFN_cuMemAllocFromPoolAsync_v11020
                .allocate((to, bytes, pool, stream) -> gate.inContext("cuMemAllocFromPoolAsync",
                        c -> allocate(pool(pool), to, bytes, c.stream(stream))), a));
        table.add("cuMemFreeAsync", 11020, a -> PFN_cuMemFreeAsync_v11020.allocate(
                (address, stream) -> gate.inContext("cuMemFreeAsync", c -> free(address, c.stream(stream))), a));
        registerPools(table);
    }

    private void registerPools(FunctionTable table) {
        table.add("cuDeviceGetDefaultMemPool", 11020,
                a -> PFN_cuDeviceGetDefaultMemPool_v11020.allocate(
                        (to, device) -> gate.initialised("cuDeviceGetDefaultMemPool",
                                () -> Native.putLong(to, driver.device(device).defaultPool().handle, "pool_out")),
                        a));
        table.add("cuDeviceGetMemPool", 11020,
                a -> PFN_cuDeviceGetMemPool_v11020.allocate((to, device) -> gate.initialised("cuDeviceGetMemPool",
                        () -> Native.putLong(to, driver.device(device).currentPool().handle, "pool")), a));
        table.add("cuDeviceSetMemPool", 11020, a -> PFN_cuDeviceSetMemPool_v11020
                .allocate((device, handle) -> gate.initialised("cuDeviceSetMemPool", () -> {
                    EmulatedPool pool = pool(handle);
                    if (pool.device != driver.device(device)) {
                        throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                                "the pool is device " + pool.device.ordinal + "'s and can not serve device " + device);
                    }
                    pool.device.currentPool(pool);
                }), a));
        table.add("cuMemPoolCreate", 11020, a -> PFN_cuMemPoolCreate_v11020
                .allocate((to, properties) -> gate.initialised("cuMemPoolCreate", () -> create(to, properties)), a));
        table.add("cuMemPoolDestroy", 11020, a -> PFN_cuMemPoolDestroy_v11020
                .allocate(handle -> gate.initialised("cuMemPoolDestroy", () -> destroy(handle)), a));
        table.add("cuMemPoolTrimTo", 11020, a -> PFN_cuMemPoolTrimTo_v11020.allocate((handle, keep) -> gate
                .initialised("cuMemPoolTrimTo", () -> pool(handle).trim(keep < 0 ? Long.MAX_VALUE : keep)), a));
        table.add("cuMemPoolGetAttribute", 11020, a -> PFN_cuMemPoolGetAttribute_v11020
                .allocate((handle, attribute, to) -> gate.initialised("cuMemPoolGetAttribute", () -> {
                    long value = pool(handle).get(attribute);
                    if (EmulatedPool.isFlag(attribute)) {
                        Native.putInt(to, (int) value, "value");
                    } else {
                        Native.putLong(to, value, "value");
                    }
                }), a));
        table.add("cuMemPoolSetAttribute", 11020,
                a -> PFN_cuMemPoolSetAttribute_v11020.allocate(
                        (handle, attribute, from) -> gate.initialised("cuMemPoolSetAttribute",
                                () -> pool(handle).set(attribute,
                                        EmulatedPool.isFlag(attribute)
                                                ? Native.getInt(from, "value")
                                                : Native.getLong(from, "value"))),
                        a));
    }

    private EmulatedPool pool(MemorySegment handle) {
        return driver.handles.get(handle, EmulatedPool.class, "memory pool", CudaApi.CUDA_ERROR_INVALID_VALUE());
    }

    private void create(MemorySegment to, MemorySegment pointer) {
        MemorySegment properties = Native.at(pointer, CUmemPoolProps.sizeof(), "poolProps");
        MemorySegment location = CUmemPoolProps.location(properties);
        if (CUmemPoolProps.allocType(properties) != CudaApi.CU_MEM_ALLOCATION_TYPE_PINNED()
                || CUmemLocation.type(location) != CudaApi.CU_MEM_LOCATION_TYPE_DEVICE()) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "a pool of allocation type " + CUmemPoolProps.allocType(properties) + " at a location of type "
                            + CUmemLocation.type(location) + "; the emulator has pinned memory (1) of a device (1)");
        }
        if (CUmemPoolProps.handleTypes(properties) != CudaApi.CU_MEM_HANDLE_TYPE_NONE()) {
            throw new CudaError(CudaApi.CUDA_ERROR_NOT_SUPPORTED(),
                    "the emulator's pools can not be shared between processes; ask for handle type 0");
        }
        EmulatedDevice device = driver.device(CUmemLocation.id(location));
        Native.at(to, 8, "pool");
        Native.putLong(to, device.newPool(Math.max(0, CUmemPoolProps.maxSize(properties))).handle, "pool");
    }

    private void destroy(MemorySegment handle) {
        EmulatedPool pool = pool(handle);
        if (pool == pool.device.defaultPool()) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), "a device's default pool can not be destroyed");
        }
        pool.device.destroy(pool);
    }

    private void allocate(EmulatedPool pool, MemorySegment to, long bytes, EmulatedStream stream) {
        Native.at(to, 8, "dptr");
        if (bytes == 0) {
            // Unlike cuMemAlloc, which refuses it.
            Native.putLong(to, 0, "dptr");
            return;
        }
        MemoryCalls.checkSize(bytes);
        driver.faults.strike(Occasion.ALLOCATION, pool.device, bytes, "an allocation of " + bytes + " bytes");
        take(pool, bytes);
        Range range;
        try {
            range = driver.memory.allocate(bytes, Range.Kind.POOL, pool.device.context, "pool allocation");
        } catch (Throwable t) {
            pool.give(bytes);
            throw t;
        }
        range.pool(pool);
        synchronized (driver.order) {
            boolean graphs = stream.capture != null;
            if (graphs) {
                stream.capture.graph.memory.add(range);
            }
            stream.submit(new Work(Work.Kind.ALLOCATE, "allocation", bytes, () -> {
                if (graphs) { // the same bytes at each launch, and fresh at each
                    range.allocation().renew();
                }
            }));
        }
        Native.putLong(to, range.base(), "dptr");
    }

    /** Memory whose freeing is on a stream can be had again: where nothing else is left, that is waited for. */
    private void take(EmulatedPool pool, long bytes) {
        try {
            pool.take(bytes);
        } catch (CudaError e) {
            pool.device.context.streams().forEach(EmulatedStream::awaitFrees);
            pool.device.context.legacyStream().awaitFrees();
            pool.take(bytes);
        }
    }

    private void free(long address, EmulatedStream stream) {
        if (address == 0) {
            return;
        }
        Range range = MemoryCalls.freeable(driver, address, "cuMemFreeAsync");
        Operation queued;
        synchronized (driver.order) {
            if (stream.capture != null) {
                stream.capture.checkValid();
                stream.capture.graph.memory.free(range);
            }
            if (!range.condemn()) {
                throw MemoryCalls.doubleFree(range);
            }
            EmulatedContext owner = (EmulatedContext) range.owner();
            boolean graphs = driver.graphRanges.contains(range);
            Work work = new Work(Work.Kind.FREE, "free", null, () -> {
                if (!graphs) {
                    owner.giveBack(range);
                }
            });
            if (stream.capture != null) {
                stream.submit(work);
                return;
            }
            queued = stream.enqueue(work, List.of());
        }
        driver.traffic.hasten(queued, range);
    }
}
