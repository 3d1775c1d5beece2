package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.exec.PtxKernel;
import dev.culebra.emulator.memory.Range;
import dev.culebra.emulator.ptx.PtxParameter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A launch's arguments, copied into a block of their own when the launch is asked for. What is certainly wrong in them is
 * refused then; what only may be, such as a stale address that the kernel might never follow, is told if it faults.
 *
 * @param kernel whose they are
 * @param block the bytes, at least as many as the kernel takes
 */
record Arguments(PtxKernel kernel, MemorySegment block) {

    /** CU_LAUNCH_PARAM_END, _BUFFER_POINTER and _BUFFER_SIZE: macros of cuda.h that the bindings do not have. */
    private static final long END = 0;
    private static final long BUFFER_POINTER = 1;
    private static final long BUFFER_SIZE = 2;

    /** How far from an argument a faulting address may be and still be said to come from it: beyond, it is chance. */
    private static final long NEAR = 1L << 32;

    /**
     * @param pointers an array with a pointer to each argument, or null
     * @param extra a list of keys and values that names a ready-made block, or null
     */
    static Arguments copy(EmulatedDriver driver, PtxKernel kernel, MemorySegment pointers, MemorySegment extra) {
        // The interpreter reads it long after the caller has gone on; the collector frees it.
        MemorySegment block = Arena.ofAuto().allocate(Math.max(1, kernel.parameterBytes()), 16);
        List<PtxParameter> parameters = kernel.parameters();
        Arguments arguments = new Arguments(kernel, block);
        if (!Native.isNull(extra)) {
            if (!Native.isNull(pointers)) {
                throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                        "a launch takes its arguments from kernelParams or from extra; both were given");
            }
            copyBlock(kernel, extra, block);
        } else {
            for (int i = 0; i < parameters.size(); i++) {
                PtxParameter parameter = parameters.get(i);
                long address = Native.getLong(pointers, i, "kernelParams of kernel " + kernel.name() + ", which has "
                        + parameters.size() + " parameters,");
                if (address == 0) {
                    throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                            "the pointer to argument " + i + " of kernel " + kernel.name() + " is null");
                }
                MemorySegment.copy(Native.at(address, parameter.size()), 0, block, parameter.offset(),
                        parameter.size());
            }
        }
        for (int i = 0; i < parameters.size(); i++) {
            arguments.checkPointer(driver, i);
        }
        return arguments;
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
        int takes = kernel.parameterBytes();
        if (buffer == 0 && size != 0 || size != takes) {
            // The code for more bytes is the driver's; fewer it lets pass, and the kernel reads whatever lies there.
            throw new CudaError(size > takes
                    ? CudaApi.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES()
                    : CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "the argument block in extra has "
                            + (buffer == 0 ? "no address and " : "") + size + " bytes; kernel " + kernel.name()
                            + " takes "
                            + takes + ", without what a C struct of them has at its end");
        }
        MemorySegment.copy(Native.at(buffer, size), 0, block, 0, takes);
    }

    /** Throws for a parameter declared a pointer to global memory, or to any, that can be none. */
    private void checkPointer(EmulatedDriver driver, int index) {
        PtxParameter parameter = kernel.parameters().get(index);
        if (parameter.pointerAlignment() == 0 || parameter.size() != 8) {
            return;
        }
        long value = block.get(ValueLayout.JAVA_LONG_UNALIGNED, parameter.offset());
        if (value == 0) {
            return;
        }
        if (driver.memory.at(value) == null && !driver.memory.isDeviceAddress(value)) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), describe(index, value)
                    + ", declared a pointer, which is " + driver.memory.explain(value)
                    + "; give it memory of the device, or page-locked memory of the host");
        }
        if ((value & parameter.pointerAlignment() - 1) != 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), describe(index, value)
                    + ", declared a pointer to memory aligned to " + parameter.pointerAlignment()
                    + " bytes, which this is not");
        }
    }

    private String describe(int index, long value) {
        return "parameter " + index + " of kernel " + kernel.name() + " ('" + kernel.parameters().get(index).name()
                + "') is 0x" + Long.toHexString(value);
    }

    /** The memory that the arguments have addresses of, in whatever place of them. */
    List<Use> uses(EmulatedDriver driver) {
        List<Use> uses = new ArrayList<>();
        for (int offset = 0; offset + 8 <= kernel.parameterBytes(); offset += 8) {
            Range range = driver.memory.at(block.get(ValueLayout.JAVA_LONG_UNALIGNED, offset));
            if (range != null) {
                uses.add(new Use(range, null, Use.Way.ANY));
            }
        }
        return uses;
    }

    /** Which argument a faulting address could come from; the nearest one at or below it, or nothing. */
    String near(long address) {
        int best = -1;
        long least = NEAR;
        for (int i = 0; i < kernel.parameters().size(); i++) {
            PtxParameter parameter = kernel.parameters().get(i);
            if (parameter.size() == 8) {
                long distance = address - block.get(ValueLayout.JAVA_LONG_UNALIGNED, parameter.offset());
                if (distance >= 0 && distance < least) {
                    best = i;
                    least = distance;
                }
            }
        }
        if (best < 0) {
            return "";
        }
        PtxParameter parameter = kernel.parameters().get(best);
        return "; parameter " + best + " ('" + parameter.name() + "') is 0x"
                + Long.toHexString(block.get(ValueLayout.JAVA_LONG_UNALIGNED, parameter.offset()))
                + (least == 0 ? "" : ", " + least + " bytes before");
    }
}
