package dev.culebra.emulator.driver;

import static dev.culebra.bindings.CudaApi.*;

import java.util.HashMap;
import java.util.Map;

/**
 * What cuDeviceGetAttribute answers. What the emulator lacks (textures, surfaces, managed memory, virtual memory
 * management, tensor maps) is 0, as on a device without it.
 */
final class DeviceAttributes {

    private final Map<Integer, Integer> values = new HashMap<>();

    DeviceAttributes(Machine machine, ComputeLimits limits, int ordinal) {
        values.put(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK(), 1024);
        values.put(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X(), 1024);
        values.put(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y(), 1024);
        values.put(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z(), 64);
        values.put(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X(), Integer.MAX_VALUE);
        values.put(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y(), 65535);
        values.put(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z(), 65535);
        values.put(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK(), 48 * 1024);
        values.put(CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY(), 64 * 1024);
        values.put(CU_DEVICE_ATTRIBUTE_WARP_SIZE(), 32);
        values.put(CU_DEVICE_ATTRIBUTE_MAX_PITCH(), Integer.MAX_VALUE);
        values.put(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK(), 65536);
        values.put(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR(), 65536);
        values.put(CU_DEVICE_ATTRIBUTE_CLOCK_RATE(), limits.clockKilohertz());
        values.put(CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT(), 512);
        values.put(CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT(), 32);
        values.put(CU_DEVICE_ATTRIBUTE_SURFACE_ALIGNMENT(), 512);
        values.put(CU_DEVICE_ATTRIBUTE_GPU_OVERLAP(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT(), machine.multiprocessors());
        values.put(CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_ECC_ENABLED(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_PCI_BUS_ID(), ordinal + 1);
        values.put(CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE(), limits.memoryKilohertz());
        values.put(CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH(), limits.busBits());
        values.put(CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE(), limits.l2Bytes());
        values.put(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR(), limits.threads());
        values.put(CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT(), 3);
        values.put(CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR(), machine.computeMajor());
        values.put(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR(), machine.computeMinor());
        values.put(CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_GLOBAL_L1_CACHE_SUPPORTED(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_LOCAL_L1_CACHE_SUPPORTED(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR(), limits.sharedPerMultiprocessor());
        values.put(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN(), limits.sharedPerBlock());
        values.put(CU_DEVICE_ATTRIBUTE_SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO(), limits.doubleRatio());
        values.put(CU_DEVICE_ATTRIBUTE_COMPUTE_PREEMPTION_SUPPORTED(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR(), limits.blocks());
        // From 8.0 on the system takes 1 KB of shared memory for each block.
        values.put(CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK(), machine.computeMajor() >= 8 ? 1024 : 0);
        values.put(CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED(), 1);
        values.put(CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH(), machine.computeMajor() >= 9 ? 1 : 0);
        values.put(CU_DEVICE_ATTRIBUTE_MEM_SYNC_DOMAIN_COUNT(), machine.computeMajor() >= 9 ? 4 : 1);
        values.put(CU_DEVICE_ATTRIBUTE_NUMA_ID(), -1);
        values.put(CU_DEVICE_ATTRIBUTE_HOST_NUMA_ID(), -1);
    }

    int get(int attribute) {
        if (attribute < 1 || attribute >= CU_DEVICE_ATTRIBUTE_MAX()) {
            throw new CudaError(CUDA_ERROR_INVALID_VALUE(),
                    "a device has no attribute " + attribute + "; they go from 1 to "
                            + (CU_DEVICE_ATTRIBUTE_MAX() - 1));
        }
        return values.getOrDefault(attribute, 0);
    }
}
