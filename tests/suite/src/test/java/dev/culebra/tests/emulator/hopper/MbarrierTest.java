package dev.culebra.tests.emulator.hopper;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** mbarriers: counts and phases as the PTX ISA tells them, in one thread; every misuse that is found; deadlocks. */
class MbarrierTest {

    /** One thread with its mbarrier's address in %r1; what it finds of a wait goes to the next word of the output. */
    private static int[] alone(int words, String code) {
        return ClusterRig.run("mov.u32 %r1, sm;\n" + code, 1, 1, words);
    }

    private static String init(int count) { return "mbarrier.init.shared::cta.b64 [%r1], " + count + ";\n"; }

    /** Stores whether the phase of a parity is over. */
    private static String parity(int word, int parity) {
        return "mbarrier.test_wait.parity.shared.b64 %p1, [%r1], " + parity + "; " + told(word);
    }

    private static String told(int word) {
        return "selp.u32 %r2, 1, 0, %p1; st.global.u32 [%out+" + 4 * word + "], %r2;\n";
    }

    private static final String ARRIVE = "mbarrier.arrive.shared.b64 _, [%r1];\n";

    @Test
    void aFreshOneIsInPhaseZeroAndThePhaseBeforeIsOver() {
        assertArrayEquals(new int[]{0, 1}, alone(2, init(2) + parity(0, 0) + parity(1, 1)));
    }

    @Test
    void thePhaseIsOverWhenAllHaveArrived() {
        assertArrayEquals(new int[]{0, 1, 0, 1},
                alone(4, init(2) + ARRIVE + parity(0, 0) + ARRIVE + parity(1, 0) + parity(2, 1)
                        + ARRIVE + ARRIVE + parity(3, 1)));
    }

    @Test
    void statesStandForTheirPhase() { assertArrayEquals(new int[]{0, 1, 0, 1}, alone(4, init(2) + """
            mbarrier.arrive.shared.b64 %d1, [%r1]; mbarrier.try_wait.shared.b64 %p1, [%r1], %d1;
            """ + told(0) + """
            mbarrier.arrive.shared.b64 %d2, [%r1]; mbarrier.try_wait.acquire.cta.shared::cta.b64 %p1, [%r1], %d1, 100;
            """ + told(1) + """
            mbarrier.test_wait.shared.b64 %p1, [%r1], %d2;
            mbarrier.arrive.shared.b64 %d3, [%r1]; mbarrier.test_wait.shared.b64 %p1, [%r1], %d3;
            """ + told(2) + """
            mbarrier.arrive.shared.b64 _, [%r1]; mbarrier.test_wait.acquire.cluster.shared.b64 %p1, [%r1], %d3;
            """ + told(3))); }

    @Test
    void arrivalsCount() {
        assertArrayEquals(new int[]{0, 1}, alone(2, init(5)
                + "mbarrier.arrive.release.cta.shared::cta.b64 %d1, [%r1], 4;\n" + parity(0, 0)
                + "mbarrier.arrive.relaxed.cluster.shared::cta.b64 _, [%r1], 1;\n" + parity(1, 0)));
    }

    @Test
    void pendingCountIsThatBeforeTheArrival() {
        int[] got = alone(3,
                init(9) + """
                        mbarrier.arrive.noComplete.shared.b64 %d1, [%r1], 3; mbarrier.pending_count.b64 %r2, %d1; st.global.u32 [%out], %r2;
                        mbarrier.arrive_drop.noComplete.shared.b64 %d2, [%r1], 2; mbarrier.pending_count.b64 %r3, %d2; st.global.u32 [%out+4], %r3;
                        mbarrier.arrive.noComplete.release.cta.shared.b64 %d3, [%r1], 1; mbarrier.pending_count.b64 %r4, %d3; st.global.u32 [%out+8], %r4;
                        """);
        assertArrayEquals(new int[]{9, 6, 4}, got);
    }

    @Test
    void whoDropsOutIsNotExpectedAgain() {
        // Of three, one drops out in phase 0: phase 1 wants two.
        assertArrayEquals(new int[]{1, 0, 1}, alone(3, init(3)
                + "mbarrier.arrive_drop.shared.b64 _, [%r1];\n" + ARRIVE + ARRIVE + parity(0, 0)
                + ARRIVE + parity(1, 1) + ARRIVE + parity(2, 1)));
        assertArrayEquals(new int[]{1, 1}, alone(2, init(4)
                + "mbarrier.arrive_drop.release.cta.shared.b64 %d1, [%r1], 3;\n" + ARRIVE + parity(0, 0)
                + ARRIVE + parity(1, 1)));
    }

    @Test
    void bytesAreWaitedForToo() {
        assertArrayEquals(new int[]{0, 0, 1}, alone(3, init(1)
                + "mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 96;\n" + parity(0, 0)
                + "mbarrier.complete_tx.shared.b64 [%r1], 32;\n" + parity(1, 0)
                + "mbarrier.complete_tx.relaxed.cta.shared.b64 [%r1], 64;\n" + parity(2, 0)));
        // Bytes may come before they are expected: the count goes below zero, and an arrival is still missing.
        assertArrayEquals(new int[]{0, 1}, alone(2, init(1)
                + "mbarrier.complete_tx.shared.b64 [%r1], 32; mbarrier.expect_tx.relaxed.cta.shared.b64 [%r1], 32;\n"
                + parity(0, 0)
                + ARRIVE + parity(1, 0)));
        assertArrayEquals(new int[]{1, 1}, alone(2, init(2)
                + "mbarrier.arrive_drop.expect_tx.shared::cta.release.cta.b64 %d1, [%r1], 16; mbarrier.complete_tx.shared.b64 [%r1], 16;\n"
                + ARRIVE + parity(0, 0) + ARRIVE + parity(1, 1)));
    }

    @Test
    void genericAddressesAndNewLives() { assertArrayEquals(new int[]{1, 1, 77}, alone(3, init(1) + """
            cvt.u64.u32 %d1, %r1; cvta.shared.u64 %d1, %d1;
            mbarrier.arrive.b64 %d2, [%d1]; mbarrier.test_wait.b64 %p1, [%d1], %d2;
            """ + told(0) + """
            mbarrier.inval.b64 [%d1]; st.shared.u64 [%r1], 77; ld.shared.u32 %r5, [%r1]; st.global.u32 [%out+8], %r5;
            mbarrier.init.b64 [%d1], 1; mbarrier.arrive.b64 _, [%d1]; mbarrier.try_wait.parity.b64 %p1, [%d1], 0;
            """ + told(1))); }

    @Test
    void aWholeWarpArrivesLaneByLane() {
        // 64 threads at an mbarrier for 64, twice; what they wrote before is there after.
        int[] got = ClusterRig.run("""
                mov.u32 %r1, sm; setp.eq.u32 %p1, %t, 0; @%p1 mbarrier.init.shared.b64 [%r1], 64; bar.sync 0;
                mad.lo.u32 %r2, %t, 4, %r1; st.shared.u32 [%r2+64], %t;
                mbarrier.arrive.shared.b64 %d1, [%r1];
                A: mbarrier.try_wait.shared.b64 %p2, [%r1], %d1; @!%p2 bra A;
                sub.u32 %r3, 63, %t; mad.lo.u32 %r3, %r3, 4, %r1; ld.shared.u32 %r4, [%r3+64];
                mbarrier.arrive.shared.b64 _, [%r1];
                B: mbarrier.test_wait.parity.shared.b64 %p2, [%r1], 1; @%p2 bra C; nanosleep.u32 20; bra B;
                C: add.u32 %r4, %r4, 1000; st.shared.u32 [%r2+64], %r4; ld.shared.u32 %r5, [%r2+64];
                mul.wide.u32 %d2, %t, 4; add.u64 %out, %out, %d2; st.global.u32 [%out], %r5;
                """, 1, 64, 64);
        for (int i = 0; i < 64; i++) {
            assertEquals(1063 - i, got[i]);
        }
    }

    @Test
    void otherBlocksArriveToo() {
        // Block 0 waits for the arrivals of all 4 * 32 threads and for bytes that each block's first thread expects and completes.
        int[] got = ClusterRig.run(
                """
                        mov.u32 %r1, sm; or.b32 %r9, %t, %rank; setp.eq.u32 %p1, %r9, 0; @%p1 mbarrier.init.shared.b64 [%r1], 128;
                        fence.mbarrier_init.release.cluster; barrier.cluster.arrive.release; barrier.cluster.wait.acquire;
                        mapa.shared::cluster.u32 %r2, %r1, 0; cvt.u64.u32 %d1, %r2; cvta.shared::cluster.u64 %d1, %d1;
                        setp.eq.u32 %p2, %t, 0; @%p2 mbarrier.expect_tx.relaxed.cluster.shared::cluster.b64 [%r2], 48;
                        @%p2 mbarrier.complete_tx.relaxed.cluster.b64 [%d1], 32;
                        @%p2 mbarrier.arrive.expect_tx.release.cluster.shared::cluster.b64 _, [%r2], 16;
                        @%p2 mbarrier.complete_tx.shared::cluster.b64 [%r2], 32;
                        setp.lt.u32 %p3, %t, 16; @!%p2 mbarrier.arrive.release.cluster.b64 _, [%d1];
                        setp.ne.u32 %p4, %rank, 0; @%p4 bra END;
                        W: mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 %p5, [%r1], 0; @!%p5 bra W;
                        @%p2 st.global.u32 [%out], 9;
                        END: barrier.cluster.arrive; barrier.cluster.wait;
                        """,
                4, 32, 1);
        assertEquals(9, got[0]);
    }

    @Test
    void arrivalsFollowCopies() {
        // Each of 32 threads copies its word; the arrival without .noinc nets to none, so 32 ordinary ones complete the phase.
        String code = """
                mov.u32 %r1, sm; setp.eq.u32 %p1, %t, 0; @%p1 mbarrier.init.shared.b64 [%r1], COUNT; bar.sync 0;
                mad.lo.u32 %r2, %t, 4, %r1; mul.wide.u32 %d1, %t, 4; add.u64 %in, %in, %d1; add.u64 %out, %out, %d1;
                cp.async.ca.shared.global [%r2+64], [%in], 4;
                cp.async.mbarrier.arriveNOINC.shared.b64 [%r1]; mbarrier.arrive.shared.b64 %d2, [%r1];
                W: mbarrier.try_wait.shared.b64 %p2, [%r1], %d2; @!%p2 bra W;
                xor.b32 %r3, %t, 1; mad.lo.u32 %r3, %r3, 4, %r1; ld.shared.u32 %r4, [%r3+64]; st.global.u32 [%out], %r4;
                """;
        for (String form : new String[]{code.replace("COUNT", "32").replace("NOINC", ""),
            code.replace("COUNT", "64").replace("NOINC", ".noinc")}) {
            int[] got = ClusterRig.run(form, 1, 32, 32);
            for (int i = 0; i < 32; i++) {
                assertEquals(1000 + (i ^ 1), got[i]);
            }
        }
    }

    @Test
    void copiesOfThreadsThatHaveEndedStillLand() {
        int[] got = ClusterRig.run("""
                mov.u32 %r1, sm; setp.eq.u32 %p1, %t, 0; @%p1 mbarrier.init.shared.b64 [%r1], 32; bar.sync 0;
                setp.ge.u32 %p2, %t, 32; @%p2 bra READ;
                mad.lo.u32 %r2, %t, 4, %r1; mul.wide.u32 %d1, %t, 4; add.u64 %in, %in, %d1;
                cp.async.ca.shared.global [%r2+64], [%in], 4; cp.async.mbarrier.arrive.noinc.shared.b64 [%r1]; exit;
                READ: mbarrier.try_wait.parity.shared.b64 %p3, [%r1], 0; @!%p3 bra READ;
                sub.u32 %r3, %t, 32; mad.lo.u32 %r2, %r3, 4, %r1; ld.shared.u32 %r4, [%r2+64];
                mul.wide.u32 %d1, %r3, 4; add.u64 %out, %out, %d1; st.global.u32 [%out], %r4;
                """, 1, 64, 32);
        for (int i = 0; i < 32; i++) {
            assertEquals(1000 + i, got[i]);
        }
    }

    // ---- misuse ----

    private static void misused(String code, String... words) {
        ClusterRig.fails("mov.u32 %r1, sm;\n" + code, 1, 1, DeviceFault.LAUNCH_FAILED, words);
    }

    @Test
    void whatHasNotBeenInitialised() {
        misused(ARRIVE, "no mbarrier is at shared address 0x400");
        misused(parity(0, 0), "no mbarrier is at");
        misused("cp.async.mbarrier.arrive.shared.b64 [%r1];", "no mbarrier is at");
        misused(init(1) + "mbarrier.inval.shared.b64 [%r1];" + ARRIVE, "no mbarrier is at");
        misused(init(1) + "mbarrier.arrive.shared.b64 _, [%r1+8];", "no mbarrier is at shared address 0x408");
    }

    @Test
    void initialisedTwice() { misused(init(1) + init(1), "mbarrier.init of an mbarrier that lives"); }

    @ParameterizedTest
    @CsvSource({"0", "1048576", "-1"})
    void countsOutOfRange(int count) {
        misused("mov.u32 %r3, " + count + "; mbarrier.init.shared.b64 [%r1], %r3;", "1 to 1048575 are accepted");
        misused(init(1) + "mov.u32 %r3, " + count + "; mbarrier.arrive.shared.b64 _, [%r1], %r3;",
                "1 to 1048575 are accepted");
    }

    @Test
    void moreArrivalsThanExpected() {
        misused(init(2) + "mbarrier.arrive.shared.b64 _, [%r1], 3;", "an arrival of count 3 where 2 are pending");
        misused(init(1) + "mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 16;" + ARRIVE,
                "0 are pending and 16 bytes are missing");
        misused(init(1) + "mbarrier.arrive_drop.shared.b64 _, [%r1];" + parity(0, 0) + ARRIVE, "where 0 are pending");
    }

    @Test
    void aPhaseThatNobodyWaitedFor() {
        misused(init(1) + ARRIVE + ARRIVE, "an arrival in phase 1 before any wait saw phase 0 complete");
    }

    @Test
    void transactionsOutOfRange() {
        misused(init(1) + "mbarrier.expect_tx.shared.b64 [%r1], 1048575; mbarrier.expect_tx.shared.b64 [%r1], 1;",
                "the transaction count goes up to 1048575");
        misused(init(1) + "mbarrier.complete_tx.shared.b64 [%r1], 1048575; mbarrier.complete_tx.shared.b64 [%r1], 1;",
                "the transaction count goes down to -1048575");
    }

    @Test
    void noCompleteThatCompletes() {
        misused(init(2) + "mbarrier.arrive.noComplete.shared.b64 %d1, [%r1], 2;", ".noComplete completes the phase");
    }

    @Test
    void statesThatAreNone() {
        misused(init(1) + "mov.u64 %d1, 5; mbarrier.test_wait.shared.b64 %p1, [%r1], %d1;", "which no mbarrier.arrive");
        misused(init(1) + "mbarrier.init.shared.b64 [%r1+8], 1; mbarrier.arrive.shared.b64 %d1, [%r1+8];"
                + "mbarrier.test_wait.shared.b64 %p1, [%r1], %d1;", "on this mbarrier returned");
        misused(init(1) + "mbarrier.arrive.shared.b64 %d1, [%r1]; mbarrier.pending_count.b64 %r3, %d1;", "noComplete");
        misused(init(1) + "mov.u32 %r4, 2; mbarrier.test_wait.parity.shared.b64 %p1, [%r1], %r4;",
                "0 and 1 are accepted");
        misused(init(1) + "mbarrier.arrive.shared.b64 %d1, [%r1];" + parity(0, 0) + ARRIVE + parity(0, 1)
                + "mbarrier.test_wait.shared.b64 %p1, [%r1], %d1;", "complete 2 phases ago");
    }

    @Test
    void bytesThatAreTouched() {
        misused(init(1) + "ld.shared.u32 %r3, [%r1+4];", "a load of 4 bytes meets an mbarrier");
        misused("add.u32 %r1, %r1, 8;" + init(1) + "mov.u32 %r5, sm; st.shared.v4.u32 [%r5], {%r1, %r1, %r1, %r1};",
                "a store or atomic of 16 bytes");
        misused(init(1) + "atom.shared.add.u32 %r3, [%r1], 1;", "meets an mbarrier");
        misused(init(1) + "cp.async.ca.shared.global [%r1], [%in], 8;", "an asynchronous copy of 8 bytes meets");
        // Its neighbours are free.
        alone(1, "add.u32 %r1, %r1, 8;" + init(1) + "st.shared.u64 [%r1+8], 1; st.shared.u64 [%r1+-8], 1;");
    }

    @Test
    void addressesThatAreNone() {
        ClusterRig.fails("mbarrier.init.b64 [%out], 1;", 1, 1, DeviceFault.INVALID_ADDRESS_SPACE,
                "does not point to shared");
        ClusterRig.fails("mov.u32 %r1, sm; mbarrier.init.shared.b64 [%r1+4], 1;", 1, 1, DeviceFault.MISALIGNED_ADDRESS,
                "multiple of 8");
        ClusterRig.fails("mov.u32 %r1, sm; mbarrier.init.shared.b64 [%r1+4096], 1;", 1, 1, DeviceFault.ILLEGAL_ADDRESS,
                "of an mbarrier");
        // Another block's, by an instruction that does not reach there.
        ClusterRig.fails("""
                mov.u32 %r1, sm; mbarrier.init.shared.b64 [%r1], 1; barrier.cluster.arrive; barrier.cluster.wait;
                xor.b32 %r2, %rank, 1; cvt.u64.u32 %d1, %r1; cvta.shared.u64 %d1, %d1; mapa.u64 %d2, %d1, %r2;
                mbarrier.test_wait.parity.b64 %p1, [%d2], 0; barrier.cluster.arrive; barrier.cluster.wait;
                """, 2, 1, DeviceFault.LAUNCH_FAILED, "an mbarrier of block (");
    }

    // ---- deadlocks ----

    private static final String SPIN = "W: mbarrier.try_wait.parity.shared.b64 %p1, [%r1], 0; @!%p1 bra W;";

    @Test
    void aWaitThatNobodyEnds() {
        ClusterRig.fails("mov.u32 %r1, sm;" + init(2) + ARRIVE + SPIN, 1, 1, DeviceFault.LAUNCH_TIMEOUT,
                "deadlock: 1 threads wait",
                "phase 0 of the mbarrier at shared address 0x400", "1 arrivals and 0 bytes are missing");
        ClusterRig.fails("mov.u32 %r1, sm;" + init(1) + "mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 48;" + SPIN, 1,
                1,
                DeviceFault.LAUNCH_TIMEOUT, "0 arrivals and 48 bytes are missing");
    }

    @Test
    void someSpinAndOthersStandAtABarrier() {
        ClusterRig.fails(
                "mov.u32 %r1, sm; setp.eq.u32 %p2, %t, 0; @%p2 mbarrier.init.shared.b64 [%r1], 1; bar.sync 0; "
                        + "setp.lt.u32 %p2, %t, 32; @%p2 bra W; bar.sync 0; ret;" + SPIN,
                1, 96, DeviceFault.LAUNCH_TIMEOUT,
                "96 threads wait", "1 arrivals");
    }

    /** 32 warps that only look in vain are given up after some million instructions, not at the limit of four thousand million. */
    @Test
    void aLargeClusterThatHangsIsGivenUpSoon() {
        ClusterRig rig = ClusterRig.kernel(
                "mov.u32 %r1, sm; setp.eq.u32 %p2, %t, 0; @%p2 mbarrier.init.shared.b64 [%r1], 300; bar.sync 0;"
                        + ARRIVE + "nanosleep.u32 20;" + SPIN);
        rig.spec = rig.spec.withStepLimit(10_000_000);
        DeviceFault f = assertThrows(DeviceFault.class, () -> rig.launch(4, 256, 4, 0L, 0L));
        assertTrue(f.diagnostic().contains("1024 threads wait") && f.diagnostic().contains("44 arrivals"),
                f.diagnostic());
    }

    @Test
    void twoThatWaitForEachOther() {
        // Each block waits on its own mbarrier before it would arrive at the other's.
        ClusterRig.fails(
                """
                        mov.u32 %r1, sm; mbarrier.init.shared.b64 [%r1], 1; barrier.cluster.arrive; barrier.cluster.wait;
                        W: mbarrier.test_wait.parity.shared.b64 %p1, [%r1], 0; @!%p1 bra W;
                        xor.b32 %r2, %rank, 1; mapa.shared::cluster.u32 %r2, %r1, %r2; mbarrier.arrive.shared::cluster.b64 _, [%r2];
                        """,
                2, 1, DeviceFault.LAUNCH_TIMEOUT, "2 threads wait");
    }

    @Test
    void lanesOfOneWarpMayWaitForEachOther() {
        // Lane 0 spins while the others stand where it would meet them, and arrive only behind that place.
        int[] got = ClusterRig.run("""
                mov.u32 %r1, sm; setp.eq.u32 %p2, %t, 0; @%p2 mbarrier.init.shared.b64 [%r1], 31; bar.warp.sync -1;
                @!%p2 bra MEET;
                W: mbarrier.try_wait.parity.shared.b64 %p1, [%r1], 0; @!%p1 bra W;
                MEET: @!%p2 mbarrier.arrive.shared.b64 _, [%r1]; @%p2 st.global.u32 [%out], 3;
                """, 1, 32, 1);
        assertEquals(3, got[0]);
    }
}
