package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** 128 bits in a register, vectors that are updated atomically, video instructions, and vectors of registers. */
class WideTest {

    private static Rig rig(String registers, String code) {
        return new Rig(
                ".version 8.4\n.target sm_90\n.address_size 64\n.visible .entry k(.param .u64 a, .param .u64 b) {\n"
                        + ".reg .b64 %a, %b, %x<8>; .reg .b32 %r<8>; .reg .f32 %f<8>; " + registers
                        + "\nld.param.u64 %a, [a]; ld.param.u64 %b, [b]; mov.u32 %r0, %tid.x;\n" + code + "\nret; }");
    }

    @Test
    void moves() throws DeviceFault {
        Rig rig = rig(".reg .b128 %q<4>;", """
                ld.global.b128 %q0, [%a]; mov.b128 {%x0, %x1}, %q0; mov.b128 %q1, {%x1, %x0}; mov.b128 %q2, %q1;
                st.global.b128 [%b], %q2;""");
        long out = rig.zeros(16);
        rig.launch("k", Rig.dim(1), Rig.dim(1), 0, rig.upload(3L, 5L), out);
        assertArrayEquals(new long[]{5, 3}, rig.longs(out));
    }

    @Test
    void exchangesAndCompares() throws DeviceFault {
        Rig rig = rig(".reg .b128 %q<4>;", """
                cvt.u64.u32 %x0, %r0; mov.b64 %x1, 7; mov.b128 %q0, {%x0, %x1};
                atom.global.exch.b128 %q1, [%a], %q0;
                mov.b128 {%x2, %x3}, %q1; atom.global.add.u64 %x4, [%b], %x2; atom.global.add.u64 %x4, [%b+8], %x3;
                mov.b64 %x2, 31; mov.b128 %q2, {%x2, %x1}; atom.global.cas.b128 %q3, [%a], %q2, %q0;""");
        long a = rig.upload(100L, 200L);
        long b = rig.zeros(16);
        rig.launch("k", Rig.dim(1), Rig.dim(32), 0, a, b);
        // Lanes come in their order: each takes its predecessor's number out, lane 31's stays in. The first comparison that
        // finds it is lane 0's, which puts its own 0 there; no other finds 31 again.
        assertArrayEquals(new long[]{100 + 30 * 31 / 2, 200 + 31 * 7}, rig.longs(b));
        assertArrayEquals(new long[]{0, 7}, rig.longs(a));
    }

    @Test
    void vectorsAreAddedElementByElement() throws DeviceFault {
        Rig rig = rig("", """
                mov.f32 %f0, 0f3F800000; mov.f32 %f1, 0f40000000; mov.f32 %f2, 0f40400000; mov.f32 %f3, 0f40800000;
                atom.global.add.v4.f32 {%f4, %f5, %f6, %f7}, [%a], {%f0, %f1, %f2, %f3};
                red.global.add.v2.f32 [%b], {%f1, %f0};""");
        long a = rig.zeros(16);
        long b = rig.zeros(8);
        rig.launch("k", Rig.dim(2), Rig.dim(32), 0, a, b);
        assertArrayEquals(new float[]{64, 128, 192, 256}, rig.floats(a));
        assertArrayEquals(new float[]{128, 64}, rig.floats(b));
    }

    @Test
    void vectorsOfRegisters() throws DeviceFault {
        Rig rig = rig(".reg .v4 .f32 %v;",
                "ld.global.v4.f32 %v, [%a]; add.f32 %f0, %v.x, %v.w; st.global.f32 [%b], %f0;");
        long b = rig.zeros(4);
        rig.launch("k", Rig.dim(1), Rig.dim(1), 0, rig.upload(1f, 2f, 3f, 5f), b);
        assertEquals(6f, rig.floats(b)[0]);
    }

    private static int[] video(String instruction, int[] a, int[] b, int[] c) {
        return Rig.ints(instruction + " %d, %a, %b, %c;", a, b, c);
    }

    @Test
    void videoInstructions() {
        int[] a = IntStream.range(0, 32).map(i -> i * 0x12345679 + 0x80ff7f01).toArray();
        int[] b = IntStream.range(0, 32).map(i -> i * 0x7654321b ^ 0x01807fff).toArray();
        int[] c = IntStream.range(0, 32).map(i -> i * 1001).toArray();
        int[] sums = video("vadd4.s32.s32.s32.sat", a, b, c);
        int[] far = video("vabsdiff2.u32.u32.u32.add", a, b, c);
        int[] more = video("vset4.u32.u32.gt", a, b, c);
        int[] mean = video("vavrg2.s32.s32.s32", a, b, c);
        int[] chosen = Rig.ints("vmax2.s32.s32.s32 %d.h1, %a.h10, %b.h01, %c;", a, b, c);
        for (int l = 0; l < 32; l++) {
            int sum = 0;
            int greater = 0;
            for (int i = 0; i < 4; i++) {
                int s = (byte) (a[l] >> 8 * i) + (byte) (b[l] >> 8 * i);
                sum |= (Math.max(-128, Math.min(127, s)) & 0xff) << 8 * i;
                greater |= ((a[l] >>> 8 * i & 0xff) > (b[l] >>> 8 * i & 0xff) ? 1 : 0) << 8 * i;
            }
            assertEquals(sum, sums[l], "vadd4 lane " + l);
            assertEquals(greater, more[l], "vset4 lane " + l);
            int low = Math.abs((a[l] & 0xffff) - (b[l] & 0xffff));
            assertEquals(c[l] + low + Math.abs((a[l] >>> 16) - (b[l] >>> 16)), far[l], "vabsdiff2 lane " + l);
            int both = 0;
            for (int h = 0; h < 2; h++) {
                int s = (short) (a[l] >> 16 * h) + (short) (b[l] >> 16 * h);
                both |= ((s >= 0 ? s + 1 >> 1 : s >> 1) & 0xffff) << 16 * h;
            }
            assertEquals(both, mean[l], "vavrg2 lane " + l);
            int m = Math.max(a[l] >> 16, (short) a[l]); // .h01 of the second: its upper half is a's lower
            assertEquals(c[l] & 0xffff | m << 16, chosen[l], "vmax2 lane " + l);
        }
    }

    @Test
    void videoInstructionsThatSaturateAByte() {
        Rig.onlyEmulated("keeps to the ISA, where an H200 makes the largest byte of what is less than the smallest");
        int[] a = IntStream.range(0, 32).map(i -> i * 0x12345679 + 0x80ff7f01).toArray();
        int[] b = IntStream.range(0, 32).map(i -> i * 0x7654321b ^ 0x01807fff).toArray();
        int[] c = IntStream.range(0, 32).map(i -> i * 1001).toArray();
        int[] scalar = Rig.ints("vadd.s32.u32.s32.sat %d.b1, %a.b3, %b.h1, %c;", a, b, c);
        for (int l = 0; l < 32; l++) {
            int v = Math.max(-128, Math.min(127, (a[l] >>> 24) + (b[l] >> 16)));
            assertEquals(c[l] & ~0xff00 | (v & 0xff) << 8, scalar[l], "vadd lane " + l);
        }
    }

    @Test
    void shortAddressesWrap() throws DeviceFault {
        Rig rig = new Rig(Rig.HEADER + """
                .shared .align 4 .b32 s[8];
                .visible .entry k(.param .u64 out) { .reg .b64 %p; .reg .b32 %r, %v; ld.param.u64 %p, [out];
                mov.u32 %r, s; sub.u32 %r, %r, 12; mov.u32 %v, 9; st.shared.u32 [%r+16], %v; ld.shared.u32 %v, [s+4];
                st.global.u32 [%p], %v; ret; }""");
        long out = rig.zeros(4);
        rig.launch("k", Rig.dim(1), Rig.dim(1), 0, out);
        assertEquals(9, rig.ints(out)[0]);
    }

    @Test
    void whatIsNotRunSaysSo() {
        for (String code : new String[]{"tex.2d.v4.f32.f32 {%f0, %f1, %f2, %f3}, [%a, {%f0, %f1}];",
            "wgmma.mma_async.sync.aligned.m64n8k32.s32.s8.s8 {%r0, %r0, %r0, %r0}, %a, %a, 1;",
            "wgmma.mma_async.sync.aligned.m64n8k8.f32.tf32.tf32 {%f0, %f1, %f2, %f3}, %a, %a, 1, 1, 1;",
            "wgmma.mma_async.sync.aligned.m64n8k32.f32.e4m3.e5m2 {%f0, %f1, %f2, %f3}, %a, %a, 1, 1, 1;",
            "wgmma.mma_async.sync.aligned.m64n8k256.s32.b1.b1.and.popc {%r0, %r0, %r0, %r0}, %a, %a, 1;",
            "wgmma.mma_async.sp.sync.aligned.m64n8k32.f32.f16.f16 {%f0, %f1, %f2, %f3}, %a, %a, %r0, 0, 1, 1, 1, 0, 0;",
            "tcgen05.wait::ld.sync.aligned;", "multimem.red.add.u32 [%a], %r0;",
            "mma.sp::ordered_metadata.sync.aligned.m16n8k64.row.col.s32.s8.s8.s32 {%r0}, {%r0}, {%r0}, {%r0}, %r0, 0;"}) {
            String said = Rig.refusal(".version 8.4\n.target sm_90a\n.address_size 64\n.visible .entry k() {\n"
                    + ".reg .b64 %a; .reg .b32 %r0; .reg .f32 %f<4>;\n" + code + "\n}").getMessage();
            assertTrue(said.startsWith("ptx line 6: ") && said.contains("not supported"), said);
        }
        assertEquals(1, Arrays.stream(Rig.refusal(Rig.HEADER + ".visible .entry k() { .reg .b64 %a; .reg .b32 %r<8>;\n"
                + "ld.global.v8.b32 {%r0,%r1,%r2,%r3,%r4,%r5,%r6,%r7}, [%a]; }").getMessage().split("\n"))
                .filter(s -> s.contains("needs .target sm_100")).count());
    }
}
