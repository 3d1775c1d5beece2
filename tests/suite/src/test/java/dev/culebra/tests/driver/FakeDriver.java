package dev.culebra.tests.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.culebra.bindings.*;
import dev.culebra.driver.spi.Diagnostics;
import dev.culebra.driver.spi.DriverProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A driver that does nothing, for what the emulator is too well-behaved for: it can lack functions, fail as it is told, and
 * it writes down the calls whose order matters. A function that was not given is C's {@code fegetround}, which takes
 * whatever it is given, answers 0 (a JVM rounds to nearest), and enters no Java. Nothing that lets go of the processor: beside
 * other work each call would cost a turn of theirs.
 */
public final class FakeDriver implements DriverProvider, Diagnostics {

    private static final MemorySegment NOTHING = Linker.nativeLinker().defaultLookup().find("fegetround")
            .orElseThrow();

    private final Map<String, MemorySegment> functions = new HashMap<>();
    private final Set<String> absent = new HashSet<>();
    private final AtomicLong handles = new AtomicLong(0x1000);
    private final MemorySegment getProcAddress;

    /** Calls that were written down, such as {@code cuMemFree 0x1010}. */
    final List<String> calls = new CopyOnWriteArrayList<>();

    /** The names that were asked for. */
    final Set<String> asked = ConcurrentHashMap.newKeySet();

    volatile String diagnostic;

    /** One that does nothing yet. */
    public FakeDriver() {
        getProcAddress = PFN_cuGetProcAddress_v12000.allocate(this::find, Arena.global());
        version(12040);
        put("cuDeviceGetCount", PFN_cuDeviceGetCount_v2000.allocate(out -> write(out, 1), Arena.global()));
        put("cuDeviceGetName", PFN_cuDeviceGetName_v2000.allocate((out, length, device) -> {
            out.setString(0, "Fake");
            return 0;
        }, Arena.global()));
        put("cuDeviceGetAttribute",
                PFN_cuDeviceGetAttribute_v2000.allocate((out, attribute, device) -> write(out, 100_000),
                        Arena.global()));
        put("cuDevicePrimaryCtxRetain",
                PFN_cuDevicePrimaryCtxRetain_v7000.allocate((out, device) -> write(out, 0xC0), Arena.global()));
        put("cuDevicePrimaryCtxRelease", PFN_cuDevicePrimaryCtxRelease_v11000
                .allocate(device -> record("cuDevicePrimaryCtxRelease " + device), Arena.global()));
        put("cuMemAlloc", PFN_cuMemAlloc_v3020.allocate((out, bytes) -> handle(out), Arena.global()));
        put("cuMemAllocAsync",
                PFN_cuMemAllocAsync_v11020.allocate((out, bytes, stream) -> handle(out), Arena.global()));
        put("cuMemFree", PFN_cuMemFree_v3020.allocate(address -> record("cuMemFree", address), Arena.global()));
        put("cuMemFreeAsync", PFN_cuMemFreeAsync_v11020
                .allocate((address, stream) -> record("cuMemFreeAsync", address, stream.address()), Arena.global()));
        put("cuStreamCreate", PFN_cuStreamCreate_v2000.allocate((out, flags) -> handle(out), Arena.global()));
        put("cuStreamDestroy", PFN_cuStreamDestroy_v4000
                .allocate(stream -> record("cuStreamDestroy", stream.address()), Arena.global()));
        put("cuStreamSynchronize", PFN_cuStreamSynchronize_v2000
                .allocate(stream -> record("cuStreamSynchronize", stream.address()), Arena.global()));
        put("cuStreamWaitEvent", PFN_cuStreamWaitEvent_v3020.allocate(
                (stream, event, flags) -> record("cuStreamWaitEvent", stream.address()), Arena.global()));
        put("cuEventCreate", PFN_cuEventCreate_v2000.allocate((out, flags) -> handle(out), Arena.global()));
        put("cuEventRecord", PFN_cuEventRecord_v2000
                .allocate((event, stream) -> record("cuEventRecord", stream.address()), Arena.global()));
        put("cuModuleLoadDataEx", PFN_cuModuleLoadDataEx_v2010
                .allocate((out, image, count, options, values) -> handle(out), Arena.global()));
        put("cuModuleUnload", PFN_cuModuleUnload_v2000
                .allocate(module -> record("cuModuleUnload", module.address()), Arena.global()));
        put("cuModuleGetFunction",
                PFN_cuModuleGetFunction_v2000.allocate((out, module, name) -> handle(out), Arena.global()));
        put("cuFuncGetAttribute", PFN_cuFuncGetAttribute_v2020.allocate(
                (out, attribute, function) -> write(out, attribute == 0 ? 1024 : 0), Arena.global()));
        put("cuGetErrorName", PFN_cuGetErrorName_v6000.allocate((code, out) -> text(out, "CUDA_ERROR_FAKE_" + code),
                Arena.global()));
        put("cuGetErrorString",
                PFN_cuGetErrorString_v6000.allocate((code, out) -> text(out, "fake sentence"), Arena.global()));
        // Without it, parameters are read off the PTX.
        without("cuFuncGetParamInfo");
    }

    FakeDriver version(int version) {
        return put("cuDriverGetVersion",
                PFN_cuDriverGetVersion_v2020.allocate(out -> write(out, version), Arena.global()));
    }

    FakeDriver put(String name, MemorySegment function) {
        functions.put(name, function);
        absent.remove(name);
        return this;
    }

    FakeDriver without(String... names) {
        absent.addAll(List.of(names));
        return this;
    }

    private int find(MemorySegment symbol, MemorySegment out, int version, long flags, MemorySegment status) {
        String name = symbol.getString(0);
        asked.add(name);
        boolean found = !absent.contains(name);
        out.set(JAVA_LONG, 0, found ? functions.getOrDefault(name, NOTHING).address() : 0);
        status.set(JAVA_INT, 0, found
                ? CudaApi.CU_GET_PROC_ADDRESS_SUCCESS()
                : CudaApi.CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT());
        return 0;
    }

    int write(MemorySegment out, int value) {
        out.set(JAVA_INT, 0, value);
        return 0;
    }

    private int handle(MemorySegment out) {
        out.set(JAVA_LONG, 0, handles.addAndGet(0x10));
        return 0;
    }

    private int record(String call, long... handles) {
        StringBuilder text = new StringBuilder(call);
        for (long handle : handles) text.append(" 0x").append(Long.toHexString(handle));
        calls.add(text.toString());
        return 0;
    }

    private static int text(MemorySegment out, String text) {
        MemorySegment kept = Arena.global().allocateFrom(text);
        out.set(JAVA_LONG, 0, kept.address());
        return 0;
    }

    /** Puts text where the driver puts a log. */
    static void writeLog(MemorySegment buffer, String text) {
        byte[] bytes = (text + "\0").getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(bytes, 0, buffer, JAVA_BYTE, 0, bytes.length);
    }

    @Override
    public String name() { return "fake"; }

    @Override
    public Result load() { return new Result.Loaded(getProcAddress, "a test"); }

    @Override
    public String lastDiagnostic() { return diagnostic; }
}
