package dev.culebra.tests.conformance;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;

/** Section 9.7.1, whole numbers by BigInteger. */
class IntegerArithmeticTest extends Conformance {

    private static final String[] ALL = {"u16", "u32", "u64", "s16", "s32", "s64"};

    private final List<Case> cases = new ArrayList<>();

    private static final Freedom BY_ZERO = Freedom
            .unspecified("division by zero yields an unspecified, machine-specific value (9.7.1.8)");

    @Override
    List<Case> cases() {
        if (cases.isEmpty()) {
            sumsAndExtremes();
            products();
            quotients();
            for (String t : new String[]{"s16", "s32", "s64"}) {
                // The absolute value and the negative of the least number are out of range: d = |a|, kept in so many bits.
                cases.add(Tuples.of("9.7.1.10/abs." + t, "abs." + t + " %o0, %i0;").in(t).out(t)
                        .gives(v -> Whole.of(t, v[0]).abs().longValue()));
                cases.add(Tuples.of("9.7.1.11/neg." + t, "neg." + t + " %o0, %i0;").in(t).out(t)
                        .gives(v -> Whole.of(t, v[0]).negate().longValue()));
            }
            for (String t : ALL) {
                cases.add(Tuples.of("9.7.1.7/sad." + t, "sad." + t + " %o0, %i0, %i1, %i2;").in(t, t, t).out(t)
                        .gives(v -> Whole.of(t, v[0]).subtract(Whole.of(t, v[1])).abs().add(Whole.of(t, v[2]))
                                .longValue()));
            }
            dots();
        }
        return cases;
    }

    private void two(String name, String op, String t, BinaryOperator<BigInteger> f) {
        cases.add(Tuples.of(name, op + " %o0, %i0, %i1;").target(op.contains("relu") ? 90 : 80, "8.0").in(t, t).out(t)
                .gives(v -> f.apply(Whole.of(t, v[0]), Whole.of(t, v[1])).longValue()));
    }

    private void sumsAndExtremes() {
        for (String t : ALL) {
            two("9.7.1.1/add." + t, "add." + t, t, BigInteger::add);
            two("9.7.1.2/sub." + t, "sub." + t, t, BigInteger::subtract);
            two("9.7.1.12/min." + t, "min." + t, t, BigInteger::min);
            two("9.7.1.13/max." + t, "max." + t, t, BigInteger::max);
        }
        two("9.7.1.1/add.sat.s32", "add.sat.s32", "s32", (a, b) -> Whole.clamp("s32", a.add(b)));
        two("9.7.1.2/sub.sat.s32", "sub.sat.s32", "s32", (a, b) -> Whole.clamp("s32", a.subtract(b)));
        two("9.7.1.12/min.relu.s32", "min.relu.s32", "s32", (a, b) -> a.min(b).max(BigInteger.ZERO));
        two("9.7.1.13/max.relu.s32", "max.relu.s32", "s32", (a, b) -> a.max(b).max(BigInteger.ZERO));
        for (String h : new String[]{"u16", "s16"}) {
            packed("9.7.1.1/add.", "add.", h, BigInteger::add);
            packed("9.7.1.12/min.", "min.", h, BigInteger::min);
            packed("9.7.1.13/max.", "max.", h, BigInteger::max);
        }
        packed("9.7.1.12/min.relu.", "min.relu.", "s16", (a, b) -> a.min(b).max(BigInteger.ZERO));
        packed("9.7.1.13/max.relu.", "max.relu.", "s16", (a, b) -> a.max(b).max(BigInteger.ZERO));
    }

    private void packed(String name, String op, String h, BinaryOperator<BigInteger> f) {
        String t = h + "x2";
        cases.add(
                Tuples.of(name + t, op + t + " %o0, %i0, %i1;").target(90, "8.0").in("b32", "b32").from(t, t).out("b32")
                        .gives(v -> {
                            long d = 0;
                            for (int i = 0; i < 32; i += 16) {
                                BigInteger r = f.apply(Whole.of(h, v[0] >>> i), Whole.of(h, v[1] >>> i));
                                d |= (r.longValue() & 0xffff) << i;
                            }
                            return d;
                        }));
    }

    private static String twice(String t) { return t.charAt(0) + (t.endsWith("16") ? "32" : "64"); }

    private void products() {
        for (String t : ALL) {
            int n = Tuples.bits(t);
            two("9.7.1.3/mul.lo." + t, "mul.lo." + t, t, BigInteger::multiply);
            two("9.7.1.3/mul.hi." + t, "mul.hi." + t, t, (a, b) -> Whole.part(a.multiply(b), 2 * n - 1, n));
            mad("9.7.1.4/mad.lo." + t, "mad.lo." + t, t, (p, c) -> p.add(c));
            mad("9.7.1.4/mad.hi." + t, "mad.hi." + t, t, (p, c) -> Whole.part(p, 2 * n - 1, n).add(c));
            if (n == 64) continue;
            String w = twice(t);
            cases.add(Tuples.of("9.7.1.3/mul.wide." + t, "mul.wide." + t + " %o0, %i0, %i1;").in(t, t).out(w)
                    .gives(v -> Whole.of(t, v[0]).multiply(Whole.of(t, v[1])).longValue()));
            cases.add(Tuples.of("9.7.1.4/mad.wide." + t, "mad.wide." + t + " %o0, %i0, %i1, %i2;").in(t, t, w).out(w)
                    .gives(v -> Whole.of(t, v[0]).multiply(Whole.of(t, v[1])).add(Whole.of(w, v[2])).longValue()));
        }
        mad("9.7.1.4/mad.hi.sat.s32", "mad.hi.sat.s32", "s32",
                (p, c) -> Whole.clamp("s32", Whole.of("s32", p.shiftRight(32).longValue()).add(c)));
        for (String t : new String[]{"u32", "s32"}) {
            // "a 24x24-bit multiply": the low 24 bits of each, sign-extended for .s32.
            String n = t.charAt(0) + "24";
            BinaryOperator<BigInteger> times = (a, b) -> Whole.of(n, a.longValue())
                    .multiply(Whole.of(n, b.longValue()));
            two("9.7.1.5/mul24.lo." + t, "mul24.lo." + t, t, (a, b) -> Whole.part(times.apply(a, b), 31, 0));
            two("9.7.1.5/mul24.hi." + t, "mul24.hi." + t, t, (a, b) -> Whole.part(times.apply(a, b), 47, 16));
            mad("9.7.1.6/mad24.lo." + t, "mad24.lo." + t, t, times, (p, c) -> Whole.part(p, 31, 0).add(c));
            mad("9.7.1.6/mad24.hi." + t, "mad24.hi." + t, t, times, (p, c) -> Whole.part(p, 47, 16).add(c));
        }
        BinaryOperator<BigInteger> signed = (a, b) -> Whole.of("s24", a.longValue())
                .multiply(Whole.of("s24", b.longValue()));
        mad("9.7.1.6/mad24.hi.sat.s32", "mad24.hi.sat.s32", "s32", signed,
                (p, c) -> Whole.clamp("s32", Whole.of("s32", p.shiftRight(16).longValue()).add(c)));
    }

    private void mad(String name, String op, String t, BinaryOperator<BigInteger> add) {
        mad(name, op, t, BigInteger::multiply, add);
    }

    private void mad(String name, String op, String t, BinaryOperator<BigInteger> times,
            BinaryOperator<BigInteger> add) {
        cases.add(Tuples.of(name, op + " %o0, %i0, %i1, %i2;").in(t, t, t).out(t)
                .gives(v -> add.apply(times.apply(Whole.of(t, v[0]), Whole.of(t, v[1])), Whole.of(t, v[2]))
                        .longValue()));
    }

    private void quotients() {
        for (String t : ALL) {
            // Towards zero: "rem" is machine-dependent for negative numbers, and every machine there is rounds so.
            divide("9.7.1.8/div." + t, "div." + t, t, BigInteger::divide);
            divide("9.7.1.9/rem." + t, "rem." + t, t, BigInteger::remainder);
        }
    }

    private void divide(String name, String op, String t, BinaryOperator<BigInteger> f) {
        cases.add(Tuples.of(name, op + " %o0, %i0, %i1;").in(t, t).out(t).answers((v, out) -> {
            BigInteger b = Whole.of(t, v[1]);
            if (b.signum() == 0) out[0].isFree(0, BY_ZERO);
            else out[0].is(f.apply(Whole.of(t, v[0]), b).longValue());
        }));
    }

    private void dots() {
        for (String a : new String[]{"u32", "s32"}) {
            for (String b : new String[]{"u32", "s32"}) {
                boolean sa = Whole.signed(a);
                boolean sb = Whole.signed(b);
                cases.add(Tuples.of("9.7.1.23/dp4a." + a + "." + b, "dp4a." + a + "." + b + " %o0, %i0, %i1, %i2;")
                        .in("b32", "b32", "b32").out("b32").gives(v -> {
                            long d = v[2];
                            for (int i = 0; i < 32; i += 8)
                                d += Whole.field(v[0], i, 8, sa) * Whole.field(v[1], i, 8, sb);
                            return d;
                        }));
                for (int half = 0; half < 2; half++) {
                    int from = 16 * half;
                    String op = "dp2a." + (half == 0 ? "lo." : "hi.") + a + "." + b;
                    cases.add(
                            Tuples.of("9.7.1.24/" + op, op + " %o0, %i0, %i1, %i2;").in("b32", "b32", "b32").out("b32")
                                    .gives(v -> v[2] + Whole.field(v[0], 0, 16, sa) * Whole.field(v[1], from, 8, sb)
                                            + Whole.field(v[0], 16, 16, sa) * Whole.field(v[1], from + 8, 8, sb)));
                }
            }
        }
    }
}
