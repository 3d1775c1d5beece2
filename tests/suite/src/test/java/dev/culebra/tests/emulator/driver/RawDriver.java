package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.culebra.bindings.*;
import dev.culebra.driver.spi.DriverProvider;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/**
 * A driver reached as a program without any of our layers would: cuGetProcAddress, function pointers, result codes. Each
 * instance is an emulated driver of its own, not initialised. The short methods assert that the call succeeds.
 */
@SuppressWarnings("restricted")
final class RawDriver implements AutoCloseable {

    static final MemorySegment NULL = MemorySegment.NULL;

    final EmulatorProvider provider;
    final MemorySegment procAddress;
    final Arena arena = Arena.ofShared();
    private final Map<String, MemorySegment> functions = new HashMap<>();

    RawDriver(EmulatorOptions options) {
        provider = new EmulatorProvider(options);
        procAddress = assertInstanceOf(DriverProvider.Result.Loaded.class, provider.load()).cuGetProcAddress();
    }

    /** An initialised driver whose first device's primary context is current to this thread. */
    static RawDriver started(EmulatorOptions options) {
        RawDriver driver = new RawDriver(options);
        driver.ok(PFN_cuInit_v2000.invoke(driver.f("cuInit", 2000), 0));
        driver.ok(driver.setCurrent(driver.retain(0)));
        return driver;
    }

    static RawDriver started() { return started(EmulatorOptions.DEFAULT.withWorkers(2)); }

    /** The function of a name and version; asserts that there is one. */
    synchronized MemorySegment f(String name, int version) {
        return functions.computeIfAbsent(name + version, n -> {
            MemorySegment to = out();
            MemorySegment status = out();
            assertEquals(0, PFN_cuGetProcAddress_v12000.invoke(procAddress, arena.allocateFrom(name), to, version, 0,
                    status), name);
            assertEquals(CudaApi.CU_GET_PROC_ADDRESS_SUCCESS(), status.get(ValueLayout.JAVA_INT, 0), name);
            return to.get(ValueLayout.ADDRESS, 0);
        });
    }

    MemorySegment out() { return arena.allocate(16, 16); }

    MemorySegment text(String text) { return arena.allocateFrom(text); }

    void ok(int result) { assertEquals(0, result, () -> name(result) + ": " + provider.lastDiagnostic()); }

    /** Asserts a result code, and that the driver has words for it. */
    void fails(int expected, int result) {
        assertEquals(name(expected), name(result), () -> String.valueOf(provider.lastDiagnostic()));
        String why = provider.lastDiagnostic();
        if (why == null || why.isBlank()) {
            throw new AssertionError(name(result) + " without a diagnostic");
        }
    }

    String name(int code) {
        MemorySegment to = out();
        PFN_cuGetErrorName_v6000.invoke(f("cuGetErrorName", 6000), code, to);
        MemorySegment name = to.get(ValueLayout.ADDRESS, 0);
        return name.address() == 0 ? "no error code: " + code : name.reinterpret(Long.MAX_VALUE).getString(0);
    }

    MemorySegment retain(int device) {
        MemorySegment to = out();
        ok(PFN_cuDevicePrimaryCtxRetain_v7000.invoke(f("cuDevicePrimaryCtxRetain", 7000), to, device));
        return to.get(ValueLayout.ADDRESS, 0);
    }

    int release(int device) {
        return PFN_cuDevicePrimaryCtxRelease_v11000.invoke(f("cuDevicePrimaryCtxRelease", 11000), device);
    }

    /** Makes a device's primary context current, without keeping it. */
    MemorySegment current(int device) {
        MemorySegment context = retain(device);
        ok(setCurrent(context));
        ok(release(device));
        return context;
    }

    int setCurrent(MemorySegment context) {
        return PFN_cuCtxSetCurrent_v4000.invoke(f("cuCtxSetCurrent", 4000), context);
    }

    int synchronize() { return PFN_cuCtxSynchronize_v2000.invoke(f("cuCtxSynchronize", 2000)); }

    int alloc(MemorySegment to, long bytes) { return PFN_cuMemAlloc_v3020.invoke(f("cuMemAlloc", 3020), to, bytes); }

    long alloc(long bytes) {
        MemorySegment to = out();
        ok(alloc(to, bytes));
        return to.get(ValueLayout.JAVA_LONG, 0);
    }

    /** Memory that was written to, with zeros: fresh memory has nothing that one could rely on. */
    long zeros(long bytes) {
        long address = alloc(bytes);
        ok(fill8(address, 0, bytes, NULL));
        ok(synchronize(NULL));
        return address;
    }

    int free(long address) { return PFN_cuMemFree_v3020.invoke(f("cuMemFree", 3020), address); }

    /** Page-locked memory; it lives until it is freed. */
    MemorySegment pinned(long bytes) {
        MemorySegment to = out();
        ok(PFN_cuMemHostAlloc_v2020.invoke(f("cuMemHostAlloc", 2020), to, bytes, 0));
        return to.get(ValueLayout.ADDRESS, 0).reinterpret(bytes);
    }

    /** Done when it returns: the driver's own call is so only from page-locked memory. */
    int toDevice(long to, MemorySegment from, long bytes) {
        int result = toDeviceStaged(to, from, bytes);
        return result != 0 ? result : synchronize(NULL);
    }

    /** From pageable memory, the copy may still be on the default stream when it returns. */
    int toDeviceStaged(long to, MemorySegment from, long bytes) {
        return PFN_cuMemcpyHtoD_v3020.invoke(f("cuMemcpyHtoD", 3020), to, from, bytes);
    }

    int toHost(MemorySegment to, long from, long bytes) {
        return PFN_cuMemcpyDtoH_v3020.invoke(f("cuMemcpyDtoH", 3020), to, from, bytes);
    }

    int toDevice(long to, MemorySegment from, long bytes, MemorySegment stream) {
        return PFN_cuMemcpyHtoDAsync_v3020.invoke(f("cuMemcpyHtoDAsync", 3020), to, from, bytes, stream);
    }

    int toHost(MemorySegment to, long from, long bytes, MemorySegment stream) {
        return PFN_cuMemcpyDtoHAsync_v3020.invoke(f("cuMemcpyDtoHAsync", 3020), to, from, bytes, stream);
    }

    int fill8(long to, int value, long count, MemorySegment stream) {
        return PFN_cuMemsetD8Async_v3020.invoke(f("cuMemsetD8Async", 3020), to, (byte) value, count, stream);
    }

    /** The bytes of device memory, by a synchronous copy. */
    byte[] read(long address, int bytes) {
        MemorySegment host = arena.allocate(bytes);
        ok(toHost(host, address, bytes));
        return host.toArray(ValueLayout.JAVA_BYTE);
    }

    int[] readInts(long address, int count) {
        MemorySegment host = arena.allocate(4L * count, 4);
        ok(toHost(host, address, 4L * count));
        return host.toArray(ValueLayout.JAVA_INT);
    }

    MemorySegment stream(int flags) {
        MemorySegment to = out();
        ok(PFN_cuStreamCreate_v2000.invoke(f("cuStreamCreate", 2000), to, flags));
        return to.get(ValueLayout.ADDRESS, 0);
    }

    int destroyStream(MemorySegment stream) {
        return PFN_cuStreamDestroy_v4000.invoke(f("cuStreamDestroy", 4000), stream);
    }

    int synchronize(MemorySegment stream) {
        return PFN_cuStreamSynchronize_v2000.invoke(f("cuStreamSynchronize", 2000), stream);
    }

    int query(MemorySegment stream) { return PFN_cuStreamQuery_v2000.invoke(f("cuStreamQuery", 2000), stream); }

    MemorySegment event(int flags) {
        MemorySegment to = out();
        ok(PFN_cuEventCreate_v2000.invoke(f("cuEventCreate", 2000), to, flags));
        return to.get(ValueLayout.ADDRESS, 0);
    }

    int record(MemorySegment event, MemorySegment stream) {
        return PFN_cuEventRecord_v2000.invoke(f("cuEventRecord", 2000), event, stream);
    }

    int queryEvent(MemorySegment event) { return PFN_cuEventQuery_v2000.invoke(f("cuEventQuery", 2000), event); }

    int synchronizeEvent(MemorySegment event) {
        return PFN_cuEventSynchronize_v2000.invoke(f("cuEventSynchronize", 2000), event);
    }

    int await(MemorySegment stream, MemorySegment event) {
        return PFN_cuStreamWaitEvent_v3020.invoke(f("cuStreamWaitEvent", 3020), stream, event, 0);
    }

    /** Puts a host function on a stream. */
    int host(MemorySegment stream, Runnable function) {
        MemorySegment pointer = CUhostFn.allocate(data -> function.run(), Arena.global());
        return PFN_cuLaunchHostFunc_v10000.invoke(f("cuLaunchHostFunc", 10000), stream, pointer, NULL);
    }

    int load(MemorySegment to, String ptx) {
        return PFN_cuModuleLoadDataEx_v2010.invoke(f("cuModuleLoadDataEx", 2010), to, text(ptx), 0, NULL, NULL);
    }

    MemorySegment load(String ptx) {
        MemorySegment to = out();
        ok(load(to, ptx));
        return to.get(ValueLayout.ADDRESS, 0);
    }

    MemorySegment function(MemorySegment module, String name) {
        MemorySegment to = out();
        ok(PFN_cuModuleGetFunction_v2000.invoke(f("cuModuleGetFunction", 2000), to, module, text(name)));
        return to.get(ValueLayout.ADDRESS, 0);
    }

    /** Launches blocks of threads along x; each argument is a Long, Integer or Float. */
    int launch(MemorySegment function, int grid, int block, int shared, MemorySegment stream, Object... arguments) {
        return PFN_cuLaunchKernel_v4000.invoke(f("cuLaunchKernel", 4000), function, grid, 1, 1, block, 1, 1, shared,
                stream, arguments(arguments), NULL);
    }

    MemorySegment arguments(Object... arguments) {
        MemorySegment pointers = arena.allocate(8L * Math.max(1, arguments.length), 8);
        for (int i = 0; i < arguments.length; i++) {
            MemorySegment value = out();
            switch (arguments[i]) {
                case Long l -> value.set(ValueLayout.JAVA_LONG, 0, l);
                case Integer n -> value.set(ValueLayout.JAVA_INT, 0, n);
                case Float x -> value.set(ValueLayout.JAVA_FLOAT, 0, x);
                default -> throw new IllegalArgumentException(arguments[i].toString());
            }
            pointers.setAtIndex(ValueLayout.ADDRESS, i, value);
        }
        return pointers;
    }

    @Override
    public void close() { arena.close(); }
}
