package dev.culebra.tests.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Section 9.7.3 and 9.7.4, what is approximate: the ISA gives results of special operands and the greatest error of the others.
 * References are {@link StrictMath}'s, whose errors (two units in the last place of a double) are far below the bounds.
 */
class ApproximationTest extends Conformance {

    private static final double LOG2 = StrictMath.log(2);

    private final List<Case> cases = new ArrayList<>();

    /** The greatest difference from the exact result. */
    private interface Bound {
        /**
         * The difference.
         *
         * @param x the operand
         * @param exact the exact result
         * @return what is allowed, 0 or more; NaN where the ISA gives no bound
         */
        double of(double x, double exact);
    }

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        for (String ftz : new String[]{"", "ftz."}) {
            // "The maximum ulp error is 1 across the full range of inputs."
            one("9.7.3.13/", "rcp.approx." + ftz + "f32", v -> 1 / v, ulps(Ieee.F32, 1));
            // "The maximum relative error over the entire positive finite range is 2^-23."
            one("9.7.3.15/", "sqrt.approx." + ftz + "f32", Math::sqrt, relative(0x1p-23));
            // "The maximum relative error ... is 2^-22.9."
            one("9.7.3.16/", "rsqrt.approx." + ftz + "f32", v -> 1 / Math.sqrt(v), relative(Math.pow(2, -22.9)));
            one("9.7.3.18/", "sin.approx." + ftz + "f32", StrictMath::sin, ApproximationTest::trigonometric);
            one("9.7.3.19/", "cos.approx." + ftz + "f32", StrictMath::cos, ApproximationTest::trigonometric);
            // "The maximum absolute error is 2^-22 in (0.5, 2); outside of it the maximum relative error is 2^-22."
            one("9.7.3.20/", "lg2.approx." + ftz + "f32", v -> StrictMath.log(v) / LOG2,
                    (x, e) -> x > 0.5 && x < 2 ? 0x1p-22 : 0x1p-22 * Math.abs(e));
            // "2 ulp from correctly rounded result": 2.5 from the exact one.
            one("9.7.3.21/", "ex2.approx." + ftz + "f32", v -> StrictMath.pow(2, v), ulps(Ieee.F32, 2.5));
            quotients("9.7.3.8/", "div.approx." + ftz + "f32", false);
            quotients("9.7.3.8/", "div.full." + ftz + "f32", true);
        }
        // "The maximum relative error over the entire floating point range is 2^-11"; subnormal numbers pass through.
        one("9.7.3.22/", "tanh.approx.f32", StrictMath::tanh, relative(0x1p-11));
        // The ISA gives no bound. 20 bits of the operand's fraction and of the result's are there: 2^-20 each, and as much again
        // for the table behind it.
        one("9.7.3.14/", "rcp.approx.ftz.f64", v -> 1 / v, relative(3 * 0x1p-20));
        one("9.7.3.17/", "rsqrt.approx.ftz.f64", v -> 1 / Math.sqrt(v), relative(3 * 0x1p-20));
        one("9.7.3.16/", "rsqrt.approx.f64", v -> 1 / Math.sqrt(v), relative(0x1p-50));
        for (String x2 : new String[]{"", "x2"}) {
            // "The maximum relative error for .f16 type is 2^-9.9 ... for .bf16 type is 2^-7". Among subnormal numbers that is
            // less than their distance: one of it, 2^-24, is allowed there, and an H200 uses it.
            one("9.7.4.10/", "ex2.approx.f16" + x2, v -> StrictMath.pow(2, v),
                    (x, e) -> Math.max(Math.pow(2, -9.9) * e, e < 0x1p-14 ? 0x1p-24 : 0));
            one("9.7.4.10/", "ex2.approx.ftz.bf16" + x2, v -> StrictMath.pow(2, v), relative(0x1p-7));
            // "The maximum absolute error for .f16 type is 2^-10.987 ... for .bf16 type is 2^-8."
            one("9.7.4.9/", "tanh.approx.f16" + x2, StrictMath::tanh, (x, e) -> x == 0 ? 0 : Math.pow(2, -10.987));
            one("9.7.4.9/", "tanh.approx.bf16" + x2, StrictMath::tanh, (x, e) -> x == 0 ? 0 : 0x1p-8);
        }
        return cases;
    }

    /** "[-2pi .. 2pi] 2^-20.5, [-100pi .. 100pi] 2^-14.7; outside only best effort." */
    private static double trigonometric(double x, double exact) {
        return x == 0
                ? 0
                : Math.abs(x) <= 2 * Math.PI
                        ? Math.pow(2, -20.5)
                        : Math.abs(x) <= 100 * Math.PI ? Math.pow(2, -14.7) : Double.NaN;
    }

    private static Bound relative(double r) { return (x, exact) -> r * Math.abs(exact); }

    private static Bound ulps(Ieee f, double n) { return (x, exact) -> n * ulp(f, exact); }

    private static double ulp(Ieee f, double v) {
        int e = v == 0 ? f.least : Math.max(Math.getExponent(v), f.least);
        return Math.scalb(1.0, Math.min(e, f.most) - f.precision + 1);
    }

    private void one(String section, String op, DoubleUnaryOperator function, Bound bound) {
        String t = op.substring(op.lastIndexOf('.') + 1);
        String half = t.replace("x2", "");
        Ieee f = Ieee.of(half);
        boolean ftz = op.contains("ftz");
        // The upper words alone count for the double forms that end in ftz.
        long keep = ftz && f == Ieee.F64 ? 0xffffffff00000000L : -1;
        long[] operands = operands(op, half);
        String type = t.endsWith("x2") ? "b32" : t;
        if (t.endsWith("x2")) {
            long[] pairs = new long[operands.length];
            Arrays.setAll(pairs, i -> operands[i] | operands[(i * 5 + 2) % operands.length] << 16);
            cases.add(Tuples.of(section + op, op + " %o0, %i0;").target(90, "8.0").in(type).out(type)
                    .over(Values.cross(pairs)).answers((v, out) -> {
                        Tuples.Result[] r = {new Tuples.Result(half), new Tuples.Result(half)};
                        answer(f, ftz, keep, function, bound, v[0] & 0xffff, r[0]);
                        answer(f, ftz, keep, function, bound, v[0] >>> 16, r[1]);
                        out[0].isPair(r[0], r[1]);
                    }));
        } else {
            cases.add(Tuples.of(section + op, op + " %o0, %i0;").target(f == Ieee.BF16 ? 90 : 80, "8.0").in(type)
                    .out(type)
                    .over(Values.cross(operands))
                    .answers((v, out) -> answer(f, ftz, keep, function, bound, v[0], out[0])));
        }
    }

    /** The format's spread; for exponentials and circular functions also where they do not overflow or repeat. */
    private static long[] operands(String op, String type) {
        long[] all = Spread.values(type);
        if (Ieee.of(type) == Ieee.F16 || Ieee.of(type) == Ieee.BF16) {
            // Every 37th value, 37 having no divisor in common with the format's steps.
            long[] some = new long[1772];
            Arrays.setAll(some, i -> i * 37L & 0xffff);
            long[] both = Arrays.copyOf(all, all.length + some.length);
            System.arraycopy(some, 0, both, all.length, some.length);
            return both;
        }
        if (!type.equals("f32")) return all;
        double most = op.startsWith("ex2") ? 150 : op.startsWith("tanh") ? 12 : 2 * Math.PI;
        long[] more = new long[2 * 240];
        for (int i = 0; i < 240; i++) {
            more[2 * i] = Float.floatToRawIntBits((float) ((i - 119.5) / 119.5 * most)) & 0xffffffffL;
            more[2 * i + 1] = Float.floatToRawIntBits((float) ((i - 119.5) / 119.5 * 100 * Math.PI)) & 0xffffffffL;
        }
        long[] both = Arrays.copyOf(all, all.length + more.length);
        System.arraycopy(more, 0, both, all.length, more.length);
        return both;
    }

    private static void answer(Ieee f, boolean ftz, long keep, DoubleUnaryOperator function, Bound bound, long bits,
            Tuples.Result out) {
        long a = ftz ? f.flush(bits & keep) : bits; // "ignore the least-significant 32 bits": of a NaN too
        if (f.isNan(a)) {
            // "Input NaNs map to a canonical NaN with encoding 0x7fffffff00000000."
            if (keep != -1) out.isJust(0x7fffffff00000000L);
            else out.is(f.nan());
            return;
        }
        double x = f.value(a);
        double exact = function.applyAsDouble(x);
        double error = bound.of(x, exact);
        near(f, ftz, exact, error, out);
    }

    /** Sets a result that may be {@code error} away. */
    private static void near(Ieee f, boolean ftz, double exact, double error, Tuples.Result out) {
        if (exact != exact) {
            out.is(f.nan());
        } else if (Double.isInfinite(exact) || exact == 0) {
            long sign = exact < 0 || 1 / exact < 0 ? f.signBit() : 0;
            out.isJust(sign | (exact == 0 ? 0 : f.infinity(false)));
        } else if (error != error) {
            out.isFree(0, Freedom.unspecified("only best effort is provided outside of [-100pi, +100pi]"));
        } else {
            double low = reach(f, ftz, exact - error);
            double high = reach(f, ftz, exact + error);
            out.isFree(f.round(Ieee.F64.decode(Double.doubleToRawLongBits(exact)), 'n'), Freedom.between(f, low, high));
        }
    }

    /** A bound, widened where the format ends: to infinity beyond its largest number, to zero where subnormals are flushed. */
    private static double reach(Ieee f, boolean ftz, double v) {
        double largest = f.value(f.largest(false));
        double least = Math.scalb(1.0, f.least);
        if (Math.abs(v) > largest) return Math.copySign(Double.POSITIVE_INFINITY, v);
        return ftz && Math.abs(v) < least ? 0 : v;
    }

    /**
     * "div.approx: for |b| in [2^-126, 2^126], the maximum ulp error is 2. For 2^126 < |b| < 2^128, if a is infinity, returns NaN,
     * otherwise a sign-preserving zero. div.full: the maximum ulp error is 2 across the full range of inputs."
     */
    private void quotients(String section, String op, boolean full) {
        Ieee f = Ieee.F32;
        boolean ftz = op.contains("ftz");
        Floating exactly = Floating.of(op);
        cases.add(Tuples.of(section + op, op + " %o0, %i0, %i1;").in("f32", "f32").out("f32").answers((v, out) -> {
            long a = ftz ? f.flush(v[0]) : v[0];
            long b = ftz ? f.flush(v[1]) : v[1];
            double d = f.value(b);
            double q = f.value(a) / d;
            if (!full && Math.abs(d) > 0x1p126 && Double.isFinite(d) && !f.isNan(a)) {
                if (f.isInfinite(a)) out[0].is(f.nan());
                else out[0].isJust((v[0] ^ v[1]) & f.signBit());
            } else if (!full && Math.abs(d) < 0x1p-126 && d != 0) {
                out[0].isFree(0, Freedom.unspecified("div.approx has no bound for |b| < 2^-126"));
            } else if (f.isNan(a) || f.isNan(b) || f.isZero(b) || f.isInfinite(b) || f.isZero(a) || f.isInfinite(a)) {
                out[0].is(exactly.divide(v[0], v[1]));
            } else {
                near(f, ftz, q, 2 * ulp(f, q), out[0]);
            }
        }));
    }
}
