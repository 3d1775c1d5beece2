package dev.culebra.driver;

import static dev.culebra.driver.DriverFunction.*;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.culebra.bindings.*;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Launches and occupancy. The launches allocate nothing. */
final class CheckedLaunches extends Checked {

    CheckedLaunches(Functions functions, Errors errors) { super(functions, errors); }

    void launch(MemorySegment context, MemorySegment function, Dim3 grid, Dim3 block, int sharedBytes,
            MemorySegment stream, MemorySegment arguments) {
        check(cuLaunchKernel,
                PFN_cuLaunchKernel_v4000.invoke(at(cuLaunchKernel, context), function, grid.x(), grid.y(), grid.z(),
                        block.x(), block.y(), block.z(), sharedBytes, stream, arguments, MemorySegment.NULL));
    }

    void launchCooperative(MemorySegment context, MemorySegment function, Dim3 grid, Dim3 block, int sharedBytes,
            MemorySegment stream, MemorySegment arguments) {
        check(cuLaunchCooperativeKernel,
                PFN_cuLaunchCooperativeKernel_v9000.invoke(at(cuLaunchCooperativeKernel, context), function, grid.x(),
                        grid.y(), grid.z(), block.x(), block.y(), block.z(), sharedBytes, stream, arguments));
    }

    /** The launch whose {@code CUlaunchConfig} is already laid out: see {@link LaunchStruct}. */
    void launchEx(MemorySegment context, MemorySegment config, MemorySegment function, MemorySegment arguments) {
        check(cuLaunchKernelEx, PFN_cuLaunchKernelEx_v11060.invoke(at(cuLaunchKernelEx, context), config, function,
                arguments, MemorySegment.NULL));
    }

    int maxActiveBlocks(MemorySegment context, MemorySegment function, int blockThreads, long dynamicShared) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            check(cuOccupancyMaxActiveBlocksPerMultiprocessor,
                    PFN_cuOccupancyMaxActiveBlocksPerMultiprocessor_v6050.invoke(
                            at(cuOccupancyMaxActiveBlocksPerMultiprocessor, context), out, function, blockThreads,
                            dynamicShared));
            return out.get(JAVA_INT, 0);
        }
    }

    int maxActiveClusters(MemorySegment context, MemorySegment function, MemorySegment config) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            check(cuOccupancyMaxActiveClusters, PFN_cuOccupancyMaxActiveClusters_v11070
                    .invoke(at(cuOccupancyMaxActiveClusters, context), out, function, config));
            return out.get(JAVA_INT, 0);
        }
    }

    Occupancy potentialBlockSize(MemorySegment context, MemorySegment function, long dynamicShared, int maxThreads) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment grid = arena.allocate(JAVA_INT);
            MemorySegment block = arena.allocate(JAVA_INT);
            check(cuOccupancyMaxPotentialBlockSize,
                    PFN_cuOccupancyMaxPotentialBlockSize_v6050.invoke(at(cuOccupancyMaxPotentialBlockSize, context),
                            grid, block, function, MemorySegment.NULL, dynamicShared, maxThreads));
            return new Occupancy(grid.get(JAVA_INT, 0), block.get(JAVA_INT, 0));
        }
    }
}
