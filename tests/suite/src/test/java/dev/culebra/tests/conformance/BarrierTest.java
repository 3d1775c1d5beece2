package dev.culebra.tests.conformance;

import dev.culebra.driver.Dim3;
import dev.culebra.driver.LaunchConfig;
import java.util.ArrayList;
import java.util.List;

/** Section 9.7.13.1, barriers of a block, and chapter 10, special registers. */
class BarrierTest extends Conformance {

    private static final String BUFFER = ".shared .align 8 .b8 buffer[2048];\n";

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        for (String bar : new String[]{"bar.sync 0", "barrier.sync 3", "barrier.sync.aligned 0, 128", "bar.cta.sync 7",
            "bar.sync 15, 128"}) {
            exchange(bar);
        }
        reductions();
        producers();
        registers();
        clocks();
        return cases;
    }

    private static long[][] numbers(int n) {
        long[] v = new long[n];
        for (int i = 0; i < n; i++) v[i] = i * 0x85ebca6bL + 7 & 0xffffffffL;
        return Values.cross(v);
    }

    /** Each thread reads what another warp's thread wrote, twice through the same memory. */
    private void exchange(String bar) {
        cases.add(Tuples
                .of("9.7.13.1/" + bar.replace(", ", "-").replace(' ', '-'),
                        """
                                mov.u32 %r1, buffer; shl.b32 %r2, %r0, 2; add.u32 %r2, %r1, %r2; xor.b32 %r3, %r0, 127; shl.b32 %r3, %r3, 2;
                                add.u32 %r3, %r1, %r3; st.shared.b32 [%r2], %i0; BAR; ld.shared.b32 %o0, [%r3]; BAR;
                                add.u32 %r4, %o0, 1; st.shared.b32 [%r2], %r4; BAR; ld.shared.b32 %o1, [%r3];"""
                                .replace("BAR", bar))
                .declare(BUFFER)
                .in("b32").out("b32", "b32").over(numbers(256)).answersOfBlocks(128, (in, out) -> {
                    for (int i = 0; i < 128; i++) {
                        out[i][0].is(in[127 - i][0]);
                        out[i][1].is(in[i][0] + 1);
                    }
                }));
    }

    /** "bar.red.popc counts threads with true predicates; and / or: whether all or any are." */
    private void reductions() {
        long[] words = {0, -1, 1, 0x8000_0000_0000_0000L, 0x5555_5555_5555_5555L, 0x0000_ffff_0000_0000L, -2,
            0x0123_4567_89ab_cdefL};
        long[][] tuples = new long[64 * words.length][1];
        for (int i = 0; i < tuples.length; i++) tuples[i][0] = words[i / 64] >>> i % 64 & 1;
        cases.add(Tuples.of("9.7.13.1/bar.red",
                """
                        setp.ne.b32 %p0, %i0, 0; bar.red.popc.u32 %o0, 0, %p0; bar.red.and.pred %p1, 0, %p0; bar.red.or.pred %p2, 0, %p0;
                        barrier.red.popc.aligned.u32 %o3, 2, 64, !%p0; selp.b32 %o1, 1, 0, %p1; selp.b32 %o2, 1, 0, %p2;""")
                .in("pred")
                .out("u32", "pred", "pred", "u32").over(tuples).answersOfBlocks(64, (in, out) -> {
                    long n = 0;
                    for (long[] t : in) n += t[0];
                    for (Tuples.Result[] o : out) {
                        o[0].is(n);
                        o[1].is(n == 64 ? 1 : 0);
                        o[2].is(n > 0 ? 1 : 0);
                        o[3].is(64 - n);
                    }
                }));
    }

    /** Warp 0 makes, warp 1 takes, three rounds through one buffer: arrive on "full" and sync on "empty", and the other way. */
    private void producers() {
        cases.add(Tuples
                .of("9.7.13.1/bar.arrive",
                        """
                                mov.u32 %r1, buffer; and.b32 %r2, %r0, 31; shl.b32 %r2, %r2, 2; add.u32 %r1, %r1, %r2; mov.b32 %o0, 0; mov.b32 %r3, 0;
                                setp.ge.u32 %p0, %r0, 32; @%p0 bra TAKE;
                                MAKE: mad.lo.u32 %r4, %i0, 3, %r3; st.shared.b32 [%r1], %r4; membar.cta; bar.arrive 1, 64; bar.sync 2, 64;
                                add.u32 %r3, %r3, 1; setp.lt.u32 %p1, %r3, 3; @%p1 bra MAKE; bra DONE2;
                                TAKE: bar.sync 1, 64; ld.shared.b32 %r4, [%r1]; mad.lo.u32 %o0, %o0, 31, %r4; bar.arrive 2, 64;
                                add.u32 %r3, %r3, 1; setp.lt.u32 %p1, %r3, 3; @%p1 bra TAKE;
                                DONE2:""")
                .declare(BUFFER).in("b32").out("b32").over(numbers(128)).answersOfBlocks(64, (in, out) -> {
                    for (int i = 0; i < 32; i++) {
                        long sum = 0;
                        for (int k = 0; k < 3; k++) sum = sum * 31 + in[i][0] * 3 + k;
                        out[i][0].is(0);
                        out[32 + i][0].is(sum);
                    }
                }));
    }

    /** A grid and a block of three extents; a thread's place in its warp is its place in the block, x first, modulo 32. */
    private void registers() {
        Dim3 grid = Dim3.of(3, 2, 2);
        Dim3 block = Dim3.of(5, 3, 4);
        String[] names = {"%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y",
            "%ctaid.z",
            "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "%lanemask_eq", "%lanemask_lt", "%lanemask_le",
            "%lanemask_gt",
            "%lanemask_ge"};
        StringBuilder s = new StringBuilder(Case.header(80, "8.0")
                + """
                        .visible .entry k(.param .u64 in, .param .u64 out) {
                        .reg .b32 %v, %w, %i; .reg .b64 %out, %o; .reg .pred %p; .reg .b16 %h;
                        ld.param.u64 %out, [out]; mov.u32 %v, %ctaid.z; mov.u32 %w, %nctaid.y; mul.lo.u32 %i, %v, %w; mov.u32 %v, %ctaid.y;
                        add.u32 %i, %i, %v; mov.u32 %w, %nctaid.x; mul.lo.u32 %i, %i, %w; mov.u32 %v, %ctaid.x; add.u32 %i, %i, %v;
                        mov.u32 %w, %ntid.z; mul.lo.u32 %i, %i, %w; mov.u32 %v, %tid.z; add.u32 %i, %i, %v; mov.u32 %w, %ntid.y;
                        mul.lo.u32 %i, %i, %w; mov.u32 %v, %tid.y; add.u32 %i, %i, %v; mov.u32 %w, %ntid.x; mul.lo.u32 %i, %i, %w;
                        mov.u32 %v, %tid.x; add.u32 %i, %i, %v; mul.wide.u32 %o, %i, 80; add.u64 %out, %out, %o;
                        """);
        for (int i = 0; i < names.length; i++) {
            s.append("mov.u32 %v, ").append(names[i]).append("; st.global.u32 [%out+").append(4 * i).append("], %v;\n");
        }
        s.append(
                """
                        mov.u32 %v, %warpid; mov.u32 %w, %nwarpid; setp.lt.u32 %p, %v, %w; selp.b32 %i, 1, 0, %p;
                        st.global.u32 [%out+72], %i; mov.u32 %v, %smid; mov.u32 %w, %nsmid; setp.lt.u32 %p, %v, %w; selp.b32 %i, 1, 0, %p;
                        cvt.u32.u16 %v, 0; mov.u16 %h, %ntid.x; cvt.u32.u16 %v, %h; shl.b32 %v, %v, 8; or.b32 %i, %i, %v;
                        st.global.u32 [%out+76], %i; ret; }""");
        int threads = (int) (grid.count() * block.count());
        int[] v = new int[20 * threads];
        for (int i = 0; i < threads; i++) {
            int inBlock = i % 60;
            int b = i / 60;
            int lane = inBlock % 32;
            int[] row = {inBlock % 5, inBlock / 5 % 3, inBlock / 15, 5, 3, 4, b % 3, b / 3 % 2, b / 6, 3, 2, 2, lane,
                1 << lane,
                (1 << lane) - 1, (int) ((2L << lane) - 1), (int) -(2L << lane), -(1 << lane), 1, 1 | 5 << 8};
            System.arraycopy(row, 0, v, 20 * i, 20);
        }
        cases.add(Case.of("10/special-registers", 80, s.toString().replace("cvt.u32.u16 %v, 0; ", ""),
                new LaunchConfig(grid, block, 0, null, false, false), new byte[16], Answer.ofInts(v)));
    }

    /** Clocks go on, and timers do not go back. */
    private void clocks() {
        cases.add(Tuples.of("10/clocks", """
                mov.u64 %l1, %clock64; mov.u64 %l2, %globaltimer; mov.b32 %r1, 0;
                SPIN: add.u32 %r1, %r1, 1; setp.lt.u32 %p0, %r1, %i0; @%p0 bra SPIN;
                mov.u64 %l3, %clock64; mov.u64 %l4, %globaltimer; setp.gt.u64 %p1, %l3, %l1; selp.b32 %o0, 1, 0, %p1;
                setp.ge.u64 %p2, %l4, %l2; selp.b32 %o1, 1, 0, %p2; mov.u32 %r2, WARP_SZ; mov.b32 %o2, %r2;""")
                .in("u32")
                .out("pred", "pred", "u32").over(Values.cross(new long[]{3, 50, 200})).answers((v, out) -> {
                    out[0].is(1);
                    out[1].is(1);
                    out[2].is(32);
                }));
    }
}
