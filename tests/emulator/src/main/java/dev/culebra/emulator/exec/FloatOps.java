package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.F32;

import dev.culebra.emulator.exec.Alu.II;
import dev.culebra.emulator.exec.Alu.III;
import dev.culebra.emulator.exec.Alu.IIII;
import dev.culebra.emulator.ptx.PtxType;
import java.util.EnumSet;
import java.util.Set;

/** Single precision. Registers hold bits; a result that is no number is PTX's canonical NaN, 0x7fffffff. */
final class FloatOps {

    private static final Set<PtxType> SINGLE = EnumSet.of(F32);

    private FloatOps() {}

    static void register(Families f) {
        f.add("add", SINGLE, x -> sum(x, false));
        f.add("sub", SINGLE, x -> sum(x, true));
        f.add("mul", SINGLE, FloatOps::mul);
        f.add("fma", SINGLE, FloatOps::fma);
        f.add("mad", SINGLE, FloatOps::fma);
        f.add("div", SINGLE, FloatOps::div);
        f.add("rcp", SINGLE, FloatOps::rcp);
        f.add("sqrt", SINGLE, FloatOps::sqrt);
        f.add("min", SINGLE, x -> extreme(x, false));
        f.add("max", SINGLE, x -> extreme(x, true));
        // A NaN becomes the canonical one, as of all f32 arithmetic.
        f.add("neg", SINGLE, x -> unary(x, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = (a[l] & 0x7fffffff) > 0x7f800000 ? Rounding.NAN_F32 : a[l] ^ 0x80000000;
            }
        }));
        f.add("abs", SINGLE, x -> unary(x, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = (a[l] & 0x7fffffff) > 0x7f800000 ? Rounding.NAN_F32 : a[l] & 0x7fffffff;
            }
        }));
        f.add("copysign", SINGLE, x -> {
            x.type();
            x.done();
            Alu.iii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] & 0x80000000 | b[l] & 0x7fffffff;
                }
            }, F32);
        });
    }

    /** An op of one operand, with flushing and saturation around it. */
    static void emit(Decoding x, II f, boolean ftz, boolean sat) {
        x.operands(2, 2);
        int a = x.src(1, F32);
        x.emit(new Alu.ToInt(x.dst(0, F32)) {
            @Override
            void compute(Warp w, int[] to) {
                f.run(to, in(w.r[a], w.t1, ftz));
                out(to, ftz, sat);
            }
        });
    }

    /** Whether an exact result that rounds to the least normal number is smaller: .ftz makes zero of it. */
    private interface Tiny {
        boolean of(float a, float b, float c);
    }

    static void emit(Decoding x, III f, boolean ftz, boolean sat) { emit(x, f, null, ftz, sat); }

    private static void emit(Decoding x, III f, Tiny tiny, boolean ftz, boolean sat) {
        x.operands(3, 3);
        int a = x.src(1, F32);
        int b = x.src(2, F32);
        x.emit(new Alu.ToInt(x.dst(0, F32)) {
            @Override
            void compute(Warp w, int[] to) {
                f.run(to, in(w.r[a], w.t1, ftz), in(w.r[b], w.t2, ftz));
                if (ftz && tiny != null) {
                    flushTiny(to, w.t1, w.t2, w.t2, tiny);
                }
                out(to, ftz, sat);
            }
        });
    }

    /** Operands are as they were flushed. */
    private static void flushTiny(int[] v, int[] a, int[] b, int[] c, Tiny tiny) {
        int some = 0;
        for (int l = 0; l < 32; l++) {
            some |= (v[l] & 0x7fffffff) == 0x00800000 ? 1 : 0;
        }
        for (int l = 0; l < 32 && some != 0; l++) {
            if ((v[l] & 0x7fffffff) == 0x00800000
                    && tiny.of(Float.intBitsToFloat(a[l]), Float.intBitsToFloat(b[l]), Float.intBitsToFloat(c[l]))) {
                v[l] &= 0x80000000;
            }
        }
    }

    static void emit(Decoding x, IIII f, boolean ftz, boolean sat) { emit(x, f, null, ftz, sat); }

    private static void emit(Decoding x, IIII f, Tiny tiny, boolean ftz, boolean sat) {
        x.operands(4, 4);
        int a = x.src(1, F32);
        int b = x.src(2, F32);
        int c = x.src(3, F32);
        x.emit(new Alu.ToInt(x.dst(0, F32)) {
            @Override
            void compute(Warp w, int[] to) {
                f.run(to, in(w.r[a], w.t1, ftz), in(w.r[b], w.t2, ftz), in(w.r[c], w.t3, ftz));
                if (ftz && tiny != null) {
                    flushTiny(to, w.t1, w.t2, w.t3, tiny);
                }
                out(to, ftz, sat);
            }
        });
    }

    private static int[] in(int[] v, int[] scratch, boolean ftz) {
        if (!ftz) {
            return v;
        }
        Rounding.flush(v, scratch);
        return scratch;
    }

    private static void out(int[] v, boolean ftz, boolean sat) {
        if (ftz) {
            Rounding.flush(v, v);
        }
        if (sat) {
            Rounding.saturate(v);
        }
    }

    /** The rounding mode named by a modifier, which must be there. */
    static char rounding(Decoding x) {
        String m = x.takeAny("rn", "rz", "rm", "rp");
        if (m == null) {
            throw x.refuse("a rounding mode is missing (.rn, .rz, .rm or .rp)");
        }
        return m.charAt(1);
    }

    /** The rounding mode named by a modifier, nearest when there is none. */
    static char mode(Decoding x) {
        String m = x.takeAny("rn", "rz", "rm", "rp");
        return m == null ? Rounding.NEAREST : m.charAt(1);
    }

    static void unary(Decoding x, II f) {
        boolean ftz = x.take("ftz");
        x.type();
        x.done();
        emit(x, f, ftz, false);
    }

    private static float directedSum(float a, float b, char mode) {
        double s = (double) a + b;
        if (s == 0 && mode == Rounding.DOWN
                && (a != 0 || Float.floatToRawIntBits(a) != 0 || Float.floatToRawIntBits(b) != 0)) {
            return -0f; // rounding down, an exact zero is negative unless both are +0
        }
        return Rounding.toFloat(s, Rounding.missing(a, b), mode);
    }

    private static void sum(Decoding x, boolean subtract) {
        char mode = mode(x);
        boolean ftz = x.take("ftz");
        boolean sat = x.take("sat");
        x.type();
        if (PackedFloatOps.mixed(x, subtract ? "sub" : "add", mode, ftz, sat, x.typeOrNull())) {
            return;
        }
        x.done();
        if (mode == Rounding.NEAREST) {
            emit(x, subtract ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Rounding.bits(Float.intBitsToFloat(a[l]) - Float.intBitsToFloat(b[l]));
                }
            }
                    : (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = Rounding.bits(Float.intBitsToFloat(a[l]) + Float.intBitsToFloat(b[l]));
                        }
                    }, ftz, sat);
        } else {
            int flip = subtract ? 0x80000000 : 0;
            emit(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Rounding
                            .bits(directedSum(Float.intBitsToFloat(a[l]), Float.intBitsToFloat(b[l] ^ flip), mode));
                }
            }, ftz, sat);
        }
    }

    private static void mul(Decoding x) {
        char mode = mode(x);
        boolean ftz = x.take("ftz");
        boolean sat = x.take("sat");
        x.type();
        x.done();
        emit(x, mode == Rounding.NEAREST ? (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Rounding.bits(Float.intBitsToFloat(a[l]) * Float.intBitsToFloat(b[l]));
            }
        }
                : (d, a, b) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = Rounding.bits(Rounding
                                .toFloat((double) Float.intBitsToFloat(a[l]) * Float.intBitsToFloat(b[l]), 0, mode));
                    }
                }, (a, b, c) -> Rounding.tiny((double) a * b, 0, mode), ftz, sat);
    }

    /** Fused: the product is exact in double, and so is what its sum with c lacks. */
    static float directedFma(float a, float b, float c, char mode) {
        double p = (double) a * b;
        double s = p + c;
        if (s == 0 && p == -(double) c && mode == Rounding.DOWN && !(1 / p > 0 && 1 / c > 0)) {
            return -0f;
        }
        return Rounding.toFloat(s, Rounding.missing(p, c), mode);
    }

    private static void fma(Decoding x) {
        char mode = rounding(x);
        boolean ftz = x.take("ftz");
        boolean sat = x.take("sat");
        x.type();
        if (PackedFloatOps.mixed(x, "fma", mode, ftz, sat, x.typeOrNull())) {
            return;
        }
        x.done();
        emit(x, mode == Rounding.NEAREST
                ? (d, a, b, c) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = Rounding.bits(Math.fma(Float.intBitsToFloat(a[l]), Float.intBitsToFloat(b[l]),
                                Float.intBitsToFloat(c[l])));
                    }
                }
                : (d, a, b, c) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = Rounding.bits(directedFma(Float.intBitsToFloat(a[l]), Float.intBitsToFloat(b[l]),
                                Float.intBitsToFloat(c[l]), mode));
                    }
                },
                (a, b, c) -> {
                    double p = (double) a * b;
                    return Rounding.tiny(p + c, Rounding.missing(p, c), mode);
                }, ftz, sat);
    }

    private static float quotient(float a, float b, char mode) {
        if (mode == Rounding.NEAREST) {
            return a / b;
        }
        double q = (double) a / b;
        return Rounding.toFloat(q, Math.fma(-q, b, a) * Math.signum(b), mode);
    }

    private static boolean tinyQuotient(float a, float b, char mode) {
        double q = (double) a / b;
        return Rounding.tiny(q, Math.fma(-q, b, a) * Math.signum(b), mode);
    }

    /** The documented behaviour of div.approx: above 2^126 the reciprocal of the divisor is flushed to zero. */
    private static float fastQuotient(float a, float b) {
        if (Math.abs(b) > 0x1p126f && Math.abs(b) <= Float.MAX_VALUE) {
            return Float.isInfinite(a) ? Float.NaN : a * Math.copySign(0f, b);
        }
        return a / b;
    }

    private static void div(Decoding x) {
        String kind = x.takeAny("approx", "full");
        char mode = kind == null ? rounding(x) : Rounding.NEAREST;
        boolean ftz = x.take("ftz");
        x.type();
        x.done();
        boolean fast = "approx".equals(kind);
        emit(x, fast ? (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Rounding.bits(fastQuotient(Float.intBitsToFloat(a[l]), Float.intBitsToFloat(b[l])));
            }
        }
                : (d, a, b) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = Rounding.bits(quotient(Float.intBitsToFloat(a[l]), Float.intBitsToFloat(b[l]), mode));
                    }
                }, fast ? null : (a, b, c) -> tinyQuotient(a, b, mode), ftz, false);
    }

    private static void rcp(Decoding x) {
        char mode = x.take("approx") ? Rounding.NEAREST : rounding(x);
        boolean ftz = x.take("ftz");
        x.type();
        x.done();
        emit(x, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Rounding.bits(reciprocal(Float.intBitsToFloat(a[l]), mode, ftz));
            }
        }, ftz, false);
    }

    private static float reciprocal(float a, char mode, boolean ftz) {
        float q = quotient(1, a, mode);
        return ftz && Math.abs(q) == Float.MIN_NORMAL && tinyQuotient(1, a, mode) ? Math.copySign(0, q) : q;
    }

    private static float root(float a, char mode) {
        double s = Math.sqrt(a);
        return mode == Rounding.NEAREST ? (float) s : Rounding.toFloat(s, Math.fma(-s, s, a), mode);
    }

    private static void sqrt(Decoding x) {
        char mode = x.take("approx") ? Rounding.NEAREST : rounding(x);
        boolean ftz = x.take("ftz");
        x.type();
        x.done();
        emit(x, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Rounding.bits(root(Float.intBitsToFloat(a[l]), mode));
            }
        }, ftz, false);
    }

    /** The other operand where one is no number (or, with {@code nan}, NaN); -0 is less than +0. */
    static float extreme(float a, float b, boolean max, boolean nan) {
        if (!nan && (a != a || b != b)) {
            return a != a ? b : a;
        }
        return max ? Math.max(a, b) : Math.min(a, b);
    }

    static III extreme(boolean max, boolean nan, boolean xorSign) {
        if (xorSign) {
            return (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    float m = extreme(Float.intBitsToFloat(a[l] & 0x7fffffff),
                            Float.intBitsToFloat(b[l] & 0x7fffffff), max, nan);
                    d[l] = Rounding.bits(m) | (m != m ? 0 : (a[l] ^ b[l]) & 0x80000000); // NaN has no sign
                }
            };
        }
        return max ? (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Rounding.bits(extreme(Float.intBitsToFloat(a[l]), Float.intBitsToFloat(b[l]), true, nan));
            }
        }
                : (d, a, b) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = Rounding
                                .bits(extreme(Float.intBitsToFloat(a[l]), Float.intBitsToFloat(b[l]), false, nan));
                    }
                };
    }

    /** Takes .xorsign.abs, which only go together. */
    static boolean xorSign(Decoding x) {
        boolean sign = x.take("xorsign");
        if (x.take("abs") != sign) {
            throw x.refuse(".xorsign and .abs go together");
        }
        return sign;
    }

    private static void extreme(Decoding x, boolean max) {
        boolean ftz = x.take("ftz");
        boolean nan = x.take("NaN");
        boolean three = x.operandCount() == 4;
        boolean magnitudes = three && x.take("abs");
        boolean xorSign = !three && xorSign(x);
        x.type();
        x.done();
        if (three) {
            PackedFloatOps.three(x, max, nan, ftz, magnitudes);
            return;
        }
        emit(x, extreme(max, nan, xorSign), ftz, false);
    }
}
