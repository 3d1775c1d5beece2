package dev.culebra.emulator.ptx;

import java.util.HashMap;
import java.util.Map;

/** Types of registers, variables and instructions. */
public enum PtxType {
    /** Predicate. */
    PRED(1, 'p'),
    /** Untyped, 8 bits. */
    B8(8, 'b'),
    /** Untyped, 16 bits. */
    B16(16, 'b'),
    /** Untyped, 32 bits. */
    B32(32, 'b'),
    /** Untyped, 64 bits. */
    B64(64, 'b'),
    /** Untyped, 128 bits. */
    B128(128, 'b'),
    /** Unsigned, 8 bits. */
    U8(8, 'u'),
    /** Unsigned, 16 bits. */
    U16(16, 'u'),
    /** Two unsigned of 16 bits. */
    U16X2(32, 'v'),
    /** Unsigned, 32 bits. */
    U32(32, 'u'),
    /** Unsigned, 64 bits. */
    U64(64, 'u'),
    /** Signed, 8 bits. */
    S8(8, 's'),
    /** Signed, 16 bits. */
    S16(16, 's'),
    /** Two signed of 16 bits. */
    S16X2(32, 'v'),
    /** Signed, 32 bits. */
    S32(32, 's'),
    /** Signed, 64 bits. */
    S64(64, 's'),
    /** Half precision. */
    F16(16, 'f'),
    /** Two of half precision. */
    F16X2(32, 'g'),
    /** bfloat16. */
    BF16(16, 'f'),
    /** Two bfloat16. */
    BF16X2(32, 'g'),
    /** TensorFloat-32: a 32-bit register whose low 13 bits do not count. */
    TF32(32, 'f'),
    /** Single precision. */
    F32(32, 'f'),
    /** Two of single precision. */
    F32X2(64, 'g'),
    /** Double precision. */
    F64(64, 'f');

    private static final Map<String, PtxType> NAMES = new HashMap<>();

    static {
        for (PtxType t : values()) {
            NAMES.put(t.name().toLowerCase(java.util.Locale.ROOT), t);
        }
    }

    private final int bits;
    private final char family;

    PtxType(int bits, char family) {
        this.bits = bits;
        this.family = family;
    }

    /**
     * A type by its name.
     *
     * @param name such as {@code "u32"}, without a dot
     * @return the type, or null
     */
    public static PtxType of(String name) { return NAMES.get(name); }

    /**
     * Width.
     *
     * @return bits; 1 for a predicate
     */
    public int bits() { return bits; }

    /**
     * Width in memory.
     *
     * @return bytes
     */
    public int bytes() { return (bits + 7) / 8; }

    /**
     * Whether it is signed.
     *
     * @return true for s8 to s64
     */
    public boolean signed() { return family == 's'; }

    /**
     * Whether it is one floating-point number.
     *
     * @return true for f16, bf16, tf32, f32, f64
     */
    public boolean floating() { return family == 'f'; }

    /**
     * Whether it is one integer or untyped.
     *
     * @return true for u, s and b types
     */
    public boolean integral() { return family == 'u' || family == 's' || family == 'b'; }
}
