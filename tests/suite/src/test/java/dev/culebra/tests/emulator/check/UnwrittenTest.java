package dev.culebra.tests.emulator.check;

import static dev.culebra.tests.emulator.check.Snippet.caught;
import static dev.culebra.tests.emulator.check.Snippet.legal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.exec.DeviceFault;
import org.junit.jupiter.api.Test;

/** Reads of bytes that nobody has written, in every space and by every kind of instruction; and what is fresh. */
class UnwrittenTest {

    private static DeviceFault unwritten(int threads, String code, String... words) {
        return caught(Check.UNWRITTEN, threads, code, words);
    }

    @Test
    void globalMemory() {
        DeviceFault f = unwritten(64, "ld.global.u32 %a, [%out+128]; //!\nst.global.u32 [%out], %a;", "kernel k",
                "block (0,0,0)", "thread (0,0,0)", "allocation #7 of 8192 bytes, byte 128", "0x20000080");
        assertEquals(0, f.thread().x());
        legal(64, "st.global.u32 [%out], %a; ld.global.u32 %b, [%out];");
        legal(64, "ld.global.u32 %b, [%in];");
    }

    @Test
    void theThreadThatReadsIsNamed() {
        DeviceFault f = unwritten(64,
                "setp.lt.u32 %p, %t, 40; @%p st.global.u32 [%out], %a;\nld.global.u32 %b, [%out]; //!",
                "thread (40,0,0)", "byte 160");
        assertEquals(40, f.thread().x());
    }

    @Test
    void aVectorWithOneByteMissing() {
        String code = """
                setp.eq.u32 %p, %t, 0; @!%p bra DONE;
                mov.u16 %k0, 1; st.global.v2.u32 [%out], {%a, %a}; st.global.u16 [%out+8], %k0; st.global.u8 [%out+11], %a;
                st.global.u32 [%out+12], %a; HERE
                ld.global.v4.u32 {%a, %b, %c, %d}, [%out]; //!
                DONE:""";
        unwritten(32, code.replace("HERE", ""), ": 16 bytes", "of which byte 10 ", "byte 10,");
        legal(32, code.replace("HERE", "st.global.u8 [%out+10], %a;"));
    }

    @Test
    void sharedMemory() {
        unwritten(64, "ld.shared.u32 %b, [%s]; //!", "shared address 0x400", "thread (0,0,0)");
        legal(64, "st.shared.u32 [%s], %a; ld.shared.u32 %b, [%s];");
        unwritten(64,
                "st.shared.u8 [%s], %a; st.shared.u8 [%s+1], %a; st.shared.u8 [%s+3], %a;\nld.shared.f32 %r0, [%s]; //!",
                "of which byte 2 has not been written");
        unwritten(32,
                "cvta.shared.u64 %y0, smem; mul.wide.u32 %y1, %t, 8; add.s64 %y0, %y0, %y1; ld.u64 %y2, [%y0]; //!"
                        .replace("cvta.shared.u64 %y0, smem;", "mov.u64 %y3, smem; cvta.shared.u64 %y0, %y3;"),
                "shared address 0x400");
    }

    /** Each block finds its shared memory fresh, though the emulator uses the same bytes again. */
    @Test
    void sharedMemoryOfTheNextBlock() {
        Snippet snippet = new Snippet("""
                mov.u32 %b, %ctaid.x; setp.eq.u32 %p, %b, 0; @%p st.shared.u32 [%s], %a;
                ld.shared.u32 %c, [%s]; //!""");
        snippet.grid = new dev.culebra.emulator.exec.Dim(2, 1, 1);
        Snippet.found(snippet, 32, "block (1,0,0)");
    }

    @Test
    void atomicsRead() {
        unwritten(32, "setp.eq.u32 %p, %t, 0;\n@%p atom.shared.add.u32 %b, [%s], 1; //!");
        unwritten(32, "setp.eq.u32 %p, %t, 0;\n@%p red.global.add.u32 [%out], 1; //!");
        legal(32,
                "setp.eq.u32 %p, %t, 0; @%p st.global.u32 [%out], 0; @%p red.global.add.u32 [%out], 1; @%p ld.global.u32 %b, [%out];");
    }

    @Test
    void matrices() {
        String rows = "shl.b32 %b, %l, 4; mov.u32 %c, smem; add.u32 %b, %b, %c;\n";
        String write = "setp.ne.u32 %p, %t, LAST; @%p st.shared.v4.u32 [%b], {%a, %a, %a, %a}; bar.warp.sync -1;\n";
        String load = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%d, %e, %f, %g}, [%b]; //!";
        unwritten(32, rows + write.replace("LAST", "9") + load, "0x490", "thread (9,0,0)");
        legal(32, rows + write.replace("LAST", "99") + load);
        legal(32, rows + "stmatrix.sync.aligned.m8n8.x4.shared.b16 [%b], {%a, %a, %a, %a}; bar.warp.sync -1;" + load);
        String wmma = "mov.u32 %b, 16; wmma.load.a.sync.aligned.row.m16n16k16.shared.f16 {%x0, %x1, %x2, %x3, %x4, %x5, %x6, %x7}, [smem], %b; //!";
        unwritten(32, wmma);
        legal(32, rows + write.replace("LAST", "99") + wmma);
    }

    @Test
    void whatACopyReads() {
        String b = "shl.b32 %b, %t, 4; mov.u32 %c, smem; add.u32 %b, %b, %c; mul.wide.u32 %y0, %t, 12; add.s64 %y1, %out, %y0;\n";
        String copy = "cp.async.cg.shared.global [%b], [%y1], 16SIZE;\ncp.async.commit_group;\ncp.async.wait_group 0; //!\n";
        unwritten(32, b + copy.replace("SIZE", ""), "allocation #7 of 8192 bytes, byte 0");
        // Nothing is read where the source is empty, and what is filled with zeros has been written.
        legal(32, b + "mov.u32 %d, 0;" + copy.replace("SIZE", ", %d") + "ld.shared.v4.u32 {%d, %e, %f, %g}, [%b];");
        legal(32, b + "st.global.v4.u32 [%y1], {%a, %a, %a, %a};" + copy.replace("SIZE", "")
                + "ld.shared.v4.u32 {%d, %e, %f, %g}, [%b];");
    }

    @Test
    void localMemory() {
        unwritten(32, ".local .align 8 .b8 v[32];\nld.local.u32 %b, [v+4]; //!", "local address 0x4");
        legal(32, ".local .align 8 .b8 v[32];\nst.local.u32 [v+4], %a; ld.local.u32 %b, [v+4];");
    }

    /** nvcc copies a structure as words: of what it copies some is padding, of which nobody needs to have written a byte. */
    @Test
    void paddingOfLocalStructures() {
        legal(32,
                ".local .align 8 .b8 v[32]; mov.u16 %k0, 7; st.local.u16 [v+8], %k0;\nld.local.v2.u32 {%b, %c}, [v+8];");
    }

    /** nvcc -G initialises a bit field by reading its word, and copies structures with the members that nobody has set. */
    @Test
    void localWordsThatNothingDependsOn() {
        String v = ".local .align 16 .b8 v[64];\n.reg .b32 %m<9>;\n";
        legal(32, v + "ld.local.u32 %m1, [v]; and.b32 %m2, %m1, -255; or.b32 %m3, %m2, %t; st.local.u32 [v], %m3;");
        legal(32, v + "ld.local.u32 %m1, [v+4]; bfi.b32 %m2, %t, %m1, 3, 5; st.local.u32 [v+4], %m2;");
        legal(32, v + "ld.local.v2.u32 {%m1, %m2}, [v+8]; mov.b32 %m3, %m2; st.local.v2.u32 [v+16], {%m1, %m3};");
        legal(32, v + ".reg .b16 %n; ld.local.u8 %n, [v+24];");
        unwritten(32, v + "ld.local.u32 %m1, [v]; //!\nand.b32 %m2, %m1, -255; st.local.u32 [v+4], %m2;", "local");
        unwritten(32, v + "ld.local.u32 %m1, [v]; //!\nor.b32 %m2, %m1, 4; st.local.u32 [v], %m2;", "local");
        unwritten(32, v + "ld.local.u32 %m1, [v]; //!\nst.global.u32 [%out], %m1;", "local");
        unwritten(32,
                v + "ld.local.u32 %m1, [v]; //!\nand.b32 %m2, %m1, 3; st.local.u32 [v], %m2; add.u32 %m3, %m2, 1;",
                "local");
        unwritten(32, v + "ld.local.v2.u32 {%m1, %m2}, [v]; //!\nst.local.u32 [v+8], %m1; add.u32 %m3, %m2, 1;",
                "local");
    }

    /** Cooperative groups clear their own bits of a word in the system's shared memory, and pass data behind shuffles. */
    @Test
    void theSystemsSharedMemory() { legal(64, """
            mov.u32 %b, %reserved_smem_offset_1; mov.u32 %c, -2; red.shared.and.release.cta.b32 [%b], %c; bar.sync 0;
            ld.shared.u32 %d, [%b+32]; shfl.sync.idx.b32 %e, %d, 0, 31, -1; st.shared.u32 [%b+32], %w;"""); }

    @Test
    void aFunctionsFrameIsFresh() {
        String function = """
                .version 8.0
                .target sm_90
                .address_size 64
                .func (.param .b32 r) f(.param .b32 first) {
                .reg .b32 %v; .reg .pred %p; .local .align 4 .b32 x;
                ld.param.u32 %v, [first]; setp.ne.u32 %p, %v, 0; @%p st.local.u32 [x], %v;
                ld.local.u32 %v, [x]; //!
                st.param.b32 [r], %v; ret; }
                """;
        String call = "{ .param .b32 a0; .param .b32 r0; st.param.b32 [a0], %x0; call.uni (r0), f, (a0); ld.param.b32 %x1, [r0]; }\n";
        Snippet twice = new Snippet(function, "mov.u32 %x0, 1; " + call + "mov.u32 %x0, 0; " + call);
        Snippet.found(twice, 32, "local address");
        Snippet good = new Snippet(function, "mov.u32 %x0, 1; " + call + call);
        assertEquals(null, good.run(32));
    }

    /** Reading a fresh register is allowed; what it holds is no zero that would hide the mistake, and always the same. */
    @Test
    void freshRegisters() {
        int[] got = legal(32,
                "st.global.u32 [%out], %x3; st.global.f32 [%out+128], %r3; selp.b32 %b, 1, 0, %q; st.global.u32 [%out+256], %b;");
        int trues = 0;
        for (int l = 0; l < 32; l++) {
            assertEquals(0x7fff7fff, got[l]);
            assertEquals(0x7fff7fff, got[32 + l]);
            trues += got[64 + l];
        }
        assertEquals(16, trues);
    }

    @Test
    void sixteenBitRegistersHoldSixteenBits() {
        assertEquals(0x7fff, legal(32, "cvt.u32.u16 %b, %k3; st.global.u32 [%out], %b;")[5]);
    }

    /** With the check off memory is poisoned all the same. */
    @Test
    void poisonIsThereWithoutTheCheck() {
        int[] got = Snippet.unchecked(32,
                ".local .align 8 .b8 v[32]; ld.shared.u32 %b, [%s]; st.global.u32 [%out], %b; ld.local.u32 %b, [v]; st.global.u32 [%out+128], %b;");
        assertEquals(0x7fff7fff, got[3]);
        assertEquals(0x7fff7fff, got[35]);
        assertTrue(Float.isNaN(Float.intBitsToFloat(got[3])));
    }
}
