package dev.culebra.tests.conformance;

import dev.culebra.tests.conformance.Ieee.Number;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Section 9.7.9.21: every pair of types, rounding and saturation that cvt has. */
class ConversionTest extends Conformance {

    private static final String[] WHOLE = {"u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"};
    private static final String[] FLOATING = {"f16", "bf16", "f32", "f64"};
    private static final String[] ROUNDINGS = {"rn", "rz", "rm", "rp"};

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (cases.isEmpty()) {
            wholeToWhole();
            wholeToFloating();
            floatingToWhole();
            floatingToFloating();
            rounded();
            narrow();
            packed();
            packs();
        }
        return cases;
    }

    private static String register(String t) { return "b" + Math.max(16, Tuples.bits(t)); }

    private static int target(String... types) {
        for (String t : types) if (t.startsWith("bf16")) return 90;
        return 80;
    }

    private static boolean holds(String to, String from) {
        return Whole.least(to).compareTo(Whole.least(from)) <= 0 && Whole.most(to).compareTo(Whole.most(from)) >= 0;
    }

    /** The second result is the same in a register of 64 bits: sign-extended for signed types, else zero-extended. */
    private void wholeToWhole() {
        for (String to : WHOLE) {
            for (String from : WHOLE) {
                for (String sat : holds(to, from) ? new String[]{""} : new String[]{"", "sat."}) {
                    String op = "cvt." + sat + to + "." + from;
                    cases.add(Tuples.of("9.7.9.21/" + op, op + " %o0, %i0; " + op + " %o1, %i0;").in(from)
                            .out(register(to), "b64").answers((v, out) -> {
                                BigInteger a = Whole.of(from, v[0]);
                                BigInteger r = sat.isEmpty() ? Whole.of(to, a.longValue()) : Whole.clamp(to, a);
                                out[0].is(r.longValue());
                                out[1].is(r.longValue());
                            }));
                }
            }
        }
    }

    /** ptxas knows no conversion between bf16 and 8 bits, though the ISA's list of types has it. */
    private static boolean missing(String floating, String whole) {
        return floating.equals("bf16") && Tuples.bits(whole) == 8;
    }

    private void wholeToFloating() {
        for (String to : FLOATING) {
            for (String from : WHOLE) {
                if (missing(to, from)) continue;
                for (String r : ROUNDINGS) {
                    for (String sat : r.equals("rn") && !to.equals("bf16")
                            ? new String[]{"", "sat."}
                            : new String[]{""}) {
                        String op = "cvt." + r + "." + sat + to + "." + from;
                        Floating f = Floating.of(op.replace("." + from, ""));
                        cases.add(Tuples.of("9.7.9.21/" + op, op + " %o0, %i0;").target(target(to), "8.0").in(from)
                                .out(to)
                                .gives(v -> f.write(Number.ofInteger(Whole.of(from, v[0])))));
                    }
                }
            }
        }
    }

    /**
     * "The result is clamped to the destination range by default." NaN gives zero where the source is not .f64 and the destination
     * not of 64 bits, else 1 << (BitWidth(dst) - 1).
     */
    private void floatingToWhole() {
        for (String from : FLOATING) {
            Ieee f = Ieee.of(from);
            for (String to : WHOLE) {
                if (missing(from, to)) continue;
                int n = Tuples.bits(to);
                for (String r : ROUNDINGS) {
                    for (String ftz : f == Ieee.F32 ? new String[]{"", "ftz."} : new String[]{""}) {
                        String op = "cvt." + r + "i." + ftz + to + "." + from;
                        cases.add(Tuples.of("9.7.9.21/" + op, op + " %o0, %i0;").target(target(from), "8.0").in(from)
                                .out(register(to)).over(aroundEnds(from, to)).gives(v -> {
                                    // A signed type's is extended to the register.
                                    if (f.isNan(v[0])) {
                                        return f != Ieee.F64 && n < 64 ? 0 : Whole.of(to, 1L << n - 1).longValue();
                                    }
                                    Number a = f.decode(ftz.isEmpty() ? v[0] : f.flush(v[0]));
                                    if (a.infinite())
                                        return (a.negative() ? Whole.least(to) : Whole.most(to)).longValue();
                                    Number w = Ieee.whole(a, r.charAt(1));
                                    BigInteger i = w.m().shiftLeft(w.e());
                                    return Whole.clamp(to, w.negative() ? i.negate() : i).longValue();
                                }));
                    }
                }
            }
        }
    }

    /** The format's values, and its neighbours of the destination's ends and of halves. */
    private static long[][] aroundEnds(String from, String to) {
        Ieee f = Ieee.of(from);
        List<Long> all = new ArrayList<>();
        for (long v : Spread.values(from)) all.add(v);
        for (BigInteger end : new BigInteger[]{Whole.least(to), Whole.most(to)}) {
            for (int k = -3; k <= 3; k++) { // in halves
                BigInteger twice = end.shiftLeft(1).add(BigInteger.valueOf(k));
                long v = f.round(Number.of(twice.signum() < 0, twice.abs(), -1), 'n');
                for (long d = -1; d <= 1; d++) if (f.isZero(v) ? d >= 0 : !f.isInfinite(v)) all.add(v + d);
            }
        }
        return Values.cross(all.stream().mapToLong(v -> v).toArray());
    }

    private void floatingToFloating() {
        for (String to : FLOATING) {
            for (String from : FLOATING) {
                if (to.equals(from)) continue;
                Ieee a = Ieee.of(from);
                Ieee d = Ieee.of(to);
                boolean exact = d.precision >= a.precision && d.most >= a.most;
                boolean single = to.equals("f32") || from.equals("f32");
                for (String r : exact ? new String[]{""} : ROUNDINGS) {
                    for (String ftz : single ? new String[]{"", "ftz."} : new String[]{""}) {
                        for (String sat : to.equals("bf16") || from.equals("bf16")
                                ? new String[]{""}
                                : new String[]{"", "sat."}) {
                            if (!ftz.isEmpty() && (to.equals("bf16") || from.equals("bf16"))) continue;
                            change(to, from, r, ftz, sat);
                        }
                    }
                }
            }
        }
    }

    private void change(String to, String from, String r, String ftz, String sat) {
        Ieee a = Ieee.of(from);
        Ieee d = Ieee.of(to);
        String op = "cvt." + (r.isEmpty() ? "" : r + ".") + ftz + sat + to + "." + from;
        // .ftz "applies only to single precision (.f32) inputs and results".
        Floating f = new Floating(d, r.isEmpty() ? 'n' : r.charAt(1), !ftz.isEmpty() && d == Ieee.F32, !sat.isEmpty(),
                false);
        boolean flush = !ftz.isEmpty() && a == Ieee.F32;
        cases.add(Tuples.of("9.7.9.21/" + op, op + " %o0, %i0;").target(target(to, from), "8.0").in(from).out(to)
                .over(near(from, to)).gives(v -> f.write(a.decode(flush ? a.flush(v[0]) : v[0]))));
    }

    /** The source's values, and for the destination's values their neighbours in the source, with ties between them. */
    private static long[][] near(String from, String to) {
        Ieee f = Ieee.of(from);
        Ieee d = Ieee.of(to);
        List<Long> all = new ArrayList<>();
        for (long v : Spread.values(from)) all.add(v);
        if (f.precision > d.precision + 1) {
            for (long v : Spread.values(to)) {
                if (d.isNan(v) || d.isInfinite(v)) continue;
                long below = f.round(d.decode(v), 'z');
                if (f.isZero(below)) continue;
                // Half of the destination's last place above, and its neighbours.
                long tie = f.isSubnormal(below) ? 1 : 1L << f.precision - d.precision - 1;
                for (long step : new long[]{0, 1, -1, tie, tie + 1, tie - 1}) {
                    if (!f.isNan(below + step)) all.add(below + step);
                }
            }
        }
        return Values.cross(all.stream().mapToLong(v -> v).toArray());
    }

    /** "A floating-point value may be rounded to an integral value"; a zero keeps its sign. */
    private void rounded() {
        for (String t : new String[]{"f16", "f32", "f64"}) {
            for (String r : ROUNDINGS) {
                for (String m : t.equals("f32")
                        ? new String[]{"", "ftz.", "sat.", "ftz.sat."}
                        : new String[]{"", "sat."}) {
                    String op = "cvt." + r + "i." + m + t + "." + t;
                    Floating f = Floating.of("." + m + t);
                    cases.add(Tuples.of("9.7.9.21/" + op, op + " %o0, %i0;").in(t).out(t).over(Spread.of(t))
                            .gives(v -> f.write(Ieee.whole(f.read(v[0]), r.charAt(1)))));
                }
            }
        }
    }

    /** The forms with .relu and .satfinite, and to tf32. */
    private void narrow() {
        for (String to : new String[]{"f16", "bf16", "tf32"}) {
            for (String r : new String[]{"rn", "rz", "rna"}) {
                for (String m : new String[]{"", ".relu", ".satfinite", ".relu.satfinite"}) {
                    boolean plain = !to.equals("tf32") && m.isEmpty(); // among the general ones
                    boolean tooLate = to.equals("tf32") && !r.equals("rna") && m.contains("satfinite"); // wants sm_100
                    if (tooLate || plain || r.equals("rna") && (!to.equals("tf32") || m.contains("relu"))) {
                        continue;
                    }
                    String op = "cvt." + r + m + "." + to + ".f32";
                    boolean later = m.contains("satfinite");
                    cases.add(Tuples.of("9.7.9.21/" + op, op + " %o0, %i0;")
                            .target(later || to.equals("tf32") && !r.equals("rna") ? 90 : 80, later ? "8.6" : "8.0")
                            .in("f32").out(to).over(near("f32", to)).gives(v -> narrow(to, r, m, v[0])));
                }
            }
        }
    }

    private static long narrow(String to, String rounding, String modifiers, long bits) {
        Ieee d = Ieee.of(to);
        long r = d.round(Ieee.F32.decode(bits), rounding.equals("rna") ? 'a' : rounding.charAt(1));
        // "greater than MAX_NORM ... sign-preserved MAX_NORM", after rounding: an infinity becomes it.
        if (modifiers.contains("satfinite") && d.isInfinite(r)) r = d.largest(d.negative(r));
        return modifiers.contains("relu") && !d.isNan(r) && d.negative(r) ? 0 : r;
    }

    /** "The value converted from a is stored in the upper half of d and the value converted from b in the lower half." */
    private void packed() {
        long[] some = new long[60];
        for (String to : new String[]{"f16", "bf16"}) {
            long[][] all = near("f32", to);
            for (int i = 0; i < some.length; i++) some[i] = all[i * 17 % all.length][0];
            for (String r : new String[]{"rn", "rz"}) {
                for (String m : new String[]{"", ".relu", ".satfinite", ".relu.satfinite"}) {
                    String op = "cvt." + r + m + "." + to + "x2.f32";
                    boolean later = m.contains("satfinite");
                    cases.add(Tuples.of("9.7.9.21/" + op, op + " %o0, %i0, %i1;")
                            .target(later ? 90 : 80, later ? "8.6" : "8.0")
                            .in("f32", "f32").out(to + "x2").over(Values.cross(some, some))
                            .gives(v -> narrow(to, r, m, v[0]) << 16 | narrow(to, r, m, v[1])));
                }
            }
        }
    }

    /** Section 9.7.9.22: two integers, clamped, side by side; what is left comes from the lower bits of c. */
    private void packs() {
        for (String to : new String[]{"u16", "s16"}) {
            String op = "cvt.pack.sat." + to + ".s32";
            cases.add(Tuples.of("9.7.9.22/" + op, op + " %o0, %i0, %i1;").in("s32", "s32").out("b32")
                    .gives(v -> side(to, v)));
        }
        for (String to : new String[]{"u8", "s8", "u4", "s4", "u2", "s2"}) {
            int bits = Integer.parseInt(to.substring(1));
            String op = "cvt.pack.sat." + to + ".s32.b32";
            cases.add(Tuples.of("9.7.9.22/" + op, op + " %o0, %i0, %i1, %i2;").in("s32", "s32", "b32").out("b32")
                    .gives(v -> side(to, v) | v[2] << 2 * bits));
        }
    }

    private static long side(String to, long[] v) {
        int bits = Integer.parseInt(to.substring(1));
        long mask = (1L << bits) - 1;
        return (Whole.clamp(to, Whole.of("s32", v[0])).longValue() & mask) << bits
                | Whole.clamp(to, Whole.of("s32", v[1])).longValue() & mask;
    }
}
