package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** FP32 on its way in is rounded once, to the nearest, ties to even. The reference searches the neighbours exactly. */
class RoundingTest {

    /** The value of 16 bits, exact in a double, written from the formats' definitions. */
    private static double value(int bits, ValueType type) {
        int mantissaBits = type == ValueType.F16 ? 10 : 7;
        int bias = type == ValueType.F16 ? 15 : 127;
        int exponentMask = (1 << 15 - mantissaBits) - 1;
        int exponent = bits >>> mantissaBits & exponentMask;
        int mantissa = bits & (1 << mantissaBits) - 1;
        double magnitude;
        if (exponent == exponentMask) {
            magnitude = mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        } else if (exponent == 0) {
            magnitude = Math.scalb((double) mantissa, 1 - bias - mantissaBits);
        } else {
            magnitude = Math.scalb((double) (mantissa | 1 << mantissaBits), exponent - bias - mantissaBits);
        }
        return (bits & 0x8000) != 0 ? -magnitude : magnitude;
    }

    private static SparseMatrix encode(float[] dense, int m, int k, ValueType type) {
        return SparseMatrix.encode(MemorySegment.ofArray(dense), DenseType.F32, m, k, type, EncodeOptions.DEFAULT);
    }

    @ParameterizedTest
    @EnumSource(ValueType.class)
    void nearestWithTiesToEven(ValueType type) {
        int infinity = type == ValueType.F16 ? 0x7c00 : 0x7f80;
        SplittableRandom random = new SplittableRandom(9);
        float[] dense = new float[4 * infinity + 200_000];
        int count = 0;
        for (int bits = 0; bits < infinity; bits++) { // every value, and the middle between it and the next, and beside it
            double low = value(bits, type);
            double high = bits + 1 == infinity
                    ? Math.scalb(1.0, type == ValueType.F16 ? 16 : 128)
                    : value(bits + 1, type);
            float middle = (float) ((low + high) / 2); // has one bit more than the values: exact
            dense[count++] = (float) low;
            dense[count++] = middle;
            dense[count++] = -Math.nextUp(middle);
            dense[count++] = Math.nextDown(middle);
        }
        while (count < dense.length) {
            float f = Float.intBitsToFloat(random.nextInt());
            if (Float.isFinite(f)) {
                dense[count++] = f;
            }
        }
        SparseMatrix matrix = encode(dense, 1, dense.length, type);
        short[] rounded = Matrices.decode(matrix);
        long overflowed = 0;
        for (int i = 0; i < dense.length; i++) {
            double magnitude = Math.abs((double) dense[i]);
            int got = rounded[i] & 0x7fff;
            assertTrue(got <= infinity, () -> "a finite value became NaN");
            // infinity stands for the next power of two here, which is what IEEE rounding does
            double here = got == infinity ? Math.scalb(1.0, type == ValueType.F16 ? 16 : 128) : value(got, type);
            double error = Math.abs(magnitude - here);
            if (got == infinity) {
                overflowed++;
            } else {
                double next = got + 1 == infinity
                        ? Math.scalb(1.0, type == ValueType.F16 ? 16 : 128)
                        : value(got + 1, type);
                assertNearer(error, next - magnitude, got, dense[i]);
            }
            if (got > 0) {
                assertNearer(error, magnitude - value(got - 1, type), got, dense[i]);
            }
            if (got != 0) {
                assertEquals(dense[i] < 0, rounded[i] < 0, "sign");
            }
        }
        assertTrue(overflowed > 0);
        assertEquals(overflowed, matrix.overflowed());
    }

    private static void assertNearer(double error, double other, int bits, float from) {
        assertTrue(error < other || error == other && (bits & 1) == 0,
                () -> new BigDecimal(from) + " became " + Integer.toHexString(bits));
    }

    @ParameterizedTest
    @EnumSource(ValueType.class)
    void infinitiesStayAndAreNoOverflow(ValueType type) {
        float[] dense = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0f, -0f, Float.MIN_VALUE, -1f};
        SparseMatrix matrix = encode(dense, 2, 3, type);
        short[] back = Matrices.decode(matrix);
        short infinity = (short) (type == ValueType.F16 ? 0x7c00 : 0x7f80);
        assertEquals(infinity, back[0]);
        assertEquals((short) (infinity | 0x8000), back[1]);
        assertEquals(0, back[3]);
        assertEquals(0, back[4], "2^-149 is nearer to 0 than to the least subnormal");
        assertEquals(3, matrix.nonzeros());
        assertEquals(0, matrix.overflowed());
    }

    /** A NaN stays one, also when its payload lies in the bits that are cut off. */
    @ParameterizedTest
    @EnumSource(ValueType.class)
    void nanStaysNan(ValueType type) {
        float[] dense = {Float.intBitsToFloat(0x7f800001), Float.intBitsToFloat(0xff800001), Float.NaN, Float
                .intBitsToFloat(0x7fffffff)};
        SparseMatrix matrix = encode(dense, 1, 4, type);
        for (short bits : Matrices.decode(matrix)) {
            assertTrue(Double.isNaN(value(bits, type)), Integer.toHexString(bits & 0xffff));
        }
        assertEquals(0, matrix.overflowed());
    }
}
