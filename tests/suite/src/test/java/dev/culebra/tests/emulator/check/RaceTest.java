package dev.culebra.tests.emulator.check;

import static dev.culebra.tests.emulator.check.Snippet.caught;
import static dev.culebra.tests.emulator.check.Snippet.legal;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.check.Check;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Races for shared memory, and the nearest programs that have none. */
class RaceTest {

    /** All words are written, and everybody knows. */
    private static final String FILLED = "st.shared.u32 [%s], %a; bar.sync 0;\n";
    /** The address of the word of the thread that stands opposite in the block, in %b. */
    private static final String OPPOSITE = """
            mov.u32 %b, %ntid.x; sub.u32 %b, %b, 1; sub.u32 %b, %b, %t; shl.b32 %b, %b, 2; mov.u32 %c, smem; add.u32 %b, %b, %c;
            """;

    private static void race(int threads, String code, String... words) {
        caught(Check.RACES, threads, Snippet.FILL + code, words);
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 64, 96, 1024})
    void aReadBehindAWrite(int threads) {
        String write = FILLED + OPPOSITE + "st.shared.u32 [%s], %t; //?\n";
        String read = "ld.shared.u32 %d, [%b]; //!\n";
        race(threads, write + read, "race: shared address 0x", "it is ", "by thread (", "a barrier is missing");
        legal(threads, write + "bar.sync 0;\n" + read);
        legal(threads, write + "barrier.sync 3;\n" + read);
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 64, 1024})
    void aWriteBehindARead(int threads) {
        String read = FILLED + OPPOSITE + "ld.shared.u32 %d, [%b]; //?\n";
        String write = "add.u32 %d, %d, 7777; st.shared.u32 [%s], %d; //!\n";
        race(threads, read + write);
        legal(threads, read + "bar.sync 0;\n" + write);
    }

    @Test
    void aWriteBehindAWrite() {
        String first = OPPOSITE + "st.shared.u32 [%s], %t; //?\n";
        String second = "add.u32 %d, %t, 5000; st.shared.u32 [%b], %d; //!\n";
        race(64, first + second, "is written", "it is written");
        legal(64, first + "bar.sync 0;\n" + second);
    }

    /** Many kernels have all threads set a flag: the same value does no harm, but reading it needs a barrier still. */
    @Test
    void theSameValueFromMany() {
        String set = "mov.u32 %b, 1; st.shared.u32 [smem], %b;\n";
        legal(128, set + "bar.sync 0; ld.shared.u32 %d, [smem];");
        race(128, set.replace(";\n", "; //?\n") + "ld.shared.u32 %d, [smem]; //!");
        race(128, "mov.u32 %b, %w; st.shared.u32 [smem], %b; //!", "is written");
    }

    /** Whoever came first with that value counts too, not only the last. */
    @Test
    void theFirstOfManyWithTheSameValue() { race(96, """
            mov.u32 %b, 1; setp.lt.u32 %p, %w, 2; @%p st.shared.u32 [smem], %b; //?
            setp.eq.u32 %p, %w, 1; @%p bar.arrive 1, 64; setp.eq.u32 %p, %w, 2;
            @%p bar.sync 1, 64;
            @%p ld.shared.u32 %d, [smem]; //!""", "by thread (0,0,0)"); }

    @Test
    void twoLanesAtOnce() {
        race(32, "shr.u32 %b, %l, 1; shl.b32 %b, %b, 2; mov.u32 %c, smem; add.u32 %b, %b, %c; st.shared.u32 [%b], %t; //!",
                "with another value by thread (0,0,0) with the same instruction", "thread (1,0,0)");
        legal(32,
                "shr.u32 %b, %l, 1; shl.b32 %c, %b, 2; mov.u32 %d, smem; add.u32 %c, %c, %d; st.shared.u32 [%c], %b;");
        legal(32,
                "shr.u32 %b, %l, 1; shl.b32 %c, %b, 2; mov.u32 %d, smem; add.u32 %c, %c, %d; st.shared.v2.u32 [%c+DISTANCE], {%b, %b};"
                        .replace("shl.b32 %c, %b, 2", "shl.b32 %c, %b, 3").replace("+DISTANCE", ""));
    }

    @Test
    void insideAWarpABarrierOfTheWarpIsWanted() {
        String write = OPPOSITE + "st.shared.u32 [%s], %t; //?\n";
        String read = "ld.shared.u32 %d, [%b]; //!\n";
        race(32, write + read);
        // Other instructions for the whole warp bring it together and order nothing (CUDA C++ Programming Guide on shuffles).
        race(32, write + "shfl.sync.idx.b32 %x1, %t, 0, 31, -1; vote.sync.ballot.b32 %x2, %p, -1;\n" + read);
        legal(32, write + "bar.warp.sync -1;\n" + read);
        race(64, write + "bar.warp.sync -1;\n" + read);
    }

    /** A barrier of half a warp orders that half. */
    @Test
    void partOfAWarp() {
        String code = """
                st.shared.u32 [%s], %t; //?
                setp.lt.u32 %p, %l, 16; mov.u32 %d, 0xffff; selp.b32 %d, 0xffff, 0xffff0000, %p; bar.warp.sync %d;
                xor.b32 %e, %t, OTHER; shl.b32 %e, %e, 2; mov.u32 %f, smem; add.u32 %e, %e, %f; ld.shared.u32 %g, [%e]; //!""";
        legal(32, code.replace("OTHER", "15"));
        race(32, code.replace("OTHER", "16"), "thread (16,0,0)");
    }

    @Test
    void namedBarriersOrderThoseWhoCome() {
        String code = """
                st.shared.u32 [%s], %t; //?
                setp.lt.u32 %p, %w, 2; mov.u32 %d, 1; selp.b32 %d, 1, 2, %p; bar.sync %d, 64;
                xor.b32 %e, %t, OTHER; shl.b32 %e, %e, 2; mov.u32 %f, smem; add.u32 %e, %e, %f; ld.shared.u32 %g, [%e]; //!""";
        legal(128, code.replace("OTHER", "32"));
        race(128, code.replace("OTHER", "64"));
    }

    /** The first warp fills and arrives, the second waits and reads: arriving releases, waiting acquires. */
    @Test
    void arriveAndSync() {
        String code = """
                setp.eq.u32 %p, %w, 0; @!%p bra READER;
                st.shared.u32 [%s], %t; //?
                bar.arrive 1, 64;
                AFTER
                bra DONE;
                READER: bar.sync 1, 64;
                ld.shared.u32 %d, [%s+-128]; //!
                DONE:""";
        legal(64, code.replace("AFTER", ""));
        // What the first does after it has arrived comes behind nothing that the second waited for.
        String late = code.replace(" //?", "").replace("AFTER", "add.u32 %t, %t, 100; st.shared.u32 [%s], %t; //?");
        race(64, late);
    }

    /** Knowledge is handed on: the third knows what the first did, through the second. */
    @Test
    void throughAThird() {
        String code = """
                setp.eq.u32 %p, %w, 0; @%p st.shared.u32 [smem], %w; //?
                @%p bar.arrive 1, 64; @%p bra DONE;
                setp.eq.u32 %p, %w, 1; @!%p bra LAST;
                bar.sync 1, 64; MIDDLE bra DONE;
                LAST: bar.sync 2, 64;
                ld.shared.u32 %d, [smem]; //!
                DONE:""";
        legal(96, code.replace("MIDDLE", "bar.arrive 2, 64;"));
        Snippet unknown = new Snippet(Snippet.FILL + """
                setp.eq.u32 %p, %w, 0; @%p st.shared.u32 [smem], %w; //?
                setp.eq.u32 %p, %w, 1; @%p bar.arrive 2, 64; setp.eq.u32 %p, %w, 2; @%p bar.sync 2, 64;
                @%p ld.shared.u32 %d, [smem]; //!""");
        Snippet.found(unknown, 96, "thread (64,0,0)", "by thread (0,0,0)");
    }

    @Test
    void bytesOfAWordAreTold() {
        String at = "mov.u32 %b, smem; add.u32 %b, %b, %t;\n";
        legal(64, at + "st.shared.u8 [%b], %t; ld.shared.u8 %c, [%b];");
        legal(64,
                "shl.b32 %b, %t, 1; mov.u32 %c, smem; add.u32 %b, %b, %c; mov.u16 %k0, 1; st.shared.u16 [%b], %k0; ld.shared.u16 %k1, [%b];");
        race(64, at + "st.shared.u8 [%b], %t; //?\nand.b32 %b, %b, -4; ld.shared.u32 %c, [%b]; //!");
        // First wide, then narrow: cells shrink while they are in use.
        race(64, "shl.b32 %b, %t, 4; and.b32 %b, %b, 511; mov.u32 %c, smem; add.u32 %b, %b, %c; setp.lt.u32 %p, %t, 32;"
                + " @%p st.shared.v4.u32 [%b], {%t, %t, %t, %t}; //?\n@!%p ld.shared.u8 %d, [%b+5]; //!");
        race(64, "shl.b32 %b, %t, 4; and.b32 %b, %b, 511; mov.u32 %c, smem; add.u32 %b, %b, %c; setp.lt.u32 %p, %t, 32;"
                + " @%p st.shared.v4.u32 [%b], {%t, %t, %t, %t}; @%p ld.shared.u8 %d, [%b+5]; //?\n@!%p st.shared.v4.u32 [%b], {%a, %b, %c, %d}; //!"
                        .replace("st.shared.v4.u32 [%b], {%t, %t, %t, %t}; @%p ld",
                                "st.shared.v4.u32 [%b], {%t, %t, %t, %t}; bar.sync 0; @%p ld"));
    }

    @Test
    void atomicsDoNotRaceWithEachOther() {
        String zero = "setp.eq.u32 %p, %t, 0; mov.u32 %b, 0; @%p st.shared.u32 [smem], %b; //?\n";
        String add = "red.shared.add.u32 [smem], 1; //!\n";
        race(64, zero + add);
        legal(64, zero + "bar.sync 0;\n" + add + "bar.sync 0; ld.shared.u32 %c, [smem];");
        race(64, zero.replace("//?", "") + "bar.sync 0;\n" + add.replace("//!", "//?")
                + "ld.shared.u32 %c, [smem]; //!");
    }

    /** Sums of a warp as they were written before there were barriers of warps: with volatile, in lock-step. */
    @Test
    void volatileInLockStep() {
        String step = "ld.volatile.shared.u32 %b, [%s]; ld.volatile.shared.u32 %c, [%s+DISTANCE]; add.u32 %b, %b, %c; st.volatile.shared.u32 [%s], %b;\n";
        StringBuilder code = new StringBuilder("st.shared.u32 [%s], %t; st.shared.u32 [%s+128], %t; bar.sync 0;\n");
        for (int d = 64; d >= 4; d /= 2) {
            code.append(step.replace("DISTANCE", "" + d));
        }
        int[] got = legal(32, code.toString().replace("[%s+128], %t", "[%s+128], 0") + "st.global.u32 [%out], %b;");
        assertTrue(got[0] == 496, "0 + ... + 31");
        race(32, "and.b32 %d, %t, 15; shl.b32 %d, %d, 2; mov.u32 %c, smem; add.u32 %d, %d, %c;\n"
                + "ld.shared.u32 %b, [%d+64]; //?\nadd.u32 %e, %b, 9; st.shared.u32 [%s], %e; //!");
    }

    @ParameterizedTest
    @ValueSource(strings = {"st.volatile.shared.u32|ld.volatile.shared.u32",
        "st.release.cta.shared.u32|ld.acquire.cta.shared.u32",
        "st.relaxed.cta.shared.u32|ld.relaxed.cta.shared.u32"})
    void aFlagOfOnesOwn(String pair) {
        String code = """
                setp.ne.u32 %%p, %%t, 0; mov.u32 %%b, 0; @!%%p st.shared.u32 [smem+512], %%b; bar.sync 0;
                setp.eq.u32 %%q, %%w, 1; @%%q bra READER; @%%p bra DONE;
                mov.u32 %%b, 77; st.shared.u32 [smem], %%b; //?
                membar.cta; mov.u32 %%b, 1; %s [smem+512], %%b; bra DONE;
                READER: WAIT
                ld.shared.u32 %%d, [smem]; //!
                st.global.u32 [%%out], %%d;
                DONE:""".formatted(pair.split("\\|")[0]);
        String wait = "SPIN: " + pair.split("\\|")[1]
                + " %c, [smem+512]; setp.eq.u32 %q, %c, 0; @%q bra SPIN; membar.cta;";
        assertTrue(legal(64, code.replace("WAIT", wait))[40] == 77);
        race(64, code.replace("WAIT", ""));
    }

    @Test
    void aLock() {
        String code = """
                setp.eq.u32 %p, %t, 0; mov.u32 %b, 0; @%p st.shared.v2.u32 [smem], {%b, %b}; bar.sync 0;
                LOCK: atom.shared.cas.b32 %c, [smem], 0, 1; setp.ne.u32 %q, %c, 0; @%q bra LOCK;
                membar.cta; ld.shared.u32 %d, [smem+4]; add.u32 %d, %d, 1; st.shared.u32 [smem+4], %d; membar.cta;
                atom.shared.exch.b32 %c, [smem], 0; bar.sync 0; ld.shared.u32 %d, [smem+4]; st.global.u32 [%out], %d;""";
        assertTrue(legal(64, code)[0] == 64);
    }

    /** The last warp that adds to a counter reads what all have left: with a fence on both sides, as the ISA wants it. */
    @Test
    void theLastToArrive() {
        String code = """
                setp.eq.u32 %p, %t, 0; mov.u32 %b, 0; @%p st.shared.u32 [smem+2048], %b; bar.sync 0;
                st.shared.u32 [%s], %t; //?
                COUNT
                setp.ne.u32 %q, %c, LAST; @%q bra DONE;
                ld.shared.u32 %d, [smem]; //!
                st.global.u32 [%out], %d;
                DONE:""";
        legal(64, code.replace("COUNT", "membar.cta; atom.shared.add.u32 %c, [smem+2048], 1; membar.cta;")
                .replace("LAST", "63"));
        race(64, code.replace("COUNT", "setp.eq.u32 %q, %w, 0; @%q bra DONE; mov.u32 %c, 63;").replace("LAST", "63"));
    }

    @Test
    void matricesAreReadAndWrittenByWholeWarps() {
        String at = "shl.b32 %b, %t, 4; mov.u32 %c, smem; add.u32 %b, %b, %c; xor.b32 %d, %t, 1; shl.b32 %d, %d, 4; add.u32 %d, %d, %c;\n";
        String write = at + "st.shared.v4.u32 [%d], {%a, %a, %a, %a}; //?\n";
        String load = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%x0, %x1, %x2, %x3}, [%b]; //!\n";
        race(32, write + load);
        legal(32, write + "bar.warp.sync -1;\n" + load);
        String store = "stmatrix.sync.aligned.m8n8.x4.shared.b16 [%b], {%a, %a, %a, %a}; //!\n";
        race(32, write + store, "is written");
        legal(32, write + "bar.sync 0;\n" + store);
    }

    /** Nothing is reported of what an early exit leaves: a thread that has ended has come to every barrier. */
    @Test
    void whoExitsHasArrived() {
        legal(96,
                "st.shared.u32 [%s], %t; setp.ge.u32 %p, %t, 64; @%p exit; bar.sync 0;\nld.shared.u32 %d, [smem+300];");
        legal(96,
                "st.shared.u32 [%s], %t; setp.ge.u32 %p, %t, 40; @%p exit; bar.sync 0;\nld.shared.u32 %d, [smem+300];");
    }

    /** Rounds of a loop: the second round's writes meet the first round's reads. */
    @Test
    void roundsOfALoop() {
        String code = OPPOSITE + """
                mov.u32 %e, 0;
                LOOP: add.u32 %f, %e, %t; st.shared.u32 [%s], %f; WRITTEN
                bar.sync 0;
                ld.shared.u32 %d, [%b]; READ
                BAR add.u32 %e, %e, 1; setp.lt.u32 %p, %e, 5; @%p bra LOOP;""";
        legal(128, code.replace("WRITTEN", "").replace("READ", "").replace("BAR", "bar.sync 0;"));
        race(128, code.replace("WRITTEN", "//!").replace("READ", "//?").replace("BAR", ""));
    }
}
