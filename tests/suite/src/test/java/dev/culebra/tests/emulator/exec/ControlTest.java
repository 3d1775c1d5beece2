package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.emulator.exec.RunStatistics;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Branches, loops, barriers, calls: who runs what, and that lanes meet again. */
class ControlTest {

    private static final int[] ONCE = {0};

    /** Lanes that diverged have met again when all 32 vote together. */
    private static final String VOTE = " activemask.b32 %t9; popc.b32 %t9, %t9; mad.lo.u32 %d, %d, 100, %t9;";

    @Test
    void waysOfABranchMeet() {
        int[] got = Rig.ints("""
                setp.lt.u32 %p, %tid, 10; @%p bra LESS;
                mov.u32 %d, 1; bra DONE;
                LESS: mov.u32 %d, 2; setp.lt.u32 %q, %tid, 5; @!%q bra DONE; add.u32 %d, %d, 1;
                DONE:""" + VOTE, ONCE);
        for (int l = 0; l < 32; l++) {
            assertEquals((l < 5 ? 3 : l < 10 ? 2 : 1) * 100 + 32, got[l]);
        }
    }

    @Test
    void loopsOfDifferentLengthMeet() {
        int[] got = Rig.ints("""
                mov.u32 %d, 0; mov.u32 %t0, 0;
                OUTER: mov.u32 %t1, 0;
                INNER: add.u32 %d, %d, 1; add.u32 %t1, %t1, 1; setp.le.u32 %p, %t1, %t0; @%p bra INNER;
                add.u32 %t0, %t0, 1; setp.lt.u32 %p, %t0, %tid; @%p bra OUTER;""" + VOTE, ONCE);
        for (int l = 0; l < 32; l++) {
            int n = Math.max(l, 1);
            assertEquals(n * (n + 1) / 2 * 100 + 32, got[l], "lane " + l);
        }
    }

    @Test
    void lanesThatReturnAreNotWaitedFor() {
        int[] got = Rig.ints("""
                mov.u32 %d, 7; st.global.u32 [%out], %d;
                setp.lt.u32 %p, %tid, 4; @%p bra EARLY;
                setp.ge.u32 %p, %tid, 30; @%p ret;
                bra ON;
                EARLY: setp.eq.u32 %q, %tid, 2; @!%q bra ON; ret;
                ON: mov.u32 %d, 1;""" + VOTE, ONCE);
        for (int l = 0; l < 32; l++) {
            assertEquals(l == 2 || l >= 30 ? 7 : 129, got[l], "lane " + l + ": 29 lanes are left, and together");
        }
    }

    @Test
    void indexedBranch() {
        int[] got = Rig.ints("""
                and.b32 %t0, %tid, 3;
                ts: .branchtargets A, B, C, B;
                brx.idx %t0, ts;
                A: mov.u32 %d, 10; bra DONE;
                B: mov.u32 %d, 20; bra DONE;
                C: mov.u32 %d, 30;
                DONE:""" + VOTE, ONCE);
        for (int l = 0; l < 32; l++) {
            assertEquals(new int[]{10, 20, 30, 20}[l & 3] * 100 + 32, got[l]);
        }
    }

    @Test
    void labelsAndRegistersBelongToTheirBraces() {
        int[] got = Rig.ints(
                """
                        mov.u32 %d, 0;
                        { .reg .b32 n; mov.u32 n, 3; AGAIN: add.u32 %d, %d, 1; sub.u32 n, n, 1; setp.ne.u32 %p, n, 0; @%p bra AGAIN; }
                        { .reg .b32 n; mov.u32 n, %tid; AGAIN: add.u32 %d, %d, 10; setp.eq.u32 %p, n, 0; @%p bra OUT; sub.u32 n, n, 1; bra AGAIN; OUT: }
                        """,
                ONCE);
        for (int l = 0; l < 32; l++) {
            assertEquals(3 + 10 * (l + 1), got[l]);
        }
    }

    /** A warp's halves wait for each other at different barriers of the warp: they must run in turn. */
    @Test
    void halvesOfAWarpWaitForEachOther() {
        int[] got = Rig.ints("""
                shl.b32 %t0, %tid, 2; mov.u32 %t1, smem; add.u32 %t1, %t1, %t0;
                setp.lt.u32 %p, %tid, 16; @%p bra FIRST;
                bar.warp.sync -1; ld.shared.u32 %d, [%t1+-64]; bra DONE;
                FIRST: add.u32 %t2, %tid, 500; st.shared.u32 [%t1], %t2; bar.warp.sync -1; mov.u32 %d, 1;
                DONE:""" + VOTE, ONCE);
        for (int l = 0; l < 32; l++) {
            assertEquals((l < 16 ? 1 : 500 + l - 16) * 100 + 32, got[l]);
        }
    }

    /** One lane spins on what another of its warp writes behind the branch: it must not starve it. */
    @Test
    void aLaneSpinsOnWhatAnotherOfItsWarpDoes() {
        int[] got = Rig.ints(
                """
                        mov.u32 %t1, 0; st.volatile.shared.u32 [smem], %t1; bar.warp.sync -1;
                        setp.ne.u32 %p, %tid, 0; @%p bra PAST;
                        SPIN: ld.volatile.shared.u32 %t0, [smem]; setp.ne.u32 %q, %t0, 9; @%q bra SPIN;
                        PAST: mov.u32 %t1, 9; setp.eq.u32 %p, %tid, 5; @%p st.volatile.shared.u32 [smem], %t1; mov.u32 %d, %tid;""",
                ONCE);
        for (int l = 0; l < 32; l++) {
            assertEquals(l, got[l]);
        }
    }

    private static final String BARRIERS = Rig.HEADER + """
            .visible .entry k(.param .u64 out) {
            .reg .b64 %o, %a; .reg .b32 %t, %w, %v, %n; .reg .pred %p, %q;
            .shared .align 4 .b32 s[96];
            ld.param.u64 %o, [out]; mov.u32 %t, %tid.x; shr.u32 %w, %t, 5;
            mul.wide.u32 %a, %t, 4; add.s64 %o, %o, %a; cvt.u32.u64 %n, %a; mov.u32 %v, s; add.u32 %n, %n, %v;
            """;

    /** As PTX was written before it had {@code .param}: some lanes call, some return early. */
    @Test
    void parametersAndResultsInRegisters() throws Exception {
        Rig rig = new Rig(Rig.HEADER + """
                .func (.reg .u32 y) f(.reg .u32 x, .reg .u32 z) {
                .reg .pred %p; setp.gt.u32 %p, x, 5; mov.u32 y, 7; @%p ret; mad.lo.u32 y, x, z, 1; }
                .visible .entry k(.param .u64 out) {
                .reg .b32 %a, %b, %t; .reg .b64 %o, %e; .reg .pred %p;
                mov.u32 %t, %tid.x; mov.u32 %b, 10; mov.u32 %a, 99; setp.ne.u32 %p, %t, 3; @%p call (%a), f, (%t, %b);
                ld.param.u64 %o, [out]; mul.wide.u32 %e, %t, 4; add.u64 %o, %o, %e; st.global.u32 [%o], %a; ret; }""");
        long out = rig.zeros(32);
        rig.launch("k", Rig.dim(1), Rig.dim(8), 0, out);
        assertArrayEquals(new int[]{1, 11, 21, 99, 41, 51, 7, 7}, rig.ints(out));
    }

    /** A lock that a function takes: the lane that has it comes back from the call while the others are still in it. */
    @Test
    void aLaneReturnsFromACallInWhichTheOthersSpin() throws Exception {
        Rig rig = new Rig(Rig.HEADER + """
                .shared .align 4 .b32 held; .shared .align 4 .b32 sum;
                .func tries(.param .b32 nothing) { ret; }
                .func take(.param .b32 nothing) {
                .reg .b32 %a, %b; .reg .pred %p; .param .b32 x;
                AGAIN: call tries, (x);
                mov.u32 %a, held; atom.shared.acquire.cta.cas.b32 %b, [%a], 0, 1; setp.ne.u32 %p, %b, 0; @%p bra AGAIN;
                ret; }
                .visible .entry k(.param .u64 out) {
                .reg .b64 %o; .reg .b32 %a, %b, %t; .reg .pred %p; .param .b32 x;
                mov.u32 %t, %tid.x; mov.u32 %a, 0; setp.ne.u32 %p, %t, 0; @%p bra ON;
                st.shared.u32 [held], %a; st.shared.u32 [sum], %a;
                ON: bar.sync 0;
                call take, (x);
                ld.shared.u32 %b, [sum]; add.u32 %b, %b, %t; st.shared.u32 [sum], %b;
                mov.u32 %a, held; mov.u32 %b, 0; st.release.cta.shared.u32 [%a], %b;
                bar.sync 0;
                ld.shared.u32 %b, [sum]; ld.param.u64 %o, [out]; st.global.u32 [%o], %b; ret; }""");
        long out = rig.zeros(4);
        rig.spec = rig.spec.withStepLimit(20_000_000);
        rig.launch("k", Rig.dim(1), Rig.dim(40), 0, out);
        assertEquals(39 * 40 / 2, rig.ints(out)[0]);
    }

    @Test
    void barriersOfPartOfTheBlock() throws Exception {
        // Warps 1 and 2 produce for each other through barrier 3 of 64 threads; warp 0 takes no part in it.
        Rig rig = new Rig(BARRIERS + """
                setp.eq.u32 %p, %w, 0; @%p bra ZERO;
                st.shared.u32 [%n], %t;
                bar.sync 3, 64;
                setp.eq.u32 %q, %w, 1; @%q bra ONE;
                ld.shared.u32 %v, [%n+-128]; bra STORE;
                ONE: ld.shared.u32 %v, [%n+128]; bra STORE;
                ZERO: mov.u32 %v, 7;
                STORE: st.global.u32 [%o], %v; ret; }""");
        long out = rig.upload(new int[96]);
        rig.launch("k", Rig.dim(1), Rig.dim(96), 0, out);
        for (int t = 0; t < 96; t++) {
            assertEquals(t < 32 ? 7 : t < 64 ? t + 32 : t - 32, rig.ints(out)[t], "thread " + t);
        }
    }

    @Test
    void arriveWithoutWaiting() throws Exception {
        Rig rig = new Rig(BARRIERS + """
                setp.eq.u32 %p, %w, 0; @%p bra CONSUME;
                st.shared.u32 [%n], %t; membar.cta; barrier.cta.arrive 1, 64; mov.u32 %v, 1; bra STORE;
                CONSUME: barrier.cta.sync 1, 64; ld.shared.u32 %v, [%n+128];
                STORE: st.global.u32 [%o], %v; ret; }""");
        long out = rig.upload(new int[64]);
        rig.launch("k", Rig.dim(1), Rig.dim(64), 0, out);
        for (int t = 0; t < 64; t++) {
            assertEquals(t < 32 ? t + 32 : 1, rig.ints(out)[t]);
        }
    }

    @Test
    void barrierReductionsAndRaggedBlocks() throws Exception {
        Rig rig = new Rig(BARRIERS + """
                setp.lt.u32 %p, %t, 41;
                barrier.cta.red.popc.aligned.u32 %v, 0, %p;
                bar.red.and.pred %q, 0, %p; @%q add.u32 %v, %v, 1000;
                bar.red.or.pred %q, 0, !%p; @%q add.u32 %v, %v, 5000;
                st.global.u32 [%o], %v; ret; }""");
        long out = rig.upload(new int[70]);
        rig.launch("k", Rig.dim(1), Rig.dim(70), 0, out);
        int[] expected = new int[70];
        Arrays.fill(expected, 5041);
        assertArrayEquals(expected, rig.ints(out));
    }

    @Test
    void threadsThatHaveExitedAreNotWaitedForAtABarrier() throws Exception {
        Rig rig = new Rig(BARRIERS + """
                setp.gt.u32 %p, %t, 50; @%p exit;
                bar.sync 0; st.global.u32 [%o], %t; ret; }""");
        long out = rig.upload(new int[64]);
        rig.launch("k", Rig.dim(1), Rig.dim(64), 0, out);
        assertEquals(50, rig.ints(out)[50]);
        assertEquals(0, rig.ints(out)[51]);
    }

    private static final String FUNCTIONS = Rig.HEADER + """
            .global .align 8 .b64 unused;
            .func (.param .b64 result) twice(.param .b64 x, .param .align 4 .b8 pair[8])
            { .reg .b64 %r; .reg .b32 %a, %b; .local .align 4 .b32 own[2];
              ld.param.u64 %r, [x]; ld.param.u32 %a, [pair]; ld.param.u32 %b, [pair+4];
              st.local.u32 [own+4], %b; add.u32 %a, %a, %a; ld.local.u32 %b, [own+4];
              .reg .pred %p; setp.eq.u32 %p, %b, 0; @%p bra ZERO;
              .reg .b64 %s; cvt.u64.u32 %s, %a; add.u64 %r, %r, %s; st.param.b64 [result], %r; ret;
              ZERO: mov.u64 %r, 77; st.param.b64 [result], %r; ret; }
            .visible .entry k(.param .u64 out) {
              .reg .b64 %o, %a, %v; .reg .b32 %t, %one; .reg .pred %p;
              ld.param.u64 %o, [out]; mov.u32 %t, %tid.x; mul.wide.u32 %a, %t, 8; add.s64 %o, %o, %a;
              mov.u64 %v, 5; and.b32 %one, %t, 1; setp.lt.u32 %p, %t, 20;
              { .param .b64 p0; .param .align 4 .b8 p1[8]; .param .b64 r0;
                st.param.b64 [p0], %v; st.param.b32 [p1], %t; st.param.b32 [p1+4], %one;
                @%p call.uni (r0), twice, (p0, p1);
                @%p ld.param.b64 %v, [r0]; }
              st.global.u64 [%o], %v; ret; }""";

    @Test
    void callsUnderAPredicateWithDivergingReturns() throws Exception {
        Rig rig = new Rig(FUNCTIONS);
        long out = rig.upload(new long[32]);
        rig.launch("k", Rig.dim(1), Rig.dim(32), 0, out);
        for (int l = 0; l < 32; l++) {
            assertEquals(l >= 20 ? 5 : l % 2 == 0 ? 77 : 5 + 2 * l, rig.longs(out)[l], "lane " + l);
        }
    }

    @Test
    void specialRegistersOfABlockInThreeDimensions() throws Exception {
        Rig rig = new Rig(Rig.HEADER
                + """
                        .visible .entry k(.param .u64 out) { .reg .b64 %o, %a; .reg .b32 %r<16>;
                        mov.u32 %r0, %tid.z; mad.lo.u32 %r0, %r0, %ntid.y, %tid.y; mad.lo.u32 %r0, %r0, %ntid.x, %tid.x;
                        mov.u32 %r1, %ctaid.z; mad.lo.u32 %r1, %r1, %nctaid.y, %ctaid.y; mad.lo.u32 %r1, %r1, %nctaid.x, %ctaid.x;
                        mad.lo.u32 %r2, %r1, 30, %r0; ld.param.u64 %o, [out]; mul.wide.u32 %a, %r2, 4; add.u64 %o, %o, %a;
                        mov.u32 %r3, %laneid; mov.u32 %r4, %warpid; mad.lo.u32 %r3, %r4, 32, %r3;
                        mov.u32 %r5, %lanemask_lt; popc.b32 %r5, %r5; mad.lo.u32 %r3, %r5, 1000, %r3;
                        mov.u32 %r6, %dynamic_smem_size; add.u32 %r3, %r3, %r6;
                        st.global.u32 [%o], %r3; ret; }""");
        long out = rig.upload(new int[30 * 24]);
        rig.workers = 2;
        rig.launch("k", new dev.culebra.emulator.exec.Dim(2, 3, 4), new dev.culebra.emulator.exec.Dim(5, 3, 2),
                1_000_000 / 10, out);
        int[] got = rig.ints(out);
        for (int i = 0; i < got.length; i++) {
            int thread = i % 30;
            assertEquals(thread + 1000 * (thread % 32) + 100_000, got[i], "element " + i);
        }
    }

    /** Each of four blocks waits for all others: possible only when all are resident. */
    @Test
    void blocksOfACooperativeLaunchWaitForEachOther() throws Exception {
        Rig rig = new Rig(Rig.HEADER + """
                .visible .entry k(.param .u64 c) { .reg .b64 %c; .reg .b32 %v; .reg .pred %p;
                ld.param.u64 %c, [c]; atom.global.add.u32 %v, [%c], 1;
                WAIT: ld.acquire.gpu.global.u32 %v, [%c]; setp.lt.u32 %p, %v, 4; @%p bra WAIT; ret; }""");
        for (boolean cooperative : new boolean[]{true, false}) {
            long counter = rig.upload(0);
            RunStatistics s = rig.launch("k", Rig.dim(4), Rig.dim(1), 0, cooperative, new Object[]{counter});
            assertEquals(4, rig.ints(counter)[0]);
            assertEquals(0, s.laneInstructions() % 32);
        }
    }
}
