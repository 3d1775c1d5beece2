package dev.culebra.tests.kernel;

import dev.culebra.sparse.DenseType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Results of the three types, by arithmetic on doubles: no conversion of the library's or the product's own. */
public final class Outputs {

    private Outputs() {}

    /**
     * An element.
     *
     * @param y an array
     * @param i which
     * @param type the array's
     * @return its value
     */
    public static float value(MemorySegment y, long i, DenseType type) {
        return switch (type) {
            case F32 -> y.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i);
            case F16 -> Float.float16ToFloat(y.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i));
            case BF16 -> Float.intBitsToFloat(y.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i) << 16);
        };
    }

    /**
     * Half of the last place of a type at a value.
     *
     * @param v the value
     * @param type the type
     * @return half the distance of its neighbours there
     */
    public static double halfStep(double v, DenseType type) { return step(v, type) / 2; }

    private static double step(double v, DenseType type) {
        int fraction = type == DenseType.F32 ? 23 : type == DenseType.F16 ? 10 : 7;
        int least = type == DenseType.F16 ? -14 : -126;
        return Math.scalb(1, Math.max(Math.getExponent(v), least) - fraction);
    }

    /**
     * Rounds to the nearest of a type, ties to even; past the largest to infinity.
     *
     * @param v the value
     * @param type the type
     * @return its neighbour
     */
    public static float round(double v, DenseType type) {
        double step = step(v, type);
        double rounded = Math.rint(v / step) * step;
        double limit = type == DenseType.F16 ? 65536 : 0x1p128;
        return (float) (Math.abs(rounded) >= limit ? Math.copySign(Double.POSITIVE_INFINITY, v) : rounded);
    }
}
