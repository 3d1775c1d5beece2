package dev.culebra.tests.conformance;

import java.util.ArrayList;
import java.util.List;

/** Section 9.7.8, bit by bit, and {@code prmt} of section 9.7.9.7. */
class LogicAndShiftTest extends Conformance {

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        for (String t : new String[]{"b16", "b32", "b64"}) {
            int n = Tuples.bits(t);
            // Truth tables for a = 0011, b = 0101.
            table("9.7.8.1/and." + t, t, new int[]{0, 0, 0, 1});
            table("9.7.8.2/or." + t, t, new int[]{0, 1, 1, 1});
            table("9.7.8.3/xor." + t, t, new int[]{0, 1, 1, 0});
            cases.add(Tuples.of("9.7.8.4/not." + t, "not." + t + " %o0, %i0;").in(t).out(t).gives(v -> {
                long d = 0;
                for (int i = 0; i < n; i++) d |= (long) (1 - Whole.bit(v[0], i)) << i;
                return d;
            }));
            cases.add(Tuples.of("9.7.8.5/cnot." + t, "cnot." + t + " %o0, %i0;").in(t).out(t)
                    .gives(v -> v[0] == 0 ? 1 : 0));
            cases.add(Tuples.of("9.7.8.8/shl." + t, "shl." + t + " %o0, %i0, %i1;").in(t, "u32").out(t)
                    .over(Values.cross(Values.of(t), Values.counts())).gives(v -> {
                        // "Shift amounts greater than the register width N are clamped to N."
                        long c = Math.min(v[1], n);
                        long d = 0;
                        for (int i = 0; i + c < n; i++) d |= (long) Whole.bit(v[0], i) << i + c;
                        return d;
                    }));
            for (String s : new String[]{"b", "u", "s"}) {
                String ts = s + n;
                cases.add(Tuples.of("9.7.8.9/shr." + ts, "shr." + ts + " %o0, %i0, %i1;").in(t, "u32").out(t)
                        .over(Values.cross(Values.of(t), Values.counts())).gives(v -> {
                            long c = Math.min(v[1], n);
                            long d = 0;
                            for (int i = 0; i < n; i++) {
                                int sign = s.equals("s") ? Whole.bit(v[0], n - 1) : 0;
                                d |= (long) (i + c < n ? Whole.bit(v[0], i + (int) c) : sign) << i;
                            }
                            return d;
                        }));
            }
        }
        predicates();
        tables();
        funnels();
        permutations();
        return cases;
    }

    private void table(String name, String t, int[] truth) {
        cases.add(
                Tuples.of(name, name.substring(name.indexOf('/') + 1) + " %o0, %i0, %i1;").in(t, t).out(t).gives(v -> {
                    long d = 0;
                    for (int i = 0; i < Tuples.bits(t); i++) {
                        d |= (long) truth[2 * Whole.bit(v[0], i) + Whole.bit(v[1], i)] << i;
                    }
                    return d;
                }));
    }

    private void predicates() {
        cases.add(Tuples
                .of("9.7.8.1/and-or-xor-not.pred",
                        """
                                setp.ne.b32 %p0, %i0, 0; setp.ne.b32 %p1, %i1, 0;
                                and.pred %p2, %p0, %p1; or.pred %p3, %p0, %p1; xor.pred %p4, %p0, %p1; not.pred %p5, %p0; mov.pred %p6, %p1;
                                selp.b32 %o0, 1, 0, %p2; selp.b32 %o1, 1, 0, %p3; selp.b32 %o2, 1, 0, %p4; selp.b32 %o3, 1, 0, %p5;
                                selp.b32 %o4, 1, 0, %p6;""")
                .in("pred", "pred").out("pred", "pred", "pred", "pred", "pred")
                .answers((v, out) -> {
                    int both = (int) (v[0] + v[1]);
                    out[0].is(both == 2 ? 1 : 0);
                    out[1].is(both > 0 ? 1 : 0);
                    out[2].is(both == 1 ? 1 : 0);
                    out[3].is(1 - v[0]);
                    out[4].is(v[1]);
                }));
    }

    /** All 256 tables: each in an instruction of its own, 32 a case. */
    private void tables() {
        long[][] operands = Values.cross("b32", "b32", "b32");
        for (int first = 0; first < 256; first += 32) {
            StringBuilder code = new StringBuilder("mov.b32 %o0, 0;\n");
            String[] out = new String[32];
            for (int k = 0; k < 32; k++) {
                out[k] = "b32";
                code.append("lop3.b32 %o").append(k).append(", %i0, %i1, %i2, ").append(first + k).append(";\n");
            }
            int from = first;
            cases.add(Tuples.of("9.7.8.6/lop3.b32-" + first, code.toString()).in("b32", "b32", "b32").out(out)
                    .over(every(operands, 13)).answers((v, r) -> {
                        for (int k = 0; k < 32; k++) {
                            long d = 0;
                            for (int i = 0; i < 32; i++) {
                                // ta = 0xF0, tb = 0xCC, tc = 0xAA: bit 4a + 2b + c of the table.
                                int at = 4 * Whole.bit(v[0], i) + 2 * Whole.bit(v[1], i) + Whole.bit(v[2], i);
                                d |= (long) Whole.bit(from + k, at) << i;
                            }
                            r[k].is(d);
                        }
                    }));
        }
        for (String op : new String[]{"or", "and"}) {
            cases.add(Tuples.of("9.7.8.6/lop3." + op + ".b32", """
                    setp.ne.b32 %p0, %i3, 0; lop3.OP.b32 %o0|%p1, %i0, %i1, %i2, 0x80, %p0; selp.b32 %o1, 1, 0, %p1;"""
                    .replace("OP", op)).in("b32", "b32", "b32", "pred").out("b32", "pred").target(80, "8.2").over(every(
                            Values.cross(Values.few("b32"), Values.few("b32"), Values.few("b32"), new long[]{0, 1}), 5))
                    .answers((v, r) -> {
                        boolean some = (v[0] & v[1] & v[2]) != 0;
                        boolean q = v[3] != 0;
                        r[0].is(v[0] & v[1] & v[2]);
                        r[1].is((op.equals("or") ? some | q : some & q) ? 1 : 0);
                    }));
        }
    }

    private static long[][] every(long[][] tuples, int n) {
        long[][] some = new long[(tuples.length + n - 1) / n][];
        for (int i = 0; i < some.length; i++) some[i] = tuples[i * n];
        return some;
    }

    private void funnels() {
        for (String mode : new String[]{"clamp", "wrap"}) {
            for (String side : new String[]{"l", "r"}) {
                String op = "shf." + side + "." + mode + ".b32";
                cases.add(Tuples.of("9.7.8.7/" + op, op + " %o0, %i0, %i1, %i2;").in("b32", "b32", "u32").out("b32")
                        .over(Values.cross(Values.few("b32"), Values.few("b32"), Values.counts())).gives(v -> {
                            long n = mode.equals("clamp") ? Math.min(v[2], 32) : v[2] & 31;
                            long d = 0;
                            for (int i = 0; i < 32; i++) {
                                // Bits 63..32 are b, 31..0 are a; .l keeps the upper half of what was shifted left.
                                int at = side.equals("l") ? i + 32 - (int) n : i + (int) n;
                                d |= (long) (at >= 32 ? Whole.bit(v[1], at - 32) : Whole.bit(v[0], at)) << i;
                            }
                            return d;
                        }));
            }
        }
    }

    /** The sources of d.b3 to d.b0 for selectors 0 to 3, from the ISA's table. */
    private static final String[][] MODES = {{"f4e", "3210", "4321", "5432", "6543"},
        {"b4e", "5670", "6701", "7012", "0123"},
        {"rc8", "0000", "1111", "2222", "3333"}, {"ecl", "3210", "3211", "3222", "3333"},
        {"ecr", "0000", "1110", "2210", "3210"}, {"rc16", "1010", "3232", "1010", "3232"}};

    private void permutations() {
        long[] data = {0x83028180L, 0x7f6f5f4fL, 0xf1e2d3c4L};
        long[] selectors = new long[70];
        for (int i = 0; i < 70; i++)
            selectors[i] = i < 64 ? i * 0x0123_4567_89abL >>> 3 & 0xffff : (i - 63L) * 0x3210_89abL;
        cases.add(Tuples.of("9.7.9.7/prmt.b32", "prmt.b32 %o0, %i0, %i1, %i2;").in("b32", "b32", "b32").out("b32")
                .over(Values.cross(data, data, selectors)).gives(v -> {
                    long d = 0;
                    for (int i = 0; i < 4; i++) {
                        int s = (int) (v[2] >>> 4 * i & 15);
                        long b = byteOf(v, s & 7);
                        d |= (s < 8 ? b : b >= 128 ? 0xff : 0) << 8 * i;
                    }
                    return d;
                }));
        for (String[] m : MODES) {
            cases.add(Tuples.of("9.7.9.7/prmt.b32." + m[0], "prmt.b32." + m[0] + " %o0, %i0, %i1, %i2;")
                    .in("b32", "b32", "b32").out("b32")
                    .over(Values.cross(data, data, new long[]{0, 1, 2, 3, 4, 7, 0xffff_fffdL})).gives(v -> {
                        String sources = m[1 + (int) (v[2] & 3)];
                        long d = 0;
                        for (int i = 0; i < 4; i++) d |= byteOf(v, sources.charAt(3 - i) - '0') << 8 * i;
                        return d;
                    }));
        }
    }

    /** Bytes 0 to 3 are a's, 4 to 7 b's. */
    private static long byteOf(long[] v, int i) {
        return (i < 4 ? v[0] >>> 8 * i : v[1] >>> 8 * (i - 4)) & 0xff;
    }
}
