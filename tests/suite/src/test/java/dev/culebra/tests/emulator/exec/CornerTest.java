package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One instruction, one set of operands, and the bits that the PTX ISA's text asks for: where its rules have edges. */
class CornerTest {

    private static int bits(String hex) { return Integer.parseUnsignedInt(hex.strip(), 16); }

    /** All in hexadecimal: the instruction on %a, %b and %c, these three, and what %d must be. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        // amounts of 32 and more: the plain shifts clamp, the funnel's modes differ
        "shl.b32 %d, %a, %b;                | 12345678 | 20       | 0 | 0",
        "shl.b32 %d, %a, %b;                | 12345678 | 80000000 | 0 | 0",
        "shr.s32 %d, %a, %b;                | 80000000 | 40       | 0 | ffffffff",
        "shr.u32 %d, %a, %b;                | 80000000 | 1f       | 0 | 1",
        "shf.l.wrap.b32 %d, %a, %b, %c;     | 11111111 | 22222222 | 20 | 22222222",
        "shf.l.clamp.b32 %d, %a, %b, %c;    | 11111111 | 22222222 | 21 | 11111111",
        "shf.r.clamp.b32 %d, %a, %b, %c;    | 11111111 | 22222222 | ffffffff | 22222222",
        "shf.r.wrap.b32 %d, %a, %b, %c;     | 11111111 | 22222222 | 24 | 21111111",
        // multiplications of parts
        "mul24.lo.s32 %d, %a, %b;           | ff800000 | 2        | 0 | ff000000",
        "mul24.hi.u32 %d, %a, %b;           | 12ffffff | 34ffffff | 0 | fffffe00",
        "mad24.lo.u32 %d, %a, %b, %c;       | ff000002 | ff000003 | 1 | 7",
        "mad.hi.s32 %d, %a, %b, %c;         | 80000000 | 80000000 | 1 | 40000001",
        "mad.hi.sat.s32 %d, %a, %b, %c;     | 80000000 | 80000000 | 7fffffff | 7fffffff",
        "mad.hi.u32 %d, %a, %b, %c;         | ffffffff | ffffffff | 2 | 0",
        "sad.s32 %d, %a, %b, %c;            | 80000000 | 7fffffff | 0 | ffffffff",
        // fields that reach over the edge, of no length, and positions of which the low byte alone counts
        "bfe.s32 %d, %a, %b, %c;            | 80000000 | 1f       | 8 | ffffffff",
        "bfe.s32 %d, %a, %b, %c;            | ffffffff | 4        | 0 | 0",
        "bfe.u32 %d, %a, %b, %c;            | f0000000 | 11c      | 104 | f",
        "bfe.s32 %d, %a, %b, %c;            | 80000000 | 28       | 4 | ffffffff",
        "bfi.b32 %d, %a, %b, 28, %c;        | ff       | 0        | ff | f0000000",
        "bfi.b32 %d, %a, %b, 32, %c;        | ff       | 1234     | 8 | 1234",
        // bmsk clamps the whole number, not its low byte
        "bmsk.clamp.b32 %d, %a, %b;         | 100      | 4        | 0 | 0",
        "bmsk.clamp.b32 %d, %a, %b;         | 4        | 100      | 0 | fffffff0",
        "bmsk.clamp.b32 %d, %a, %b;         | ffffffff | 4        | 0 | 0",
        "bmsk.clamp.b32 %d, %a, %b;         | 1c       | 8        | 0 | f0000000",
        "bmsk.wrap.b32 %d, %a, %b;          | 21       | 22       | 0 | 6",
        "bmsk.wrap.b32 %d, %a, %b;          | 4        | 20       | 0 | 0",
        "szext.clamp.s32 %d, %a, %b;        | 80       | 8        | 0 | ffffff80",
        "szext.clamp.s32 %d, %a, %b;        | 80       | 100      | 0 | 80",
        "szext.wrap.s32 %d, %a, %b;         | 80       | 20       | 0 | 0",
        "bfind.s32 %d, %a;                  | ffffffff | 0        | 0 | ffffffff",
        "bfind.shiftamt.u32 %d, %a;         | 1        | 0        | 0 | 1f",
        "fns.b32 %d, %a, %b, %c;            | aaaaaaaa | 2        | ffffffff | 1",
        // permutations: bit 3 of a selector copies the sign; the named modes look at two bits of it
        "prmt.b32 %d, %a, %b, %c;           | 80ff7f01 | 11223344 | ba98 | ffff0000",
        "prmt.b32.f4e %d, %a, %b, %c;       | 33221100 | 77665544 | fffffff3 | 66554433",
        "prmt.b32.b4e %d, %a, %b, %c;       | 33221100 | 77665544 | 2 | 77001122",
        "prmt.b32.ecr %d, %a, %b, %c;       | 33221100 | 77665544 | 1 | 11111100",
        "prmt.b32.rc16 %d, %a, %b, %c;      | 33221100 | 77665544 | 3 | 33223322",
        // conversions: to the nearest limit, NaN to 0 in 32 bits
        "cvt.rzi.s32.f32 %d, %a;            | 7fc00000 | 0        | 0 | 0",
        "cvt.rzi.s32.f32 %d, %a;            | 4f800000 | 0        | 0 | 7fffffff",
        "cvt.rzi.u32.f32 %d, %a;            | bf800000 | 0        | 0 | 0",
        "cvt.rni.s32.f32 %d, %a;            | 40200000 | 0        | 0 | 2",
        "cvt.rpi.s32.f32 %d, %a;            | bf000000 | 0        | 0 | 0",
        "cvt.sat.s8.s32 %d, %a;             | ffffff00 | 0        | 0 | ffffff80",
        "cvt.sat.u16.s32 %d, %a;            | ffffffff | 0        | 0 | 0",
        "cvt.s32.s8 %d, %a;                 | 80       | 0        | 0 | ffffff80",
        "cvt.rn.sat.f32.s32 %d, %a;         | 5        | 0        | 0 | 3f800000",
        "cvt.rn.f32.u32 %d, %a;             | ffffffff | 0        | 0 | 4f800000",
        "cvt.rz.f32.u32 %d, %a;             | ffffffff | 0        | 0 | 4f7fffff",
        "cvt.rni.f32.f32 %d, %a;            | bf000000 | 0        | 0 | 80000000",
        "cvt.rn.bf16x2.f32 %d, %a, %b;      | 3f808000 | 3f818000 | 0 | 3f803f82",
        "cvt.rn.satfinite.f16x2.f32 %d, %a, %b; | 7f800000 | ff800000 | 0 | 7bfffbff",
        "cvt.pack.sat.u8.s32.b32 %d, %a, %b, %c; | 100 | ffffffff | 12345678 | 5678ff00",
        // extremes: NaN loses, or wins with .NaN, and has no sign; -0 is less than +0
        "min.f32 %d, %a, %b;                | 7fc00000 | 3f800000 | 0 | 3f800000",
        "max.NaN.f32 %d, %a, %b;            | ffc00001 | 3f800000 | 0 | 7fffffff",
        "min.f32 %d, %a, %b;                | 0        | 80000000 | 0 | 80000000",
        "max.f32 %d, %a, %b;                | 80000000 | 0        | 0 | 0",
        "min.ftz.f32 %d, %a, %b;            | 80000001 | 1        | 0 | 80000000",
        "max.xorsign.abs.f32 %d, %a, %b;    | c0000000 | 3f800000 | 0 | c0000000",
        "max.NaN.xorsign.abs.f32 %d, %a, %b; | ffc00000 | 3f800000 | 0 | 7fffffff",
        "max.NaN.f16x2 %d, %a, %b;          | 7e003c00 | 3c004000 | 0 | 7fff4000",
        // halves: subnormals, ties to even, one rounding of a fused product
        "fma.rn.f16x2 %d, %a, %b, %c;       | 00010001 | 3c003800 | 00000001 | 00010002",
        "fma.rn.f16x2 %d, %a, %b, %c;       | 3c013c01 | 3c013c01 | bc02bc02 | 00100010",
        "mul.f16x2 %d, %a, %b;              | 04000001 | 38003800 | 0 | 02000000",
        "mul.ftz.f16x2 %d, %a, %b;          | 04000001 | 38003c00 | 0 | 0",
        "fma.rn.relu.f16x2 %d, %a, %b, %c;  | bc007e00 | 3c003c00 | 0 | 00007fff",
        "add.sat.f16x2 %d, %a, %b;          | 7e003c00 | 3c003c00 | 0 | 00003c00",
        // functions at the ends of their ranges
        "ex2.approx.f32 %d, %a;             | ff800000 | 0        | 0 | 0",
        "ex2.approx.f32 %d, %a;             | 43000000 | 0        | 0 | 7f800000",
        "ex2.approx.ftz.f32 %d, %a;         | c3000000 | 0        | 0 | 0",
        "ex2.approx.f32 %d, %a;             | c3150000 | 0        | 0 | 1",
        "lg2.approx.f32 %d, %a;             | 80000000 | 0        | 0 | ff800000",
        "lg2.approx.f32 %d, %a;             | bf800000 | 0        | 0 | 7fffffff",
        "lg2.approx.f32 %d, %a;             | 1        | 0        | 0 | c3150000",
        "lg2.approx.ftz.f32 %d, %a;         | 1        | 0        | 0 | ff800000",
        "rcp.approx.ftz.f32 %d, %a;         | 80000000 | 0        | 0 | ff800000",
        "rsqrt.approx.f32 %d, %a;           | bf800000 | 0        | 0 | 7fffffff",
        "sqrt.rn.f32 %d, %a;                | 80000000 | 0        | 0 | 80000000",
        "div.approx.f32 %d, %a, %b;         | 7f800000 | 7e800000 | 0 | 7f800000",
        "div.approx.f32 %d, %a, %b;         | 3f800000 | 7e800001 | 0 | 0",
        "div.rn.f32 %d, %a, %b;             | 0        | 80000000 | 0 | 7fffffff",
        "add.rm.f32 %d, %a, %b;             | 3f800000 | bf800000 | 0 | 80000000",
        "add.rp.f32 %d, %a, %b;             | 3f800000 | 1        | 0 | 3f800001",
        "mul.rz.f32 %d, %a, %b;             | 7f7fffff | 40000000 | 0 | 7f7fffff",
        "fma.rm.f32 %d, %a, %b, %c;         | 3f800001 | 3f800001 | bf800002 | 28800000",
        "add.sat.f32 %d, %a, %b;            | 7fc00000 | 0        | 0 | 0",
        // ordered comparisons are false for NaN, unordered ones true; "ne" is ordered
        "set.ne.u32.f32 %d, %a, %b;         | 7fc00000 | 0        | 0 | 0",
        "set.neu.u32.f32 %d, %a, %b;        | 7fc00000 | 0        | 0 | ffffffff",
        "set.equ.f32.f32 %d, %a, %b;        | 7fc00000 | 0        | 0 | 3f800000",
        "set.gtu.u32.f32 %d, %a, %b;        | 3f800000 | 7fc00000 | 0 | ffffffff",
        "set.num.u32.f32 %d, %a, %b;        | 0        | 80000000 | 0 | ffffffff",
        "set.eq.ftz.u32.f32 %d, %a, %b;     | 1        | 80000002 | 0 | ffffffff",
        "set.lo.u32.u32 %d, %a, %b;         | 7fffffff | 80000000 | 0 | ffffffff",
        "set.ltu.u32.f16x2 %d, %a, %b;      | 7e003c00 | 3c003c00 | 0 | ffff0000",
        // a result's register may be one of C's that another result is made of
        "mov.b32 %t0, %a; mov.b32 %t1, %b; mov.b32 %t4, 0; mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%t1, %t0, %t2, %t3}, {%t4, %t4, %t4, %t4}, {%t4, %t4}, {%t0, %t1, %t4, %t4}; mov.b32 %d, %t0; | 3f800000 | 40000000 | 0 | 40000000",
        // a predicate and its opposite are both and-ed with the third
        "'setp.ne.u32 %q, %c, 0; setp.lt.and.s32 %p|%q, %a, %b, %q; selp.u32 %d, 2, 0, %p; @%q add.u32 %d, %d, 1;' | 5 | 3 | 1 | 1",
        "'setp.ne.u32 %q, %c, 0; setp.lt.and.s32 %p|%q, %a, %b, %q; selp.u32 %d, 2, 0, %p; @%q add.u32 %d, %d, 1;' | 5 | 3 | 0 | 0",
        // what a predicate turns off does not touch memory
        "mov.u32 %d, 7; setp.ne.u32 %p, %c, 0; @%p ld.global.u32 %d, [16]; @%p st.shared.v4.u32 [1], {%a, %a, %a, %a}; @%p atom.global.add.u32 %d, [4], 1; | 0 | 0 | 0 | 7",
        "mov.u32 %d, 7; setp.ne.u32 %p, %c, 0; @%p cp.async.ca.shared.global [3], [5], 4; cp.async.wait_all; @%p bar.sync 17; | 0 | 0 | 0 | 7"})
    void asTheIsaSays(String code, String a, String b, String c, String d) {
        int got = Rig.ints(code, new int[]{bits(a)}, new int[]{bits(b)}, new int[]{bits(c)})[9];
        assertEquals(Integer.toHexString(bits(d)), Integer.toHexString(got), code);
    }

    /** Of 64 bits: NaN becomes the top bit alone, and so it does from f64. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "cvt.u32.u64 %t0, %a; cvt.rzi.s64.f32 %d, %t0; | 7fc00000 | 0 | 8000000000000000",
        "cvt.u32.u64 %t0, %a; cvt.rzi.u64.f32 %d, %t0; | 7fc00000 | 0 | 8000000000000000",
        "cvt.rzi.s32.f64 %t0, %a; cvt.u64.u32 %d, %t0; | 7ff8000000000000 | 0 | 80000000",
        "cvt.rzi.u64.f64 %d, %a; | 43f0000000000000 | 0 | ffffffffffffffff",
        "cvt.sat.s64.u64 %d, %a; | ffffffffffffffff | 0 | 7fffffffffffffff",
        "cvt.rn.f64.u64 %d, %a; | ffffffffffffffff | 0 | 43f0000000000000",
        "cvt.rz.f64.u64 %d, %a; | ffffffffffffffff | 0 | 43efffffffffffff",
        "shl.b64 %d, %a, 64; | 1 | 0 | 0", "shr.s64 %d, %a, 100; | 8000000000000000 | 0 | ffffffffffffffff",
        "mul.hi.u64 %d, %a, %b; | ffffffffffffffff | ffffffffffffffff | fffffffffffffffe",
        "mad.hi.s64 %d, %a, %b, %b; | 8000000000000000 | ffffffffffffffff | ffffffffffffffff",
        "bfe.s64 %d, %a, 60, 8; | 8000000000000000 | 0 | fffffffffffffff8",
        "bfi.b64 %d, %a, %b, 60, 8; | ff | 0 | f000000000000000",
        "min.f64 %d, %a, %b; | 0 | 8000000000000000 | 8000000000000000",
        "max.f64 %d, %a, %b; | 7ff8000000000000 | 3ff0000000000000 | 3ff0000000000000",
        "fma.rp.f64 %d, %a, %a, %b; | 3ff0000000000001 | bff0000000000002 | 3970000000000000"})
    void wideAsTheIsaSays(String code, String a, String b, String d) {
        long[] x = {Long.parseUnsignedLong(a.strip(), 16)};
        long[] y = {Long.parseUnsignedLong(b.strip(), 16)};
        assertEquals(d.strip(), Long.toHexString(Rig.longs(code, x, y)[3]), code);
    }

    /** The ISA's loop for each mode, over clamps and segment masks: of 32, 16 and 8 lanes, and a clamp below the segment's end. */
    @ParameterizedTest
    @CsvSource({"up,0", "up,2048", "up,6149", "down,31", "down,4127", "down,6146", "bfly,31", "bfly,4127", "idx,31",
        "idx,6175", "idx,6147"})
    void shuffles(String mode, int c) {
        int[] lanes = new int[32];
        int[] amounts = new int[32];
        for (int l = 0; l < 32; l++) {
            lanes[l] = 100 + l;
            amounts[l] = l * 7 % 40; // past 31: five bits count
        }
        String code = "shfl.sync." + mode + ".b32 %d|%p, %a, %b, " + c + ", -1; @%p add.u32 %d, %d, 1000;";
        int[] got = Rig.ints(code, lanes, amounts);
        for (int l = 0; l < 32; l++) {
            int b = amounts[l] & 31;
            int segment = c >> 8 & 31;
            int max = l & segment | c & 31 & ~segment;
            int j = switch (mode) {
                case "up" -> l - b;
                case "down" -> l + b;
                case "bfly" -> l ^ b;
                default -> l & segment | b & ~segment & 31;
            };
            boolean in = mode.equals("up") ? j >= max : j <= max;
            assertEquals((in ? 1100 + j : 100 + l), got[l], mode + " lane " + l + " by " + b);
        }
    }

    /** inc wraps at its bound and from above it, dec wraps at 0 and from above its bound; cas and exch give the old value. */
    @Test
    void atomics() throws DeviceFault {
        Rig rig = new Rig(Rig.HEADER
                + """
                        .shared .align 4 .b8 s[4];
                        .visible .entry k(.param .u64 p) { .reg .b64 %p; .reg .b32 %a<9>;
                        ld.param.u64 %p, [p];
                        atom.global.inc.u32 %a1, [%p], 5; atom.global.inc.u32 %a1, [%p+4], 5; atom.global.inc.u32 %a1, [%p+8], 5;
                        atom.global.dec.u32 %a1, [%p+12], 5; atom.global.dec.u32 %a1, [%p+16], 5; red.global.min.s32 [%p+20], -3;
                        atom.global.cas.b32 %a2, [%p+24], 8, 9; atom.global.cas.b32 %a3, [%p+28], 8, 9;
                        st.shared.u32 [s], 0xfffffffe; atom.shared.inc.u32 %a4, [s], 0xffffffff; atom.shared.inc.u32 %a5, [s], 0xffffffff;
                        ld.shared.u32 %a6, [s]; st.global.v2.u32 [%p+32], {%a2, %a3}; st.global.v2.u32 [%p+40], {%a5, %a6}; ret; }
                        """);
        long p = rig.upload(5, 4, 77, 0, 6, 2, 8, 7, 0, 0, 0, 0);
        rig.launch("k", Rig.dim(1), Rig.dim(1), 0, p);
        int[] expected = {0, 5, 0, 5, 5, -3, 9, 7, 8, 7, -1, 0};
        org.junit.jupiter.api.Assertions.assertArrayEquals(expected, rig.ints(p));
    }

    /** Votes of a whole block of an uneven size, with a warp that has left. */
    @Test
    void reductionsAtABarrier() throws DeviceFault {
        Rig rig = new Rig(Rig.HEADER
                + """
                        .visible .entry k(.param .u64 p) { .reg .b64 %p, %o; .reg .b32 %t, %n, %v; .reg .pred %a, %b, %c;
                        ld.param.u64 %p, [p]; mov.u32 %t, %tid.x; setp.ge.u32 %a, %t, 64; setp.lt.u32 %b, %t, 96; and.pred %a, %a, %b; @%a exit;
                        mul.wide.u32 %o, %t, 4; add.s64 %p, %p, %o; and.b32 %n, %t, 1; setp.eq.u32 %a, %n, 0;
                        bar.red.popc.u32 %v, 3, !%a; bar.red.and.pred %b, 3, %a; bar.red.or.pred %c, 3, %a;
                        @%b add.u32 %v, %v, 1000; @%c add.u32 %v, %v, 100; st.global.u32 [%p], %v; ret; }
                        """);
        long p = rig.zeros(4 * 101);
        rig.launch("k", Rig.dim(1), Rig.dim(101), 0, p);
        int[] got = rig.ints(p);
        for (int t = 0; t < 101; t++) {
            assertEquals(t >= 64 && t < 96 ? 0 : 134, got[t], "thread " + t); // 32 odd ones of 0 to 63, 2 of 96 to 100
        }
    }

    @Test
    void signsGoTogetherWithMagnitudes() {
        String text = Rig.HEADER
                + ".visible .entry k() { .reg .b32 %a; max.xorsign.f32 %a, %a, %a; ret; }";
        assertTrue(Rig.refusal(text).getMessage().contains("go together"), Rig.refusal(text).getMessage());
    }
}
