package dev.culebra.llm.prune;

import dev.culebra.sparse.DenseType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.IntStream;

/**
 * A dense row-major [M, K] matrix as a checkpoint stores it, read and written element by element.
 *
 * @param data little-endian elements of any alignment
 * @param type their type
 * @param m rows
 * @param k columns
 */
record Weights(MemorySegment data, DenseType type, int m, int k) {
    private static final ValueLayout.OfShort BITS16 = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    Weights {
        if (m < 1 || k < 1) throw new IllegalArgumentException("shape " + m + "," + k + " must be at least 1,1");
        // By division: M * K elements of 4 bytes can pass 2^63.
        if (data.byteSize() % type.bytes() != 0 || data.byteSize() / type.bytes() != (long) m * k) {
            throw new IllegalArgumentException(
                    data.byteSize() + " bytes are no " + m + " x " + k + " matrix of " + type);
        }
    }

    float get(int row, int column) {
        long i = (long) row * k + column;
        return switch (type) {
            case F16 -> Float.float16ToFloat(data.get(BITS16, 2 * i));
            case BF16 -> Float.intBitsToFloat(data.get(BITS16, 2 * i) << 16);
            case F32 -> data.get(FLOAT, 4 * i);
        };
    }

    /** Stores a value rounded to the type. */
    void set(int row, int column, float value) {
        long i = (long) row * k + column;
        switch (type) {
            case F16 -> data.set(BITS16, 2 * i, Float.floatToFloat16(value));
            case BF16 -> data.set(BITS16, 2 * i, toBfloat16(value));
            case F32 -> data.set(FLOAT, 4 * i, value);
        }
    }

    /** A row in double precision; one that is not finite is refused. */
    double[] row(int row) {
        var values = new double[k];
        for (int i = 0; i < k; i++) {
            values[i] = get(row, i);
            if (!Double.isFinite(values[i])) {
                throw new IllegalArgumentException("row " + row + ", column " + i + " is " + values[i]);
            }
        }
        return values;
    }

    /** Refuses a row that the type can not hold. */
    void checkRow(int row, double[] values) {
        for (int i = 0; i < k; i++) {
            if (!(Math.abs((float) values[i]) < overflows(type))) {
                throw new ArithmeticException("row " + row + ", column " + i + " would become " + values[i]
                        + ", which " + type + " can not hold");
            }
        }
    }

    /** Stores a row rounded to the type, zeros as +0. */
    void setRow(int row, double[] values) {
        for (int i = 0; i < k; i++) set(row, i, (float) values[i] + 0f); // -0 + 0 = +0
    }

    /** The least magnitude that rounds to infinity: halfway between the largest number and what would come next. */
    private static float overflows(DenseType type) {
        return switch (type) {
            case F16 -> 65_520f;
            case BF16 -> 0x1.ffp127f;
            case F32 -> Float.POSITIVE_INFINITY; // where the conversion to float has rounded to it already
        };
    }

    /** How many elements are zero. */
    long zeros() {
        return IntStream.range(0, m).parallel().mapToLong(row -> {
            long zeros = 0;
            for (int i = 0; i < k; i++) {
                if (get(row, i) == 0) zeros++;
            }
            return zeros;
        }).sum();
    }

    /** To the nearest, ties to even; a NaN may become an infinity. */
    static short toBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}
