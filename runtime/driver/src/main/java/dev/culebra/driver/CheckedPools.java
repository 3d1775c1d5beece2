package dev.culebra.driver;

import static dev.culebra.driver.DriverFunction.*;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.culebra.bindings.*;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Pools of stream-ordered memory. */
final class CheckedPools extends Checked {

    CheckedPools(Functions functions, Errors errors) { super(functions, errors); }

    /** A pool of the device's memory, of at most so many bytes; 0 is as much as the device has. */
    MemorySegment create(MemorySegment context, int device, long maxBytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            MemorySegment properties = arena.allocate(CUmemPoolProps.layout());
            CUmemPoolProps.allocType(properties, CudaApi.CU_MEM_ALLOCATION_TYPE_PINNED());
            CUmemPoolProps.handleTypes(properties, CudaApi.CU_MEM_HANDLE_TYPE_NONE());
            MemorySegment location = CUmemPoolProps.location(properties);
            CUmemLocation.type(location, CudaApi.CU_MEM_LOCATION_TYPE_DEVICE());
            CUmemLocation.id(location, device);
            CUmemPoolProps.maxSize(properties, maxBytes);
            check(cuMemPoolCreate, PFN_cuMemPoolCreate_v11020.invoke(at(cuMemPoolCreate, context), out, properties));
            return Handles.read(out);
        }
    }

    void destroy(MemorySegment context, MemorySegment pool) {
        check(cuMemPoolDestroy, PFN_cuMemPoolDestroy_v11020.invoke(at(cuMemPoolDestroy, context), pool));
    }

    /** For the attributes of 8 bytes: the threshold and the four counters. */
    long attribute(MemorySegment context, MemorySegment pool, int attribute) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            check(cuMemPoolGetAttribute,
                    PFN_cuMemPoolGetAttribute_v11020.invoke(at(cuMemPoolGetAttribute, context), pool, attribute, out));
            return out.get(JAVA_LONG, 0);
        }
    }

    void setAttribute(MemorySegment context, MemorySegment pool, int attribute, long value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment in = arena.allocateFrom(JAVA_LONG, value);
            check(cuMemPoolSetAttribute,
                    PFN_cuMemPoolSetAttribute_v11020.invoke(at(cuMemPoolSetAttribute, context), pool, attribute, in));
        }
    }

    void trim(MemorySegment context, MemorySegment pool, long keepBytes) {
        check(cuMemPoolTrimTo, PFN_cuMemPoolTrimTo_v11020.invoke(at(cuMemPoolTrimTo, context), pool, keepBytes));
    }
}
