package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Loads, stores, atomics, spaces and initialisers. */
class MemoryTest {

    private static final int[] ONCE = {0};
    /** The lane's own 16 bytes of shared memory, at %t0. */
    private static final String OWN = "mov.u32 %t0, smem; shl.b32 %t1, %tid, 4; add.u32 %t0, %t0, %t1; ";

    @ParameterizedTest
    @CsvSource({"u8,0x80,128", "s8,0x80,-128", "u16,0x8001,32769", "s16,0x8001,-32767", "b32,0x80000001,-2147483647"})
    void widthsAndSigns(String type, String stored, int loaded) {
        int bits = Integer.parseInt(type.substring(1));
        assertEquals(loaded,
                Rig.ints(OWN + "mov.u32 %t2, 0xfefefefe; st.shared.u32 [%t0], %t2; mov.u32 %t2, " + stored
                        + "; st.shared.b" + bits
                        + " [%t0], %t2; ld.shared." + type + " %d, [%t0];", ONCE)[3]);
        assertEquals(loaded,
                Rig.ints(
                        "mov.u32 %t2, " + stored + "; st.global.b" + bits + " [%out], %t2; ld.global." + type
                                + " %d, [%out];",
                        ONCE)[3]);
    }

    @Test
    void vectorsAndGenericAddresses() {
        int[] got = Rig.ints(OWN + """
                add.u32 %t3, %tid, 1; add.u32 %t4, %tid, 2;
                st.shared.v4.b32 [%t0], {%tid, %t3, %t4, 9};
                cvt.u64.u32 %x, %t0; cvta.shared.u64 %x, %x;
                isspacep.shared %p, %x; isspacep.global %q, %out;
                ld.v2.u32 {%t5, %t6}, [%x+8];
                setp.lt.u32 %q, %tid, 16; selp.b64 %y, %x, %in, %q;
                ld.u32 %t7, [%y];
                ld.shared.v4.u16 {%h0, %h1, _, %h3}, [%t0]; cvt.u32.u16 %t8, %h0;
                add.u32 %d, %t5, %t6; add.u32 %d, %d, %t7; add.u32 %d, %d, %t8;
                @!%p mov.u32 %d, -1;""", new int[]{1000});
        for (int l = 0; l < 32; l++) {
            assertEquals(l + 2 + 9 + (l < 16 ? l : 1000) + l, got[l], "lanes of one load may lie in different spaces");
        }
    }

    @Test
    void localMemoryIsEachThreadsOwn() {
        int[] got = Rig.ints("""
                .local .align 8 .b8 stack[64]; .reg .b64 %sp;
                mov.u64 %sp, stack; cvta.local.u64 %sp, %sp;
                st.u32 [%sp+4], %tid; add.u32 %t0, %tid, 100; st.local.u32 [stack+8], %t0;
                ld.local.u32 %t1, [stack+4]; ld.u32 %t2, [%sp+8]; mad.lo.u32 %d, %t1, 1000, %t2;""", ONCE);
        for (int l = 0; l < 32; l++) {
            assertEquals(l * 1000 + l + 100, got[l]);
        }
    }

    @Test
    void initialisersConstantsAndAddresses() throws Exception {
        Rig rig = new Rig(Rig.HEADER
                + """
                        .const .align 4 .f32 c[3] = {0f3F800000, 2.0, -3.0};
                        .global .align 1 .b8 text[6] = {104, 105, 0x21};
                        .global .align 8 .u64 pointers[2] = {text+1, generic(table)};
                        .global .align 2 .s16 table[2][3] = {{1, 2}, {-3, 4, 5}};
                        .visible .global .u32 counter = 41;
                        .visible .entry k(.param .u64 out, .param .align 8 .b8 s[16]) {
                        .reg .b64 %o, %p<4>; .reg .b32 %r<9>; .reg .f32 %f;
                        ld.param.u64 %o, [out]; ld.const.f32 %f, [c+8]; cvt.rzi.s32.f32 %r0, %f;
                        ld.global.u64 %p0, [pointers]; ld.u8 %r1, [%p0];
                        ld.global.u64 %p1, [pointers+8]; ld.global.s16 %r2, [%p1+6]; ld.global.s16 %r3, [table+10]; ld.global.s16 %r6, [table+4];
                        atom.global.add.u32 %r4, [counter], 1;
                        mov.b64 %p2, s; ld.param.u32 %r5, [%p2+12];
                        st.global.v4.u32 [%o], {%r0, %r1, %r2, %r3}; st.global.v2.u32 [%o+16], {%r4, %r5}; st.global.u32 [%o+24], %r6; ret; }""");
        long out = rig.upload(new int[7]);
        rig.launch("k", Rig.dim(1), Rig.dim(1), 0, out);
        assertArrayEquals(new int[]{-3, 'i', -3, 5, 41, 0, 0}, rig.ints(out));
        assertEquals(42, rig.ints(rig.variable("counter").base)[0]);
    }

    @Test
    void staticAndDynamicSharedMemory() throws Exception {
        Rig rig = new Rig(Rig.HEADER
                + """
                        .shared .align 4 .b8 first[5];
                        .extern .shared .align 16 .b8 rest[];
                        .visible .entry k(.param .u64 out) { .reg .b64 %o; .reg .b32 %r<4>; .shared .align 8 .b64 second;
                        ld.param.u64 %o, [out]; mov.u32 %r0, rest; and.b32 %r1, %r0, 15; mov.u32 %r2, %total_smem_size;
                        st.shared.u32 [rest+96], %r2; ld.shared.u32 %r3, [%r0+96]; st.shared.b8 [first], 1; st.shared.b64 [second], 3;
                        st.global.v4.u32 [%o], {%r0, %r1, %r2, %r3}; ret; }""");
        long out = rig.upload(new int[4]);
        rig.launch("k", Rig.dim(1), Rig.dim(1), 100, out);
        int[] got = rig.ints(out);
        assertEquals(1024 + 16, got[0]); // from sm_90 on the first 1024 bytes are the system's
        assertEquals(0, got[1]);
        assertEquals(128, got[2]); // 116 in units of 128
        assertEquals(128, got[3]);
        assertEquals(16, rig.module.kernel("k").staticSharedBytes());
        assertEquals(true, rig.module.kernel("k").usesDynamicShared());
    }

    interface Fold {
        long of(long old, int lane);
    }

    private static Arguments atomic(String op, String operand, long start, Fold fold) {
        return Arguments.of(op, operand, start, fold);
    }

    private static long addFloat(long old, int lane) {
        return Float.floatToRawIntBits(Float.intBitsToFloat((int) old) + lane);
    }

    private static long addHalf(int old, int lane) {
        return Float.floatToFloat16(Float.float16ToFloat((short) old) + lane) & 0xffff;
    }

    static Stream<Arguments> atomics() {
        String asFloat = "cvt.rn.f32.u32 %t5, %tid; ";
        String asHalf = "cvt.rn.f16.u32 %h5, %tid; mov.b32 %t5, {%h5, %h5}; ";
        return Stream.of(atomic("add.u32", "", 5, (o, l) -> o + l),
                atomic("min.s32", "", 3, (o, l) -> Math.min((int) o, l)),
                atomic("max.u32", "", -1, (o, l) -> -1), atomic("max.s32", "", -1, (o, l) -> Math.max((int) o, l)),
                atomic("and.b32", "", 0xff, (o, l) -> o & l), atomic("or.b32", "", 0x100, (o, l) -> o | l),
                atomic("xor.b32", "", 7, (o, l) -> o ^ l), atomic("exch.b32", "", 7, (o, l) -> l),
                atomic("inc.u32", "", 3, (o, l) -> (o & 0xffffffffL) >= l ? 0 : o + 1),
                atomic("dec.u32", "", 3, (o, l) -> o == 0 || (o & 0xffffffffL) > l ? l : o - 1),
                atomic("add.f32", asFloat, Rig.f(0.5f), MemoryTest::addFloat),
                atomic("add.noftz.f16x2", asHalf, 0,
                        (o, l) -> addHalf((int) o & 0xffff, l) | addHalf((int) o >>> 16, l) << 16));
    }

    /** Lanes of a warp update one place in their order; each gets what it found. */
    @ParameterizedTest
    @MethodSource("atomics")
    void atomics(String op, String operand, long start, Fold fold) {
        String source = operand.isEmpty() ? "%tid" : "%t5";
        String[] places = {
            "mov.u32 %t0, smem; @%p st.shared.u32 [%t0], %t9; bar.warp.sync -1; atom.shared." + op + " %d, [%t0], "
                    + source + ";",
            "mov.b64 %x, {%e, %c}; @%p st.global.u32 [%x], %t9; atom.relaxed.gpu.global." + op + " %d, [%x], " + source
                    + ";",
            "mov.b64 %x, {%e, %c}; @%p st.global.u32 [%x], %t9; atom." + op + " %d, [%x], " + source + ";"};
        for (String place : places) {
            String code = "shfl.sync.idx.b32 %t7, %tid, 0, 31, -1; setp.eq.u32 %p, %tid, 0; mov.u32 %t9, " + (int) start
                    + "; " + operand
                    // %e and %c hold the address of lane 0's output, which is overwritten only at the end
                    + "mov.b64 {%t1, %t2}, %out; shfl.sync.idx.b32 %e, %t1, 0, 31, -1; shfl.sync.idx.b32 %c, %t2, 0, 31, -1; "
                    + place;
            int[] got = Rig.ints(code, ONCE);
            long value = start;
            for (int l = 0; l < 32; l++) {
                assertEquals((int) value, got[l], op + " lane " + l);
                value = (int) fold.of((int) value, l);
            }
        }
    }

    @Test
    void wideAndNarrowAtomics() throws Exception {
        Rig rig = new Rig(Rig.HEADER
                + """
                        .visible .entry k(.param .u64 p) { .reg .b64 %p, %v; .reg .b32 %t; .reg .f64 %f; .reg .b16 %h, %g;
                        ld.param.u64 %p, [p]; mov.u32 %t, %tid.x; cvt.u64.u32 %v, %t; cvt.rn.f64.u32 %f, %t;
                        red.global.add.f64 [%p], %f; red.global.max.u64 [%p+8], %v; atom.global.cas.b64 %v, [%p+16], %v, 77;
                        cvt.u16.u32 %h, %t; add.u16 %g, %h, 1; atom.global.cas.b16 %h, [%p+26], %h, %g; red.global.add.u64 [%p+32], -1; ret; }""");
        long p = rig.upload(0L, 5L, 0L, 0x1111_0000_2222L, 0L);
        rig.workers = 2;
        rig.launch("k", Rig.dim(1), Rig.dim(64), 0, p);
        long[] got = rig.longs(p);
        assertEquals(64 * 63 / 2, Double.longBitsToDouble(got[0]));
        assertEquals(63, got[1]);
        assertEquals(77, got[2]);
        assertEquals(0x1111_0040_2222L, got[3], "cas.b16 counts up in the middle of a word's neighbours");
        assertEquals(-64, got[4]);
    }

    @Test
    void atomicsOfAllBlocksAddUp() throws Exception {
        Rig rig = new Rig(Rig.HEADER
                + """
                        .visible .entry k(.param .u64 p) { .reg .b64 %p; ld.param.u64 %p, [p]; red.global.add.u32 [%p], 1; red.add.f32 [%p+4], 0f3F800000; ret; }""");
        long p = rig.upload(0, 0);
        rig.workers = 4;
        rig.launch("k", Rig.dim(300), Rig.dim(64), 0, p);
        assertEquals(19200, rig.ints(p)[0]);
        assertEquals(19200f, rig.floats(p)[1]);
    }
}
