package dev.culebra.llm.checkpoint;

import java.util.List;
import java.util.stream.Collectors;

/**
 * One tensor as a header describes it.
 *
 * @param name its name, unique in a file
 * @param type type of an element
 * @param shape lengths of the dimensions, outermost first; empty for a scalar
 * @param begin first byte, counted from the end of the header
 * @param end one past the last byte, counted likewise
 */
public record TensorInfo(String name, TensorType type, List<Long> shape, long begin, long end) {

    /**
     * Keeps its own copy of the shape.
     *
     * @param name its name
     * @param type type of an element
     * @param shape lengths of the dimensions
     * @param begin first byte
     * @param end one past the last byte
     */
    public TensorInfo {
        shape = List.copyOf(shape);
    }

    /**
     * The space it takes.
     *
     * @return bytes
     */
    public long bytes() { return end - begin; }

    /**
     * The number of elements.
     *
     * @return the product of the dimensions, 1 for a scalar
     */
    public long elements() { return shape.stream().reduce(1L, Math::multiplyExact); }

    /**
     * The name for people: a file's author may have put anything into it.
     *
     * @return between single quotes, on one line, shortened, such as {@code 'fc1.weight'}
     */
    public String nameText() { return CheckpointException.quote(name); }

    /**
     * The shape for people.
     *
     * @return such as {@code [768, 192]}
     */
    public String shapeText() {
        return shape.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
    }

    /**
     * The bytes that a tensor of a type and shape takes.
     *
     * @param type type of an element
     * @param shape lengths of the dimensions, none negative
     * @return bytes
     * @throws ArithmeticException if they do not fit 63 bits, or packed elements do not fill their last byte
     */
    static long bytes(TensorType type, List<Long> shape) {
        // Once any dimension is 0 the product is 0, however large the others are.
        if (shape.contains(0L)) return 0;
        long bits = shape.stream().reduce((long) type.bits(), Math::multiplyExact);
        if (bits % 8 != 0) throw new ArithmeticException(bits + " bits are no whole number of bytes");
        return bits / 8;
    }
}
