package dev.culebra.tests.emulator.hopper;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.driver.spi.InstructionClass;
import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.emulator.exec.DeviceFault;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bulk copies and reductions, and the asynchronous stores: what arrives, when, and what is found out. */
class BulkCopyTest {

    /** One thread; its mbarrier for one arrival in %r1, 1024 bytes behind it in %r2. */
    private static final String ONE = "mov.u32 %r1, sm; add.u32 %r2, %r1, 128; mbarrier.init.shared.b64 [%r1], 1;\n";
    private static final String LOAD = "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes ";
    private static final String WAIT = "W: mbarrier.try_wait.parity.shared.b64 %p1, [%r1], 0; @!%p1 bra W;\n";

    private static String expect(int bytes) {
        return "mbarrier.arrive.expect_tx.shared.b64 _, [%r1], " + bytes + ";\n";
    }

    /** Copies words of shared memory from %r2 to the output. */
    private static String dump(int words) {
        return "mov.u32 %r9, 0; D: mad.lo.u32 %r10, %r9, 4, %r2; ld.shared.u32 %r11, [%r10]; mul.wide.u32 %d9, %r9, 4; "
                + "add.u64 %d9, %d9, %out; st.global.u32 [%d9], %r11; add.u32 %r9, %r9, 1; setp.lt.u32 %p9, %r9, "
                + words
                + "; @%p9 bra D;\n";
    }

    private static int[] counting(int from, int n) { return IntStream.range(from, from + n).toArray(); }

    @ParameterizedTest
    @ValueSource(ints = {16, 48, 1024})
    void globalToShared(int bytes) {
        assertArrayEquals(counting(1004, bytes / 4),
                ClusterRig.run(
                        ONE + expect(bytes) + LOAD + "[%r2], [%in+16], " + bytes + ", [%r1];\n" + WAIT
                                + dump(bytes / 4),
                        1, 1, bytes / 4));
    }

    @Test
    void formsOfALoad() {
        for (String form : new String[]{
            "cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [%r2], [%in], %r5, [%r1];",
            LOAD.trim() + ".L2::cache_hint [%r2], [%in], 64, [%r1], %d5;",
            LOAD.trim() + ".multicast::cluster [%r2], [%in], 64, [%r1], %h1;",
            LOAD.trim() + ".multicast::cluster.L2::cache_hint [sm+128], [%in], 64, [sm], 1, %d5;"}) {
            assertArrayEquals(counting(1000, 16), ClusterRig.run(ONE + expect(64)
                    + "mov.u32 %r5, 64; mov.u16 %h1, 1; createpolicy.fractional.L2::evict_last.b64 %d5, 1.0;" + form
                    + WAIT
                    + dump(16), 1, 1, 16), form);
        }
        ClusterRig.run(
                "cp.async.bulk.prefetch.L2.global [%in], 64; cp.async.bulk.prefetch.L2.global.L2::cache_hint [%in], 64, %d5;",
                1, 1, 1);
    }

    @Test
    void aPhaseMayWaitForSeveralCopiesAndForLaterExpectations() {
        assertArrayEquals(counting(1000, 32), ClusterRig.run(ONE + "mbarrier.expect_tx.shared.b64 [%r1], 64;\n"
                + LOAD + "[%r2+64], [%in+64], 32, [%r1];\n" + LOAD + "[%r2+96], [%in+96], 32, [%r1];\n" + expect(64)
                + LOAD + "[%r2], [%in], 64, [%r1];\n" + WAIT + dump(32), 1, 1, 32));
    }

    @Test
    void sharedToGlobal() {
        // Two groups; the later one need not be done when the first is waited for, and is not.
        int[] got = ClusterRig.run(
                """
                        mov.u32 %r2, sm; mov.u32 %r3, 7; st.shared.v4.u32 [%r2], {%r3, %r3, %r3, %r3}; fence.proxy.async.shared::cta;
                        cp.async.bulk.global.shared::cta.bulk_group [%out], [%r2], 16; cp.async.bulk.commit_group;
                        cp.async.bulk.global.shared::cta.bulk_group.L2::cache_hint [%out+16], [%r2], 16, %d5; cp.async.bulk.commit_group;
                        cp.async.bulk.global.shared::cta.bulk_group [%out+32], [%r2], 16;
                        cp.async.bulk.wait_group 1; ld.global.u32 %r4, [%out]; ld.global.u32 %r5, [%out+16];
                        cp.async.bulk.wait_group 0; ld.global.u32 %r6, [%out+16]; ld.global.u32 %r7, [%out+32];
                        cp.async.bulk.commit_group; cp.async.bulk.wait_group.read 0; ld.global.u32 %r8, [%out+32];
                        st.global.u32 [%out+48], %r4; st.global.u32 [%out+52], %r5; st.global.u32 [%out+56], %r6; st.global.u32 [%out+60], %r7;
                        st.global.u32 [%out+64], %r8;
                        """,
                1, 1, 17);
        assertArrayEquals(new int[]{7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 7, 0, 0}, got);
    }

    @Test
    void toAnotherBlock() {
        // Block 0 copies to block 1, whose mbarrier is told.
        int[] got = ClusterRig.run(ONE
                + """
                        setp.eq.u32 %p2, %rank, 1; @%p2 mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 32;
                        mov.u32 %r3, 5; st.shared.v4.u32 [%r2], {%r3, %r3, %r3, %r3}; st.shared.v4.u32 [%r2+16], {%r3, %r3, %r3, %r3};
                        fence.proxy.async; barrier.cluster.arrive; barrier.cluster.wait;
                        @%p2 bra W; mapa.shared::cluster.u32 %r4, %r2, 1; mapa.shared::cluster.u32 %r5, %r1, 1;
                        cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%r4+32], [%r2], 32, [%r5]; bra END;
                        """
                + WAIT + "add.u32 %r2, %r2, 32;" + dump(8) + "END: barrier.cluster.arrive; barrier.cluster.wait;", 2, 1,
                8);
        assertArrayEquals(new int[]{5, 5, 5, 5, 5, 5, 5, 5}, got);
    }

    @Test
    void toSeveralBlocks() {
        // Block 1 multicasts 64 bytes to blocks 0, 2 and 3, each of which is told at its own mbarrier.
        int[] got = ClusterRig.run(
                ONE + """
                        mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 64; barrier.cluster.arrive; barrier.cluster.wait;
                        setp.ne.u32 %p2, %rank, 1; @%p2 bra W;
                        cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%r2], [%in], 64, [%r1], 13; bra END;
                        """
                        + WAIT
                        + """
                                ld.shared.u32 %r3, [%r2+60]; mul.wide.u32 %d1, %rank, 4; add.u64 %out, %out, %d1; st.global.u32 [%out], %r3;
                                END: barrier.cluster.arrive; barrier.cluster.wait;
                                """,
                4, 1, 4);
        assertArrayEquals(new int[]{1015, 0, 1015, 1015}, got);
    }

    @ParameterizedTest
    @CsvSource({"add.u32,5,3,8", "add.s32,-5,3,-2", "min.u32,-1,3,3", "min.s32,-1,3,-1", "max.u32,-1,3,-1",
        "max.s32,-1,3,3",
        "inc.u32,3,3,0", "inc.u32,2,3,3", "dec.u32,0,3,3", "dec.u32,4,3,3", "dec.u32,2,3,1", "and.b32,6,3,2",
        "or.b32,6,3,7",
        "xor.b32,6,3,5"})
    void reductions(String form, int old, int value, int expected) {
        // In global memory; and in another block's shared memory, in bulk and one value at a time.
        String fill = "mov.u32 %r3, " + value + "; st.shared.v4.u32 [%r2], {%r3, %r3, %r3, %r3}; mov.u32 %r4, " + old
                + "; st.shared.v4.u32 [%r2+16], {%r4, %r4, %r4, %r4}; fence.proxy.async;";
        int[] got = ClusterRig.run(ONE + fill + "st.global.v4.u32 [%out], {%r4, %r4, %r4, %r4};"
                + "cp.reduce.async.bulk.global.shared::cta.bulk_group." + form
                + " [%out], [%r2], 16; cp.async.bulk.commit_group;"
                + "cp.async.bulk.wait_group 0;", 1, 1, 4);
        assertArrayEquals(new int[]{expected, expected, expected, expected}, got);
        got = ClusterRig.run(ONE + fill
                + """
                        setp.eq.u32 %p2, %rank, 1; @%p2 mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 36;
                        st.shared.v4.u32 [%r2+32], {%r4, %r4, %r4, %r4}; barrier.cluster.arrive; barrier.cluster.wait; @%p2 bra W;
                        mapa.shared::cluster.u32 %r5, %r2, 1; mapa.shared::cluster.u32 %r6, %r1, 1;
                        cp.reduce.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes.FORM [%r5+16], [%r2], 16, [%r6];
                        red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes.FORM [%r5+32], %r3, [%r6];
                        st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 [%r5+48], {%r3, %r4, %r3, %r4}, [%r6]; bra END;
                        """
                        .replace("FORM", form)
                + WAIT + "add.u32 %r2, %r2, 16;" + dump(12)
                + "END: barrier.cluster.arrive; barrier.cluster.wait;", 2, 1, 12);
        assertArrayEquals(
                new int[]{expected, expected, expected, expected, expected, old, old, old, value, old, value, old},
                got);
    }

    @Test
    void reductionsOfWideAndOfFloatingTypes() {
        String store = "st.shared.v2.u64 [%r2], {%d1, %d1}; st.global.v2.u64 [%out], {%d2, %d2}; fence.proxy.async;";
        String[][] cases = {{"add.u64", "0x100000000", "0xffffffff", "0x1ffffffff"}, {"min.s64", "-1", "5", "-1"},
            {"max.u64", "-1", "5", "-1"}, {"xor.b64", "0xff00000000", "0xf", "0xff0000000f"},
            {"add.f64", "0x3ff8000000000000", "0x4000000000000000", "0x400c000000000000"}, // 1.5 + 2 = 3.5
            {"add.f32", "0x3fc000003fc00000", "0x4000000040000000", "0x4060000040600000"},
            {"add.f32", "0x0000000100000001", "0x0080000000000001", "0x0080000100000002"}, // subnormals are kept, as an H200 does
            {"add.noftz.f16", "0x3e003e003e000001", "0x4000400040000001", "0x4300430043000002"}, // a subnormal half is kept
            {"min.f16", "0x3e003e003e003e00", "0x4000c0004000c000", "0x3e00c0003e00c000"},
            {"add.noftz.bf16", "0x3fc03fc03fc03fc0", "0x4000400040004000", "0x4060406040604060"}};
        for (String[] c : cases) {
            int[] got = ClusterRig.run(ONE + "mov.b64 %d1, " + c[1] + "; mov.b64 %d2, " + c[2] + ";" + store
                    + "cp.reduce.async.bulk.global.shared::cta.bulk_group." + c[0] + " [%out], [%r2], 16;"
                    + "cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;", 1, 1, 4);
            long v = Long.decode(c[3]);
            assertArrayEquals(new int[]{(int) v, (int) (v >> 32), (int) v, (int) (v >> 32)}, got, c[0]);
        }
    }

    @Test
    void wideAsynchronousStoresByGenericAddress() {
        int[] got = ClusterRig
                .run(ONE + """
                        setp.eq.u32 %p2, %rank, 1; @%p2 mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 24; barrier.cluster.arrive; barrier.cluster.wait;
                        @%p2 bra W; cvt.u64.u32 %d1, %r2; cvta.shared.u64 %d1, %d1; mapa.u64 %d2, %d1, 1;
                        cvt.u64.u32 %d3, %r1; cvta.shared.u64 %d3, %d3; mapa.u64 %d4, %d3, 1;
                        mov.u64 %d5, 0x500000004; mov.u64 %d6, 0x700000006;
                        st.async.mbarrier::complete_tx::bytes.v2.u64 [%d2], {%d5, %d6}, [%d4]; st.async.mbarrier::complete_tx::bytes.b64 [%d2+16], %d5, [%d4];
                        bra END;
                        """
                        + WAIT + dump(6) + "END: barrier.cluster.arrive; barrier.cluster.wait;", 2, 1, 6);
        assertArrayEquals(new int[]{4, 5, 6, 7, 4, 5}, got);
    }

    @Test
    void bulkCopiesAreCounted() throws DeviceFault {
        ClusterRig rig = ClusterRig.kernel(ONE + expect(96) + LOAD + "[%r2], [%in+16], 96, [%r1];" + WAIT
                + """
                        fence.proxy.async; cp.async.bulk.global.shared::cta.bulk_group [%out], [%r2], 64; cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;
                        """);
        LaunchCounters c = rig.count(rig.ints(ClusterRig.counting(64)), rig.zeros(16));
        assertEquals(new LaunchCounters.Bytes(96, 64), c.bytes(LaunchCounters.MemorySpace.GLOBAL));
        assertEquals(new LaunchCounters.Bytes(64, 96), c.bytes(LaunchCounters.MemorySpace.SHARED));
        // 96 bytes from the middle of a sector of 32 are in 4 of them, 64 aligned ones in 2.
        assertEquals(6, c.global().asked());
        assertEquals(5, c.global().fewest());
        // The load, the store, its commitment and the wait; the mbarrier's and the fence are of other classes.
        assertEquals(4, c.instructions(InstructionClass.ASYNC_COPY));
    }

    // ---- misuse ----

    private static void fails(String code, int error, String... words) {
        ClusterRig.fails(ONE + code, 1, 1, error, words);
    }

    @Test
    void sizesAndAddresses() {
        fails("mov.u32 %r3, 20;" + LOAD + "[%r2], [%in], %r3, [%r1];", DeviceFault.LAUNCH_FAILED,
                "bulk copy of 20 bytes",
                "multiple of 16");
        fails(LOAD + "[%r2+8], [%in], 16, [%r1];", DeviceFault.MISALIGNED_ADDRESS, "multiple of 16");
        fails(LOAD + "[%r2], [%in+4], 16, [%r1];", DeviceFault.MISALIGNED_ADDRESS, "misaligned global address");
        fails(LOAD + "[%r2], [%in], 4096, [%r1];", DeviceFault.ILLEGAL_ADDRESS, "illegal shared address");
        fails(LOAD + "[%r2], [%in+4080], 32, [%r1];", DeviceFault.ILLEGAL_ADDRESS, "illegal global address");
        fails(LOAD + "[%r2], [%in], 32, [%r1+8];", DeviceFault.LAUNCH_FAILED, "no mbarrier is at shared address 0x408");
        fails(LOAD + "[%r1], [%in], 32, [%r1];", DeviceFault.LAUNCH_FAILED,
                "a bulk copy of 32 bytes meets an mbarrier");
        fails("cp.async.bulk.prefetch.L2.global [%in], 8192;", DeviceFault.ILLEGAL_ADDRESS, "illegal global address");
        fails("cp.async.bulk.global.shared::cta.bulk_group [%out], [%r2+4000], 32;", DeviceFault.ILLEGAL_ADDRESS,
                "shared address");
    }

    @Test
    void destinationsOfTheWrongBlock() {
        ClusterRig.fails(ONE
                + "barrier.cluster.arrive; barrier.cluster.wait; xor.b32 %r3, %rank, 1; mapa.shared::cluster.u32 %r4, %r2, %r3;"
                + LOAD + "[%r4], [%in], 16, [%r1];", 2, 1, DeviceFault.LAUNCH_FAILED,
                "it must be the destination's block");
        fails("cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%r2], [%r2+64], 16, [%r1];",
                DeviceFault.LAUNCH_FAILED, "must be another block's");
        fails("st.async.shared::cluster.mbarrier::complete_tx::bytes.u32 [%r2], %r1, [%r1];", DeviceFault.LAUNCH_FAILED,
                "another than the thread's");
        fails(LOAD.trim() + ".multicast::cluster [%r2], [%in], 16, [%r1], 2;", DeviceFault.LAUNCH_FAILED,
                "ranks 0 to 0");
    }

    @Test
    void copiesNobodyWaitsFor() {
        fails(expect(16) + LOAD + "[%r2], [%in], 16, [%r1];", DeviceFault.LAUNCH_FAILED,
                "block (0,0,0) ends while the bulk copy of 16 bytes at ptx line 10 is in flight into its shared memory");
        fails("cp.async.bulk.global.shared::cta.bulk_group [%out], [%r2], 16; cp.async.bulk.commit_group;",
                DeviceFault.LAUNCH_FAILED, "ends while the bulk copy of 16 bytes", "wait_group.read");
        fails(expect(16) + LOAD + "[%r2], [%in], 16, [%r1]; mbarrier.inval.shared.b64 [%r1];",
                DeviceFault.LAUNCH_FAILED,
                "mbarrier.inval while the bulk copy");
    }

    @Test
    void bytesThatAreNotExpectedAreADeadlock() {
        fails(expect(64) + LOAD + "[%r2], [%in], 32, [%r1];" + WAIT, DeviceFault.LAUNCH_TIMEOUT,
                "0 arrivals and 64 bytes are missing, 32 bytes on their way");
    }

    @Test
    void ordinaryStoresWithoutAProxyFence() {
        fails("st.shared.u32 [%r2+20], 3; cp.async.bulk.global.shared::cta.bulk_group [%out], [%r2], 32;",
                DeviceFault.LAUNCH_FAILED,
                "bulk copy reads shared address 0x490", "no fence.proxy.async since");
        fails("st.shared.u32 [%r2], 3; fence.proxy.async.global; cp.async.bulk.global.shared::cta.bulk_group [%out], [%r2], 32;",
                DeviceFault.LAUNCH_FAILED, "no fence.proxy.async since");
    }

    @Test
    void aSourceChangedBeforeItHasBeenRead() {
        // The copy reads when it is waited for, so what is stored meanwhile shows, or is reported.
        String code = ONE
                + """
                        st.shared.u32 [%r2], 3; fence.proxy.async; cp.async.bulk.global.shared::cta.bulk_group [%out], [%r2], 16; cp.async.bulk.commit_group;
                        WAIT
                        st.shared.u32 [%r2], 4; fence.proxy.async; cp.async.bulk.wait_group 0;
                        """;
        assertEquals(3, ClusterRig.run(code.replace("WAIT", "cp.async.bulk.wait_group.read 0;"), 1, 1, 4)[0]);
    }
}
