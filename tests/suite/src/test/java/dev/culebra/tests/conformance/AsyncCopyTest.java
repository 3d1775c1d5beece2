package dev.culebra.tests.conformance;

import dev.culebra.driver.LaunchConfig;
import java.util.ArrayList;
import java.util.List;

/** Section 9.7.9.25: cp.async of every size, what a short source leaves, and groups. */
class AsyncCopyTest extends Conformance {

    private static final int THREADS = 64;

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        copies("ca", 4);
        copies("ca", 8);
        copies("ca", 16);
        copies("cg", 16);
        ignored();
        groups();
        return cases;
    }

    private static byte[] input(int n) {
        byte[] in = new byte[n];
        for (int i = 0; i < n; i++) in[i] = (byte) (i * 11 + (i >> 6) * 5 + 1);
        return in;
    }

    private static final String HEAD = Case.header(80, "8.0") + """
            .shared .align 16 .b8 buffer[8192];
            .visible .entry k(.param .u64 in, .param .u64 out) {
            .reg .b32 %t, %s, %n, %i, %r<8>; .reg .b64 %in, %out, %o, %g; .reg .pred %p;
            ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; mov.u32 %t, %tid.x;
            """;

    /**
     * Thread t copies to its 16 bytes, of which t % (size + 1) come from memory: "the remaining bytes in the destination are filled
     * with zeros". Without a source size all of them come.
     */
    private void copies(String cache, int size) {
        for (boolean some : new boolean[]{false, true}) {
            String code = HEAD
                    + """
                            shl.b32 %i, %t, 4; mov.u32 %s, buffer; add.u32 %s, %s, %i; mul.wide.u32 %g, %t, 16; add.u64 %in, %in, %g;
                            add.u64 %out, %out, %g; rem.u32 %n, %t, SIZE1; mov.b32 %r0, 0x77777777;
                            st.shared.v4.b32 [%s], {%r0, %r0, %r0, %r0};
                            cp.async.CACHE.shared.global [%s], [%in], SIZEN; cp.async.wait_all;
                            ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%s]; st.global.v4.b32 [%out], {%r0, %r1, %r2, %r3}; ret; }"""
                            .replace("SIZE1", "" + (size + 1)).replace("CACHE", cache)
                            .replace("SIZEN", size + (some ? ", %n" : ""));
            byte[] in = input(16 * THREADS);
            long[] bits = new long[16 * THREADS];
            for (int t = 0; t < THREADS; t++) {
                int n = some ? t % (size + 1) : size;
                for (int i = 0; i < 16; i++) bits[16 * t + i] = i >= size ? 0x77 : i < n ? in[16 * t + i] & 0xff : 0;
            }
            cases.add(Case.of("9.7.9.25.3/cp.async." + cache + "-" + size + (some ? "-short" : ""), 80, code,
                    LaunchConfig.of(1, THREADS), in, new Answer(1, bits, new Freedom[bits.length])));
        }
    }

    /** "If ignore-src is true, data from the source location is ignored and zeros are written." */
    private void ignored() {
        String code = HEAD
                + """
                        shl.b32 %i, %t, 4; mov.u32 %s, buffer; add.u32 %s, %s, %i; mul.wide.u32 %g, %t, 16; add.u64 %in, %in, %g;
                        add.u64 %out, %out, %g; and.b32 %n, %t, 3; setp.eq.u32 %p, %n, 1;
                        cp.async.cg.shared.global [%s], [%in], 16, %p; cp.async.wait_all;
                        ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%s]; st.global.v4.b32 [%out], {%r0, %r1, %r2, %r3}; ret; }""";
        byte[] in = input(16 * THREADS);
        long[] bits = new long[16 * THREADS];
        for (int i = 0; i < bits.length; i++) bits[i] = i / 16 % 4 == 1 ? 0 : in[i] & 0xff;
        cases.add(Case.of("9.7.9.25.3/cp.async-ignore-src", 80, code, LaunchConfig.of(1, THREADS), in,
                new Answer(1, bits, new Freedom[bits.length])));
    }

    /** Four groups under way at a time; each is read when all but the three behind it are done, by another thread. */
    private void groups() {
        int stages = 4;
        int rounds = 10;
        StringBuilder s = new StringBuilder(
                HEAD + """
                        shl.b32 %i, %t, 4; mov.u32 %s, buffer; add.u32 %s, %s, %i; mul.wide.u32 %g, %t, 16; add.u64 %in, %in, %g;
                        mul.wide.u32 %g, %t, 4; add.u64 %out, %out, %g; xor.b32 %n, %i, 1008; mov.u32 %r7, buffer; add.u32 %n, %n, %r7;
                        mov.b32 %r6, 0;
                        """);
        for (int i = 0; i < rounds + stages - 1; i++) {
            if (i < rounds) {
                s.append("cp.async.ca.shared.global [%s+").append(i % stages * 1024).append("], [%in+").append(i * 1024)
                        .append("], 16;\n");
            }
            s.append("cp.async.commit_group;\n");
            int done = i - (stages - 1);
            if (done >= 0) {
                s.append("cp.async.wait_group ").append(stages - 1).append("; bar.sync 0; ld.shared.b32 %r1, [%n+")
                        .append(done % stages * 1024 + 4).append("]; mad.lo.u32 %r6, %r6, 33, %r1; bar.sync 0;\n");
            }
        }
        byte[] in = input(1024 * rounds);
        int[] sums = new int[THREADS];
        for (int t = 0; t < THREADS; t++) {
            for (int i = 0; i < rounds; i++) {
                int at = i * 1024 + (63 - t) * 16 + 4;
                int v = 0;
                for (int k = 3; k >= 0; k--) v = v << 8 | in[at + k] & 0xff;
                sums[t] = sums[t] * 33 + v;
            }
        }
        cases.add(Case.of("9.7.9.25.3/cp.async.wait_group", 80, s + "st.global.b32 [%out], %r6; ret; }",
                LaunchConfig.of(1, THREADS), in, Answer.ofInts(sums)));
    }
}
