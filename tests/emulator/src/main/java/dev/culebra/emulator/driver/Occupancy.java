package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import java.util.function.IntToLongFunction;

/**
 * How many blocks a multiprocessor holds, by the rules of NVIDIA's occupancy calculator: registers are given to a warp in
 * pieces of 256 and warps fill four quarters evenly; shared memory comes in pieces of 128 bytes, the system's share
 * included.
 */
final class Occupancy {

    private static final int REGISTER_PIECE = 256;
    private static final int SHARED_PIECE = 128;
    private static final int QUARTERS = 4;
    /** Multiprocessors that share a cluster's network: a cluster lies within such a group. */
    private static final int GROUP = 16;

    private Occupancy() {}

    static int blocks(EmulatedFunction function, int threads, long dynamicShared) {
        EmulatedDevice device = function.module.context.device;
        ComputeLimits limits = device.limits;
        if (threads <= 0 || dynamicShared < 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "a block of " + threads + " threads and " + dynamicShared + " bytes of dynamic shared memory");
        }
        long shared = function.kernel.staticSharedBytes() + dynamicShared;
        if (threads > function.kernel.maxThreads() || shared > limits.sharedPerBlock()) {
            return 0;
        }
        int warps = (threads + 31) / 32;
        int byThreads = limits.threads() / 32 / warps;
        int perWarp = (function.registers() * 32 + REGISTER_PIECE - 1) / REGISTER_PIECE * REGISTER_PIECE;
        int byRegisters = EmulatedFunction.REGISTERS / QUARTERS / perWarp * QUARTERS / warps;
        int reserved = device.attributes.get(CudaApi.CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK());
        long each = (shared + reserved + SHARED_PIECE - 1) / SHARED_PIECE * SHARED_PIECE;
        long byShared = each == 0 ? limits.blocks() : limits.sharedPerMultiprocessor() / each;
        return (int) Math.min(Math.min(byThreads, byRegisters), Math.min(byShared, limits.blocks()));
    }

    /** Clusters of some blocks that the whole device holds at once. */
    static int clusters(EmulatedFunction function, int threads, long dynamicShared, int clusterBlocks) {
        int multiprocessors = function.module.context.driver.machine.multiprocessors();
        int each = blocks(function, threads, dynamicShared);
        int full = multiprocessors / GROUP;
        int rest = multiprocessors % GROUP;
        return full * (GROUP * each / clusterBlocks) + rest * each / clusterBlocks;
    }

    /** The block size that keeps most threads resident; among equals the largest. */
    static int bestBlock(EmulatedFunction function, int limit, IntToLongFunction dynamicShared) {
        int most = function.kernel.maxThreads();
        if (limit > 0) {
            most = Math.min(most, limit);
        }
        int best = 0;
        int bestThreads = 0;
        for (int threads = most; threads > 0; threads = (threads - 1) / 32 * 32) {
            int resident = threads * blocks(function, threads, dynamicShared.applyAsLong(threads));
            if (resident > bestThreads) {
                bestThreads = resident;
                best = threads;
            }
        }
        return best;
    }
}
