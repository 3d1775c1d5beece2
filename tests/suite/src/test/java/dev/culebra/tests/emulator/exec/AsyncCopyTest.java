package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** cp.async: what lands, and that nothing lands before somebody waits for it. */
class AsyncCopyTest {

    private static final int[] INPUT = new int[32];

    static {
        for (int l = 0; l < 32; l++) {
            INPUT[l] = 1000 + l;
        }
    }

    /** Each lane's 16 bytes at %t0, zeroed; %in is its own input word. */
    private static final String OWN = """
            mov.u32 %t0, smem; shl.b32 %t1, %tid, 4; add.u32 %t0, %t0, %t1;
            mov.u32 %t9, 0; st.shared.v4.u32 [%t0], {%t9, %t9, %t9, %t9};
            """;

    @Test
    void landsAtTheWaitAndNotBefore() {
        int[] got = Rig.unchecked(OWN + """
                cp.async.ca.shared.global [%t0], [%in], 4; cp.async.commit_group;
                ld.shared.u32 %t2, [%t0];
                cp.async.wait_group 0;
                ld.shared.u32 %t3, [%t0]; mad.lo.u32 %d, %t2, 10000, %t3;""", INPUT);
        for (int l = 0; l < 32; l++) {
            assertEquals(1000 + l, got[l], "0 before, the word after");
        }
    }

    @Test
    void groupsLandInOrderAndUncommittedCopiesOnlyWithWaitAll() {
        int[] got = Rig.unchecked(
                OWN + """
                        cp.async.ca.shared.global [%t0], [%in], 4; cp.async.commit_group;
                        cp.async.ca.shared.global [%t0+4], [%in], 4; cp.async.commit_group;
                        cp.async.ca.shared.global [%t0+8], [%in], 4;
                        cp.async.wait_group 1;
                        ld.shared.v2.u32 {%t1, %t2}, [%t0]; setp.ne.u32 %p, %t1, 0; selp.b32 %d, 1, 0, %p; setp.ne.u32 %p, %t2, 0; @%p add.u32 %d, %d, 10;
                        cp.async.wait_group 0;
                        ld.shared.v2.u32 {%t1, %t2}, [%t0+8]; ld.shared.u32 %t3, [%t0+4];
                        setp.ne.u32 %p, %t3, 0; @%p add.u32 %d, %d, 100; setp.ne.u32 %p, %t1, 0; @%p add.u32 %d, %d, 1000;
                        cp.async.wait_all;
                        ld.shared.u32 %t1, [%t0+8]; setp.ne.u32 %p, %t1, 0; @%p add.u32 %d, %d, 10000;""",
                INPUT);
        for (int l = 0; l < 32; l++) {
            assertEquals(10101, got[l]);
        }
    }

    @Test
    void shortSourcesAreFilledWithZeros() {
        int[] got = Rig.ints(OWN + """
                mov.u32 %t1, -1; st.shared.v4.u32 [%t0], {%t1, %t1, %t1, %t1};
                and.b64 %x, %in, -16; and.b32 %t2, %tid, 15;
                cp.async.cg.shared.global.L2::128B [%t0], [%x], 16, %t2; cp.async.wait_all;
                ld.shared.v4.u32 {%t3, %t4, %t5, %t6}, [%t0];
                add.u32 %d, %t3, %t4; add.u32 %d, %d, %t5; add.u32 %d, %d, %t6;""", INPUT);
        for (int l = 0; l < 32; l++) {
            int sum = 0;
            for (int w = 0; w < 4; w++) {
                int bytes = Math.max(0, Math.min(4, (l & 15) - 4 * w));
                sum += bytes == 0 ? 0 : (int) (1000 + (l & -4) + w & (1L << 8 * bytes) - 1);
            }
            assertEquals(sum, got[l], "lane " + l);
        }
    }

    @Test
    void ignoredSourcesGiveZerosAndAreNotRead() {
        int[] got = Rig.ints(
                OWN + """
                        mov.u32 %t1, -1; st.shared.u32 [%t0], %t1; setp.lt.u32 %p, %tid, 8; selp.b64 %x, 0, %in, %p;
                        cp.async.ca.shared.global [%t0], [%x], 4, %p; cp.async.commit_group; cp.async.wait_group 0; ld.shared.u32 %d, [%t0];""",
                INPUT);
        for (int l = 0; l < 32; l++) {
            assertEquals(l < 8 ? 0 : 1000 + l, got[l]);
        }
    }

    @Test
    void aMissingWaitShows() {
        int[] got = Rig.unchecked(OWN
                + "cp.async.ca.shared.global [%t0], [%in], 4; cp.async.commit_group; bar.sync 0; ld.shared.u32 %d, [%t0];",
                INPUT);
        assertEquals(0, got[5]);
    }
}
