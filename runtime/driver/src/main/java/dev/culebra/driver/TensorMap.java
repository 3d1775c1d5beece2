package dev.culebra.driver;

import dev.culebra.bindings.CUtensorMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A description of a tensor in device memory, for the bulk tensor copies of compute capability 9.0: an argument of a kernel,
 * as {@code .param .align 64 .b8 map[128]}. It holds the buffer's address, not the buffer: keep that open.
 */
public final class TensorMap {

    private final MemorySegment segment;

    private TensorMap(MemorySegment segment) { this.segment = segment; }

    /** What the tensor's elements are; in the order of the driver's {@code CUtensorMapDataType}. */
    public enum Element {
        /** 8 bits, unsigned. */
        UINT8,
        /** 16 bits, unsigned. */
        UINT16,
        /** 32 bits, unsigned. */
        UINT32,
        /** 32 bits, signed. */
        INT32,
        /** 64 bits, unsigned. */
        UINT64,
        /** 64 bits, signed. */
        INT64,
        /** IEEE half precision. */
        FLOAT16,
        /** Single precision. */
        FLOAT32,
        /** Double precision. */
        FLOAT64,
        /** The upper half of single precision. */
        BFLOAT16
    }

    /** How 16-byte pieces are mixed in shared memory; in the order of the driver's {@code CUtensorMapSwizzle}. */
    public enum Swizzle {
        /** Not at all. */
        NONE,
        /** Within 32 bytes. */
        BYTES_32,
        /** Within 64 bytes. */
        BYTES_64,
        /** Within 128 bytes. */
        BYTES_128
    }

    /**
     * Describes a tensor of 1 to 5 dimensions, the innermost first, that is copied in boxes. What lies beyond the tensor
     * reads as 0.
     *
     * @param buffer where the tensor begins, 16-byte aligned
     * @param element what its elements are
     * @param sizes elements along each dimension
     * @param strideBytes bytes from one to the next along each dimension but the innermost: multiples of 16
     * @param box elements of a box along each dimension, 1 to 256
     * @param swizzle how a box is laid down in shared memory
     * @return the description
     * @throws IllegalArgumentException where the lengths of the arrays do not agree
     * @throws CudaException where the driver does not accept it
     */
    public static TensorMap tiled(DeviceBuffer buffer, Element element, long[] sizes, long[] strideBytes, int[] box,
            Swizzle swizzle) {
        buffer.check();
        if (sizes.length < 1 || sizes.length > 5 || box.length != sizes.length
                || strideBytes.length != sizes.length - 1) {
            throw new IllegalArgumentException("a tensor has 1 to 5 sizes, as many box sizes, and one stride less: got "
                    + sizes.length + ", " + box.length + " and " + strideBytes.length);
        }
        MemorySegment map = Arena.ofAuto().allocate(CUtensorMap.layout().byteSize(), 64);
        int[] ones = new int[sizes.length];
        Arrays.fill(ones, 1);
        buffer.context().driver().tensorMaps.encodeTiled(map, element.ordinal(), buffer.address(), sizes, strideBytes,
                box,
                ones, 0, swizzle.ordinal(), 0, 0);
        return new TensorMap(map.asReadOnly());
    }

    /**
     * Its bytes.
     *
     * @return 128 of them, read-only
     */
    public MemorySegment segment() { return segment; }
}
