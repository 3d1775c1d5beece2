package dev.culebra.tests.conformance;

import java.util.function.LongPredicate;

/**
 * What the ISA leaves open about one number of an answer: which NaN, an approximation's error, a value that it calls
 * unspecified.
 *
 * @param text what is accepted, and which sentence of the ISA says so
 * @param accepts whether some bits are among it
 */
record Freedom(String text, LongPredicate accepts) {

    /** Where the ISA says that a value is unspecified. */
    static Freedom unspecified(String why) {
        return new Freedom("anything: " + why, v -> true);
    }

    /**
     * "Single-precision instructions return an unspecified NaN" (9.7.3); half precision says nothing of payloads. Of a packed
     * pair only the half that is a NaN is free. Null where the expected bits hold no NaN.
     */
    static Freedom ofNan(String type, long expected) {
        if (type.endsWith("x2")) {
            Ieee f = Ieee.of(type.substring(0, type.length() - 2));
            boolean low = f.isNan(expected & 0xffff);
            boolean high = f.isNan(expected >>> 16);
            if (!low && !high) return null;
            return new Freedom("any NaN in a half of " + Long.toHexString(expected), v -> {
                boolean lowFits = low ? f.isNan(v & 0xffff) : (v & 0xffff) == (expected & 0xffff);
                boolean highFits = high ? f.isNan(v >>> 16) : v >>> 16 == expected >>> 16;
                return lowFits && highFits;
            });
        }
        Ieee f = Ieee.of(type);
        return f != null && f.isNan(expected) ? new Freedom("any NaN", f::isNan) : null;
    }

    /** A number of a format between two bounds, themselves included; a NaN is not. */
    static Freedom between(Ieee f, double low, double high) {
        return new Freedom("between " + low + " and " + high, v -> {
            double d = f.value(v);
            return d >= low && d <= high;
        });
    }
}
