package dev.culebra.tests.emulator.check;

import static dev.culebra.tests.emulator.check.Snippet.caught;
import static dev.culebra.tests.emulator.check.Snippet.legal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.exec.DeviceFault;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Barriers that not all reach who should, or not in the same way. */
class BarrierTest {

    private static void barrier(int threads, String code, String... words) {
        caught(Check.BARRIERS, threads, code, words);
    }

    /** The same for a program that would hang without the check. */
    private static void found(int threads, String code, String... words) {
        Snippet.found(new Snippet(code), threads, words);
    }

    private static final String HALF = "setp.lt.u32 %p, %l, 16; @%p bra LOW;\n";

    @Test
    void partOfAWarpGoesRound() {
        found(64, HALF + "bar.sync 0; //!\nLOW: mov.u32 %b, %t; bar.sync 0;", "barrier: it is for whole warps",
                "has gone round it");
        found(32, "setp.eq.u32 %p, %t, 5;\n@%p bar.sync 0; //!\nadd.u32 %b, %t, 1;", "thread (5,0,0)",
                "thread (0,0,0) has gone");
        found(32, "setp.eq.u32 %p, %t, 5;\n@%p bar.arrive 1, 32; //!\nadd.u32 %b, %t, 1;");
        legal(64, "setp.lt.u32 %p, %t, 32;\n@%p bar.sync 1, 32; //!\nadd.u32 %b, %t, 1;");
    }

    /** Each way has a barrier, and all arrive somewhere: hardware lets it pass, and a next one may not. */
    @Test
    void twoWaysWithABarrierEach() {
        String code = HALF + "bar.sync 0; //?\nbra DONE;\nLOW: bar.sync 0; //!\nDONE:";
        Snippet.found(new Snippet(code), 32, "instead");
        legal(32, code.replace("bar.sync 0; //", "barrier.sync 0; //"));
        legal(64, code.replace("%l, 16", "%w, 1"));
    }

    /** Rounds that differ: some leave the loop while the others come to its barrier once more. */
    @Test
    void aLoopWithABarrierAndDifferentCounts() {
        String code = """
                mov.u32 %b, 0; and.b32 %c, %t, 3; mov.u32 %d, 3;
                LOOP: bar.sync 0; //!
                add.u32 %b, %b, 1; setp.lt.u32 %p, %b, COUNT; @%p bra LOOP;
                add.u32 %e, %t, 1; bar.sync 0;""";
        found(64, code.replace("COUNT", "%c"));
        legal(64, code.replace("COUNT", "%d"));
    }

    @Test
    void countsThatDisagree() {
        String code = "setp.eq.u32 %p, %w, 0; @%p bra FIRST;\nbar.sync 1, 64; //!\nbra DONE;\nFIRST: bar.sync 1, 96; //?\nDONE:";
        found(64, code, "comes to one for 64 threads", "came for 96");
        legal(64, code.replace("96", "64"));
        // All the block's threads, said in two ways.
        legal(64, code.replace("1, 96", "1").replace("//?", ""));
        legal(50, code.replace("1, 96", "1").replace("//?", ""));
    }

    @Test
    void aPredicateThatOnlySomeBring() {
        String code = "setp.eq.u32 %p, %w, 0; @%p bra FIRST;\nbar.red.popc.u32 %b, 1, 64, %p; //!\nbra DONE;\nFIRST: SECOND //?\nDONE:";
        caught(Check.BARRIERS, 64, code.replace("SECOND", "bar.sync 1, 64;"), "with a predicate");
        legal(64, code.replace("SECOND", "bar.red.popc.u32 %b, 1, 64, %p;"));
    }

    @Test
    void arrivalsNobodyWaitsFor() {
        barrier(64, "setp.eq.u32 %p, %w, 0;\n@%p bar.arrive 2, 64; //!", "32 threads have arrived at barrier 2");
        legal(64, "setp.eq.u32 %p, %w, 0; @%p bar.arrive 2, 64; @!%p bar.sync 2, 64;");
    }

    /**
     * Who has exited is not waited for: the ISA says so of exit, and the CUDA C++ Programming Guide that a barrier succeeds when
     * all threads have reached it that have not exited.
     */
    @ParameterizedTest
    @ValueSource(ints = {64, 70, 33, 1})
    void earlyReturns(int stay) {
        legal(96, "setp.ge.u32 %p, %t, " + stay + "; @%p exit; bar.sync 0; st.shared.u32 [%s], %t; bar.sync 0;");
        legal(96, "bar.sync 0; setp.ge.u32 %p, %t, " + stay + "; @%p exit; bar.sync 0; mov.u32 %b, 0; bar.sync 0;");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bar.warp.sync MASK;", "shfl.sync.idx.b32 %b, %t, 0, 31, MASK;",
        "vote.sync.ballot.b32 %b, %p, MASK;",
        "match.any.sync.b32 %b, %t, MASK;", "redux.sync.add.u32 %b, %t, MASK;"})
    void aMaskWithoutTheLaneItself(String instruction) {
        String code = "setp.lt.u32 %p, %l, 20; @!%p bra DONE;\n" + instruction + " //!\nDONE:";
        barrier(32, code.replace("MASK", "0x7ffff"), "member mask 0x7ffff does not name the lane that executes, 19",
                "thread (19,0,0)");
        barrier(32, "mov.u32 %d, 0x7ffff;\n" + code.replace("MASK", "%d"), "thread (19,0,0)");
        legal(32, code.replace("MASK", "0xfffff"));
    }

    @Test
    void masksThatDisagree() {
        String code = "setp.lt.u32 %p, %l, 16; selp.b32 %d, A, B, %p;\nshfl.sync.idx.b32 %b, %t, 0, 31, %d; //!\n";
        barrier(32, code.replace("A", "0xffff").replace("B", "-1"), "names lane 0, whose own is 0xffff");
        legal(32, code.replace("A", "0xffff").replace("B", "0xffff0000"));
    }

    /** What an absent lane gives is undefined: that is no mistake until it is used, and no lane's value. */
    @Test
    void aShuffleFromALaneThatIsNotThere() {
        int[] got = legal(32,
                "setp.lt.u32 %p, %l, 20; @!%p bra DONE; shfl.sync.down.b32 %b, %t, 4, 31, 0xfffff; st.global.u32 [%out], %b; DONE:");
        for (int l = 0; l < 20; l++) {
            assertEquals(l < 16 ? l + 4 : 0x7fff7fff, got[l], "lane " + l);
        }
        assertEquals(0x7fff7fff, legal(20, "shfl.sync.bfly.b32 %b, %t, 16, 31, -1; st.global.u32 [%out], %b;")[5]);
    }

    @Test
    void aDeadlockSaysWhoWaitsWhere() {
        Snippet snippet = new Snippet(
                "setp.eq.u32 %p, %w, 0; @%p bra FIRST;\nbar.sync 1, 64; //?\nbra DONE;\nFIRST: bar.sync 2, 64;\nDONE:");
        DeviceFault f = snippet.run(64);
        assertEquals(DeviceFault.LAUNCH_TIMEOUT, f.cudaError());
        assertTrue(f.diagnostic().contains("64 threads wait and none can go on"), f.diagnostic());
        assertTrue(f.diagnostic().contains("thread (32,0,0) waits at 'bar.sync 1, 64;'"), f.diagnostic());
    }

    /** With the check off it is as on hardware: parts of warps arrive as they come. */
    @Test
    void withTheCheckOff() {
        Snippet snippet = new Snippet(
                HALF + "bar.sync 0;\nbra DONE;\nLOW: bar.sync 0;\nDONE: st.global.u32 [%out], %a;");
        EnumSet<Check> others = EnumSet.allOf(Check.class);
        others.remove(Check.BARRIERS);
        snippet.spec = snippet.spec.withChecks(others);
        assertEquals(null, snippet.run(64));
        assertEquals(63, snippet.words()[63]);
    }
}
