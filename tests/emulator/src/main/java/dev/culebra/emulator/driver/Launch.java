package dev.culebra.emulator.driver;

import static dev.culebra.bindings.CudaApi.*;

import dev.culebra.bindings.CUlaunchAttribute;
import dev.culebra.bindings.CUlaunchAttributeValue;
import dev.culebra.bindings.CUlaunchConfig;
import dev.culebra.emulator.exec.Dim;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A launch as it was asked for, and the checks that the driver makes before it takes it.
 *
 * @param function what runs
 * @param grid blocks
 * @param block threads
 * @param cluster blocks of a cluster, or null
 * @param sharedBytes dynamic shared memory
 * @param cooperative whether all blocks must be resident at once
 * @param programmatic whether it may begin before the kernel in front of it has ended
 */
record Launch(EmulatedFunction function, Dim grid, Dim block, Dim cluster, int sharedBytes, boolean cooperative,
        boolean programmatic) {

    /** Blocks of a cluster that every device with clusters can hold. */
    private static final int PORTABLE_CLUSTER = 8;
    private static final int LARGEST_CLUSTER = 16;

    /** Reads the struct of cuLaunchKernelEx. */
    static Launch of(EmulatedFunction function, MemorySegment config) {
        Dim cluster = null;
        boolean cooperative = false;
        boolean programmatic = false;
        int count = CUlaunchConfig.numAttrs(config);
        MemorySegment attributes = count == 0
                ? MemorySegment.NULL
                : Native.at(CUlaunchConfig.attrs(config), CUlaunchAttribute.sizeof() * Math.max(0, count), "attrs");
        for (int i = 0; i < count; i++) {
            MemorySegment attribute = CUlaunchAttribute.asSlice(attributes, i);
            int id = CUlaunchAttribute.id(attribute);
            MemorySegment value = CUlaunchAttribute.value(attribute);
            if (id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION()) {
                MemorySegment dim = CUlaunchAttributeValue.clusterDim(value);
                cluster = new Dim(CUlaunchAttributeValue.clusterDim.x(dim), CUlaunchAttributeValue.clusterDim.y(dim),
                        CUlaunchAttributeValue.clusterDim.z(dim));
            } else if (id == CU_LAUNCH_ATTRIBUTE_COOPERATIVE()) {
                cooperative = CUlaunchAttributeValue.cooperative(value) != 0;
            } else if (id == CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION()) {
                programmatic = CUlaunchAttributeValue.programmaticStreamSerializationAllowed(value) != 0;
            } else if (!isHint(id)) {
                throw new CudaError(CUDA_ERROR_NOT_SUPPORTED(), "the emulator has no launch attribute " + id
                        + "; it has cluster dimension (4), cooperative (2), programmatic stream serialization (6), and takes hints without effect");
            }
        }
        return new Launch(function,
                new Dim(CUlaunchConfig.gridDimX(config), CUlaunchConfig.gridDimY(config),
                        CUlaunchConfig.gridDimZ(config)),
                new Dim(CUlaunchConfig.blockDimX(config), CUlaunchConfig.blockDimY(config),
                        CUlaunchConfig.blockDimZ(config)),
                cluster, CUlaunchConfig.sharedMemBytes(config), cooperative, programmatic);
    }

    /** Attributes that change how fast a launch is, never what it computes. */
    private static boolean isHint(int id) {
        return id == CU_LAUNCH_ATTRIBUTE_IGNORE() || id == CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW()
                || id == CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY()
                || id == CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE()
                || id == CU_LAUNCH_ATTRIBUTE_PRIORITY() || id == CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP()
                || id == CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN()
                || id == CU_LAUNCH_ATTRIBUTE_PREFERRED_CLUSTER_DIMENSION()
                || id == CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT()
                || id == CU_LAUNCH_ATTRIBUTE_NVLINK_UTIL_CENTRIC_SCHEDULING();
    }

    /** The cluster that the kernel's text or the launch fixes, or null. */
    Dim effectiveCluster() {
        int[] required = function.kernel.requiredCluster();
        return cluster != null ? cluster : required == null ? null : new Dim(required[0], required[1], required[2]);
    }

    /** Throws where the emulator can not run what a driver would; after {@link #check}, so that the driver's errors win. */
    void checkEmulated() {
        require(!function.kernel.blocksAreClusters(), CUDA_ERROR_NOT_SUPPORTED(),
                "the emulator has no .blocksareclusters: give the grid in blocks and leave the directive out");
    }

    /** Throws what the driver would return for a launch that can not be. */
    void check() {
        EmulatedDevice device = function.module.context.device;
        checkAxis("grid", grid, device.attributes, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X(),
                CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y(), CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z());
        checkAxis("block", block, device.attributes, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X(),
                CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y(), CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z());
        int most = device.attributes.get(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK());
        require(block.count() <= most, CUDA_ERROR_INVALID_VALUE(),
                "the block " + block + " has " + block.count() + " threads; the device takes " + most);
        require(block.count() <= function.kernel.maxThreads(), CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES(),
                "the block " + block
                        + " has " + block.count() + " threads; the kernel was written for "
                        + function.kernel.maxThreads());
        int[] exact = function.kernel.requiredThreads();
        require(exact == null || Arrays.equals(exact, new int[]{block.x(), block.y(), block.z()}),
                CUDA_ERROR_INVALID_VALUE(), "the block is " + block + "; the kernel's .reqntid is "
                        + Arrays.toString(exact));
        require(sharedBytes >= 0 && sharedBytes <= function.maxDynamicShared(), CUDA_ERROR_INVALID_VALUE(),
                Integer.toUnsignedString(sharedBytes) + " bytes of dynamic shared memory; kernel " + function.name()
                        + " may have " + function.maxDynamicShared()
                        + (function.maxDynamicShared() < device.limits.sharedPerBlock()
                                - function.kernel.staticSharedBytes()
                                        ? ", and up to "
                                                + (device.limits.sharedPerBlock() - function.kernel.staticSharedBytes())
                                                + " once CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES says so"
                                        : ""));
        checkCluster(device);
        if (cooperative) {
            long resident = (long) Occupancy.blocks(function, (int) block.count(), sharedBytes)
                    * device.driver.machine.multiprocessors();
            require(grid.count() <= resident, CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE(), "a cooperative launch of "
                    + grid.count() + " blocks; the device holds " + resident + " of this kernel at once");
        }
    }

    private void checkCluster(EmulatedDevice device) {
        Dim effective = effectiveCluster();
        if (effective == null) {
            require(!function.kernel.explicitCluster(), CUDA_ERROR_INVALID_CLUSTER_SIZE(),
                    "the kernel is .explicitcluster: it must be launched with CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION");
            return;
        }
        require(device.driver.machine.computeMajor() >= 9, CUDA_ERROR_NOT_SUPPORTED(),
                "clusters need compute capability 9.0; the device has " + device.driver.machine.computeMajor() + "."
                        + device.driver.machine.computeMinor());
        require(effective.x() > 0 && effective.y() > 0 && effective.z() > 0, CUDA_ERROR_INVALID_CLUSTER_SIZE(),
                "the cluster is " + effective);
        int[] required = function.kernel.requiredCluster();
        require(required == null
                || Arrays.equals(required, new int[]{effective.x(), effective.y(), effective.z()}),
                CUDA_ERROR_INVALID_CLUSTER_SIZE(),
                "the cluster is " + effective + "; the kernel's .reqnctapercluster is " + Arrays.toString(required));
        int most = function.kernel.maxClusterRank();
        require(effective.count() <= most, CUDA_ERROR_INVALID_CLUSTER_SIZE(), "the cluster " + effective + " has "
                + effective.count() + " blocks; the kernel's .maxclusterrank is " + most);
        int largest = function.nonPortableClusterAllowed() ? LARGEST_CLUSTER : PORTABLE_CLUSTER;
        require(effective.count() <= largest, CUDA_ERROR_INVALID_CLUSTER_SIZE(), "the cluster " + effective + " has "
                + effective.count() + " blocks; accepted: up to " + largest
                + " (16 with CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED)");
        require(grid.x() % effective.x() == 0 && grid.y() % effective.y() == 0 && grid.z() % effective.z() == 0,
                CUDA_ERROR_INVALID_CLUSTER_SIZE(), "the grid " + grid + " is no multiple of the cluster " + effective);
        require(Occupancy.clusters(function, (int) block.count(), sharedBytes, (int) effective.count()) > 0,
                CUDA_ERROR_INVALID_CLUSTER_SIZE(), "the device can not hold one cluster " + effective + " of blocks "
                        + block + " with " + sharedBytes + " bytes of dynamic shared memory");
    }

    private static void checkAxis(String what, Dim dim, DeviceAttributes attributes, int maxX, int maxY, int maxZ) {
        int x = attributes.get(maxX);
        int y = attributes.get(maxY);
        int z = attributes.get(maxZ);
        require(dim.x() > 0 && dim.y() > 0 && dim.z() > 0 && dim.x() <= x && dim.y() <= y && dim.z() <= z,
                CUDA_ERROR_INVALID_VALUE(),
                "the " + what + " is " + dim + "; accepted: (1,1,1) to (" + x + "," + y + "," + z + ")");
    }

    private static void require(boolean good, int code, String otherwise) {
        if (!good) {
            throw new CudaError(code, otherwise);
        }
    }
}
