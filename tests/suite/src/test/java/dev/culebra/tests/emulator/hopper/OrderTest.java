package dev.culebra.tests.emulator.hopper;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.exec.DeviceFault;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.params.ParameterizedTest;

/** What clusters, mbarriers and bulk copies order and what they do not: each correct program beside the one that lacks a step. */
class OrderTest {

    private static final String SYNC = "barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;\n";
    private static final String BULK = "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes ";

    /** Runs with all checks, which must find nothing. */
    private static void passes(String code, int blocks, int threads) {
        ClusterRig.run(code, blocks, threads, 1024);
    }

    /** Runs with the race check alone: which of several things is found first depends on which warp runs first. */
    private static void races(String code, int blocks, int threads, String... words) {
        DeviceFault f = ClusterRig.fails(Set.of(Check.RACES), code, blocks, threads, DeviceFault.LAUNCH_FAILED, words);
        assertTrue(f.diagnostic().startsWith("race: "), f.diagnostic());
    }

    /** Takes the part between two bars out, or the bars alone. */
    private static String with(String code) {
        return code.replace("|", "");
    }

    private static String without(String code) { return code.replaceAll("(?s)\\|.*?\\|", ""); }

    // ---- copies that land late ----

    private static final String LOAD = """
            mov.u32 %r1, sm; add.u32 %r2, %r1, 128; setp.eq.u32 %p1, %t, 0; @%p1 mbarrier.init.shared.b64 [%r1], 1; bar.sync 0;
            @!%p1 bra W; mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 256;
            cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r2], [%in], 256, [%r1];
            W: |mbarrier.try_wait.parity.shared.b64 %p2, [%r1], 0; @!%p2 bra W;|
            mad.lo.u32 %r3, %t, 4, %r2; ld.shared.u32 %r4, [%r3]; mul.wide.u32 %d1, %t, 4; add.u64 %out, %out, %d1; st.global.u32 [%out], %r4;
            bar.sync 0; X: mbarrier.try_wait.parity.shared.b64 %p2, [%r1], 0; @!%p2 bra X;
            """;

    @Test
    void aMissingWaitForACopyIsFound() throws DeviceFault {
        passes(with(LOAD), 1, 64);
        races(without(LOAD), 1, 64, "copy");
        // Without the check the result is wrong, for nothing has landed yet.
        ClusterRig rig = ClusterRig.kernel(without(LOAD));
        rig.spec = rig.spec.withChecks(Set.of());
        long out = rig.zeros(64);
        int[] in = ClusterRig.counting(64);
        rig.launch(1, 64, 1, rig.ints(in), out);
        for (int i = 0; i < 64; i++) {
            assertNotEquals(in[i], rig.read(out)[i]);
        }
    }

    @Test
    void whoHasNotWaitedDoesNotKnow() {
        // Thread 0 waits; thread 32 does not, and no barrier of the block tells it.
        String code = """
                mov.u32 %r1, sm; add.u32 %r2, %r1, 128; setp.eq.u32 %p1, %t, 0; @%p1 mbarrier.init.shared.b64 [%r1], 1; bar.sync 0;
                @!%p1 bra READ; mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 256;
                cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r2], [%in], 256, [%r1];
                W: mbarrier.try_wait.parity.shared.b64 %p2, [%r1], 0; @!%p2 bra W;
                READ: |bar.sync 0;| mad.lo.u32 %r3, %t, 4, %r2; ld.shared.u32 %r4, [%r3]; bar.sync 1;
                """;
        passes(with(code), 1, 64);
        races(without(code), 1, 64, "copy");
    }

    @Test
    void aPlaceFilledAgainBeforeItsReadersAreDone() {
        // Two rounds through one place; the second copy must wait for the readers' arrivals.
        String code = """
                mov.u32 %r1, sm; add.u32 %r2, %r1, 128; setp.eq.u32 %p1, %t, 32; @!%p1 bra INITED;
                mbarrier.init.shared.b64 [%r1], 1; mbarrier.init.shared.b64 [%r1+8], 32; INITED: bar.sync 0;
                setp.gt.u32 %p2, %t, 32; @%p2 ret; @%p1 bra PRODUCE; mov.u32 %r5, 0;
                CONSUME: mbarrier.try_wait.parity.shared.b64 %p3, [%r1], %r5; @!%p3 bra CONSUME;
                mad.lo.u32 %r3, %t, 4, %r2; ld.shared.u32 %r4, [%r3]; mbarrier.arrive.shared.b64 _, [%r1+8];
                add.u32 %r5, %r5, 1; setp.lt.u32 %p4, %r5, 2; @%p4 bra CONSUME; ret;
                PRODUCE: mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 128;
                cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r2], [%in], 128, [%r1];
                A: |mbarrier.try_wait.parity.shared.b64 %p5, [%r1+8], 0; @!%p5 bra A;| B: mbarrier.try_wait.parity.shared.b64 %p5, [%r1], 0; @!%p5 bra B;
                mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 128;
                cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r2], [%in+128], 128, [%r1];
                """;
        passes(with(code), 1, 64);
        races(without(code), 1, 64, "is read", "copy");
    }

    @ParameterizedTest
    @ValueSource(strings = {"st.shared.u16 [%r2+18], %h1;", "st.shared.v4.u32 [%r2+16], {%r3, %r3, %r3, %r3};"})
    void whatIsWrittenOverACopyIsNotTheCopys(String store) throws DeviceFault {
        // All threads wait for the copy and may read it; thread 32 then writes a few bytes of it.
        String code = """
                mov.u32 %r1, sm; add.u32 %r2, %r1, 128; setp.eq.u32 %p1, %t, 0; @%p1 mbarrier.init.shared.b64 [%r1], 1; bar.sync 0;
                @!%p1 bra W; mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 256;
                cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r2], [%in], 256, [%r1];
                W: mbarrier.try_wait.parity.shared.b64 %p2, [%r1], 0; @!%p2 bra W;
                mov.u32 %r3, 7; mov.u16 %h1, 7; setp.ne.u32 %p3, %t, 32; @%p3 bra READ; STORE
                READ: |bar.sync 0;| setp.ge.u32 %p4, %t, 32; @%p4 bra END; ld.shared.u16 %h2, [%r2+18]; END:
                """
                .replace("STORE", store);
        passes(with(code), 1, 64);
        // Whichever of the two comes second finds the other.
        races(without(code), 1, 64, "nothing orders that behind");
    }

    @Test
    void theSourceOfALoadIsNotWrittenMeanwhile() {
        String code = """
                mov.u32 %r1, sm; mbarrier.init.shared.b64 [%r1], 1; mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 64;
                cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1+128], [%in], 64, [%r1];
                |W: mbarrier.try_wait.parity.shared.b64 %p1, [%r1], 0; @!%p1 bra W;| st.global.u32 [%in+60], 1; st.global.u32 [%in+64], 1;
                X: mbarrier.try_wait.parity.shared.b64 %p1, [%r1], 0; @!%p1 bra X;
                """;
        passes(with(code), 1, 1);
        races(without(code), 1, 1, "is written while the bulk copy of 64 bytes at ptx line 9 may still read it");
    }

    @Test
    void theSourceOfAStoreIsTheCopysUntilItHasBeenRead() {
        String code = """
                mov.u32 %r2, sm; mov.u32 %r3, 3; st.shared.v4.u32 [%r2], {%r3, %r3, %r3, %r3}; fence.proxy.async;
                cp.async.bulk.global.shared::cta.bulk_group [%out], [%r2], 16; cp.async.bulk.commit_group;
                |cp.async.bulk.wait_group.read 0;| st.shared.u32 [%r2], 4; cp.async.bulk.wait_group 0;
                """;
        passes(with(code), 1, 1);
        races(without(code), 1, 1,
                "is written while the copy that thread (0,0,0) asked for at ptx line 9 is in flight");
    }

    @Test
    void theSourceOfACopyToAnotherBlockIsFreeWhenThatOneSaysSo() {
        String code = """
                mov.u32 %r1, sm; add.u32 %r2, %r1, 128; mbarrier.init.shared.b64 [%r1], 1; mbarrier.init.shared.b64 [%r1+8], 1;
                mov.u32 %r3, %rank; st.shared.v4.u32 [%r2], {%r3, %r3, %r3, %r3}; fence.proxy.async; barrier.cluster.arrive; barrier.cluster.wait;
                xor.b32 %r4, %rank, 1; mapa.shared::cluster.u32 %r5, %r1, %r4; setp.eq.u32 %p1, %rank, 1; @%p1 bra RECEIVE;
                cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%r5+256], [%r2], 16, [%r5];
                |A: mbarrier.try_wait.parity.acquire.cluster.shared.b64 %p2, [%r1+8], 0; @!%p2 bra A;|
                st.shared.u32 [%r2], 9; bra END;
                RECEIVE: mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 16;
                B: mbarrier.try_wait.parity.acquire.cluster.shared.b64 %p2, [%r1], 0; @!%p2 bra B;
                mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r5+8]; ld.shared.u32 %r6, [%r1+256]; st.global.u32 [%out], %r6;
                END: barrier.cluster.arrive; barrier.cluster.wait;
                """;
        passes(with(code), 2, 1);
        races(without(code), 2, 1, "while the copy that thread (0,0,0) asked for at ptx line 11 is in flight");
    }

    @Test
    void asynchronousUpdatesOfOnePlaceDoNotRaceButItsReaderMustWait() {
        String code = """
                mov.u32 %r1, sm; setp.eq.u32 %p1, %rank, 0; setp.eq.u32 %p2, %t, 0; and.pred %p3, %p1, %p2;
                @%p3 mbarrier.init.shared.b64 [%r1], 1; @%p3 st.shared.u32 [%r1+128], 5; @%p3 mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 256;
                barrier.cluster.arrive; barrier.cluster.wait; @%p1 bra READ; mapa.shared::cluster.u32 %r2, %r1, 0;
                red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes.add.u32 [%r2+128], 1, [%r2]; bra END;
                READ: |W: mbarrier.try_wait.parity.acquire.cluster.shared.b64 %p4, [%r1], 0; @!%p4 bra W;|
                ld.shared.u32 %r3, [%r1+128]; st.global.u32 [%out], %r3; X: mbarrier.try_wait.parity.shared.b64 %p4, [%r1], 0; @!%p4 bra X;
                END: barrier.cluster.arrive; barrier.cluster.wait;
                """;
        assertEquals(69, ClusterRig.run(with(code), 3, 32, 1)[0], "5 and one for each of the other 64 threads");
    }

    // ---- mbarriers ----

    @Test
    void anInitNobodyHasSeen() {
        String code = """
                mov.u32 %r1, sm; setp.eq.u32 %p1, %t, 0; @%p1 mbarrier.init.shared.b64 [%r1], 64; |bar.sync 0;| mbarrier.arrive.shared.b64 %d1, [%r1];
                W: mbarrier.try_wait.shared.b64 %p2, [%r1], %d1; @!%p2 bra W;
                """;
        passes(with(code), 1, 64);
        DeviceFault f = ClusterRig.fails(without(code), 1, 64, DeviceFault.LAUNCH_FAILED,
                "nothing orders behind mbarrier.init by thread (0,0,0)");
        assertTrue(f.thread().x() > 0, f.diagnostic());
    }

    @Test
    void theFenceForFreshOnesGoesWithARelaxedArrival() {
        String code = """
                mov.u32 %r1, sm; mbarrier.init.shared.b64 [%r1], 1; |fence.mbarrier_init.release.cluster;|
                barrier.cluster.arrive.relaxed; barrier.cluster.wait.acquire; xor.b32 %r2, %rank, 1; mapa.shared::cluster.u32 %r2, %r1, %r2;
                mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r2];
                W: mbarrier.try_wait.parity.acquire.cluster.shared.b64 %p2, [%r1], 0; @!%p2 bra W; barrier.cluster.arrive; barrier.cluster.wait;
                """;
        passes(with(code), 2, 1);
        ClusterRig.fails(without(code), 2, 1, DeviceFault.LAUNCH_FAILED, "nothing orders behind mbarrier.init");
    }

    @Test
    void anArrivalHandsOverWhatCameBefore() {
        String code = """
                mov.u32 %r1, sm; setp.eq.u32 %p1, %t, 0; @%p1 mbarrier.init.shared.b64 [%r1], 32; bar.sync 0;
                setp.ge.u32 %p2, %t, 32; and.b32 %r2, %t, 31; mad.lo.u32 %r3, %r2, 4, %r1; @%p2 bra READ;
                st.shared.u32 [%r3+128], %t; mbarrier.arrive.ORDER.cta.shared.b64 _, [%r1]; ret;
                READ: |W: mbarrier.try_wait.parity.shared.b64 %p3, [%r1], 0; @!%p3 bra W;| ld.shared.u32 %r4, [%r3+128];
                """;
        passes(with(code).replace("ORDER", "release"), 1, 64);
        races(with(code).replace("ORDER", "relaxed"), 1, 64, "is read and nothing orders that");
        passes(with(code).replace("mbarrier.arrive.ORDER", "fence.acq_rel.cta; mbarrier.arrive.relaxed"), 1, 64);
        races(without(code).replace("ORDER", "release"), 1, 64, "nothing orders that");
    }

    @Test
    void memoryOfAnMbarrierThatChangesItsUse() {
        String code = """
                mov.u32 %r1, sm; setp.eq.u32 %p1, %t, 0; setp.eq.u32 %p2, %t, 32; @%p1 mbarrier.init.shared.b64 [%r1], 1;
                @%p1 mbarrier.inval.shared.b64 [%r1]; |bar.sync 0;| @%p2 st.shared.u64 [%r1], 1;
                """;
        passes(with(code), 1, 64);
        races(without(code), 1, 64, "is written and nothing orders that");
    }

    // ---- clusters ----

    @Test
    void onlyTheClustersBarrierOrdersItsBlocks() {
        String code = """
                mov.u32 %r1, sm; st.shared.u32 [%r1], %rank; bar.sync 0; |barrier.cluster.arrive; barrier.cluster.wait;|
                xor.b32 %r2, %rank, 1; mapa.shared::cluster.u32 %r2, %r1, %r2; ld.shared::cluster.u32 %r3, [%r2];
                barrier.cluster.arrive; barrier.cluster.wait;
                """;
        passes(with(code), 2, 1);
        races(without(code), 2, 1, "of block (");
    }

    @Test
    void arriveAloneDoesNotOrder() {
        String code = """
                mov.u32 %r1, sm; st.shared.u32 [%r1], %rank; barrier.cluster.arrive; WAIT1
                xor.b32 %r2, %rank, 1; mapa.shared::cluster.u32 %r2, %r1, %r2; ld.shared::cluster.u32 %r3, [%r2]; WAIT2
                barrier.cluster.arrive; barrier.cluster.wait;
                """;
        passes(code.replace("WAIT1", "barrier.cluster.wait;").replace("WAIT2", ""), 2, 1);
        ClusterRig.fails(code.replace("WAIT1", "").replace("WAIT2", "barrier.cluster.wait;"), 2, 1,
                DeviceFault.LAUNCH_FAILED);
        races(code.replace("WAIT1", "barrier.cluster.wait;").replace("WAIT2", "").replaceFirst("arrive;",
                "arrive.relaxed;"), 2, 1);
        passes(code.replace("WAIT1", "barrier.cluster.wait;").replace("WAIT2", "").replaceFirst(
                "barrier.cluster.arrive;",
                "fence.acq_rel.cluster; barrier.cluster.arrive.relaxed;"), 2, 1);
    }

    @Test
    void unwrittenBytesStaySoOnTheirWay() {
        // 16 of 32 bytes are written; all are copied there and back, and reading the others is found.
        String code = """
                mov.u32 %r1, sm; mov.u32 %r3, 6; st.shared.v4.u32 [%r1+128], {%r3, %r3, %r3, %r3}; fence.proxy.async;
                mbarrier.init.shared.b64 [%r1], 1; mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 32; barrier.cluster.arrive; barrier.cluster.wait;
                xor.b32 %r2, %rank, 1; mapa.shared::cluster.u32 %r2, %r1, %r2;
                cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%r2+256], [%r1+128], 32, [%r2];
                W: mbarrier.try_wait.parity.acquire.cluster.shared.b64 %p2, [%r1], 0; @!%p2 bra W;
                ld.shared.u32 %r4, [%r1+AT]; barrier.cluster.arrive; barrier.cluster.wait;
                """;
        passes(code.replace("AT", "268"), 2, 1);
        ClusterRig.fails(code.replace("AT", "272"), 2, 1, DeviceFault.LAUNCH_FAILED, "read of unwritten memory");
    }

    @Test
    void withoutChecksAllOfItRuns() throws DeviceFault {
        for (Set<Check> checks : List.<Set<Check>>of(Set.of(), Set.of(Check.RACES), Set.of(Check.UNWRITTEN))) {
            ClusterRig rig = ClusterRig.resource("exchange.ptx");
            rig.spec = rig.spec.withChecks(checks);
            long out = rig.zeros(128);
            rig.launch("exchange", new dev.culebra.emulator.exec.Dim(4, 1, 1),
                    new dev.culebra.emulator.exec.Dim(32, 1, 1),
                    new dev.culebra.emulator.exec.Dim(2, 1, 1), 0, out, 2);
            // Two rounds through a ring of two: every value is back where it began, and turned round twice.
            int[] expected = new int[128];
            for (int i = 0; i < 128; i++) {
                expected[i] = i + 2;
            }
            assertArrayEquals(expected, rig.read(out));
        }
        assertThrows(AssertionError.class, () -> ClusterRig.run("trap;", 1, 1, 1));
    }
}
