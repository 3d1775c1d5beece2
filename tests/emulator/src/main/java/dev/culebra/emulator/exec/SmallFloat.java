package dev.culebra.emulator.exec;

/** Floating-point formats of 4 to 8 bits (OCP's FP8 and microscaling formats). */
enum SmallFloat {
    /** 4 bits of exponent, 3 of mantissa; no infinity, NaN is 0x7f and 0xff. */
    E4M3(4, 3, 448),
    /** 5 bits of exponent, 2 of mantissa; infinities and NaN as IEEE 754 has them. */
    E5M2(5, 2, 57344),
    /** 2 bits of exponent, 3 of mantissa; finite numbers alone. */
    E2M3(2, 3, 7.5),
    /** 3 bits of exponent, 2 of mantissa; finite numbers alone. */
    E3M2(3, 2, 28),
    /** 2 bits of exponent, 1 of mantissa; finite numbers alone. */
    E2M1(2, 1, 6);

    private final int exponentBits;
    private final int mantissaBits;
    /** The largest finite number. */
    final double most;
    private final double[] values;

    SmallFloat(int exponentBits, int mantissaBits, double most) {
        this.exponentBits = exponentBits;
        this.mantissaBits = mantissaBits;
        this.most = most;
        this.values = new double[1 << bits()];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(i);
        }
    }

    /** A format by the name that instructions use, such as {@code e4m3}; null when there is none. */
    static SmallFloat of(String name) {
        for (SmallFloat f : values()) {
            if (f.name().equalsIgnoreCase(name)) {
                return f;
            }
        }
        return null;
    }

    int bits() { return 1 + exponentBits + mantissaBits; }

    private int bias() { return (1 << exponentBits - 1) - 1; }

    private double value(int bits) {
        int e = bits >> mantissaBits & (1 << exponentBits) - 1;
        int m = bits & (1 << mantissaBits) - 1;
        double v;
        if (name().equals("E5M2") && e == 31) { // by name: the constants themselves are not there yet
            v = m == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        } else if (name().equals("E4M3") && e == 15 && m == 7) {
            v = Double.NaN;
        } else {
            v = e == 0
                    ? Math.scalb((double) m, 1 - bias() - mantissaBits)
                    : Math.scalb((double) (m | 1 << mantissaBits), e - bias() - mantissaBits);
        }
        return (bits >> bits() - 1 & 1) != 0 ? -v : v;
    }

    /** The number that bits stand for; bits above the format's are not looked at. */
    double decode(int bits) {
        return values[bits & values.length - 1];
    }

    /**
     * Rounds to the nearest, ties to even, and what is too large to the largest; NaN to the format's positive NaN, or where it
     * has none to the largest number.
     */
    int encode(double x) {
        if (x != x) {
            return this == E4M3 || this == E5M2 ? 0x7f : maxBits();
        }
        double r = Math.min(most, Math.abs(Rounding.quantize(x, mantissaBits + 1, 1 - bias(), most, Rounding.NEAREST)));
        int sign = Double.doubleToRawLongBits(x) < 0 ? 1 << bits() - 1 : 0;
        int e = r == 0 ? 0 : Math.max(Math.getExponent(r), 1 - bias());
        int scaled = (int) Math.scalb(r, mantissaBits - e); // with the leading one where it is normal
        int field = r == 0 || scaled < 1 << mantissaBits ? 0 : e + bias();
        return sign | field << mantissaBits | scaled & (1 << mantissaBits) - 1;
    }

    private int maxBits() { return (1 << bits() - 1) - 1; }
}
