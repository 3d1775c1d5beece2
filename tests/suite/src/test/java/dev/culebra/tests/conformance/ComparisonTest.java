package dev.culebra.tests.conformance;

import java.util.ArrayList;
import java.util.List;

/** Sections 9.7.6 and 9.7.7: every comparison of every type, alone, combined with a predicate, and as a value. */
class ComparisonTest extends Conformance {

    private static final String[] ORDERED = {"eq", "ne", "lt", "le", "gt", "ge"};
    private static final String[] UNSIGNED = {"lo", "ls", "hi", "hs"};
    private static final String[] FLOATING = {"equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        for (String t : new String[]{"b16", "b32", "b64", "u16", "u32", "u64", "s16", "s32", "s64", "f32", "f64", "f16",
            "bf16"}) {
            predicates(t, "");
            values(t, "");
        }
        for (String t : new String[]{"f32", "f16"}) {
            predicates(t, ".ftz");
            values(t, ".ftz");
        }
        for (String t : new String[]{"f16x2", "bf16x2"}) pairs(t);
        combinations();
        selections();
        return cases;
    }

    private static List<String> comparisons(String t) {
        List<String> c = new ArrayList<>(
                List.of(t.startsWith("b") && Ieee.of(t) == null ? new String[]{"eq", "ne"} : ORDERED));
        if (t.startsWith("u")) c.addAll(List.of(UNSIGNED));
        if (Ieee.of(t) != null) c.addAll(List.of(FLOATING));
        return c;
    }

    /** Whether a comparison holds: of numbers by their order, of others by whether it is an unordered one. */
    static boolean holds(String comparison, String t, boolean ftz, long a, long b) {
        Ieee f = Ieee.of(t);
        boolean ordered = true;
        int order;
        if (f == null) {
            order = Whole.of(t, a).compareTo(Whole.of(t, b));
        } else {
            ordered = !f.isNan(a) && !f.isNan(b);
            order = ordered ? Ieee.compare(f.decode(ftz ? f.flush(a) : a), f.decode(ftz ? f.flush(b) : b)) : 0;
        }
        return switch (comparison) {
            case "eq" -> ordered && order == 0;
            case "ne" -> ordered && order != 0;
            case "lt", "lo" -> ordered && order < 0;
            case "le", "ls" -> ordered && order <= 0;
            case "gt", "hi" -> ordered && order > 0;
            case "ge", "hs" -> ordered && order >= 0;
            case "equ" -> !ordered || order == 0;
            case "neu" -> !ordered || order != 0;
            case "ltu" -> !ordered || order < 0;
            case "leu" -> !ordered || order <= 0;
            case "gtu" -> !ordered || order > 0;
            case "geu" -> !ordered || order >= 0;
            case "num" -> ordered;
            case "nan" -> !ordered;
            default -> throw new IllegalArgumentException(comparison);
        };
    }

    private static int target(String t) { return t.startsWith("bf16") ? 90 : 80; }

    /**
     * Bit k of the result: the k-th comparison; of the second result: its opposite, as {@code p|q} gives it. Half precision has no
     * second one; there it is made from the first.
     */
    private void predicates(String t, String ftz) {
        List<String> c = comparisons(t);
        boolean half = Ieee.of(t) == Ieee.F16 || Ieee.of(t) == Ieee.BF16;
        StringBuilder code = new StringBuilder("mov.b32 %o0, 0; mov.b32 %o1, 0;\n");
        for (int k = 0; k < c.size(); k++) {
            code.append("setp.").append(c.get(k)).append(ftz).append('.').append(t)
                    .append(half ? " %p0, %i0, %i1; not.pred %p1, %p0; " : " %p0|%p1, %i0, %i1; ")
                    .append("@%p0 or.b32 %o0, %o0, ")
                    .append(1 << k).append("; @%p1 or.b32 %o1, %o1, ").append(1 << k).append(";\n");
        }
        cases.add(Tuples.of((half ? "9.7.7.2/setp" : "9.7.6.2/setp") + ftz + "." + t, code.toString())
                .target(target(t), "8.0").in(t, t).out("b32", "b32")
                .answers((v, out) -> {
                    long p = 0;
                    for (int k = 0; k < c.size(); k++)
                        p |= holds(c.get(k), t, !ftz.isEmpty(), v[0], v[1]) ? 1L << k : 0;
                    out[0].is(p);
                    out[1].is(~p & (1L << c.size()) - 1);
                }));
    }

    /** {@code set}, to an integer and to f32 (f16 and bf16 to integers, and to themselves). */
    private void values(String t, String ftz) {
        List<String> c = comparisons(t);
        Ieee f = Ieee.of(t);
        boolean half = f == Ieee.F16 || f == Ieee.BF16;
        String[] to = half ? new String[]{t, "u16", "s32"} : new String[]{"u32", "s32", "f32"};
        for (String d : to) {
            StringBuilder code = new StringBuilder();
            String[] out = new String[c.size()];
            for (int k = 0; k < c.size(); k++) {
                out[k] = d;
                code.append("set.").append(c.get(k)).append(ftz).append('.').append(d).append('.').append(t)
                        .append(" %o")
                        .append(k).append(", %i0, %i1;\n");
            }
            Ieee fd = Ieee.of(d);
            long yes = fd == null ? -1 : fd.one();
            cases.add(Tuples.of((half ? "9.7.7.1/set" : "9.7.6.1/set") + ftz + "." + d + "." + t, code.toString())
                    .target(target(t), "8.0").in(t, t).out(out).answers((v, r) -> {
                        for (int k = 0; k < c.size(); k++) {
                            r[k].is(holds(c.get(k), t, !ftz.isEmpty(), v[0], v[1]) ? yes : 0);
                        }
                    }));
        }
    }

    /** Packed halves: two predicates, one a half, and both results in one register. */
    private void pairs(String t) {
        String h = t.replace("x2", "");
        List<String> c = comparisons(h);
        StringBuilder code = new StringBuilder("mov.b32 %o0, 0; mov.b32 %o1, 0;\n");
        String[] out = new String[2 + c.size()];
        out[0] = out[1] = "b32";
        for (int k = 0; k < c.size(); k++) {
            out[2 + k] = "b32";
            code.append("setp.").append(c.get(k)).append('.').append(t)
                    .append(" %p0|%p1, %i0, %i1; @%p0 or.b32 %o0, %o0, ")
                    .append(1 << k).append("; @%p1 or.b32 %o1, %o1, ").append(1 << k).append(";\nset.").append(c.get(k))
                    .append('.').append(t).append('.').append(t).append(" %o").append(2 + k).append(", %i0, %i1;\n");
        }
        long one = Ieee.of(h).one();
        cases.add(
                Tuples.of("9.7.7.2/setp-set." + t, code.toString()).target(target(t), "8.0").in("b32", "b32").from(t, t)
                        .out(out).answers((v, r) -> {
                            long low = 0;
                            long high = 0;
                            for (int k = 0; k < c.size(); k++) {
                                boolean l = holds(c.get(k), h, false, v[0] & 0xffff, v[1] & 0xffff);
                                boolean u = holds(c.get(k), h, false, v[0] >>> 16, v[1] >>> 16);
                                low |= l ? 1L << k : 0;
                                high |= u ? 1L << k : 0;
                                r[2 + k].is((l ? one : 0) | (u ? one << 16 : 0));
                            }
                            r[0].is(low);
                            r[1].is(high);
                        }));
    }

    /** "p = BoolOp(t, c); q = BoolOp(!t, c)", with c or its negation. */
    private void combinations() {
        for (String op : new String[]{"and", "or", "xor"}) {
            for (String not : new String[]{"", "!"}) {
                cases.add(Tuples.of("9.7.6.2/setp.lt." + op + ".s32" + (not.isEmpty() ? "" : "-not"), """
                        setp.ne.b32 %p2, %i2, 0; setp.lt.OP.s32 %p0|%p1, %i0, %i1, NOT%p2;
                        selp.b32 %o0, 1, 0, %p0; selp.b32 %o1, 1, 0, %p1; set.lt.OP.u32.s32 %o2, %i0, %i1, NOT%p2;"""
                        .replace("OP", op).replace("NOT", not)).in("s32", "s32", "pred").out("pred", "pred", "u32")
                        .answers((v, out) -> {
                            int t = (int) v[0] < (int) v[1] ? 1 : 0;
                            int c = not.isEmpty() ? (int) v[2] : 1 - (int) v[2];
                            out[0].is(combine(op, t, c));
                            out[1].is(combine(op, 1 - t, c));
                            out[2].is(-combine(op, t, c));
                        }));
            }
        }
    }

    private static int combine(String op, int t, int c) {
        int both = t + c;
        return switch (op) {
            case "and" -> both == 2 ? 1 : 0;
            case "or" -> both > 0 ? 1 : 0;
            default -> both == 1 ? 1 : 0;
        };
    }

    private void selections() {
        for (String t : new String[]{"b16", "b32", "b64", "u16", "u32", "u64", "s16", "s32", "s64", "f32", "f64"}) {
            cases.add(Tuples.of("9.7.6.3/selp." + t, "setp.ne.b32 %p0, %i2, 0; selp." + t + " %o0, %i0, %i1, %p0;")
                    .in("b" + Tuples.bits(t), "b" + Tuples.bits(t), "pred").out("b" + Tuples.bits(t))
                    .gives(v -> v[2] != 0 ? v[0] : v[1]));
            for (String by : new String[]{"s32", "f32", "ftz.f32"}) {
                String c = by.replace("ftz.", "");
                String op = "slct." + (by.startsWith("ftz") ? "ftz." : "") + t + "." + c;
                String b = "b" + Tuples.bits(t);
                // Negative zero is not less than zero, and a NaN selects b.
                cases.add(Tuples.of("9.7.6.4/" + op, op + " %o0, %i0, %i1, %i2;").in(b, b, c).out(b).over(Values.cross(
                        new long[]{1, 0x7fc0_0001_7fc0_0001L}, new long[]{2, -5}, Values.of(c))).gives(v -> {
                            boolean first = holds("ge", c, by.startsWith("ftz"), v[2], 0);
                            return first ? v[0] : v[1];
                        }));
            }
        }
    }
}
