package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.MemorySegment;

/** The driver's opaque handles: zero-length segments inside, longs where users see them. */
final class Handles {

    private Handles() {}

    static MemorySegment of(long handle) { return MemorySegment.ofAddress(handle); }

    /** The handle that the driver left in an out parameter; without the endless size that the binding's pointers have. */
    static MemorySegment read(MemorySegment out) {
        return MemorySegment.ofAddress(out.get(CudaApi.C_POINTER, 0).address());
    }

    static String text(MemorySegment handle) { return "0x" + Long.toHexString(handle.address()); }
}
