package dev.culebra.spmm;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Activations on their way to a device: 16-bit, tokens at a distance. */
final class HalfActivations {

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    private HalfActivations() {}

    /** Copies some tokens of [N, K] to [count, ldx]; fp32 is rounded to the nearest, ties to even. */
    static void fill(MemorySegment x, DenseType type, int first, int count, int k, ValueType to, MemorySegment out,
            int ldx) {
        float[] token = type == DenseType.F32 ? new float[k] : null;
        short[] bits = type == DenseType.F32 ? new short[k] : null;
        for (int n = 0; n < count; n++) {
            long from = (long) (first + n) * k * type.bytes();
            long at = (long) n * ldx * Short.BYTES;
            if (type == DenseType.F32) {
                MemorySegment.copy(x, FLOAT, from, token, 0, k);
                round(token, to, bits);
                MemorySegment.copy(bits, 0, out, SHORT, at, k);
            } else {
                MemorySegment.copy(x, from, out, at, (long) k * Short.BYTES);
            }
        }
    }

    private static void round(float[] from, ValueType to, short[] bits) {
        switch (to) {
            case F16 -> {
                for (int i = 0; i < from.length; i++) {
                    bits[i] = Float.floatToFloat16(from[i]);
                }
            }
            case BF16 -> {
                for (int i = 0; i < from.length; i++) {
                    bits[i] = bf16(from[i]);
                }
            }
        }
    }

    /** Adds half of the last kept place, less one where that place is even; a NaN stays one whatever its payload. */
    static short bf16(float v) {
        int b = Float.floatToRawIntBits(v);
        return (short) (v != v ? b >>> 16 | 0x40 : b + 0x7fff + (b >>> 16 & 1) >>> 16);
    }
}
