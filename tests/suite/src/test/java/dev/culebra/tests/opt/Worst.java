package dev.culebra.tests.opt;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.IntToDoubleFunction;

/** The largest difference between two [rows, columns] results, as a part of the largest absolute value expected, and where it is. */
record Worst(double part, int row, int column, double got, double expected) {

    static Worst of(float[] got, IntToDoubleFunction expected, int columns) {
        double most = 0;
        int at = 0;
        double difference = -1;
        for (int i = 0; i < got.length; i++) {
            double e = expected.applyAsDouble(i);
            most = Math.max(most, Math.abs(e));
            double d = Math.abs(got[i] - e);
            if (!(d <= difference)) { // a NaN is the worst of all
                difference = d;
                at = i;
            }
            if (Double.isNaN(d)) break;
        }
        return new Worst(difference / most, at / columns, at % columns, got[at], expected.applyAsDouble(at));
    }

    static Worst of(float[] got, float[] expected, int columns) { return of(got, i -> expected[i], columns); }

    static Worst of(float[] got, double[][] expected) {
        int columns = expected[0].length;
        return of(got, i -> expected[i / columns][i % columns], columns);
    }

    void within(double tolerance, Object what) {
        assertTrue(part <= tolerance, () -> what + ": " + this + " is over " + tolerance + " of the largest");
    }
}
