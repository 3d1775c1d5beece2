package dev.culebra.driver;

import dev.culebra.bindings.CUlaunchAttribute;
import dev.culebra.bindings.CUlaunchAttributeValue;
import dev.culebra.bindings.CUlaunchConfig;
import dev.culebra.bindings.CudaApi;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/** The driver's {@code CUlaunchConfig}, for what {@code cuLaunchKernel} has no argument for. */
final class LaunchStruct {

    /** A cluster's extents, whether the launch is cooperative, and whether it may begin early. */
    private static final int MOST_ATTRIBUTES = 3;

    private LaunchStruct() {}

    /**
     * A cluster of one block is what every launch has, on devices without clusters too: it is left out.
     *
     * @param programmatic whether it may begin early, which the kernel must be able to wait for
     */
    static MemorySegment of(LaunchConfig config, boolean programmatic, SegmentAllocator memory) {
        return of(config, config.cluster() != null && config.cluster().count() > 1, programmatic, memory);
    }

    /** With the cluster whatever its size: asked without one, the driver answers that 0 of them fit. */
    static MemorySegment ofClusters(LaunchConfig config, SegmentAllocator memory) {
        return of(config, true, false, memory);
    }

    private static MemorySegment of(LaunchConfig config, boolean clusters, boolean programmatic,
            SegmentAllocator memory) {
        MemorySegment struct = memory.allocate(CUlaunchConfig.layout());
        MemorySegment attributes = CUlaunchAttribute.allocateArray(MOST_ATTRIBUTES, memory);
        CUlaunchConfig.gridDimX(struct, config.grid().x());
        CUlaunchConfig.gridDimY(struct, config.grid().y());
        CUlaunchConfig.gridDimZ(struct, config.grid().z());
        CUlaunchConfig.blockDimX(struct, config.block().x());
        CUlaunchConfig.blockDimY(struct, config.block().y());
        CUlaunchConfig.blockDimZ(struct, config.block().z());
        CUlaunchConfig.sharedMemBytes(struct, config.sharedBytes());
        CUlaunchConfig.attrs(struct, attributes);
        int count = 0;
        if (clusters) {
            MemorySegment attribute = CUlaunchAttribute.asSlice(attributes, count++);
            CUlaunchAttribute.id(attribute, CudaApi.CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION());
            MemorySegment extents = CUlaunchAttributeValue.clusterDim(CUlaunchAttribute.value(attribute));
            CUlaunchAttributeValue.clusterDim.x(extents, config.cluster().x());
            CUlaunchAttributeValue.clusterDim.y(extents, config.cluster().y());
            CUlaunchAttributeValue.clusterDim.z(extents, config.cluster().z());
        }
        if (config.cooperative()) {
            MemorySegment attribute = CUlaunchAttribute.asSlice(attributes, count++);
            CUlaunchAttribute.id(attribute, CudaApi.CU_LAUNCH_ATTRIBUTE_COOPERATIVE());
            CUlaunchAttributeValue.cooperative(CUlaunchAttribute.value(attribute), 1);
        }
        if (programmatic) {
            MemorySegment attribute = CUlaunchAttribute.asSlice(attributes, count++);
            CUlaunchAttribute.id(attribute, CudaApi.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION());
            CUlaunchAttributeValue.programmaticStreamSerializationAllowed(CUlaunchAttribute.value(attribute), 1);
        }
        CUlaunchConfig.numAttrs(struct, count);
        return struct;
    }

    static void stream(MemorySegment struct, MemorySegment stream) { CUlaunchConfig.hStream(struct, stream); }
}
