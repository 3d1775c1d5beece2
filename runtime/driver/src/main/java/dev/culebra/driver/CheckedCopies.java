package dev.culebra.driver;

import static dev.culebra.driver.DriverFunction.*;

import dev.culebra.bindings.*;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Copies and fills. */
final class CheckedCopies extends Checked {

    CheckedCopies(Functions functions, Errors errors) { super(functions, errors); }

    void toDevice(MemorySegment context, long to, MemorySegment from, long bytes) {
        check(cuMemcpyHtoD, PFN_cuMemcpyHtoD_v3020.invoke(at(cuMemcpyHtoD, context), to, from, bytes));
    }

    void toHost(MemorySegment context, MemorySegment to, long from, long bytes) {
        check(cuMemcpyDtoH, PFN_cuMemcpyDtoH_v3020.invoke(at(cuMemcpyDtoH, context), to, from, bytes));
    }

    void toDeviceAsync(MemorySegment context, long to, MemorySegment from, long bytes, MemorySegment stream) {
        check(cuMemcpyHtoDAsync,
                PFN_cuMemcpyHtoDAsync_v3020.invoke(at(cuMemcpyHtoDAsync, context), to, from, bytes, stream));
    }

    void toHostAsync(MemorySegment context, MemorySegment to, long from, long bytes, MemorySegment stream) {
        check(cuMemcpyDtoHAsync,
                PFN_cuMemcpyDtoHAsync_v3020.invoke(at(cuMemcpyDtoHAsync, context), to, from, bytes, stream));
    }

    void onDeviceAsync(MemorySegment context, long to, long from, long bytes, MemorySegment stream) {
        check(cuMemcpyDtoDAsync,
                PFN_cuMemcpyDtoDAsync_v3020.invoke(at(cuMemcpyDtoDAsync, context), to, from, bytes, stream));
    }

    void peerAsync(MemorySegment context, long to, MemorySegment toContext, long from, MemorySegment fromContext,
            long bytes, MemorySegment stream) {
        check(cuMemcpyPeerAsync, PFN_cuMemcpyPeerAsync_v4000.invoke(at(cuMemcpyPeerAsync, context), to, toContext,
                from, fromContext, bytes, stream));
    }

    /** One side of a 2-D copy: a segment, or a device address where the segment is null. */
    record Plane(MemorySegment host, long device, long pitch) {}

    void copy2dAsync(MemorySegment context, Plane to, Plane from, long widthBytes, long rows, MemorySegment stream) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(CUDA_MEMCPY2D.layout());
            if (from.host() != null) {
                CUDA_MEMCPY2D.srcMemoryType(copy, CudaApi.CU_MEMORYTYPE_HOST());
                CUDA_MEMCPY2D.srcHost(copy, from.host());
            } else {
                CUDA_MEMCPY2D.srcMemoryType(copy, CudaApi.CU_MEMORYTYPE_DEVICE());
                CUDA_MEMCPY2D.srcDevice(copy, from.device());
            }
            CUDA_MEMCPY2D.srcPitch(copy, from.pitch());
            if (to.host() != null) {
                CUDA_MEMCPY2D.dstMemoryType(copy, CudaApi.CU_MEMORYTYPE_HOST());
                CUDA_MEMCPY2D.dstHost(copy, to.host());
            } else {
                CUDA_MEMCPY2D.dstMemoryType(copy, CudaApi.CU_MEMORYTYPE_DEVICE());
                CUDA_MEMCPY2D.dstDevice(copy, to.device());
            }
            CUDA_MEMCPY2D.dstPitch(copy, to.pitch());
            CUDA_MEMCPY2D.WidthInBytes(copy, widthBytes);
            CUDA_MEMCPY2D.Height(copy, rows);
            check(cuMemcpy2DAsync, PFN_cuMemcpy2DAsync_v3020.invoke(at(cuMemcpy2DAsync, context), copy, stream));
        } finally {
            // The struct holds addresses alone: nothing else keeps an automatic arena from being freed under the call.
            Reference.reachabilityFence(to.host());
            Reference.reachabilityFence(from.host());
        }
    }

    void fill8Async(MemorySegment context, long to, byte value, long count, MemorySegment stream) {
        check(cuMemsetD8Async,
                PFN_cuMemsetD8Async_v3020.invoke(at(cuMemsetD8Async, context), to, value, count, stream));
    }

    void fill32Async(MemorySegment context, long to, int value, long count, MemorySegment stream) {
        check(cuMemsetD32Async,
                PFN_cuMemsetD32Async_v3020.invoke(at(cuMemsetD32Async, context), to, value, count, stream));
    }
}
