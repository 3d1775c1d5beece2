package dev.culebra.tests.conformance;

import java.util.ArrayList;
import java.util.List;

/** Section 9.7.18: video instructions, one value at a time and two or four side by side. */
class VideoTest extends Conformance {

    private static final String[] SIGNS = {"u32", "s32"};
    private static final String[] COMPARISONS = {"eq", "ne", "lt", "le", "gt", "ge"};

    private static final long[] WORDS = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffffL, 0x8000_0000L,
        0xffff_ffffL, 0x80ff_7f01L, 0x0180_ff7fL, 0x1234_9abcL};
    private static final long[] FEW = {0, 1, 0xff, 0x7fff, 0x80ff_7f01L};
    private static final long[] THIRD = {0, 5, 0x8000_0000L, 0xffff_fff0L, 0x5a5a_a5a5L};

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (cases.isEmpty()) {
            for (String op : new String[]{"vadd", "vsub", "vabsdiff", "vmin", "vmax"}) {
                for (String d : SIGNS) for (String a : SIGNS) for (String b : SIGNS) scalar(op, d, a, b);
            }
            for (String c : COMPARISONS) comparison(c);
            for (String op : new String[]{"vadd", "vsub", "vavrg", "vabsdiff", "vmin", "vmax"}) {
                for (String d : SIGNS) for (String a : SIGNS) for (String b : SIGNS) {
                    parts(op, 2, d, a, b);
                    parts(op, 4, d, a, b);
                }
            }
        }
        return cases;
    }

    private static Tuples tuples(String name, String code) {
        return Tuples.of("9.7.18/" + name, code).in("b32", "b32", "b32").over(Values.cross(WORDS, WORDS, THIRD));
    }

    /** Results that are put into a part of another number, apart from the rest: few, for most are otherwise on an H200. */
    private static Tuples merged(String name, String code) {
        return Tuples.of("9.7.18/" + name + "-merged", code).in("b32", "b32", "b32")
                .over(Values.cross(FEW, FEW, new long[]{5, 0xffff_fff0L}));
    }

    private static long extend(long v, int bits, boolean signed) {
        return signed ? v << 64 - bits >> 64 - bits : v & (1L << bits) - 1;
    }

    private static long extend(long v, String type) { return extend(v, 32, type.equals("s32")); }

    /** "extract byte/half-word/word and sign- or zero-extend based on source operand type". */
    private static long part(long v, String type, String which) {
        int bits = which.startsWith("b") ? 8 : 16;
        return extend(v >>> bits * (which.charAt(1) - '0'), bits, type.equals("s32"));
    }

    private static long clamp(long v, int bits, String type) {
        boolean signed = type.equals("s32");
        long most = (1L << bits - (signed ? 1 : 0)) - 1;
        return Math.max(signed ? -most - 1 : 0, Math.min(most, v));
    }

    private static long combine(String op, long a, long b) {
        return switch (op) {
            case "vadd" -> a + b;
            case "vsub" -> a - b;
            case "vabsdiff" -> Math.abs(a - b);
            case "vmin" -> Math.min(a, b);
            case "vmax" -> Math.max(a, b);
            default -> a + b >= 0 ? a + b + 1 >> 1 : a + b >> 1; // vavrg
        };
    }

    private void scalar(String op, String d, String a, String b) {
        String name = op + "." + d + "." + a + "." + b;
        String code = name + " %o0, %i0, %i1; " + name + ".sat %o1, %i0.b1, %i1.h1; " + name
                + ".sat.add %o2, %i0.h0, %i1.b3, %i2; " + name + ".sat.min %o3, %i0, %i1, %i2;";
        cases.add(tuples(name, code).out("b32", "b32", "b32", "b32").answers((v, out) -> {
            long whole = combine(op, extend(v[0], a), extend(v[1], b));
            out[0].is(whole);
            out[1].is(clamp(combine(op, part(v[0], a, "b1"), part(v[1], b, "h1")), 32, d));
            out[2].is(clamp(combine(op, part(v[0], a, "h0"), part(v[1], b, "b3")), 32, d) + v[2]);
            out[3].is(Math.min(clamp(whole, 32, d), extend(v[2], d)));
        }));
        String merged = name + ".sat %o0.b2, %i0.h1, %i1.b0, %i2; " + name + " %o1.h1, %i0, %i1, %i2;";
        cases.add(merged(name, merged).out("b32", "b32").answers((v, out) -> {
            long small = clamp(combine(op, part(v[0], a, "h1"), part(v[1], b, "b0")), 8, d);
            out[0].is((small & 0xff) << 16 | v[2] & 0xff00ffffL);
            out[1].is((combine(op, extend(v[0], a), extend(v[1], b)) & 0xffff) << 16 | v[2] & 0xffff);
        }));
    }

    private static boolean holds(String comparison, long a, long b) {
        return switch (comparison) {
            case "eq" -> a == b;
            case "ne" -> a != b;
            case "lt" -> a < b;
            case "le" -> a <= b;
            case "gt" -> a > b;
            default -> a >= b;
        };
    }

    private void comparison(String c) {
        String code = "vset.s32.u32." + c + " %o0, %i0, %i1; vset.s32.s32." + c
                + ".add %o1, %i0.b0, %i1.h1, %i2;";
        cases.add(tuples("vset." + c, code).out("b32", "b32").answers((v, out) -> {
            out[0].is(holds(c, extend(v[0], "s32"), v[1]) ? 1 : 0);
            out[1].is((holds(c, part(v[0], "s32", "b0"), part(v[1], "s32", "h1")) ? 1 : 0) + v[2]);
        }));
        cases.add(merged("vset." + c, "vset.u32.u32." + c + " %o0.h1, %i0.h1, %i1.b3, %i2;").out("b32").answers((v,
                out) -> out[0].is(
                        (holds(c, part(v[0], "u32", "h1"), part(v[1], "u32", "b3")) ? 0x10000L : 0) | v[2] & 0xffff)));
    }

    /** The selector's digits are written from the highest part to the lowest; those of b count on behind those of a. */
    private void parts(String op, int n, String d, String a, String b) {
        String name = op + n + "." + d + "." + a + "." + b;
        String chosenA = n == 2 ? "h21" : "b7214";
        String chosenB = n == 2 ? "h03" : "b0365";
        String some = n == 2 ? "h1" : "b20";
        String plainA = n == 2 ? "h10" : "b3210";
        String plainB = n == 2 ? "h32" : "b7654";
        String code = name + " %o0, %i0, %i1, %i2; " + name + ".sat %o1, %i0." + chosenA + ", %i1." + chosenB
                + ", %i2; "
                + name + ".add %o2, %i0, %i1, %i2; " + name + ".sat %o3." + some + ", %i0, %i1, %i2;";
        cases.add(tuples(name, code).out("b32", "b32", "b32", "b32").answers((v, out) -> {
            int bits = 32 / n;
            long mask = (1L << bits) - 1;
            long plain = 0;
            long chosen = 0;
            long sum = v[2];
            long masked = 0;
            for (int i = 0; i < n; i++) {
                long t = combine(op, element(v, n, i, plainA, a), element(v, n, i, plainB, b));
                long u = combine(op, element(v, n, i, chosenA, a), element(v, n, i, chosenB, b));
                plain |= (t & mask) << bits * i;
                chosen |= (clamp(u, bits, d) & mask) << bits * i;
                sum += t;
                boolean taken = some.substring(1).indexOf('0' + i) >= 0;
                masked |= (taken ? clamp(t, bits, d) & mask : v[2] >>> bits * i & mask) << bits * i;
            }
            out[0].is(plain);
            out[1].is(chosen);
            out[2].is(sum);
            out[3].is(masked);
        }));
    }

    private static long element(long[] v, int n, int i, String selector, String type) {
        int k = selector.charAt(n - i) - '0';
        int bits = 32 / n;
        return extend(v[k / n] >>> bits * (k % n), bits, type.equals("s32"));
    }
}
