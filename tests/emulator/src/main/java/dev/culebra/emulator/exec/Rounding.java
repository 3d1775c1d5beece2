package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.PtxType;

/**
 * Rounding to PTX's floating-point formats. An exact result comes as {@code s + e}: {@code s} its nearest double and
 * {@code e} what is missing, of which only the sign matters.
 */
final class Rounding {

    /** What registers hold for "not a number" after f32 arithmetic: PTX's canonical NaN. */
    static final int NAN_F32 = 0x7fffffff;
    /** The same for f16 and bf16. */
    static final int NAN_16 = 0x7fff;

    /** To the nearest, ties to even. */
    static final char NEAREST = 'n';
    /** Towards zero. */
    static final char ZERO = 'z';
    /** Towards minus infinity. */
    static final char DOWN = 'm';
    /** Towards plus infinity. */
    static final char UP = 'p';
    /** To the nearest, ties away from zero. */
    static final char AWAY = 'a';

    private Rounding() {}

    static int bits(float f) { return f != f ? NAN_F32 : Float.floatToRawIntBits(f); }

    /** What {@code a + b} lacks as a double (Knuth). */
    static double missing(double a, double b) {
        double s = a + b;
        double bb = s - a;
        return (a - (s - bb)) + (b - bb);
    }

    /** A double that rounds to any format of at most 51 bits as {@code s + e} does: an inexact one gets an odd last bit. */
    static double odd(double s, double e) {
        if (e == 0 || e != e || s == 0 || Double.isInfinite(s) || (Double.doubleToRawLongBits(s) & 1) != 0) {
            return s == 0 && e == e && e != 0 ? e : s;
        }
        return e > 0 ? Math.nextUp(s) : Math.nextDown(s);
    }

    static double toDouble(double s, double e, char mode) {
        boolean down = mode == DOWN || mode == ZERO && s > 0;
        boolean up = mode == UP || mode == ZERO && s < 0;
        return down && e < 0 ? Math.nextDown(s) : up && e > 0 ? Math.nextUp(s) : s;
    }

    static float toFloat(double s, double e, char mode) {
        float f = (float) s;
        if (mode == NEAREST) {
            return e == 0 || e != e ? f : (float) odd(s, e);
        }
        char m = mode == ZERO ? s > 0 ? DOWN : UP : mode;
        if (m == DOWN && (f > s || f == s && e < 0)) {
            return Math.nextDown(f);
        }
        return m == UP && (f < s || f == s && e > 0) ? Math.nextUp(f) : f;
    }

    /** Rounds to a format of {@code precision} bits, whose normal numbers start at 2^least and whose largest is {@code most}. */
    static double quantize(double x, int precision, int least, double most, char mode) {
        if (x == 0 || x != x || Double.isInfinite(x)) {
            return x;
        }
        int q = Math.max(Math.getExponent(x), least) - precision + 1;
        double scaled = Math.scalb(x, -q);
        double r = Math.scalb(switch (mode) {
            case NEAREST -> Math.rint(scaled);
            case ZERO -> scaled < 0 ? Math.ceil(scaled) : Math.floor(scaled);
            case DOWN -> Math.floor(scaled);
            case UP -> Math.ceil(scaled);
            default -> Math.copySign(Math.floor(Math.abs(scaled) + 0.5), x);
        }, q);
        if (Math.abs(r) <= most) {
            return r == 0 ? Math.copySign(0, x) : r;
        }
        boolean toMost = mode == ZERO || mode == DOWN && r > 0 || mode == UP && r < 0;
        return Math.copySign(toMost ? most : Double.POSITIVE_INFINITY, r);
    }

    /** The bits of a rounded value in one of the formats of up to 32 bits. */
    static int encode(double x, PtxType to, char mode) {
        return switch (to) {
            case F16 -> x != x ? NAN_16 : Float.floatToFloat16((float) quantize(x, 11, -14, 65504, mode)) & 0xffff;
            case BF16 ->
                x != x ? NAN_16 : Float.floatToRawIntBits((float) quantize(x, 8, -126, 0x1.fep127, mode)) >>> 16;
            case TF32 -> x != x ? NAN_F32 : Float.floatToRawIntBits((float) quantize(x, 11, -126, 0x1.ffcp127, mode));
            case F32 -> bits(toFloat(x, 0, mode));
            default -> throw new IllegalArgumentException(to.name());
        };
    }

    /** The largest finite value of a format. */
    static double most(PtxType t) {
        return switch (t) {
            case F16 -> 65504;
            case BF16 -> 0x1.fep127;
            case TF32 -> 0x1.ffcp127;
            case F32 -> Float.MAX_VALUE;
            default -> Double.MAX_VALUE;
        };
    }

    /** The value that a register's bits stand for. */
    static double decode(int bits, PtxType from) {
        return switch (from) {
            case F16 -> Float.float16ToFloat((short) bits);
            case BF16 -> Float.intBitsToFloat(bits << 16);
            default -> Float.intBitsToFloat(bits);
        };
    }

    /**
     * Whether .ftz makes zero of an exact f32 result {@code s + e} that rounds to the least normal number: hardware looks at the
     * result as it would be with an exponent as small as need be, whose last place below 2^-126 is 2^-150.
     */
    static boolean tiny(double s, double e, char mode) {
        double size = Math.abs(s);
        double beyond = s < 0 ? -e : e;
        if (mode == NEAREST) {
            double tie = 0x1p-126 - 0x1p-151; // goes up: 2^-126 is even
            return size < tie || size == tie && beyond < 0;
        }
        boolean away = mode == UP && s > 0 || mode == DOWN && s < 0;
        double last = 0x1p-126 - 0x1p-150;
        return away && (size < last || size == last && !(beyond > 0));
    }

    static int flush(int bits) { return (bits & 0x7f800000) == 0 ? bits & 0x80000000 : bits; }

    static void flush(int[] from, int[] to) {
        for (int l = 0; l < 32; l++) {
            to[l] = (from[l] & 0x7f800000) == 0 ? from[l] & 0x80000000 : from[l];
        }
    }

    /** Clamps to [0, 1], NaN to 0. */
    static void saturate(int[] v) {
        for (int l = 0; l < 32; l++) {
            float f = Float.intBitsToFloat(v[l]);
            v[l] = f > 0 ? f < 1 ? v[l] : 0x3f800000 : 0;
        }
    }
}
