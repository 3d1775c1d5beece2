package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuGetProcAddress_v12000;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;

/**
 * The driver's function pointers, each asked for with {@code cuGetProcAddress} when it is first used. A function that
 * this driver does not have is remembered as absent.
 */
final class Functions {

    private final MemorySegment getProcAddress;

    /**
     * By ordinal; null where nobody asked yet, NULL where the driver has none. Written without a lock: segments are
     * immutable, so threads that race for a function at worst ask for it twice.
     */
    private final MemorySegment[] pointers = new MemorySegment[DriverFunction.values().length];

    Functions(MemorySegment getProcAddress) { this.getProcAddress = getProcAddress; }

    /** The function's address, or NULL where this driver has none. */
    MemorySegment find(DriverFunction function) {
        MemorySegment pointer = pointers[function.ordinal()];
        return pointer != null ? pointer : resolve(function);
    }

    boolean has(DriverFunction function) { return find(function) != MemorySegment.NULL; }

    /** Asks for every bound function and lists those that this driver has not. */
    List<DriverFunction> missing() {
        List<DriverFunction> missing = new ArrayList<>();
        for (DriverFunction function : DriverFunction.values()) {
            if (!has(function)) missing.add(function);
        }
        return List.copyOf(missing);
    }

    private MemorySegment resolve(DriverFunction function) {
        MemorySegment found = MemorySegment.NULL;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(function.name());
            MemorySegment pointer = arena.allocate(CudaApi.C_POINTER);
            MemorySegment status = arena.allocate(ValueLayout.JAVA_INT);
            int code = PFN_cuGetProcAddress_v12000.invoke(getProcAddress, name, pointer, function.version(),
                    CudaApi.CU_GET_PROC_ADDRESS_DEFAULT(), status);
            // A driver too old for the function says so in one of three ways: a code, a status, or no pointer.
            long address = pointer.get(CudaApi.C_POINTER, 0).address();
            if (code == 0 && address != 0
                    && status.get(ValueLayout.JAVA_INT, 0) == CudaApi.CU_GET_PROC_ADDRESS_SUCCESS()) {
                found = MemorySegment.ofAddress(address);
            }
        }
        initialise(function.binding());
        pointers[function.ordinal()] = found;
        return found;
    }

    /** A class that is initialised here is not initialised between making a context current and the call. */
    private static void initialise(Class<?> binding) {
        try {
            MethodHandles.lookup().ensureInitialized(binding);
        } catch (IllegalAccessException e) {
            throw new AssertionError("bindings are public", e);
        }
    }
}
