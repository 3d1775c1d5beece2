package dev.culebra.tests.conformance;

import java.math.BigInteger;

/** Integers of PTX types as mathematics has them. */
final class Whole {

    private Whole() {}

    static boolean signed(String type) { return type.startsWith("s"); }

    /** The number that a type's bits stand for. */
    static BigInteger of(String type, long bits) {
        int n = Tuples.bits(type);
        BigInteger v = BigInteger.ZERO;
        for (int i = 0; i < n; i++) if ((bits >>> i & 1) != 0) v = v.setBit(i);
        return signed(type) && (bits >>> n - 1 & 1) != 0 ? v.subtract(BigInteger.ONE.shiftLeft(n)) : v;
    }

    /** A number's lowest 64 bits, in two's complement. */
    static long bits(BigInteger v) { return v.longValue(); }

    static BigInteger least(String type) {
        return signed(type) ? BigInteger.ONE.shiftLeft(Tuples.bits(type) - 1).negate() : BigInteger.ZERO;
    }

    static BigInteger most(String type) {
        int n = Tuples.bits(type);
        return BigInteger.ONE.shiftLeft(signed(type) ? n - 1 : n).subtract(BigInteger.ONE);
    }

    static BigInteger clamp(String type, BigInteger v) { return v.max(least(type)).min(most(type)); }

    /** A part of a number's bits: {@code v<high..low>} as the ISA writes. */
    static BigInteger part(BigInteger v, int high, int low) {
        return v.shiftRight(low).and(BigInteger.ONE.shiftLeft(high - low + 1).subtract(BigInteger.ONE));
    }

    /** One bit of a word. */
    static int bit(long v, int i) { return (int) (v >>> i & 1); }

    /** A half of a packed pair, or a byte: bits from a place on, sign-extended or not. */
    static long field(long v, int from, int bits, boolean signed) {
        long f = v >>> from & (1L << bits) - 1;
        return signed && bit(f, bits - 1) == 1 ? f - (1L << bits) : f;
    }
}
