package dev.culebra.driver;

import static dev.culebra.driver.DriverFunction.*;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.culebra.bindings.*;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Device memory and page-locked host memory: allocating, freeing, asking. */
final class CheckedMemory extends Checked {

    /** {@code CU_POINTER_ATTRIBUTE_MEMORY_TYPE} of cuda.h. */
    private static final int MEMORY_TYPE = 2;

    /** {@code CU_POINTER_ATTRIBUTE_IS_MANAGED} of cuda.h. */
    private static final int IS_MANAGED = 8;

    CheckedMemory(Functions functions, Errors errors) { super(functions, errors); }

    long allocate(MemorySegment context, long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            int code = PFN_cuMemAlloc_v3020.invoke(at(cuMemAlloc, context), out, bytes);
            if (code != 0) throw outOfMemory(cuMemAlloc, code, context, bytes);
            return out.get(JAVA_LONG, 0);
        }
    }

    long allocateAsync(MemorySegment context, long bytes, MemorySegment stream) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            int code = PFN_cuMemAllocAsync_v11020.invoke(at(cuMemAllocAsync, context), out, bytes, stream);
            if (code != 0) throw outOfMemory(cuMemAllocAsync, code, context, bytes);
            return out.get(JAVA_LONG, 0);
        }
    }

    long allocateFromPool(MemorySegment context, long bytes, MemorySegment pool, MemorySegment stream) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            int code = PFN_cuMemAllocFromPoolAsync_v11020.invoke(at(cuMemAllocFromPoolAsync, context), out, bytes,
                    pool, stream);
            if (code != 0) throw outOfMemory(cuMemAllocFromPoolAsync, code, context, bytes);
            return out.get(JAVA_LONG, 0);
        }
    }

    void free(MemorySegment context, long address) {
        check(cuMemFree, PFN_cuMemFree_v3020.invoke(at(cuMemFree, context), address));
    }

    void freeAsync(MemorySegment context, long address, MemorySegment stream) {
        check(cuMemFreeAsync, PFN_cuMemFreeAsync_v11020.invoke(at(cuMemFreeAsync, context), address, stream));
    }

    MemoryInfo info(MemorySegment context) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(JAVA_LONG);
            MemorySegment total = arena.allocate(JAVA_LONG);
            check(cuMemGetInfo, PFN_cuMemGetInfo_v3020.invoke(at(cuMemGetInfo, context), free, total));
            return new MemoryInfo(free.get(JAVA_LONG, 0), total.get(JAVA_LONG, 0));
        }
    }

    long allocateHost(MemorySegment context, long bytes, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            int code = PFN_cuMemHostAlloc_v2020.invoke(at(cuMemHostAlloc, context), out, bytes, flags);
            if (code != 0) throw errors.of(cuMemHostAlloc, code, Advice.pinned(code, bytes));
            return out.get(CudaApi.C_POINTER, 0).address();
        }
    }

    void freeHost(MemorySegment context, long address) {
        check(cuMemFreeHost, PFN_cuMemFreeHost_v2000.invoke(at(cuMemFreeHost, context), Handles.of(address)));
    }

    void register(MemorySegment context, MemorySegment segment, int flags) {
        int code = PFN_cuMemHostRegister_v6050.invoke(at(cuMemHostRegister, context), segment, segment.byteSize(),
                flags);
        if (code != 0) throw errors.of(cuMemHostRegister, code, Advice.pinned(code, segment.byteSize()));
    }

    void unregister(MemorySegment context, long address) {
        check(cuMemHostUnregister,
                PFN_cuMemHostUnregister_v4000.invoke(at(cuMemHostUnregister, context), Handles.of(address)));
    }

    long hostDevicePointer(MemorySegment context, long hostAddress) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            check(cuMemHostGetDevicePointer, PFN_cuMemHostGetDevicePointer_v3020
                    .invoke(at(cuMemHostGetDevicePointer, context), out, Handles.of(hostAddress), 0));
            return out.get(JAVA_LONG, 0);
        }
    }

    MemoryKind kind(MemorySegment context, long address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            int code = PFN_cuPointerGetAttribute_v4000.invoke(at(cuPointerGetAttribute, context), out, MEMORY_TYPE,
                    address);
            // The driver answers so for memory it did not allocate, map or register.
            if (code == CudaApi.CUDA_ERROR_INVALID_VALUE()) return MemoryKind.UNKNOWN;
            check(cuPointerGetAttribute, code);
            int type = out.get(JAVA_INT, 0);
            code = PFN_cuPointerGetAttribute_v4000.invoke(at(cuPointerGetAttribute, context), out, IS_MANAGED,
                    address);
            if (code == 0 && (out.get(JAVA_INT, 0) & 1) != 0) return MemoryKind.MANAGED;
            if (type == CudaApi.CU_MEMORYTYPE_DEVICE()) return MemoryKind.DEVICE;
            return type == CudaApi.CU_MEMORYTYPE_HOST() ? MemoryKind.HOST : MemoryKind.UNKNOWN;
        }
    }

    private CudaException outOfMemory(DriverFunction function, int code, MemorySegment context, long asked) {
        if (code != CudaApi.CUDA_ERROR_OUT_OF_MEMORY()) return errors.of(function, code);
        String diagnostic = errors.diagnostic(); // before the next call, which has one of its own or none
        MemoryInfo info = null;
        try {
            info = info(context);
        } catch (CudaException unknown) {
            // The error to report is that there is no memory; how much there is only helps.
        }
        return errors.of(function, code, Advice.outOfMemory(asked, info), diagnostic);
    }
}
