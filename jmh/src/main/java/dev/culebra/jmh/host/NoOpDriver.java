package dev.culebra.jmh.host;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuDeviceGetAttribute_v2000;
import dev.culebra.bindings.PFN_cuDeviceGetCount_v2000;
import dev.culebra.bindings.PFN_cuDeviceGetName_v2000;
import dev.culebra.bindings.PFN_cuDevicePrimaryCtxRetain_v7000;
import dev.culebra.bindings.PFN_cuDriverGetVersion_v2020;
import dev.culebra.bindings.PFN_cuEventCreate_v2000;
import dev.culebra.bindings.PFN_cuFuncGetAttribute_v2020;
import dev.culebra.bindings.PFN_cuGetProcAddress_v12000;
import dev.culebra.bindings.PFN_cuMemAlloc_v3020;
import dev.culebra.bindings.PFN_cuMemFreeHost_v2000;
import dev.culebra.bindings.PFN_cuMemHostAlloc_v2020;
import dev.culebra.bindings.PFN_cuStreamCreate_v2000;
import dev.culebra.driver.spi.DriverProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A driver whose functions return at once, so that what is measured on it is our side of a call. All of them but the
 * few that have to answer are C's {@code pthread_mutexattr_destroy}: in glibc (2.36: {@code xor eax, eax; ret}) and
 * musl it looks at nothing, touches nothing and answers 0, whatever it is given, and 0 is {@code CUDA_SUCCESS}. No Java
 * is entered there, which would cost more than what is measured.
 *
 * <p>
 * What follows: a query says "done", a copy moves nothing, memory of the stream's pool is at address 0, a module's
 * handle is 0. What answers by an upcall into Java is called in set-up alone: the device, its attributes, handles of
 * streams and events, and page-locked memory (ordinary memory here). Safe for use by many threads.
 */
public final class NoOpDriver implements DriverProvider {

    /** The name of it in results and parameters. */
    public static final String NAME = "no-op";

    private static final String SYMBOL = "pthread_mutexattr_destroy";

    /** CUDA 12.4: the first that has all that is bound here. */
    private static final int VERSION = 12040;

    /** Of a block, of a device's shared memory, of whatever is asked: enough for any launch here. */
    private static final int PLENTY = 1024;

    private final Map<String, MemorySegment> answering = new HashMap<>();
    private final AtomicLong handles = new AtomicLong(0x1000);
    private final Map<Long, Arena> pinned = new ConcurrentHashMap<>();

    private Result loaded; // guarded by this

    /** One that is not loaded yet. */
    public NoOpDriver() {}

    /**
     * The function that does nothing.
     *
     * @return its address; empty where this system is none whose C library is known to have such a function
     */
    public static Optional<MemorySegment> nothing() {
        return System.getProperty("os.name").equals("Linux")
                ? Linker.nativeLinker().defaultLookup().find(SYMBOL)
                : Optional.empty();
    }

    /**
     * Why there is none here.
     *
     * @return one sentence; empty where there is one
     */
    public static Optional<String> missing() {
        return nothing().isPresent()
                ? Optional.empty()
                : Optional.of("no function that is known to do nothing: " + SYMBOL
                        + " in the C library of Linux is taken (glibc 2.34 or newer, musl), and this is "
                        + System.getProperty("os.name"));
    }

    @Override
    public String name() { return NAME; }

    @Override
    public synchronized Result load() {
        if (loaded == null) loaded = missing().<Result>map(Result.Missing::new).orElseGet(this::make);
        return loaded;
    }

    private Result make() {
        MemorySegment nothing = nothing().orElseThrow();
        Arena arena = Arena.global();
        answering.put("cuDriverGetVersion", PFN_cuDriverGetVersion_v2020.allocate(out -> number(out, VERSION), arena));
        answering.put("cuDeviceGetCount", PFN_cuDeviceGetCount_v2000.allocate(out -> number(out, 1), arena));
        answering.put("cuDeviceGetName", PFN_cuDeviceGetName_v2000.allocate((out, length, device) -> {
            out.setString(0, NAME);
            return 0;
        }, arena));
        answering
                .put("cuDeviceGetAttribute",
                        PFN_cuDeviceGetAttribute_v2000.allocate((out, attribute, device) -> number(out,
                                attribute == CudaApi.CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS() ? 0 : PLENTY),
                                arena));
        answering.put("cuDevicePrimaryCtxRetain",
                PFN_cuDevicePrimaryCtxRetain_v7000.allocate((out, device) -> handle(out), arena));
        answering.put("cuFuncGetAttribute",
                PFN_cuFuncGetAttribute_v2020.allocate((out, attribute, function) -> number(out,
                        attribute == CudaApi.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK() ? PLENTY : 0), arena));
        answering.put("cuStreamCreate", PFN_cuStreamCreate_v2000.allocate((out, flags) -> handle(out), arena));
        answering.put("cuEventCreate", PFN_cuEventCreate_v2000.allocate((out, flags) -> handle(out), arena));
        answering.put("cuMemAlloc", PFN_cuMemAlloc_v3020.allocate((out, bytes) -> handle(out), arena));
        answering.put("cuMemHostAlloc",
                PFN_cuMemHostAlloc_v2020.allocate((out, bytes, flags) -> pin(out, bytes), arena));
        answering.put("cuMemFreeHost", PFN_cuMemFreeHost_v2000.allocate(this::unpin, arena));
        MemorySegment find = PFN_cuGetProcAddress_v12000.allocate(
                (symbol, out, version, flags, status) -> find(nothing, symbol, out, status), arena);
        return new Result.Loaded(find, SYMBOL + " of the C library");
    }

    private int find(MemorySegment nothing, MemorySegment symbol, MemorySegment out, MemorySegment status) {
        String name = symbol.getString(0);
        // Without it, a kernel's parameters are read off its PTX, as an older driver has it.
        boolean found = !name.equals("cuFuncGetParamInfo");
        out.set(JAVA_LONG, 0, found ? answering.getOrDefault(name, nothing).address() : 0);
        return number(status, found
                ? CudaApi.CU_GET_PROC_ADDRESS_SUCCESS()
                : CudaApi.CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT());
    }

    private static int number(MemorySegment out, int value) {
        out.set(JAVA_INT, 0, value);
        return 0;
    }

    private int handle(MemorySegment out) {
        out.set(JAVA_LONG, 0, handles.addAndGet(0x100));
        return 0;
    }

    private int pin(MemorySegment out, long bytes) {
        try {
            Arena arena = Arena.ofShared();
            long address = arena.allocate(bytes, 4096).address();
            pinned.put(address, arena);
            out.set(JAVA_LONG, 0, address);
            return 0;
        } catch (OutOfMemoryError e) {
            return CudaApi.CUDA_ERROR_OUT_OF_MEMORY();
        }
    }

    private int unpin(MemorySegment address) {
        Arena arena = pinned.remove(address.address());
        if (arena == null) return CudaApi.CUDA_ERROR_INVALID_VALUE();
        arena.close();
        return 0;
    }
}
