package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.PtxModule;
import dev.culebra.emulator.ptx.PtxException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What sm_100 adds that nvcc prints for ordinary code: pairs of f32, 256 bits at a time, three operands, formats of 4 and 6 bits. */
class BlackwellTest {

    private static final String HEADER = ".version 8.8\n.target sm_100a\n.address_size 64\n";

    /** Runs a warp whose lane l finds ints 4 l to 4 l + 3 in %a, %b, %c and %e and leaves its result in %d and %h. */
    private static int[] run(String code, int[] in) throws DeviceFault {
        Rig rig = new Rig(HEADER + """
                .visible .entry k(.param .u64 in, .param .u64 out) {
                .reg .b64 %in, %out, %x<4>; .reg .b32 %a, %b, %c, %e, %d, %h, %t; .reg .b16 %s<4>; .reg .b8 %n;
                ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; mov.u32 %t, %tid.x; mov.b32 %h, 0;
                mad.wide.u32 %in, %t, 16, %in; mad.wide.u32 %out, %t, 8, %out; ld.global.v4.b32 {%a, %b, %c, %e}, [%in];
                """ + code + "\nst.global.v2.b32 [%out], {%d, %h}; ret; }", 10, 0);
        long out = rig.zeros(256);
        int[] all = new int[128];
        System.arraycopy(in, 0, all, 0, in.length);
        rig.launch("k", Rig.dim(1), Rig.dim(32), 0, rig.upload(all), out);
        return rig.ints(out);
    }

    @Test
    void pairs() throws DeviceFault {
        float[] v = new float[128];
        for (int i = 0; i < v.length; i++) {
            v[i] = (float) Math.sin(i * 1.7) * (1 + i);
        }
        int[] in = IntStream.range(0, 128).map(i -> Rig.f(v[i])).toArray();
        String load = "mov.b64 %x0, {%a, %b}; mov.b64 %x1, {%c, %e}; ";
        int[] sum = run(load + "add.rn.f32x2 %x2, %x0, %x1; mov.b64 {%d, %h}, %x2;", in);
        int[] difference = run(load + "sub.f32x2 %x2, %x0, %x1; mov.b64 {%d, %h}, %x2;", in);
        int[] product = run(load + "mul.rz.f32x2 %x2, %x0, %x1; mov.b64 {%d, %h}, %x2;", in);
        int[] fused = run(load + "fma.rn.f32x2 %x2, %x0, %x1, %x0; mov.b64 {%d, %h}, %x2;", in);
        for (int i = 0; i < 64; i++) {
            float a = v[i / 2 * 4 + i % 2];
            float b = v[i / 2 * 4 + 2 + i % 2];
            assertEquals(a + b, Float.intBitsToFloat(sum[i]));
            assertEquals(a - b, Float.intBitsToFloat(difference[i]));
            double exact = (double) a * b;
            float near = (float) exact;
            assertEquals(Math.abs(near) > Math.abs(exact) ? near > 0 ? Math.nextDown(near) : Math.nextUp(near) : near,
                    Float.intBitsToFloat(product[i]));
            assertEquals(Math.fma(a, b, a), Float.intBitsToFloat(fused[i]));
        }
    }

    @Test
    void threeOperandsAndTwoTypes() throws DeviceFault {
        int half = Float.floatToFloat16(0.333f) & 0xffff;
        int[] in = {Rig.f(-7), Rig.f(3), Rig.f(5), half};
        assertEquals(-7f, Float.intBitsToFloat(run("min.f32 %d, %a, %b, %c;", in)[0]));
        assertEquals(7f, Float.intBitsToFloat(run("max.abs.f32 %d, %a, %b, %c;", in)[0]));
        float exact = Float.float16ToFloat((short) half);
        assertEquals(exact + 3, Float.intBitsToFloat(run("cvt.u16.u32 %s0, %e; add.f32.f16 %d, %s0, %b;", in)[0]));
        assertEquals(Math.fma(exact, exact, -7f),
                Float.intBitsToFloat(run("cvt.u16.u32 %s0, %e; fma.rn.f32.f16 %d, %s0, %s0, %a;", in)[0]));
    }

    @Test
    void twoHundredAndFiftySixBits() throws DeviceFault {
        Rig rig = new Rig(HEADER + """
                .visible .entry k(.param .u64 a, .param .u64 b) { .reg .b64 %a, %b, %x<4>; .reg .b32 %r<8>;
                ld.param.u64 %a, [a]; ld.param.u64 %b, [b]; ld.global.v8.b32 {%r0,%r1,%r2,%r3,%r4,%r5,%r6,%r7}, [%a];
                mov.b64 %x0, {%r7, %r6}; mov.b64 %x1, {%r5, %r4}; mov.b64 %x2, {%r3, %r2}; mov.b64 %x3, {%r1, %r0};
                st.global.v4.b64 [%b], {%x0, %x1, %x2, %x3}; ld.global.v4.u64 {%x0, %x1, %x2, %x3}, [%a+8]; ret; }""",
                10, 0);
        long b = rig.zeros(32);
        long a = rig.upload(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        DeviceFault f = assertThrows(DeviceFault.class, () -> rig.launch("k", Rig.dim(1), Rig.dim(1), 0, a, b));
        assertEquals(DeviceFault.MISALIGNED_ADDRESS, f.cudaError()); // the second load is at no multiple of 32
        assertArrayEquals(new int[]{8, 7, 6, 5, 4, 3, 2, 1}, rig.ints(b));
        assertThrows(PtxException.class,
                () -> PtxModule.parse(HEADER + ".visible .entry k() { .reg .b64 %x<4>; .local .align 32"
                        + " .b8 l[32]; ld.local.v4.b64 {%x0, %x1, %x2, %x3}, [l]; }", 10, 0));
    }

    @Test
    void someWantTheirArchitecture() {
        for (String code : new String[]{"cvt.rn.satfinite.e2m3x2.f32 %s, %f, %f;", "cvt.rz.ue8m0x2.f32 %s, %f, %f;",
            "redux.sync.min.f32 %f, %f, -1;"}) {
            PtxException e = assertThrows(PtxException.class, () -> PtxModule.parse(HEADER.replace("sm_100a", "sm_100")
                    + ".visible .entry k() { .reg .b16 %s; .reg .f32 %f; " + code + " }", 10, 0));
            assertEquals(true, e.getMessage().contains("needs an architecture-specific target such as sm_100a"),
                    e.getMessage());
        }
    }

    private static double small(int bits, int exponent, int mantissa) {
        int bias = (1 << exponent - 1) - 1;
        int e = bits >> mantissa & (1 << exponent) - 1;
        double m = (bits & (1 << mantissa) - 1) * Math.pow(2, -mantissa);
        double v = e == 0 ? m * Math.pow(2, 1 - bias) : (1 + m) * Math.pow(2, e - bias);
        return (bits >> exponent + mantissa & 1) != 0 ? -v : v;
    }

    @Test
    void smallFormatsThereAndBack() throws DeviceFault {
        String[] names = {"e2m3x2", "e3m2x2", "e2m1x2"};
        int[][] shapes = {{2, 3}, {3, 2}, {2, 1}};
        for (int k = 0; k < 3; k++) {
            int bits = 1 + shapes[k][0] + shapes[k][1];
            int shape0 = shapes[k][0];
            int shape1 = shapes[k][1];
            for (int from = 0; from < 1 << bits; from += 32) {
                int first = from;
                int[] in = new int[128];
                for (int l = 0; l < 32; l++) {
                    int one = first + l & (1 << bits) - 1;
                    in[4 * l] = Rig.f((float) small(one, shape0, shape1));
                    in[4 * l + 1] = Rig.f((float) small(one, shape0, shape1) * 1.0001f); // rounds to the same
                }
                String narrow = k < 2
                        ? "cvt.rn.satfinite." + names[k] + ".f32 %s0, %a, %b; cvt.u32.u16 %d, %s0; cvt.rn.f16x2."
                                + names[k]
                                + " %h, %s0;"
                        : "cvt.rn.satfinite.e2m1x2.f32 %n, %a, %b; cvt.u32.u8 %d, %n; cvt.rn.f16x2.e2m1x2 %h, %n;";
                int[] got = run(narrow, in);
                for (int l = 0; l < 32; l++) {
                    int one = first + l & (1 << bits) - 1;
                    assertEquals(one << (k < 2 ? 8 : 4) | one, got[2 * l], names[k] + " of " + one);
                    assertEquals((float) small(one, shape0, shape1), Float.float16ToFloat((short) got[2 * l + 1]));
                }
            }
        }
    }

    @Test
    void scales() throws DeviceFault {
        int[] in = {Rig.f(3), Rig.f(-4), 0, 0, Rig.f(Float.NaN), Rig.f(0), 0, 0, Rig.f(0x1p-127f),
            Rig.f(Float.MAX_VALUE), 0, 0};
        int[] up = run("cvt.rp.satfinite.ue8m0x2.f32 %s0, %a, %b; cvt.u32.u16 %d, %s0; cvt.rn.bf16x2.ue8m0x2 %h, %s0;",
                in);
        int[] down = run("cvt.rz.ue8m0x2.f32 %s0, %a, %b; cvt.u32.u16 %d, %s0;", in);
        assertEquals(129 << 8 | 129, up[0]); // 4 and 4
        assertEquals(128 << 8 | 129, down[0]);
        assertEquals(Rig.f(4) >>> 16 | Rig.f(4) & 0xffff0000, up[1]);
        assertEquals(255 << 8, up[2]);
        assertEquals(254, up[4] & 0xff);
        assertEquals(0, up[4] >> 8);
    }
}
