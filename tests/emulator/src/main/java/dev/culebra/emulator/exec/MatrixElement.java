package dev.culebra.emulator.exec;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Types of a matrix product's elements. */
enum MatrixElement {
    /** Half precision. */
    F16(16),
    /** bfloat16. */
    BF16(16),
    /** f32 whose low 13 bits do not count. */
    TF32(32),
    /** Single precision. */
    F32(32),
    /** Double precision. */
    F64(64),
    /** FP8 of 4 and 3 bits. */
    E4M3(8),
    /** FP8 of 5 and 2 bits. */
    E5M2(8),
    /** FP6 of 2 and 3 bits, in a byte. */
    E2M3(8),
    /** FP6 of 3 and 2 bits, in a byte. */
    E3M2(8),
    /** FP4 of 2 and 1 bits, in the middle of a byte. */
    E2M1(8),
    /** Signed bytes. */
    S8(8),
    /** Unsigned bytes. */
    U8(8),
    /** Signed, 4 bits. */
    S4(4),
    /** Unsigned, 4 bits. */
    U4(4),
    /** Single bits. */
    B1(1),
    /** Sums of integers. */
    S32(32);

    /** Names as instructions have them. */
    static final List<String> NAMES = Arrays.stream(values()).map(e -> e.name().toLowerCase(Locale.ROOT)).toList();

    /** Bits of a register that an element takes. */
    final int bits;

    MatrixElement(int bits) { this.bits = bits; }

    /** Takes the next of an instruction's element types. */
    static MatrixElement take(Decoding x) {
        MatrixElement e = takeOrNull(x);
        if (e == null) {
            throw x.refuse("unknown instruction: a type is missing or not known");
        }
        return e;
    }

    static MatrixElement takeOrNull(Decoding x) {
        String name = x.takeAny(NAMES);
        return name == null ? null : valueOf(name.toUpperCase(Locale.ROOT));
    }

    boolean integral() { return this == S8 || this == U8 || this == S4 || this == U4 || this == B1 || this == S32; }

    boolean small() { return this == E4M3 || this == E5M2 || this == E2M3 || this == E3M2 || this == E2M1; }

    /** Elements in a register of 32 bits; 1 for f64, whose registers have 64. */
    int perRegister() {
        return Math.max(1, 32 / bits);
    }

    /** An element of a fragment: register, lane, and which of the register's elements. */
    long bits(Warp w, int[] registers, int register, int lane, int part) {
        if (this == F64) {
            return w.q[registers[register]][lane];
        }
        int v = w.r[registers[register]][lane] >>> bits * part;
        return bits == 32 ? v : v & (1 << bits) - 1;
    }

    /** An integer element's value. */
    int integer(long raw) {
        return switch (this) {
            case S8 -> (byte) raw;
            case S4 -> (int) raw << 28 >> 28;
            default -> (int) raw;
        };
    }

    /** A floating-point element's value. */
    double value(long raw) {
        int v = (int) raw;
        return switch (this) {
            case F64 -> Double.longBitsToDouble(raw);
            case F32 -> Float.intBitsToFloat(v);
            case TF32 -> Float.intBitsToFloat(v & 0xffffe000);
            case F16 -> Float.float16ToFloat((short) v);
            case BF16 -> Float.intBitsToFloat(v << 16);
            case E4M3 -> SmallFloat.E4M3.decode(v);
            case E5M2 -> SmallFloat.E5M2.decode(v);
            case E2M3 -> SmallFloat.E2M3.decode(v);
            case E3M2 -> SmallFloat.E3M2.decode(v);
            case E2M1 -> SmallFloat.E2M1.decode(v >> 2);
            default -> throw new IllegalStateException(name());
        };
    }
}
