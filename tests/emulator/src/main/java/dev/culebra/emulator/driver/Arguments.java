package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.exec.PtxKernel;
import dev.culebra.emulator.ptx.PtxParameter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A launch's arguments, copied into a block of their own when the launch is asked for. */
final class Arguments {

    /** CU_LAUNCH_PARAM_END, _BUFFER_POINTER and _BUFFER_SIZE: macros of cuda.h that the bindings do not have. */
    private static final long END = 0;
    private static final long BUFFER_POINTER = 1;
    private static final long BUFFER_SIZE = 2;

    private Arguments() {}

    /**
     * @param pointers an array with a pointer to each argument, or null
     * @param extra a list of keys and values that names a ready-made block, or null
     */
    static MemorySegment copy(PtxKernel kernel, MemorySegment pointers, MemorySegment extra) {
        // The interpreter reads it long after the caller has gone on; the collector frees it.
        MemorySegment block = Arena.ofAuto().allocate(Math.max(1, kernel.parameterBytes()), 16);
        List<PtxParameter> parameters = kernel.parameters();
        if (!Native.isNull(extra)) {
            if (!Native.isNull(pointers)) {
                throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                        "a launch takes its arguments from kernelParams or from extra; both were given");
            }
            copyBlock(kernel, extra, block);
            return block;
        }
        for (int i = 0; i < parameters.size(); i++) {
            PtxParameter parameter = parameters.get(i);
            long address = Native.getLong(pointers, i, "kernelParams of kernel " + kernel.name() + ", which has "
                    + parameters.size() + " parameters,");
            if (address == 0) {
                throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                        "the pointer to argument " + i + " of kernel " + kernel.name() + " is null");
            }
            MemorySegment.copy(Native.at(address, parameter.size()), 0, block, parameter.offset(), parameter.size());
        }
        return block;
    }

    private static void copyBlock(PtxKernel kernel, MemorySegment extra, MemorySegment block) {
        long buffer = 0;
        long size = 0;
        int i = 0;
        for (long key = Native.getLong(extra, i, "extra"); key != END; key = Native.getLong(extra, i, "extra")) {
            if (key == BUFFER_POINTER) {
                buffer = Native.getLong(extra, i + 1, "extra");
            } else if (key == BUFFER_SIZE) {
                size = Native.getLong(MemorySegment.ofAddress(Native.getLong(extra, i + 1, "extra")),
                        "the size in extra");
            } else {
                throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                        "extra has a key " + key + "; accepted: buffer pointer (1), buffer size (2), end (0)");
            }
            i += 2;
        }
        if (buffer == 0 && size != 0 || size < kernel.parameterBytes()) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), "the argument block in extra has " + size
                    + " bytes; kernel " + kernel.name() + " takes " + kernel.parameterBytes());
        }
        MemorySegment.copy(Native.at(buffer, size), 0, block, 0, kernel.parameterBytes());
    }
}
