package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.memory.Range;
import java.lang.foreign.MemorySegment;

/** What cuPointerGetAttribute answers. Its attributes' numbers are from cuda.h; the bindings do not have them. */
final class PointerAttributes {

    private static final int CONTEXT = 1;
    private static final int MEMORY_TYPE = 2;
    private static final int DEVICE_POINTER = 3;
    private static final int HOST_POINTER = 4;
    private static final int SYNC_MEMOPS = 6;
    private static final int BUFFER_ID = 7;
    private static final int IS_MANAGED = 8;
    private static final int DEVICE_ORDINAL = 9;
    private static final int IS_LEGACY_CUDA_IPC_CAPABLE = 10;
    private static final int RANGE_START_ADDR = 11;
    private static final int RANGE_SIZE = 12;
    private static final int MAPPED = 13;
    private static final int ALLOWED_HANDLE_TYPES = 14;
    private static final int IS_GPU_DIRECT_RDMA_CAPABLE = 15;
    private static final int ACCESS_FLAGS = 16;
    private static final int MEMPOOL_HANDLE = 17;
    private static final int ACCESS_READWRITE = 3;

    private PointerAttributes() {}

    static void get(EmulatedDriver driver, EmulatedContext context, MemorySegment to, int attribute, long pointer) {
        Range range = driver.memory.at(pointer);
        if (range == null || range.condemned()) {
            if (attribute == MAPPED) {
                Native.putInt(to, 0, "data");
                return;
            }
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), "0x" + Long.toHexString(pointer) + " is "
                    + driver.memory.explain(pointer) + ", nothing the driver knows");
        }
        EmulatedContext owner = (EmulatedContext) range.owner();
        boolean host = range.kind().host();
        switch (attribute) {
            case CONTEXT -> Native.putLong(to, owner.handle, "data");
            case MEMORY_TYPE -> Native.putInt(to,
                    host ? CudaApi.CU_MEMORYTYPE_HOST() : CudaApi.CU_MEMORYTYPE_DEVICE(), "data");
            case DEVICE_POINTER -> Native.putLong(to, pointer, "data");
            case HOST_POINTER -> {
                if (!host) {
                    throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                            range.label() + " is device memory: the host has no address for it");
                }
                Native.putLong(to, pointer, "data");
            }
            case SYNC_MEMOPS, IS_MANAGED, IS_LEGACY_CUDA_IPC_CAPABLE, IS_GPU_DIRECT_RDMA_CAPABLE -> Native.putInt(to, 0,
                    "data");
            case ALLOWED_HANDLE_TYPES -> Native.putLong(to, 0, "data");
            case BUFFER_ID -> Native.putLong(to, range.id(), "data");
            case DEVICE_ORDINAL -> Native.putInt(to, owner.device.ordinal, "data");
            case RANGE_START_ADDR -> Native.putLong(to, range.base(), "data");
            case RANGE_SIZE -> Native.putLong(to, range.size(), "data");
            case MAPPED -> Native.putInt(to, 1, "data");
            case ACCESS_FLAGS -> Native.putInt(to, KernelMemory.accessible(context, range) ? ACCESS_READWRITE : 0,
                    "data");
            case MEMPOOL_HANDLE -> Native.putLong(to, range.pool() instanceof EmulatedPool p ? p.handle : 0, "data");
            default -> throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "a pointer's attribute " + attribute + " is not known to the emulator");
        }
    }
}
