package dev.culebra.tests.conformance;

import java.util.ArrayList;
import java.util.List;

/** Section 9.7.3, what is exact: every operation rounded once from its exact result. */
class FloatingPointTest extends Conformance {

    private static final String[] ROUNDINGS = {"rn", "rz", "rm", "rp"};

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (cases.isEmpty()) {
            for (String r : ROUNDINGS) {
                rounded(r, "f64");
                for (String m : new String[]{"", ".ftz", ".sat", ".ftz.sat"}) arithmetic(r + m, "f32");
                for (String m : new String[]{"", ".ftz"}) division(r + m, "f32");
            }
            for (String t : new String[]{"f32", "f64", "ftz.f32"}) signs(t);
            for (String m : new String[]{"f64", "f32", "ftz.f32", "NaN.f32", "ftz.NaN.f32", "xorsign.abs.f32",
                "NaN.xorsign.abs.f32", "ftz.NaN.xorsign.abs.f32"}) {
                extreme("9.7.3.11/min.", "min." + m, false);
                extreme("9.7.3.12/max.", "max." + m, true);
            }
            tests();
        }
        return cases;
    }

    private void rounded(String modifiers, String t) {
        arithmetic(modifiers, t);
        division(modifiers, t);
    }

    private void arithmetic(String modifiers, String t) {
        String m = modifiers + "." + t;
        Floating f = Floating.of("." + m);
        cases.add(Tuples.of("9.7.3.3/add." + m, "add." + m + " %o0, %i0, %i1;").in(t, t).out(t)
                .gives(v -> f.add(v[0], v[1])));
        cases.add(Tuples.of("9.7.3.4/sub." + m, "sub." + m + " %o0, %i0, %i1;").in(t, t).out(t)
                .gives(v -> f.subtract(v[0], v[1])));
        cases.add(Tuples.of("9.7.3.5/mul." + m, "mul." + m + " %o0, %i0, %i1;").in(t, t).out(t)
                .gives(v -> f.multiply(v[0], v[1])));
        cases.add(Tuples.of("9.7.3.6/fma." + m, "fma." + m + " %o0, %i0, %i1, %i2;").in(t, t, t).out(t)
                .gives(v -> f.fma(v[0], v[1], v[2])));
        if (modifiers.length() == 2) { // "mad is the same as fma" from sm_20 on
            cases.add(Tuples.of("9.7.3.7/mad." + m, "mad." + m + " %o0, %i0, %i1, %i2;").in(t, t, t).out(t)
                    .gives(v -> f.fma(v[0], v[1], v[2])));
        }
    }

    private void division(String modifiers, String t) {
        String m = modifiers + "." + t;
        Floating f = Floating.of("." + m);
        cases.add(Tuples.of("9.7.3.8/div." + m, "div." + m + " %o0, %i0, %i1;").in(t, t).out(t)
                .gives(v -> f.divide(v[0], v[1])));
        cases.add(Tuples.of("9.7.3.13/rcp." + m, "rcp." + m + " %o0, %i0;").in(t).out(t).over(Spread.of(t))
                .gives(v -> f.reciprocal(v[0])));
        cases.add(Tuples.of("9.7.3.15/sqrt." + m, "sqrt." + m + " %o0, %i0;").in(t).out(t).over(Spread.of(t))
                .gives(v -> f.root(v[0])));
    }

    private void signs(String m) {
        String t = m.replace("ftz.", "");
        Floating f = Floating.of("." + m);
        cases.add(Tuples.of("9.7.3.9/abs." + m, "abs." + m + " %o0, %i0;").in(t).out(t).gives(v -> f.absolute(v[0])));
        cases.add(Tuples.of("9.7.3.10/neg." + m, "neg." + m + " %o0, %i0;").in(t).out(t).gives(v -> f.negative(v[0])));
    }

    private void extreme(String name, String op, boolean max) {
        String t = op.substring(op.length() - 3);
        Floating f = Floating.of(op);
        cases.add(Tuples.of(name + op.substring(4), op + " %o0, %i0, %i1;")
                .target(op.contains("xorsign") ? 86 : 80, "8.0")
                .in(t, t).out(t)
                .gives(v -> f.extreme(max, op.contains("NaN"), op.contains("xorsign"), v[0], v[1])));
    }

    private void tests() {
        for (String t : new String[]{"f32", "f64"}) {
            Ieee f = Ieee.of(t);
            // "Copy sign bit of a into value of b": bits, so a NaN keeps its payload.
            cases.add(Tuples.of("9.7.3.2/copysign." + t, "copysign." + t + " %o0, %i0, %i1;").in(t, t).out(t)
                    .gives(v -> v[1] & ~f.signBit() | v[0] & f.signBit()));
            for (String op : new String[]{"finite", "infinite", "number", "notanumber", "normal", "subnormal"}) {
                cases.add(Tuples.of("9.7.3.1/testp." + op + "." + t,
                        "testp." + op + "." + t + " %p0, %i0; selp.b32 %o0, 1, 0, %p0;").in(t).out("pred").gives(v -> {
                            boolean nan = f.isNan(v[0]);
                            boolean infinite = f.isInfinite(v[0]);
                            return switch (op) {
                                case "finite" -> !nan && !infinite;
                                case "infinite" -> infinite;
                                case "number" -> !nan;
                                case "notanumber" -> nan;
                                // "positive and negative zero are considered normal numbers"
                                case "normal" -> !nan && !infinite && !f.isSubnormal(v[0]);
                                default -> f.isSubnormal(v[0]);
                            } ? 1 : 0;
                        }));
            }
        }
    }
}
