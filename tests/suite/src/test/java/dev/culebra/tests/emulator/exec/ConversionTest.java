package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Conversions against big integers and decimals, and the ISA's rules for what does not fit. */
class ConversionTest {

    private static int one(String code, int a) { return Rig.ints(code, new int[]{a})[0]; }

    private static int one(String code, float a) { return one(code, Rig.f(a)); }

    private static final Map<String, RoundingMode> MODES = Map.of("rni", RoundingMode.HALF_EVEN, "rzi",
            RoundingMode.DOWN, "rmi",
            RoundingMode.FLOOR, "rpi", RoundingMode.CEILING);

    @ParameterizedTest
    @ValueSource(strings = {"s32", "u32", "s64", "u64", "s16", "u16", "s8", "u8"})
    void fromFloatToInteger(String type) {
        float[] in = {0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 3.99f, -3.99f, 1e5f, -1e5f, 3e9f, -3e9f, 1e19f, 2e19f, -1e19f,
            127.5f, 255.5f,
            32767.5f, 65535.5f, 2147483520f, Float.MAX_VALUE, -Float.MAX_VALUE};
        int bits = Integer.parseInt(type.substring(1));
        boolean signed = type.charAt(0) == 's';
        BigInteger most = BigInteger.ONE.shiftLeft(signed ? bits - 1 : bits).subtract(BigInteger.ONE);
        BigInteger least = signed ? most.add(BigInteger.ONE).negate() : BigInteger.ZERO;
        MODES.forEach((mode, rounding) -> {
            for (float f : in) {
                BigInteger exact = new BigDecimal(f).setScale(0, rounding).toBigInteger();
                long want = exact.max(least).min(most).longValue();
                String to = bits == 64 ? "%d" : "%t0";
                String code = "cvt.u32.u64 %t1, %a; cvt." + mode + "." + type + ".f32 " + to + ", %t1;"
                        + (bits == 64 ? "" : " cvt." + type.charAt(0) + "64." + type + " %d, %t0;");
                assertEquals(want, Rig.longs(code, new long[]{Rig.f(f)})[0], mode + " of " + f);
            }
        });
    }

    /** PTX ISA 9.0: zero unless source or destination has 64 bits, then the top bit alone. */
    @Test
    void notANumberToInteger() {
        assertEquals(0, one("cvt.rzi.s32.f32 %d, %a;", Float.NaN));
        assertEquals(0, one("cvt.rni.u32.f32 %d, %a;", Float.NaN));
        assertEquals(Integer.MIN_VALUE, one("cvt.f64.f32 %x, %a; cvt.rzi.s32.f64 %d, %x;", Float.NaN));
        long nan = Double.doubleToRawLongBits(Double.NaN);
        assertEquals(Long.MIN_VALUE, Rig.longs("cvt.rzi.u64.f64 %d, %a;", new long[]{nan})[0]);
        assertEquals(Long.MIN_VALUE,
                Rig.longs("cvt.u32.u64 %t0, %a; cvt.rzi.s64.f32 %d, %t0;", new long[]{0x7fc00000})[0]);
    }

    @ParameterizedTest
    @CsvSource({"rn,HALF_EVEN", "rz,DOWN", "rm,FLOOR", "rp,CEILING"})
    void fromIntegerToFloat(String mode, RoundingMode rounding) {
        Random r = new Random(2);
        long[] in = new long[32];
        for (int l = 0; l < 32; l++) {
            in[l] = l == 0
                    ? Long.MIN_VALUE
                    : l == 1 ? -1 : l == 2 ? (1L << 60) + (1L << 36) + 1 : r.nextLong() >> r.nextInt(64);
        }
        long[] f32s = Rig.longs("cvt." + mode + ".f32.s64 %t0, %a; cvt.u64.u32 %d, %t0;", in);
        long[] f32u = Rig.longs("cvt." + mode + ".f32.u64 %t0, %a; cvt.u64.u32 %d, %t0;", in);
        long[] f64s = Rig.longs("cvt." + mode + ".f64.s64 %d, %a;", in);
        long[] f64u = Rig.longs("cvt." + mode + ".f64.u64 %d, %a;", in);
        for (int l = 0; l < 32; l++) {
            BigInteger s = BigInteger.valueOf(in[l]);
            BigInteger u = s.and(BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE));
            assertEquals((float) rounded(s, 24, rounding), Float.intBitsToFloat((int) f32s[l]), "s64 " + s);
            assertEquals((float) rounded(u, 24, rounding), Float.intBitsToFloat((int) f32u[l]), "u64 " + u);
            assertEquals(rounded(s, 53, rounding), Double.longBitsToDouble(f64s[l]), "s64 " + s);
            assertEquals(rounded(u, 53, rounding), Double.longBitsToDouble(f64u[l]), "u64 " + u);
        }
        assertEquals(Rig.f(-7), one("cvt.rn.f32.s32 %d, %a;", -7));
        assertEquals(Rig.f(4294967296f), one("cvt.rn.f32.u32 %d, %a;", -1));
    }

    /** An integer kept to so many bits. */
    private static double rounded(BigInteger v, int bits, RoundingMode mode) {
        int drop = Math.max(0, v.abs().bitLength() - bits);
        BigDecimal unit = new BigDecimal(BigInteger.ONE.shiftLeft(drop));
        return new BigDecimal(v).divide(unit, 0, mode).multiply(unit).doubleValue();
    }

    @Test
    void betweenIntegers() {
        assertEquals(-1, one("cvt.s32.s8 %d, %a;", 0xff));
        assertEquals(255, one("cvt.u32.u8 %d, %a;", 0xfff));
        assertEquals(-2, one("cvt.s32.s16 %d, %ah;", 0xfffe));
        assertEquals(127, one("cvt.sat.s8.s32 %d, %a;", 1000));
        assertEquals(0, one("cvt.sat.u8.s32 %d, %a;", -5));
        assertEquals(0xffff, one("cvt.sat.u16.u32 %h0, %a; cvt.u32.u16 %d, %h0;", 70000));
        assertEquals(Integer.MAX_VALUE, Rig.longs("cvt.sat.s32.u64 %t0, %a; cvt.s64.s32 %d, %t0;", new long[]{-1})[0]);
        assertEquals(-3, Rig.longs("cvt.u32.u64 %t0, %a; cvt.s64.s32 %d, %t0;", new long[]{-3})[0]);
        assertEquals(0xfffffffdL, Rig.longs("cvt.u32.u64 %t0, %a; cvt.u64.u32 %d, %t0;", new long[]{-3})[0]);
        assertEquals(0x7fff8000, Rig.ints("cvt.pack.sat.s16.s32 %d, %a, %b;", new int[]{99999}, new int[]{-99999})[0]);
        assertEquals(0x1234ff00, Rig.ints("cvt.pack.sat.u8.s32.b32 %d, %a, %b, %c;", new int[]{999}, new int[]{-9},
                new int[]{0x1234})[0]);
    }

    @Test
    void betweenFloats() {
        assertEquals(0x3c00, one("cvt.rn.f16.f32 %h0, %a; cvt.u32.u16 %d, %h0;", 1f));
        assertEquals(0x7c00, one("cvt.rn.f16.f32 %h0, %a; cvt.u32.u16 %d, %h0;", 65520f),
                "half way to 65536 goes to infinity");
        assertEquals(0x7bff, one("cvt.rz.f16.f32 %h0, %a; cvt.u32.u16 %d, %h0;", 65520f));
        assertEquals(0x7bff, one("cvt.rn.satfinite.f16.f32 %h0, %a; cvt.u32.u16 %d, %h0;", 1e9f));
        assertEquals(0, one("cvt.rn.relu.f16.f32 %h0, %a; cvt.u32.u16 %d, %h0;", -3f));
        assertEquals(0x0001, one("cvt.rn.f16.f32 %h0, %a; cvt.u32.u16 %d, %h0;", 0x1.8p-25f), "to the least subnormal");
        assertEquals(0x0000, one("cvt.rn.f16.f32 %h0, %a; cvt.u32.u16 %d, %h0;", 0x1p-25f), "a tie goes to even, zero");
        assertEquals(Rig.f(0x1p-24f), one("cvt.f32.f16 %d, %ah;", 1));
        assertEquals(0x3f80, one("cvt.rn.bf16.f32 %h0, %a; cvt.u32.u16 %d, %h0;", 0x1.01p0f), "a tie goes to even");
        assertEquals(0x3f82, one("cvt.rn.bf16.f32 %h0, %a; cvt.u32.u16 %d, %h0;", 0x1.03p0f));
        assertEquals(0x3f80, one("cvt.rz.bf16.f32 %h0, %a; cvt.u32.u16 %d, %h0;", 0x1.01fp0f));
        assertEquals(Rig.f(1f), one("cvt.f32.bf16 %d, %ah;", 0x3f80));
        assertEquals(0x40003c00, Rig.ints("cvt.rn.f16x2.f32 %d, %a, %b;", new int[]{Rig.f(2)}, new int[]{Rig.f(1)})[0],
                "a is the upper half");
        assertEquals(0x40003f80,
                Rig.ints("cvt.rn.bf16x2.f32 %d, %a, %b;", new int[]{Rig.f(2)}, new int[]{Rig.f(1)})[0]);
        assertEquals(Rig.f(0x1.004p0f), one("cvt.rna.tf32.f32 %d, %a;", 0x1.002p0f), "a tie goes away from zero");
        assertEquals(Rig.f(0.1f), one("cvt.f64.f32 %x, %a; cvt.rn.f32.f64 %d, %x;", 0.1f));
        assertEquals(Rig.f(Float.MAX_VALUE),
                one("cvt.f64.f32 %x, %a; mul.f64 %x, %x, 0d4000000000000000; cvt.rz.f32.f64 %d, %x;",
                        Float.MAX_VALUE));
        assertEquals(Rig.f(-3f), one("cvt.rmi.f32.f32 %d, %a;", -2.5f));
        assertEquals(Rig.f(-2f), one("cvt.rni.f32.f32 %d, %a;", -2.5f));
        assertEquals(Rig.f(1f), one("cvt.sat.f32.f32 %d, %a;", 7f));
        assertEquals(0, one("cvt.ftz.f32.f32 %d, %a;", Float.MIN_VALUE));
        assertEquals(0x7fff, one("cvt.rn.f16.f32 %h0, %a; cvt.u32.u16 %d, %h0;", Float.NaN));
        assertEquals(0x5640, one("cvt.rn.f16.s32 %h0, %a; cvt.u32.u16 %d, %h0;", 100));
    }
}
