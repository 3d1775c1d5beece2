package dev.culebra.llm.checkpoint;

import dev.culebra.sparse.DenseType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A dense tensor of a model. Its data lies in the mapped file and is valid until the source that it came from is closed;
 * any number of threads may read it.
 *
 * @param name its name without the checkpoint's prefix, such as {@code layers.3.fc1.bias}
 * @param type type of an element
 * @param shape lengths of the dimensions, outermost first
 * @param data the elements, row-major, little-endian, unaligned, read-only; all of them finite
 */
public record Tensor(String name, DenseType type, List<Long> shape, MemorySegment data) {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * Keeps its own copy of the shape and a read-only view of the data.
     *
     * @param name its name
     * @param type type of an element
     * @param shape lengths of the dimensions
     * @param data the elements
     * @throws IllegalArgumentException if the data is not as long as type and shape say
     */
    public Tensor {
        shape = List.copyOf(shape);
        data = data.asReadOnly();
        if (TensorInfo.bytes(TensorType.of(type), shape) != data.byteSize()) {
            throw new IllegalArgumentException(
                    name + " of " + type + " " + shape + " does not have " + data.byteSize() + " bytes");
        }
    }

    /**
     * The number of elements.
     *
     * @return the product of the dimensions, 1 for a scalar
     */
    public long elements() { return data.byteSize() / type.bytes(); }

    /**
     * A part of the elements as fp32, which holds each of the three types exactly.
     *
     * @param first index of the first element wanted, row-major
     * @param out where to write
     * @param at where in {@code out} to begin
     * @param count how many
     * @throws IndexOutOfBoundsException if they do not all lie in the tensor, or have no room
     */
    public void floats(long first, float[] out, int at, int count) {
        if (type == DenseType.F32) {
            MemorySegment.copy(data, FLOAT, 4 * first, out, at, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            short bits = data.get(SHORT, 2 * (first + i));
            out[at + i] = type == DenseType.F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
        }
    }

    /**
     * All elements as fp32, for a small tensor such as a bias.
     *
     * @return a new array, row-major
     * @throws ArithmeticException if there are more than an array holds
     */
    public float[] floats() {
        var out = new float[Math.toIntExact(elements())];
        floats(0, out, 0, out.length);
        return out;
    }
}
