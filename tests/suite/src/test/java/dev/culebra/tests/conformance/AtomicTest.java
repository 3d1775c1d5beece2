package dev.culebra.tests.conformance;

import dev.culebra.driver.LaunchConfig;
import java.util.ArrayList;
import java.util.List;

/** Sections 9.7.13.5 and .6: what {@code atom} returns and leaves, {@code red} leaves, and sums of many threads. */
class AtomicTest extends Conformance {

    private final List<Case> cases = new ArrayList<>();

    /** The new value of a location. */
    private interface Update {
        /**
         * The update.
         *
         * @param r the old value
         * @param s the operand
         * @param t the second operand, of cas
         * @return the new value
         */
        long of(long r, long s, long t);
    }

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        for (String t : new String[]{"b32", "b64"}) {
            all("and", t, (r, s, x) -> r & s);
            all("or", t, (r, s, x) -> r | s);
            all("xor", t, (r, s, x) -> r ^ s);
            all("exch", t, (r, s, x) -> s);
            all("cas", t, (r, s, x) -> r == s ? x : r);
        }
        all("cas", "b16", (r, s, x) -> r == s ? x : r);
        for (String t : new String[]{"u32", "s32", "u64", "s64"}) {
            if (!t.equals("s64")) all("add", t, (r, s, x) -> r + s);
            all("min", t, (r, s, x) -> Whole.of(t, r).compareTo(Whole.of(t, s)) < 0 ? r : s);
            all("max", t, (r, s, x) -> Whole.of(t, r).compareTo(Whole.of(t, s)) > 0 ? r : s);
        }
        all("inc", "u32", (r, s, x) -> Long.compareUnsigned(r, s) >= 0 ? 0 : r + 1);
        all("dec", "u32", (r, s, x) -> r == 0 || Long.compareUnsigned(r, s) > 0 ? s : r - 1);
        floating("f32");
        floating("f64");
        for (String h : new String[]{"f16", "bf16"}) {
            floating(h);
            floating(h + "x2");
        }
        counters();
        return cases;
    }

    /** With its space, in each space, with and without a result, and through a generic address. */
    private void all(String op, String t, Update u) {
        for (String space : new String[]{"global", "shared", "generic-global", "generic-shared"})
            one(op, "", t, space, u, 80);
    }

    private void one(String op, String suffix, String t, String space, Update u, int target) {
        String b = "b" + Tuples.bits(t);
        int n = Tuples.bits(t) / 8;
        boolean generic = space.startsWith("generic-");
        String where = generic ? "" : "." + space;
        boolean shared = space.endsWith("shared");
        String place = shared ? (generic ? "%l1" : "%r1") : "[%out]".substring(1, 5);
        String prepare = shared
                ? "mov.u32 %r1, buffer; shl.b32 %r2, %r0, 3; add.u32 %r1, %r1, %r2; cvt.u64.u32 %l0, %r1; cvta.shared.u64 %l1, %l0; "
                : "";
        String third = op.equals("cas") ? ", %i2" : "";
        boolean red = !op.equals("cas") && !op.equals("exch");
        String plain = shared ? "shared" : "global";
        String at = shared ? "%r1" : "%out";
        String code = prepare
                + "st.P.B [AT], %i0; atom.relaxed.gpuWHERE.OP.T %o0, [PLACE], %i1THIRD; ld.P.B %o1, [AT];";
        if (red) code += " st.P.B [AT], %i0; red.relaxed.gpuWHERE.OP.T [PLACE], %i1; ld.P.B %o2, [AT];";
        code = code.replace("WHERE", where).replace("OP", op + suffix).replace("PLACE", place).replace("THIRD", third)
                .replace("AT", at).replace("P.B", plain + "." + b).replace(".T ", "." + t + " ");
        String[] types = op.equals("cas") ? new String[]{t, t, t} : new String[]{t, t};
        String[] in = types.clone();
        long[][] tuples = op.equals("cas") ? Values.cross(few(t), few(t), new long[]{1, -1}) : Values.cross(types);
        String name = "9.7.13.5/atom." + space + "." + op + suffix + "." + t;
        cases.add(Tuples.of(name, code).target(target, "8.0")
                .declare(shared ? ".shared .align 8 .b8 buffer[1024];\n" : "")
                .in(in).out(red ? new String[]{b, t, t} : new String[]{b, t}).over(tuples).answers((v, out) -> {
                    long now = u.of(v[0], v[1], v.length > 2 ? v[2] : 0);
                    out[0].is(v[0]);
                    out[1].is(now);
                    if (red) out[2].is(now);
                }));
        if (n > 8) throw new IllegalArgumentException(t);
    }

    private static long[] few(String t) { return Values.few("u" + Tuples.bits(t)); }

    /**
     * "Rounds to nearest even. atom.add.f32 on global memory flushes subnormal inputs and results to sign-preserving zero; on shared
     * memory it doesn't."; f16 and bf16 want .noftz.
     */
    private void floating(String t) {
        boolean pair = t.endsWith("x2");
        String h = t.replace("x2", "");
        for (String space : new String[]{"global", "shared", "generic-global", "generic-shared"}) {
            boolean flush = t.equals("f32") && space.endsWith("global");
            Floating f = new Floating(Ieee.of(h), 'n', flush, false, false);
            Update u = pair
                    ? (r, s, x) -> f.add(r & 0xffff, s & 0xffff) | f.add(r >>> 16, s >>> 16) << 16
                    : (r, s, x) -> f.add(r, s);
            one("add", h.endsWith("f16") ? ".noftz" : "", t, space, u, h.equals("bf16") ? 90 : 80);
        }
    }

    /** Many threads on one location: sums of all, each count given out once. */
    private void counters() {
        int blocks = 6;
        int threads = 96;
        int n = blocks * threads;
        String body = """
                .reg .pred %p; .reg .b32 %t, %b, %w, %r<8>; .reg .b64 %in, %out, %a;
                ld.param.u64 %out, [out]; mov.u32 %t, %tid.x; mov.u32 %b, %ctaid.x; mov.u32 %w, %ntid.x;
                mad.lo.u32 %t, %b, %w, %t;
                """;
        // Words 0 to 7: one operation each; then each thread marks the count that it was given.
        String code = body
                + """
                        add.u32 %r1, %t, 1; red.global.add.u32 [%out], %r1; red.global.max.s32 [%out+4], %t;
                        sub.u32 %r2, 0, %t; red.global.min.s32 [%out+8], %r2; shl.b32 %r3, 1, %t; red.global.or.b32 [%out+12], %r3;
                        red.global.xor.b32 [%out+16], %t; atom.global.inc.u32 %r4, [%out+20], 99; atom.global.dec.u32 %r4, [%out+24], 99;
                        atom.global.add.u32 %r5, [%out+28], 1; mul.wide.u32 %a, %r5, 4; add.u64 %a, %out, %a;
                        red.global.add.u32 [%a+32], 1; ret; }""";
        code = code.replace("shl.b32 %r3, 1, %t", "and.b32 %r6, %t, 31; mov.b32 %r7, 1; shl.b32 %r3, %r7, %r6");
        int[] expected = new int[8 + n];
        int x = 0;
        int inc = 0;
        int dec = 0;
        for (int i = 0; i < n; i++) {
            x ^= i;
            inc = inc >= 99 ? 0 : inc + 1;
            dec = dec == 0 || dec > 99 ? 99 : dec - 1;
            expected[8 + i] = 1;
        }
        expected[0] = n * (n + 1) / 2;
        expected[1] = n - 1;
        expected[2] = -(n - 1);
        expected[3] = -1;
        expected[4] = x;
        expected[5] = inc;
        expected[6] = dec;
        expected[7] = n;
        cases.add(
                Case.of("9.7.13.6/red-many-threads", 80,
                        Case.header(80, "8.0") + ".visible .entry k(.param .u64 in, .param .u64 "
                                + "out) {\n" + code,
                        LaunchConfig.of(blocks, threads), new byte[16], Answer.ofInts(expected)));
        // A lock-free sum by compare and swap: every thread adds its number to one word.
        String loop = body
                + """
                        LOOP: ld.relaxed.gpu.global.u32 %r1, [%out]; add.u32 %r2, %r1, %t;
                        atom.relaxed.gpu.global.cas.b32 %r3, [%out], %r1, %r2; setp.ne.u32 %p, %r3, %r1; @%p bra LOOP; ret; }""";
        cases.add(
                Case.of("9.7.13.5/cas-loop", 80,
                        Case.header(80, "8.0") + ".visible .entry k(.param .u64 in, .param .u64 out) {\n"
                                + loop,
                        LaunchConfig.of(blocks, threads), new byte[16], Answer.ofInts(n * (n - 1) / 2)));
    }
}
