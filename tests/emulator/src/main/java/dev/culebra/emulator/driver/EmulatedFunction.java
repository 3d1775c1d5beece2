package dev.culebra.emulator.driver;

import static dev.culebra.bindings.CudaApi.*;

import dev.culebra.emulator.exec.PtxKernel;

/** A kernel of a loaded module, with the attributes that launches are held to. */
final class EmulatedFunction {

    /** A multiprocessor's registers, and the most one thread can name, of every compute capability here. */
    static final int REGISTERS = 65536;
    private static final int REGISTERS_PER_THREAD = 255;

    final EmulatedModule module;
    final PtxKernel kernel;
    final long handle;

    private final int sharedWithConsent;
    private volatile int maxDynamicShared;
    private volatile int carveout = -1;
    private volatile int nonPortableCluster;
    private volatile int clusterScheduling;

    EmulatedFunction(EmulatedModule module, PtxKernel kernel) {
        EmulatedDevice device = module.context.device;
        this.module = module;
        this.kernel = kernel;
        this.sharedWithConsent = device.limits.sharedPerBlock();
        this.maxDynamicShared = Math.max(0, device.sharedWithoutConsent() - kernel.staticSharedBytes());
        this.handle = device.driver.handles.add(this);
    }

    String name() { return kernel.name(); }

    int maxDynamicShared() { return maxDynamicShared; }

    boolean nonPortableClusterAllowed() { return nonPortableCluster != 0; }

    /**
     * Registers a thread takes: the estimate from the text, bounded so that the largest block the kernel declares still
     * fits, as the assembler spills to keep its promise. In steps of 8, as they are given out.
     */
    int registers() {
        int threads = Math.max(32, (kernel.maxThreads() + 31) / 32 * 32);
        int most = Math.min(REGISTERS_PER_THREAD, REGISTERS / threads / 8 * 8);
        return Math.max(1, Math.min(kernel.registersEstimate(), most));
    }

    int get(int attribute) {
        if (attribute == CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK()) {
            return kernel.maxThreads();
        } else if (attribute == CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES()) {
            return kernel.staticSharedBytes();
        } else if (attribute == CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES()) {
            return module.constantBytes();
        } else if (attribute == CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES()) {
            return kernel.localBytes();
        } else if (attribute == CU_FUNC_ATTRIBUTE_NUM_REGS()) {
            return registers();
        } else if (attribute == CU_FUNC_ATTRIBUTE_PTX_VERSION()) {
            return module.targetVersion();
        } else if (attribute == CU_FUNC_ATTRIBUTE_BINARY_VERSION()) {
            return module.context.driver.machine.computeMajor() * 10 + module.context.driver.machine.computeMinor();
        } else if (attribute == CU_FUNC_ATTRIBUTE_CACHE_MODE_CA()) {
            return 0;
        } else if (attribute == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES()) {
            return maxDynamicShared;
        } else if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT()) {
            return carveout;
        } else if (attribute == CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET()) {
            return kernel.explicitCluster() ? 1 : 0;
        } else if (attribute == CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH()) {
            return cluster(0);
        } else if (attribute == CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT()) {
            return cluster(1);
        } else if (attribute == CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH()) {
            return cluster(2);
        } else if (attribute == CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED()) {
            return nonPortableCluster;
        } else if (attribute == CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE()) {
            return clusterScheduling;
        }
        throw new CudaError(CUDA_ERROR_INVALID_VALUE(), "a function has no attribute " + attribute);
    }

    private int cluster(int axis) {
        int[] required = kernel.requiredCluster();
        return required == null ? 0 : required[axis];
    }

    void set(int attribute, int value) {
        if (attribute == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES()) {
            int most = sharedWithConsent - kernel.staticSharedBytes();
            check(value >= 0 && value <= most, "dynamic shared memory of kernel " + name(), value, "0 to " + most);
            maxDynamicShared = value;
        } else if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT()) {
            check(value >= -1 && value <= 100, "the share of shared memory", value, "-1 to 100");
            carveout = value;
        } else if (attribute == CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED()) {
            check(value == 0 || value == 1, "whether clusters may be larger than portable", value, "0 or 1");
            nonPortableCluster = value;
        } else if (attribute == CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE()) {
            check(value >= 0 && value <= 2, "the scheduling of clusters", value, "0 to 2");
            clusterScheduling = value;
        } else {
            throw new CudaError(CUDA_ERROR_INVALID_VALUE(), "a function's attribute " + attribute + " can not be set");
        }
    }

    private static void check(boolean good, String what, int value, String accepted) {
        if (!good) {
            throw new CudaError(CUDA_ERROR_INVALID_VALUE(), what + " is " + value + "; accepted: " + accepted);
        }
    }
}
