package dev.culebra.sparse;

/** fp32 to 16 bits, to the nearest, ties to even; loops that the JIT can turn into vector code. */
final class Rounding {

    /** The least magnitude that rounds to infinity: halfway between fp16's largest, 65504, and 65536 (a tie goes up). */
    private static final int F16_OVERFLOWS_FROM = Float.floatToRawIntBits(65520f);
    /** Likewise for bf16: 0x7f7f is its largest. */
    private static final int BF16_OVERFLOWS_FROM = 0x7f7f8000;
    private static final int INFINITY = 0x7f800000;

    private Rounding() {}

    static short toBf16(float f) {
        int bits = Float.floatToRawIntBits(f);
        if ((bits & 0x7fffffff) > INFINITY) {
            return (short) (bits >>> 16 | 0x40); // quiet, so that a payload in the lower half does not leave an infinity
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    /** Rounds a row; returns how many finite values became infinite. */
    static int round(float[] from, short[] to, int at, int count, ValueType type) {
        switch (type) {
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    to[at + i] = Float.floatToFloat16(from[i]);
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    to[at + i] = toBf16(from[i]);
                }
            }
        }
        int first = type == ValueType.F16 ? F16_OVERFLOWS_FROM : BF16_OVERFLOWS_FROM;
        int overflowed = 0;
        for (int i = 0; i < count; i++) {
            int magnitude = Float.floatToRawIntBits(from[i]) & 0x7fffffff;
            // both signs set when first <= magnitude < infinity; the difference's sign bit is the comparison
            overflowed += (first - 1 - magnitude & magnitude - INFINITY) >>> 31;
        }
        return overflowed;
    }
}
