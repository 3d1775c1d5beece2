package dev.culebra.tests.emulator.check;

import static dev.culebra.tests.emulator.check.Snippet.caught;
import static dev.culebra.tests.emulator.check.Snippet.legal;

import dev.culebra.emulator.check.Check;
import org.junit.jupiter.api.Test;

/** Asynchronous copies own their bytes until somebody waits. */
class AsyncRaceTest {

    /** A copy of four of the input's words to the thread's own 16 bytes, at %b. */
    private static final String COPY = """
            shl.b32 %b, %t, 4; mov.u32 %c, smem; add.u32 %b, %b, %c; mul.wide.u32 %y0, %t, 12; add.s64 %y1, %in, %y0;
            cp.async.cg.shared.global [%b], [%y1], 16; //?
            cp.async.commit_group;
            """;
    private static final String WAIT = "cp.async.wait_group 0;\n";
    private static final String READ = "ld.shared.u32 %d, [%b]; //!\n";

    private static void race(int threads, String code, String... words) {
        caught(Check.RACES, threads, Snippet.FILL + code, words);
    }

    @Test
    void readingBeforeTheWait() {
        race(32, COPY + READ, "while the copy that thread (0,0,0) asked for", "wait for the copy first");
        legal(32, COPY + WAIT + READ);
    }

    @Test
    void writingBeforeTheWait() {
        race(32, COPY + "st.shared.u32 [%b+4], %t; //!\n", "is written while the copy");
        legal(32, COPY + WAIT + "st.shared.u32 [%b+4], %t; //!\n");
    }

    @Test
    void twoCopiesToTheSameBytes() {
        race(32, COPY + "cp.async.ca.shared.global [%b+8], [%in], 4; //!\n",
                "to be written by this copy while the copy");
        legal(32, COPY + WAIT + "cp.async.ca.shared.global [%b+8], [%in], 4;" + WAIT);
    }

    /** Cooperative groups let the lanes beyond a tile's end copy its last piece once more. */
    @Test
    void lanesThatRepeatACopy() {
        String place = "min.u32 %b, %l, 7; mul.wide.u32 %y0, %b, 4; sub.u64 %y1, %in, %o; add.u64 %y1, %y1, %y0;"
                + " shl.b32 %b, %b, 2; mov.u32 %c, smem; add.u32 %b, %b, %c;\n";
        legal(32, place + "cp.async.ca.shared.global [%b], [%y1], 4; cp.async.commit_group;" + WAIT
                + "bar.warp.sync -1; ld.shared.u32 %d, [%c+28];");
        race(32, place + "cp.async.ca.shared.global [%b], [%in], 4; //!\n",
                "to be written by this copy while the copy");
        race(32, place + "cp.async.ca.shared.global [%b], [%y1], 4; //?\nld.shared.u32 %d, [%c+28]; //!\n", "copy");
    }

    /** The wait is the thread's own: others need a barrier behind it. */
    @Test
    void readingWhatAnotherHasWaitedFor() {
        String other = "sub.u32 %e, %b, %c; xor.b32 %e, %e, 1024; add.u32 %e, %e, %c;\n";
        String read = other + "ld.shared.u32 %d, [%e]; //!\n";
        race(128, COPY + WAIT + read);
        legal(128, COPY + WAIT + "bar.sync 0;\n" + read);
        Snippet.found(new Snippet(Snippet.FILL + COPY + "bar.sync 0;\n" + WAIT + read), 128);
    }

    @Test
    void overwritingWhatOthersStillRead() {
        String read = "st.shared.v4.u32 [%e], {%t, %t, %t, %t}; bar.sync 0;\nsub.u32 %f, %e, %c; xor.b32 %f, %f, 1024; add.u32 %f, %f, %c; ld.shared.u32 %d, [%f]; READ\n";
        String before = "shl.b32 %e, %t, 4; mov.u32 %c, smem; add.u32 %e, %e, %c;\n" + read;
        race(128, before.replace("READ", "//?") + COPY.replace("//?", "//!"));
        legal(128, before.replace("READ", "bar.sync 0;") + COPY + WAIT);
    }

    @Test
    void onlyTheGroupsWaitedFor() {
        String two = COPY.replace(" //?", "")
                + "cp.async.ca.shared.global [%b+2048], [%in], 4; //?\ncp.async.commit_group;\n";
        legal(32, two + "cp.async.wait_group 1;\n" + READ);
        race(32, two + "cp.async.wait_group 1;\nld.shared.u32 %d, [%b+2048]; //!\n", "in flight");
        legal(32, two + "cp.async.wait_group 0;\nld.shared.u32 %d, [%b+2048];\n");
    }

    /** The source belongs to the copy as well. */
    @Test
    void writingTheSource() {
        race(32, COPY + "st.global.u32 [%in+4], %t; //!\n", "race: global address 0x", "may still read it");
        legal(32, COPY + WAIT + "bar.warp.sync -1; st.global.u32 [%in+4], %t;\n");
        legal(32, COPY + "st.global.u32 [%in+4096], %t;\n" + WAIT);
        race(32, COPY + "red.global.add.u32 [%in+4], 1; //!\n");
    }
}
