package dev.culebra.emulator.driver;

import dev.culebra.bindings.CUlaunchConfig;
import dev.culebra.bindings.CUoccupancyB2DSize;
import dev.culebra.bindings.PFN_cuOccupancyMaxActiveBlocksPerMultiprocessor_v6050;
import dev.culebra.bindings.PFN_cuOccupancyMaxActiveClusters_v11070;
import dev.culebra.bindings.PFN_cuOccupancyMaxPotentialBlockSize_v6050;
import java.lang.foreign.MemorySegment;

/** Questions of how much of a device a launch would fill. */
final class OccupancyCalls {

    private final EmulatedDriver driver;
    private final Gate gate;

    OccupancyCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuOccupancyMaxActiveBlocksPerMultiprocessor", 6050,
                a -> PFN_cuOccupancyMaxActiveBlocksPerMultiprocessor_v6050.allocate(
                        (to, f, threads, shared) -> gate.inContext("cuOccupancyMaxActiveBlocksPerMultiprocessor",
                                c -> Native.putInt(to,
                                        Occupancy.blocks(FunctionCalls.find(driver, c, f), threads, shared),
                                        "numBlocks")),
                        a));
        table.add("cuOccupancyMaxPotentialBlockSize", 6050,
                a -> PFN_cuOccupancyMaxPotentialBlockSize_v6050.allocate(
                        (grid, block, f, function, shared, limit) -> gate.inContext("cuOccupancyMaxPotentialBlockSize",
                                c -> best(FunctionCalls.find(driver, c, f), grid, block, function, shared, limit)),
                        a));
        table.add("cuOccupancyMaxActiveClusters", 11070,
                a -> PFN_cuOccupancyMaxActiveClusters_v11070.allocate((to, f, config) -> gate.inContext(
                        "cuOccupancyMaxActiveClusters", c -> clusters(FunctionCalls.find(driver, c, f), to, config)),
                        a));
    }

    private void best(EmulatedFunction function, MemorySegment grid, MemorySegment block, MemorySegment dynamic,
            long shared, int limit) {
        int threads = Occupancy.bestBlock(function, limit,
                t -> Native.isNull(dynamic) ? shared : CUoccupancyB2DSize.invoke(dynamic, t));
        long bytes = Native.isNull(dynamic) || threads == 0 ? shared : CUoccupancyB2DSize.invoke(dynamic, threads);
        int blocks = threads == 0 ? 0 : Occupancy.blocks(function, threads, bytes);
        Native.putInt(grid, blocks * driver.machine.multiprocessors(), "minGridSize");
        Native.putInt(block, threads, "blockSize");
    }

    private void clusters(EmulatedFunction function, MemorySegment to, MemorySegment pointer) {
        MemorySegment config = Native.at(pointer, CUlaunchConfig.sizeof(), "config");
        Launch launch = Launch.of(function, config);
        launch.check();
        // Asked without a cluster, the driver answers 0, and not what clusters of one block would be.
        Native.putInt(to, launch.effectiveCluster() == null
                ? 0
                : Occupancy.clusters(function, (int) launch.block().count(), launch.sharedBytes(),
                        (int) launch.effectiveCluster().count()),
                "numClusters");
    }
}
