package dev.culebra.tests.conformance;

import java.util.ArrayList;
import java.util.List;

/** Section 9.7.12 and chapter 7: lanes that part and meet again, loops, tables of targets, functions and recursion. */
class ControlFlowTest extends Conformance {

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        guards();
        branches();
        loops();
        tables();
        calls();
        recursion();
        exits();
        return cases;
    }

    private static long[][] numbers(int n) {
        long[] v = new long[n];
        for (int i = 0; i < n; i++) v[i] = i * 0x9e3779b9L + i & 0xffffffffL;
        return Values.cross(v);
    }

    private static long[][] small(int n) {
        long[] v = new long[n];
        for (int i = 0; i < n; i++) v[i] = (i * 7 + 3) % n;
        return Values.cross(v);
    }

    private void guards() {
        cases.add(Tuples.of("9.7.12.2/guard", """
                setp.lt.s32 %p0, %i0, 0; and.b32 %r1, %i0, 1; setp.eq.u32 %p1, %r1, 1; mov.b32 %o0, 1;
                @%p0 add.u32 %o0, %o0, 10; @!%p0 add.u32 %o0, %o0, 20; @%p1 mul.lo.u32 %o0, %o0, 3;
                @%p1 setp.ne.u32 %p0, %r1, 1; @%p0 xor.b32 %o0, %o0, 0xff; @!%p1 st.global.b32 [%out+4], %r1;""")
                .in("s32").out("u32")
                .over(numbers(256)).gives(v -> {
                    int a = (int) v[0];
                    boolean p = a < 0;
                    boolean q = (a & 1) == 1;
                    int o = p ? 11 : 21;
                    if (q) o *= 3;
                    if (q) p = false;
                    return p ? o ^ 0xff : o;
                }));
    }

    /** Three conditions deep, each lane its own way; a shuffle behind shows that the lanes are together again. */
    private void branches() {
        cases.add(Tuples.of("9.7.12.3/bra-nested", """
                mov.b32 %o0, 0; and.b32 %r1, %i0, 1; setp.eq.u32 %p0, %r1, 0; @%p0 bra EVEN;
                add.u32 %o0, %o0, 1; and.b32 %r1, %i0, 2; setp.eq.u32 %p1, %r1, 0; @%p1 bra A;
                add.u32 %o0, %o0, 2; bra.uni B;
                A: add.u32 %o0, %o0, 4; and.b32 %r1, %i0, 4; setp.eq.u32 %p2, %r1, 0; @!%p2 bra B; add.u32 %o0, %o0, 8;
                B: mul.lo.u32 %o0, %o0, 5; bra MEET;
                EVEN: and.b32 %r1, %i0, 8; setp.ne.u32 %p1, %r1, 0; @%p1 bra C; add.u32 %o0, %o0, 100; bra MEET;
                C: add.u32 %o0, %o0, 200;
                MEET: bar.warp.sync 0xffffffff; shfl.sync.bfly.b32 %o1, %o0, 1, 0x1f, 0xffffffff;""").in("u32")
                .out("u32", "u32")
                .over(numbers(256)).answersOfWarps((in, out) -> {
                    for (int l = 0; l < 32; l++) {
                        out[l][0].is(branched(in[l][0]));
                        out[l][1].is(branched(in[l ^ 1][0]));
                    }
                }));
    }

    private static long branched(long a) {
        if (a % 2 == 0) return (a & 8) != 0 ? 200 : 100;
        if ((a & 2) != 0) return 15;
        return 5 * ((a & 4) != 0 ? 5 : 13);
    }

    /** As many rounds as a lane's own number asks for; a loop in a loop; a way out of the middle of both. */
    private void loops() {
        cases.add(Tuples.of("9.7.12.3/bra-collatz", """
                mov.b32 %r1, %i0; mov.b32 %o0, 0;
                TOP: setp.le.u32 %p0, %r1, 1; @%p0 bra OUT; and.b32 %r2, %r1, 1; setp.eq.u32 %p1, %r2, 1;
                @%p1 mad.lo.u32 %r1, %r1, 3, 1; @!%p1 shr.u32 %r1, %r1, 1; add.u32 %o0, %o0, 1; bra TOP; OUT:""")
                .in("u32").out("u32")
                .over(small(320)).gives(v -> {
                    long x = v[0];
                    int n = 0;
                    for (; x > 1; n++) x = x % 2 == 1 ? 3 * x + 1 : x / 2;
                    return n;
                }));
        // The first i * j above the operand's 10 low bits among rows and columns below 40.
        cases.add(Tuples
                .of("9.7.12.3/bra-out-of-two-loops",
                        """
                                and.b32 %r5, %i0, 1023; mov.b32 %o0, 0xffffffff; mov.b32 %r1, 0;
                                ROWS: mov.b32 %r2, 0;
                                COLUMNS: mul.lo.u32 %r3, %r1, %r2; setp.gt.u32 %p0, %r3, %r5; @%p0 bra FOUND; add.u32 %r2, %r2, 1;
                                setp.lt.u32 %p1, %r2, 40; @%p1 bra COLUMNS; add.u32 %r1, %r1, 1; setp.lt.u32 %p1, %r1, 40; @%p1 bra ROWS; bra END;
                                FOUND: mad.lo.u32 %o0, %r1, 64, %r2; END:""")
                .in("u32").out("u32").over(numbers(128)).gives(v -> {
                    for (int i = 0; i < 40; i++) {
                        for (int j = 0; j < 40; j++) if (i * j > (v[0] & 1023)) return i * 64 + j;
                    }
                    return -1;
                }));
    }

    private void tables() {
        cases.add(Tuples
                .of("9.7.12.4/brx.idx",
                        """
                                TARGETS: .branchtargets L0, L1, L2, L3, L4;
                                rem.u32 %r1, %i0, 5; mov.b32 %o0, 0; brx.idx %r1, TARGETS;
                                L0: add.u32 %o0, %o0, 1; L1: add.u32 %o0, %o0, 10; bra.uni END; L2: add.u32 %o0, %o0, 100;
                                setp.lt.s32 %p0, %i0, 0; @%p0 bra L1; L3: add.u32 %o0, %o0, 1000; bra.uni END; L4: add.u32 %o0, %o0, 10000;
                                END: bar.warp.sync 0xffffffff; vote.sync.ballot.b32 %o1, %p0, 0xffffffff;"""
                                .replace(
                                        "vote.sync.ballot.b32 %o1, %p0",
                                        "setp.gt.u32 %p1, %o0, 500; vote.sync.ballot.b32 %o1, %p1"))
                .in("u32")
                .out("u32", "b32").over(numbers(128)).answersOfWarps((in, out) -> {
                    long big = 0;
                    for (int l = 0; l < 32; l++) big |= indexed(in[l][0]) > 500 ? 1L << l : 0;
                    for (int l = 0; l < 32; l++) {
                        out[l][0].is(indexed(in[l][0]));
                        out[l][1].is(big);
                    }
                }));
    }

    private static long indexed(long a) {
        return switch ((int) (a % 5)) {
            case 0 -> 11;
            case 1 -> 10;
            case 2 -> (int) a < 0 ? 110 : 1100;
            case 3 -> 1000;
            default -> 10000;
        };
    }

    /** Values, an array and a structure as parameters, several calls on paths of their own, a function that calls another. */
    private void calls() {
        String functions = """
                .func (.param .b32 r) twice(.param .b32 a) {
                .reg .b32 %x; ld.param.u32 %x, [a]; add.u32 %x, %x, %x; st.param.u32 [r], %x; ret; }
                .func (.param .align 8 .b8 r[16]) swap(.param .align 8 .b8 a[16], .param .b32 k) {
                .reg .b64 %x, %y; .reg .b32 %k, %q; .reg .b64 %z; .reg .pred %p;
                ld.param.u32 %k, [k]; ld.param.u64 %x, [a]; ld.param.u64 %y, [a+8]; setp.gt.u32 %p, %k, 7; @%p bra SWAP;
                st.param.u64 [r], %x; st.param.u64 [r+8], %y; ret;
                SWAP: { .param .b32 s; .param .b32 t; st.param.b32 [s], %k; call (t), twice, (s); ld.param.b32 %q, [t]; }
                cvt.u64.u32 %z, %q; add.u64 %x, %x, %z; st.param.u64 [r], %y; st.param.u64 [r+8], %x; ret; }
                .func store(.param .b64 p, .param .b32 v) {
                .reg .b64 %p; .reg .b32 %v; ld.param.u64 %p, [p]; ld.param.u32 %v, [v]; st.global.u32 [%p], %v; ret; }
                """;
        cases.add(Tuples
                .of("9.7.12.5/call",
                        """
                                { .param .b64 p; .param .b32 v; st.param.b64 [p], %out; st.param.b32 [v], %i1; call store, (p, v); }
                                ld.global.u32 %o2, [%out]; and.b32 %r1, %i1, 15;
                                { .param .align 8 .b8 a[16]; .param .b32 k; .param .align 8 .b8 r[16];
                                st.param.b64 [a], %i0; mov.b64 %l1, 77; st.param.b64 [a+8], %l1; st.param.b32 [k], %r1; call (r), swap, (a, k);
                                ld.param.b64 %o0, [r]; ld.param.b64 %o1, [r+8]; }""")
                .declare(functions).in("b64", "b32").out("b64", "b64", "b32")
                .over(Values.cross(new long[]{5, -1, 0x123456789abcdefL}, Values.of("b32"))).answers((v, out) -> {
                    long k = v[1] & 15;
                    out[0].is(k > 7 ? 77 : v[0]);
                    out[1].is(k > 7 ? v[0] + 2 * k : 77);
                    out[2].is(v[1]);
                }));
    }

    /** Fibonacci's numbers by calls of itself, as deep as each lane's operand. */
    private void recursion() {
        String fibonacci = """
                .func (.param .b32 r) fib(.param .b32 n) {
                .reg .b32 %n, %a, %b; .reg .pred %p; .param .b32 x; .param .b32 y;
                ld.param.u32 %n, [n]; setp.lt.u32 %p, %n, 2; @%p bra SMALL;
                sub.u32 %a, %n, 1; st.param.b32 [x], %a; call (y), fib, (x); ld.param.b32 %a, [y];
                sub.u32 %b, %n, 2; st.param.b32 [x], %b; call (y), fib, (x); ld.param.b32 %b, [y];
                add.u32 %a, %a, %b; st.param.b32 [r], %a; ret; SMALL: st.param.b32 [r], %n; ret; }
                """;
        cases.add(Tuples.of("9.7.12.5/call-recursive",
                "{ .param .b32 x; .param .b32 y; st.param.b32 [x], %i0; call (y), fib, (x); ld.param.b32 %o0, [y]; }")
                .declare(fibonacci).in("u32").out("u32").over(small(13)).gives(v -> {
                    long a = 0;
                    long b = 1;
                    for (int i = 0; i < v[0]; i++) {
                        long c = a + b;
                        a = b;
                        b = c;
                    }
                    return a;
                }));
    }

    /** Lanes that leave early: the others go on, and a barrier does not wait for those that have left. */
    private void exits() {
        cases.add(Tuples.of("9.7.12.7/exit", """
                setp.ge.u32 %p0, %r0, 40; @%p0 st.global.b32 [%out], %i0; @%p0 exit;
                mov.u32 %r1, buffer; shl.b32 %r2, %r0, 2; add.u32 %r3, %r1, %r2; st.shared.b32 [%r3], %i0; bar.sync 0;
                sub.u32 %r4, 39, %r0; shl.b32 %r4, %r4, 2; add.u32 %r4, %r1, %r4; ld.shared.b32 %o0, [%r4];""").declare(
                ".shared .align 4 .b8 buffer[256];\n").in("b32").out("b32").over(numbers(128))
                .answersOfBlocks(64, (in, out) -> {
                    for (int i = 0; i < 64; i++) out[i][0].is(i >= 40 ? in[i][0] : in[39 - i][0]);
                }));
    }
}
