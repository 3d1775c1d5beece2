package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.AddressSpace;
import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.PtxKernel;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** Runs a grid to its end. */
public final class KernelRun {

    private KernelRun() {
    }

    /**
     * Runs a whole grid and returns when its last thread has. Blocks start in the order of their index, spread over workers;
     * within a block the order of warps is fixed, so with one worker a run is repeatable in every bit.
     *
     * @param kernel the entry
     * @param grid blocks
     * @param block threads of a block
     * @param cluster blocks of a cluster, or null
     * @param dynamicSharedBytes shared memory beyond the kernel's own
     * @param params the argument block, at least {@code kernel.parameterBytes()} long; read, never written
     * @param memory global memory; the segments of its allocations must be native and aligned to at least 16 bytes
     * @param variables where the module's variables lie, by name
     * @param spec the device
     * @param workers threads to use, at least 1
     * @throws DeviceFault when a thread did what is not allowed; other blocks may have run on for a while
     */
    public static void run(PtxKernel kernel, Dim grid, Dim block, Dim cluster, int dynamicSharedBytes, MemorySegment params,
            AddressSpace memory, Map<String, Allocation> variables, DeviceSpec spec, int workers) throws DeviceFault {
        throw new UnsupportedOperationException("not yet");
    }
}
