package dev.culebra.llm.checkpoint;

import dev.culebra.sparse.DenseType;

import java.util.Arrays;
import java.util.Optional;

/**
 * The element types that the safetensors format knows, under the names it has for them. The list is closed: a file with
 * any other type is refused.
 */
public enum TensorType {
    /** One byte, 0 or 1. */
    BOOL(8),
    /** Four-bit float (E2M1), two to a byte. */
    F4(4),
    /** Six-bit float with two bits of exponent, packed, four to three bytes. */
    F6_E2M3(6),
    /** Six-bit float with three bits of exponent, packed, four to three bytes. */
    F6_E3M2(6),
    /** Unsigned byte. */
    U8(8),
    /** Signed byte. */
    I8(8),
    /** Eight-bit float with five bits of exponent. */
    F8_E5M2(8),
    /** Eight-bit float with four bits of exponent. */
    F8_E4M3(8),
    /** Eight bits of exponent, a scale. */
    F8_E8M0(8),
    /** Signed 16-bit integer. */
    I16(16),
    /** Unsigned 16-bit integer. */
    U16(16),
    /** IEEE 754 binary16. */
    F16(16),
    /** The upper half of a binary32. */
    BF16(16),
    /** Signed 32-bit integer. */
    I32(32),
    /** Unsigned 32-bit integer. */
    U32(32),
    /** IEEE 754 binary32. */
    F32(32),
    /** A pair of binary32, real part first. */
    C64(64),
    /** IEEE 754 binary64. */
    F64(64),
    /** Signed 64-bit integer. */
    I64(64),
    /** Unsigned 64-bit integer. */
    U64(64);

    private final int bits;

    TensorType(int bits) { this.bits = bits; }

    /**
     * The size of an element.
     *
     * @return bits an element, 4 to 64
     */
    public int bits() { return bits; }

    /**
     * The same type as a product takes it.
     *
     * @return F16, BF16 or F32; empty for every other type
     */
    public Optional<DenseType> dense() {
        return switch (this) {
            case F16 -> Optional.of(DenseType.F16);
            case BF16 -> Optional.of(DenseType.BF16);
            case F32 -> Optional.of(DenseType.F32);
            default -> Optional.empty();
        };
    }

    /**
     * The file's type for a dense array.
     *
     * @param type type of the array
     * @return the type of the same name
     */
    public static TensorType of(DenseType type) { return valueOf(type.name()); }

    /**
     * Finds a type by the name it has in a file's header.
     *
     * @param name as it stands in the file, upper case
     * @return the type, or empty where the format has none of that name
     */
    public static Optional<TensorType> byName(String name) {
        return Arrays.stream(values()).filter(t -> t.name().equals(name)).findFirst();
    }
}
