package dev.culebra.tests.conformance;

import java.util.ArrayList;
import java.util.List;

/** Section 9.7.4: f16 and bf16, alone and in pairs. */
class HalfPrecisionTest extends Conformance {

    private final List<Case> cases = new ArrayList<>();

    /** An operation on the bits of one half of each operand. */
    private interface Half {
        /**
         * The operation.
         *
         * @param v the operands' bits
         * @return the result's bits
         */
        long of(long[] v);
    }

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        for (String h : new String[]{"f16", "bf16"}) {
            String[] modifiers = h.equals("f16") ? new String[]{"", ".ftz", ".sat", ".ftz.sat"} : new String[]{""};
            for (String m : modifiers) {
                for (String rn : new String[]{"", ".rn"}) {
                    Floating f = Floating.of(m + "." + h);
                    both("9.7.4.1/", "add" + rn + m, h, 2, v -> f.add(v[0], v[1]));
                    both("9.7.4.2/", "sub" + rn + m, h, 2, v -> f.subtract(v[0], v[1]));
                    both("9.7.4.3/", "mul" + rn + m, h, 2, v -> f.multiply(v[0], v[1]));
                }
                Floating f = Floating.of(m + "." + h);
                both("9.7.4.4/", "fma.rn" + m, h, 3, v -> f.fma(v[0], v[1], v[2]));
                if (m.contains("sat")) continue;
                Floating relu = Floating.of(m + ".relu." + h);
                both("9.7.4.4/", "fma.rn" + m + ".relu", h, 3, v -> relu.fma(v[0], v[1], v[2]));
                both("9.7.4.5/", "neg" + m, h, 1, v -> f.negative(v[0]));
                both("9.7.4.6/", "abs" + m, h, 1, v -> f.absolute(v[0]));
                for (String e : new String[]{"", ".NaN", ".xorsign.abs", ".NaN.xorsign.abs"}) {
                    both("9.7.4.7/", "min" + m + e, h, 2,
                            v -> f.extreme(false, e.contains("NaN"), e.contains("xorsign"), v[0], v[1]));
                    both("9.7.4.8/", "max" + m + e, h, 2,
                            v -> f.extreme(true, e.contains("NaN"), e.contains("xorsign"), v[0], v[1]));
                }
            }
        }
        return cases;
    }

    private void both(String section, String op, String h, int operands, Half f) {
        make(section, op, h, h, operands, f);
        make(section, op, h, h + "x2", operands, f);
    }

    private void make(String section, String op, String h, String t, int operands, Half f) {
        boolean pair = t.endsWith("x2");
        boolean sums = !op.startsWith("fma") && !op.startsWith("m") || op.startsWith("mul");
        int target = h.equals("bf16") && sums || op.contains("xorsign") ? 90 : 80;
        String[] in = new String[operands];
        String[] from = new String[operands];
        StringBuilder code = new StringBuilder(op + "." + t + " %o0");
        for (int i = 0; i < operands; i++) {
            in[i] = t;
            from[i] = t;
            code.append(", %i").append(i);
        }
        long[][] tuples = operands == 2 && !pair
                ? subnormalProducts(Ieee.of(h), Values.cross(from))
                : Values.cross(from);
        cases.add(Tuples.of(section + op + "." + t, code + ";").target(target, "8.0").in(in).out(t).over(tuples)
                .gives(v -> {
                    if (!pair) return f.of(v);
                    long[] low = new long[operands];
                    long[] high = new long[operands];
                    for (int i = 0; i < operands; i++) {
                        low[i] = v[i] & 0xffff;
                        high[i] = v[i] >>> 16;
                    }
                    return f.of(low) | f.of(high) << 16;
                }));
    }

    /** Adds products near the least numbers, where an intermediate format of 32 bits would round as well. */
    private static long[][] subnormalProducts(Ieee f, long[][] tuples) {
        List<long[]> all = new ArrayList<>(List.of(tuples));
        for (int i = 0; i < 300; i++) {
            long a = Values.random(f, i) & ~f.signBit();
            long b = Values.random(f, i + 1000) & ~f.signBit();
            long binade = f.leastNormal();
            // 2^-(most/2) each: the product is near 2^-most, the least normal number's size.
            long down = (f.most + i % 12) / 2 * binade;
            all.add(new long[]{Math.max(a - down, 1), Math.max(b - down, 1)});
        }
        return all.toArray(long[][]::new);
    }
}
