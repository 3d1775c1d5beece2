package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.bindings.*;
import dev.culebra.emulator.EmulatorOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/**
 * Occupancy against figures worked out by hand from the table of the CUDA programming guide. The kernel is empty, so that
 * threads, blocks and shared memory are what limits it, and not registers.
 */
class OccupancyTest {

    private static final String EMPTY = Ptx.HEAD + ".visible .entry empty() { ret; }\n";

    private static int blocks(RawDriver d, MemorySegment f, int threads, long shared) {
        MemorySegment to = d.out();
        d.ok(PFN_cuOccupancyMaxActiveBlocksPerMultiprocessor_v6050
                .invoke(d.f("cuOccupancyMaxActiveBlocksPerMultiprocessor", 6050), to, f, threads, shared));
        return to.get(ValueLayout.JAVA_INT, 0);
    }

    @Test
    void blocksOfAMultiprocessor() {
        try (RawDriver d = RawDriver.started()) {
            MemorySegment f = d.function(d.load(EMPTY), "empty");
            assertEquals(2, blocks(d, f, 1024, 0), "2048 threads");
            assertEquals(16, blocks(d, f, 100, 0), "64 warps, 4 a block");
            assertEquals(32, blocks(d, f, 32, 0), "32 blocks");
            // 228 KB, and each block takes 1 KB more than it asks for.
            assertEquals(2, blocks(d, f, 32, 113 * 1024), "2 x 114 KB");
            assertEquals(1, blocks(d, f, 32, 113 * 1024 + 1));
            assertEquals(1, blocks(d, f, 32, 227 * 1024));
            assertEquals(0, blocks(d, f, 32, 227 * 1024 + 1));
            assertEquals(0, blocks(d, f, 1025, 0));
            d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuOccupancyMaxActiveBlocksPerMultiprocessor_v6050
                    .invoke(d.f("cuOccupancyMaxActiveBlocksPerMultiprocessor", 6050), d.out(), f, 0, 0));
        }
        try (RawDriver d = RawDriver.started(EmulatorOptions.DEFAULT.withComputeCapability(8, 6))) {
            MemorySegment f = d.function(d.load(EMPTY), "empty");
            assertEquals(1, blocks(d, f, 1024, 0), "1536 threads");
            assertEquals(3, blocks(d, f, 512, 0));
            assertEquals(16, blocks(d, f, 32, 0), "16 blocks");
            assertEquals(2, blocks(d, f, 32, 49 * 1024), "2 x 50 KB");
        }
    }

    @Test
    void theBestBlock() {
        try (RawDriver d = RawDriver.started(EmulatorOptions.DEFAULT.withMultiprocessors(10))) {
            MemorySegment f = d.function(d.load(EMPTY), "empty");
            MemorySegment grid = d.out();
            MemorySegment block = d.out();
            MemorySegment best = d.f("cuOccupancyMaxPotentialBlockSize", 6050);
            d.ok(PFN_cuOccupancyMaxPotentialBlockSize_v6050.invoke(best, grid, block, f, RawDriver.NULL, 0, 0));
            assertEquals(1024, block.get(ValueLayout.JAVA_INT, 0));
            assertEquals(20, grid.get(ValueLayout.JAVA_INT, 0));
            d.ok(PFN_cuOccupancyMaxPotentialBlockSize_v6050.invoke(best, grid, block, f, RawDriver.NULL, 0, 300));
            // 300 threads are 10 warps, of which 6 blocks fit: 1800 threads; 256 make 8 x 256 = 2048.
            assertEquals(256, block.get(ValueLayout.JAVA_INT, 0));
            try (Arena arena = Arena.ofConfined()) {
                // 256 bytes a thread: 1024 threads take 256 KB, more than there is; 896 take 224 KB, one block;
                // 448 take 112 KB, two blocks: 896 as well, and the larger block wins.
                MemorySegment bytes = CUoccupancyB2DSize.allocate(threads -> 256L * threads, arena);
                d.ok(PFN_cuOccupancyMaxPotentialBlockSize_v6050.invoke(best, grid, block, f, bytes, 0, 0));
                assertEquals(896, block.get(ValueLayout.JAVA_INT, 0));
                assertEquals(10, grid.get(ValueLayout.JAVA_INT, 0));
            }
        }
    }

    @Test
    void clusters() {
        try (RawDriver d = RawDriver.started(EmulatorOptions.DEFAULT.withMultiprocessors(32))) {
            MemorySegment f = d.function(d.load(EMPTY), "empty");
            MemorySegment config = CUlaunchConfig.allocate(d.arena);
            CUlaunchConfig.gridDimX(config, 64);
            CUlaunchConfig.gridDimY(config, 1);
            CUlaunchConfig.gridDimZ(config, 1);
            CUlaunchConfig.blockDimX(config, 1024);
            CUlaunchConfig.blockDimY(config, 1);
            CUlaunchConfig.blockDimZ(config, 1);
            MemorySegment attribute = CUlaunchAttribute.allocateArray(1, d.arena);
            CUlaunchAttribute.id(attribute, CudaApi.CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION());
            MemorySegment dim = CUlaunchAttributeValue.clusterDim(CUlaunchAttribute.value(attribute));
            CUlaunchAttributeValue.clusterDim.x(dim, 4);
            CUlaunchAttributeValue.clusterDim.y(dim, 1);
            CUlaunchAttributeValue.clusterDim.z(dim, 1);
            CUlaunchConfig.attrs(config, attribute);
            CUlaunchConfig.numAttrs(config, 1);
            MemorySegment to = d.out();
            MemorySegment get = d.f("cuOccupancyMaxActiveClusters", 11070);
            d.ok(PFN_cuOccupancyMaxActiveClusters_v11070.invoke(get, to, f, config));
            // 32 multiprocessors of 2 blocks each, 4 blocks a cluster.
            assertEquals(16, to.get(ValueLayout.JAVA_INT, 0));
            CUlaunchConfig.gridDimX(config, 63);
            d.fails(CudaApi.CUDA_ERROR_INVALID_CLUSTER_SIZE(),
                    PFN_cuOccupancyMaxActiveClusters_v11070.invoke(get, to, f, config));
            CUlaunchConfig.numAttrs(config, 0);
            d.ok(PFN_cuOccupancyMaxActiveClusters_v11070.invoke(get, to, f, config));
            assertEquals(0, to.get(ValueLayout.JAVA_INT, 0), "asked without a cluster");
        }
    }
}
