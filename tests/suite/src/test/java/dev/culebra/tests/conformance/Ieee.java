package dev.culebra.tests.conformance;

import java.math.BigInteger;

/**
 * Binary floating-point formats and their arithmetic, worked out from IEEE 754 with whole numbers of any length: an operation
 * is computed exactly, as {@code m * 2^e} with a mark for what lies below, and rounded once. Nothing here uses Java's own
 * floating point, nor the emulator's.
 */
enum Ieee {
    F16(16, 11, -14, 15), BF16(16, 8, -126, 127), F32(32, 24, -126, 127), F64(64, 53, -1022, 1023),
    /** In the upper 19 of 32 bits; the lower 13 are zero in what comes out, and ignored in what goes in. */
    TF32(32, 11, -126, 127);

    /** Bits that the format is stored in. */
    final int width;
    /** Bits of a significand, the leading one included. */
    final int precision;
    final int least;
    final int most;
    private final int pad;
    private final int fraction;

    Ieee(int width, int precision, int least, int most) {
        this.width = width;
        this.precision = precision;
        this.least = least;
        this.most = most;
        int exponentBits = Integer.SIZE - Integer.numberOfLeadingZeros(most);
        this.fraction = precision - 1;
        this.pad = width - 2 - exponentBits - fraction;
    }

    /** The format of a PTX type, or null. */
    static Ieee of(String type) {
        return switch (type) {
            case "f16" -> F16;
            case "bf16" -> BF16;
            case "f32" -> F32;
            case "f64" -> F64;
            case "tf32" -> TF32;
            default -> null;
        };
    }

    /** An exact number: not a number, infinite, or (-1)^negative * (m * 2^e plus something below one unit if sticky). */
    record Number(boolean nan, boolean infinite, boolean negative, BigInteger m, int e, boolean sticky) {

        static final Number NAN = new Number(true, false, false, BigInteger.ZERO, 0, false);

        static Number infinity(boolean negative) {
            return new Number(false, true, negative, BigInteger.ZERO, 0, false);
        }

        static Number of(boolean negative, BigInteger m, int e) {
            return new Number(false, false, negative, m, e, false);
        }

        static Number ofInteger(BigInteger v) { return of(v.signum() < 0, v.abs(), 0); }

        boolean zero() { return !nan && !infinite && m.signum() == 0 && !sticky; }

        Number negate() { return new Number(nan, infinite, !negative, m, e, sticky); }

        Number abs() { return new Number(nan, infinite, false, m, e, sticky); }
    }

    private int exponentField(long bits) { return (int) (bits >>> fraction + pad) & 2 * most + 1; }

    private long fractionField(long bits) { return bits >>> pad & (1L << fraction) - 1; }

    boolean negative(long bits) { return (bits >>> width - 1 & 1) != 0; }

    boolean isNan(long bits) { return exponentField(bits) == 2 * most + 1 && fractionField(bits) != 0; }

    boolean isInfinite(long bits) { return exponentField(bits) == 2 * most + 1 && fractionField(bits) == 0; }

    boolean isSubnormal(long bits) { return exponentField(bits) == 0 && fractionField(bits) != 0; }

    boolean isZero(long bits) { return exponentField(bits) == 0 && fractionField(bits) == 0; }

    long signBit() { return 1L << width - 1; }

    private long mask() { return width == 64 ? -1 : (1L << width) - 1; }

    long infinity(boolean negative) { return (negative ? signBit() : 0) | (2L * most + 1) << fraction + pad; }

    long largest(boolean negative) { return infinity(negative) - (1L << pad); }

    /** The one with all bits set but the sign, which PTX calls canonical for 16 and 32 bits. */
    long nan() {
        return mask() >>> 1;
    }

    long one() { return (long) most << fraction + pad; }

    long leastNormal() { return 1L << fraction + pad; }

    Number decode(long bits) {
        if (isNan(bits)) return Number.NAN;
        if (isInfinite(bits)) return Number.infinity(negative(bits));
        int field = exponentField(bits);
        long m = fractionField(bits) | (field == 0 ? 0 : 1L << fraction);
        return Number.of(negative(bits), BigInteger.valueOf(m), Math.max(field, 1) - most - fraction);
    }

    /** As a double, which holds every value of every format here. */
    double value(long bits) {
        Number n = decode(bits);
        if (n.nan()) return Double.NaN;
        double v = n.infinite() ? Double.POSITIVE_INFINITY : Math.scalb((double) n.m().longValue(), n.e());
        return n.negative() ? -v : v;
    }

    /** Subnormal numbers become zero of their sign. */
    long flush(long bits) {
        return isSubnormal(bits) ? bits & signBit() : bits;
    }

    /**
     * The nearest number of the format by a rounding: n (nearest, ties to even), z, m, p (towards zero, minus and plus
     * infinity), a (nearest, ties away from zero).
     */
    long round(Number x, char mode) {
        if (x.nan()) return nan();
        if (x.infinite()) return infinity(x.negative());
        long sign = x.negative() ? signBit() : 0;
        if (x.zero()) return sign;
        // More bits than any format has, so that the mark for what lies below stays below.
        BigInteger m = x.m().shiftLeft(80);
        int e = x.e() - 80;
        int quantum = Math.max(e + m.bitLength() - precision, least - precision + 1);
        int cut = quantum - e; // 80 bits too long at least, so that this is positive
        if (cut <= 0) throw new IllegalStateException("too long: " + x);
        BigInteger kept = m.shiftRight(cut);
        BigInteger rest = m.subtract(kept.shiftLeft(cut));
        int half = rest.shiftLeft(1).compareTo(BigInteger.ONE.shiftLeft(cut));
        boolean inexact = rest.signum() != 0 || x.sticky();
        boolean above = half > 0 || half == 0 && x.sticky();
        boolean up = switch (mode) {
            case 'n' -> above || half == 0 && kept.testBit(0);
            case 'a' -> half >= 0;
            case 'z' -> false;
            case 'm' -> x.negative() && inexact;
            case 'p' -> !x.negative() && inexact;
            default -> throw new IllegalArgumentException("rounding " + mode);
        };
        if (up) kept = kept.add(BigInteger.ONE);
        if (kept.bitLength() > precision) { // the carry ran through: a power of two
            kept = kept.shiftRight(1);
            quantum++;
        }
        if (kept.bitLength() < precision) return sign | kept.longValue() << pad; // subnormal, or zero
        int exponent = quantum + fraction;
        if (exponent > most) {
            boolean toLargest = mode == 'z' || mode == 'm' && !x.negative() || mode == 'p' && x.negative();
            return toLargest ? largest(x.negative()) : infinity(x.negative());
        }
        long field = exponent + most;
        return sign | field << fraction + pad | (kept.longValue() & (1L << fraction) - 1) << pad;
    }

    /**
     * Whether a number stays below the least normal one when it is rounded with an exponent as small as need be: what .ftz calls
     * subnormal. The ISA does not say whether it looks before or after rounding; an H200 looks after it, so.
     */
    boolean isTiny(Number x, char mode) {
        if (x.nan() || x.infinite() || x.zero()) return false;
        BigInteger m = x.m().shiftLeft(80);
        int top = x.e() - 80 + m.bitLength() - 1; // the leading bit's
        if (top != least - 1) return top < least - 1;
        // Just below: does it round up to the power of two?
        Number scaled = new Number(false, false, x.negative(), x.m(), x.e() + 4, x.sticky());
        return (round(scaled, mode) & ~signBit()) < leastNormal() + (4L << fraction + pad);
    }

    static Number product(Number a, Number b) {
        boolean negative = a.negative() != b.negative();
        if (a.nan() || b.nan() || a.infinite() && b.zero() || a.zero() && b.infinite()) return Number.NAN;
        if (a.infinite() || b.infinite()) return Number.infinity(negative);
        return Number.of(negative, a.m().multiply(b.m()), a.e() + b.e());
    }

    /** A sum of zeros of different signs, or of opposite numbers, is +0, rounding to minus infinity -0. */
    static Number sum(Number a, Number b, char mode) {
        if (a.nan() || b.nan() || a.infinite() && b.infinite() && a.negative() != b.negative()) return Number.NAN;
        if (a.infinite()) return a;
        if (b.infinite()) return b;
        if (a.zero() && b.zero() && a.negative() == b.negative()) return a;
        int e = Math.min(a.e(), b.e());
        BigInteger x = signed(a).shiftLeft(a.e() - e);
        BigInteger y = signed(b).shiftLeft(b.e() - e);
        BigInteger s = x.add(y);
        return Number.of(s.signum() == 0 ? mode == 'm' : s.signum() < 0, s.abs(), e);
    }

    private static BigInteger signed(Number a) { return a.negative() ? a.m().negate() : a.m(); }

    static Number quotient(Number a, Number b) {
        boolean negative = a.negative() != b.negative();
        if (a.nan() || b.nan() || a.infinite() && b.infinite() || a.zero() && b.zero()) return Number.NAN;
        if (a.infinite() || b.zero()) return Number.infinity(negative);
        if (b.infinite() || a.zero()) return Number.of(negative, BigInteger.ZERO, 0);
        int shift = 140 + b.m().bitLength();
        BigInteger[] q = a.m().shiftLeft(shift).divideAndRemainder(b.m());
        return new Number(false, false, negative, q[0], a.e() - b.e() - shift, q[1].signum() != 0);
    }

    static Number root(Number a) {
        if (a.nan() || a.zero()) return a;
        if (a.negative()) return Number.NAN;
        if (a.infinite()) return a;
        int shift = 240 + (a.e() & 1); // makes the exponent even and the root long
        BigInteger m = a.m().shiftLeft(shift);
        BigInteger[] r = m.sqrtAndRemainder();
        return new Number(false, false, false, r[0], (a.e() - shift) / 2, r[1].signum() != 0);
    }

    /** To a whole number by a rounding, exactly; infinities and NaN as they are. */
    static Number whole(Number a, char mode) {
        if (a.nan() || a.infinite() || a.zero() || a.e() >= 0) return a;
        BigInteger unit = BigInteger.ONE.shiftLeft(-a.e());
        BigInteger[] q = a.m().divideAndRemainder(unit);
        int half = q[1].shiftLeft(1).compareTo(unit);
        boolean up = switch (mode) {
            case 'n' -> half > 0 || half == 0 && q[0].testBit(0);
            case 'z' -> false;
            case 'm' -> a.negative() && q[1].signum() != 0;
            case 'p' -> !a.negative() && q[1].signum() != 0;
            default -> throw new IllegalArgumentException("rounding " + mode);
        };
        return Number.of(a.negative(), up ? q[0].add(BigInteger.ONE) : q[0], 0);
    }

    /** -1, 0, 1; both are numbers. */
    static int compare(Number a, Number b) {
        if (a.infinite() || b.infinite()) {
            int x = a.infinite() ? a.negative() ? -1 : 1 : 0;
            int y = b.infinite() ? b.negative() ? -1 : 1 : 0;
            return Integer.compare(x, y);
        }
        int e = Math.min(a.e(), b.e());
        return signed(a).shiftLeft(a.e() - e).compareTo(signed(b).shiftLeft(b.e() - e));
    }
}
