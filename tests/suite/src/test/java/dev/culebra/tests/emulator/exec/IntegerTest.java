package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Integer instructions, an instruction a case, against arithmetic on big integers or the ISA's own pseudo-code. */
class IntegerTest {

    interface Expected {
        long of(long a, long b, long c);
    }

    static final int[] EDGES = {0, 1, -1, 2, 31, 32, 33, 0x7fffffff, 0x80000000, 0x80000001, 0xffff, 0x10000, 0x8000,
        0x7fff, 0xff80,
        0x12345678, 0xdeadbeef, 255, 7, 100};

    static int[] values(int seed) {
        Random r = new Random(seed);
        int[] v = new int[32];
        for (int i = 0; i < 32; i++) {
            v[i] = r.nextInt(3) == 0 ? r.nextInt() : EDGES[r.nextInt(EDGES.length)];
        }
        return v;
    }

    private static Arguments of(String code, Expected e) { return Arguments.of(code, e); }

    static long u(long v) { return v & 0xffffffffL; }

    private static long s16(long v) { return (short) v; }

    private static long clamp(long v) { return Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, v)); }

    private static long dot(long a, long b, int from, int n, int bits, boolean sa, boolean sb) {
        long sum = 0;
        for (int i = 0; i < n; i++) {
            long p = a >> bits * i & (1L << bits) - 1;
            long q = b >> 8 * (i + from) & 0xff;
            sum += (sa ? p << 64 - bits >> 64 - bits : p) * (sb ? (byte) q : q);
        }
        return sum;
    }

    static Stream<Arguments> narrow() {
        return Stream.of(of("add.u32 %d, %a, %b;", (a, b, c) -> a + b), of("sub.s32 %d, %a, %b;", (a, b, c) -> a - b),
                of("add.sat.s32 %d, %a, %b;", (a, b, c) -> clamp(a + b)),
                of("sub.sat.s32 %d, %a, %b;", (a, b, c) -> clamp(a - b)),
                of("mul.lo.s32 %d, %a, %b;", (a, b, c) -> a * b),
                of("mul.hi.s32 %d, %a, %b;", (a, b, c) -> a * b >> 32),
                of("mul.hi.u32 %d, %a, %b;", (a, b, c) -> u(a) * u(b) >>> 32),
                of("mad.lo.u32 %d, %a, %b, %c;", (a, b, c) -> a * b + c),
                of("mad.hi.s32 %d, %a, %b, %c;", (a, b, c) -> (a * b >> 32) + c),
                of("mad.hi.sat.s32 %d, %a, %b, %c;", (a, b, c) -> clamp((a * b >> 32) + c)),
                of("mad.hi.u32 %d, %a, %b, %c;", (a, b, c) -> (u(a) * u(b) >>> 32) + c),
                of("mul.wide.u32 %x, %a, %b; shr.u64 %x, %x, 7; cvt.u32.u64 %d, %x;", (a, b, c) -> u(a) * u(b) >>> 7),
                of("mul.wide.s32 %x, %a, %b; shr.s64 %x, %x, 31; cvt.u32.u64 %d, %x;", (a, b, c) -> a * b >> 31),
                of("cvt.s64.s32 %y, %c; mad.wide.s32 %x, %a, %b, %y; shr.u64 %x, %x, 30; cvt.u32.u64 %d, %x;",
                        (a, b, c) -> a * b + c >> 30),
                of("mul.wide.s16 %d, %ah, %bh;", (a, b, c) -> s16(a) * s16(b)),
                of("mul.wide.u16 %d, %ah, %bh;", (a, b, c) -> (a & 0xffff) * (b & 0xffff)),
                of("mad.wide.u16 %d, %ah, %bh, %c;", (a, b, c) -> (a & 0xffff) * (b & 0xffff) + c),
                of("mul.hi.s16 %h0, %ah, %bh; cvt.s32.s16 %d, %h0;", (a, b, c) -> s16(a) * s16(b) >> 16),
                of("mad.lo.s16 %h0, %ah, %bh, %ch; cvt.s32.s16 %d, %h0;", (a, b, c) -> s16(a * b + c)),
                of("add.s16 %h0, %ah, %bh; cvt.u32.u16 %d, %h0;", (a, b, c) -> a + b & 0xffff),
                of("mul24.lo.u32 %d, %a, %b;", (a, b, c) -> (a & 0xffffff) * (b & 0xffffff)),
                of("mul24.hi.s32 %d, %a, %b;", (a, b, c) -> (a << 40 >> 40) * (b << 40 >> 40) >> 16),
                of("div.u32 %d, %a, %b;", (a, b, c) -> u(b) == 0 ? -1 : u(a) / u(b)),
                of("rem.u32 %d, %a, %b;", (a, b, c) -> u(b) == 0 ? a : u(a) % u(b)),
                of("div.s32 %d, %a, %b;", (a, b, c) -> b == 0 ? -1 : a / b),
                of("rem.s32 %d, %a, %b;", (a, b, c) -> b == 0 ? a : a % b),
                of("div.s16 %h0, %ah, %bh; cvt.s32.s16 %d, %h0;", (a, b, c) -> s16(b) == 0 ? -1 : s16(s16(a) / s16(b))),
                of("min.u32 %d, %a, %b;", (a, b, c) -> Math.min(u(a), u(b))),
                of("max.u32 %d, %a, %b;", (a, b, c) -> Math.max(u(a), u(b))),
                of("min.s32 %d, %a, %b;", (a, b, c) -> Math.min(a, b)),
                of("max.s32 %d, %a, %b;", (a, b, c) -> Math.max(a, b)),
                of("max.relu.s32 %d, %a, %b;", (a, b, c) -> Math.max(Math.max(a, b), 0)),
                of("min.s16x2 %d, %a, %b;",
                        (a, b, c) -> Math.min(s16(a), s16(b)) & 0xffff | Math.min(a >> 16, b >> 16) << 16),
                of("add.u16x2 %d, %a, %b;", (a, b, c) -> a + b & 0xffff | (a >> 16) + (b >> 16) << 16),
                of("abs.s32 %d, %a;", (a, b, c) -> Math.abs(a)), of("neg.s32 %d, %a;", (a, b, c) -> -a),
                of("sad.s32 %d, %a, %b, %c;", (a, b, c) -> c + Math.abs(a - b)),
                of("sad.u32 %d, %a, %b, %c;", (a, b, c) -> c + Math.abs(u(a) - u(b))),
                of("dp4a.u32.u32 %d, %a, %b, %c;", (a, b, c) -> c + dot(a, b, 0, 4, 8, false, false)),
                of("dp4a.s32.u32 %d, %a, %b, %c;", (a, b, c) -> c + dot(a, b, 0, 4, 8, true, false)),
                of("dp4a.s32.s32 %d, %a, %b, %c;", (a, b, c) -> c + dot(a, b, 0, 4, 8, true, true)),
                of("dp2a.lo.s32.u32 %d, %a, %b, %c;", (a, b, c) -> c + dot(a, b, 0, 2, 16, true, false)),
                of("dp2a.hi.u32.s32 %d, %a, %b, %c;", (a, b, c) -> c + dot(a, b, 2, 2, 16, false, true)),
                of("add.u32 %d, %a, 5;", (a, b, c) -> a + 5), of("add.u32 %d, -3, %a;", (a, b, c) -> a - 3));
    }

    @ParameterizedTest
    @MethodSource("narrow")
    void narrow(String code, Expected expected) {
        int[] a = values(1);
        int[] b = values(2);
        int[] c = values(3);
        int[] got = Rig.ints(code, a, b, c);
        for (int l = 0; l < 32; l++) {
            int want = (int) expected.of(a[l], b[l], c[l]);
            assertEquals(want, got[l], code + " of " + a[l] + ", " + b[l] + ", " + c[l]);
        }
    }

    interface Wide {
        BigInteger of(BigInteger a, BigInteger b, BigInteger c);
    }

    private static Arguments case64(String code, boolean unsigned, Wide e) { return Arguments.of(code, unsigned, e); }

    private static final BigInteger ALL = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

    static Stream<Arguments> wides() {
        return Stream.of(case64("add.s64 %d, %a, %b;", false, (a, b, c) -> a.add(b)),
                case64("sub.u64 %d, %a, %b;", true, (a, b, c) -> a.subtract(b)),
                case64("mul.lo.s64 %d, %a, %b;", false, (a, b, c) -> a.multiply(b)),
                case64("mul.hi.s64 %d, %a, %b;", false, (a, b, c) -> a.multiply(b).shiftRight(64)),
                case64("mul.hi.u64 %d, %a, %b;", true, (a, b, c) -> a.multiply(b).shiftRight(64)),
                case64("mad.lo.u64 %d, %a, %b, %c;", true, (a, b, c) -> a.multiply(b).add(c)),
                case64("mad.hi.u64 %d, %a, %b, %c;", true, (a, b, c) -> a.multiply(b).shiftRight(64).add(c)),
                case64("div.u64 %d, %a, %b;", true, (a, b, c) -> b.signum() == 0 ? ALL : a.divide(b)),
                case64("rem.u64 %d, %a, %b;", true, (a, b, c) -> b.signum() == 0 ? ALL : a.mod(b)),
                case64("div.s64 %d, %a, %b;", false, (a, b, c) -> b.signum() == 0 ? ALL : a.divide(b)),
                case64("rem.s64 %d, %a, %b;", false,
                        (a, b, c) -> b.signum() == 0 ? BigInteger.ONE.negate() : a.remainder(b)),
                case64("min.u64 %d, %a, %b;", true, (a, b, c) -> a.min(b)),
                case64("max.s64 %d, %a, %b;", false, (a, b, c) -> a.max(b)),
                case64("abs.s64 %d, %a;", false, (a, b, c) -> a.abs()),
                case64("neg.s64 %d, %a;", false, (a, b, c) -> a.negate()),
                case64("sad.u64 %d, %a, %b, %c;", true, (a, b, c) -> a.subtract(b).abs().add(c)),
                // a 64-bit sum and difference in 32-bit words, by the carry flag
                case64("""
                        {.reg .b32 al, ah, bl, bh; mov.b64 {al, ah}, %a; mov.b64 {bl, bh}, %b;
                        add.cc.u32 al, al, bl; addc.u32 ah, ah, bh; mov.b64 %d, {al, ah};}""", true,
                        (a, b, c) -> a.add(b)),
                case64("""
                        {.reg .b32 al, ah, bl, bh; mov.b64 {al, ah}, %a; mov.b64 {bl, bh}, %b;
                        sub.cc.u32 al, al, bl; subc.u32 ah, ah, bh; mov.b64 %d, {al, ah};}""", true,
                        (a, b, c) -> a.subtract(b)),
                // the high word of a + b * c of 128 bits, by 64-bit carries
                case64("mad.lo.cc.u64 %x, %b, %c, %a; madc.hi.u64 %d, %b, %c, 0;", true,
                        (a, b, c) -> b.multiply(c).add(a).shiftRight(64)));
    }

    private static BigInteger big(long v, boolean unsigned) {
        BigInteger b = BigInteger.valueOf(v);
        return unsigned ? b.and(ALL) : b;
    }

    @ParameterizedTest
    @MethodSource("wides")
    void wide(String code, boolean unsigned, Wide expected) {
        Random r = new Random(5);
        long[][] in = new long[3][32];
        long[] edges = {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 0xffffffffL, 1L << 32, 10};
        for (long[] v : in) {
            for (int l = 0; l < 32; l++) {
                v[l] = r.nextInt(3) == 0 ? r.nextLong() : edges[r.nextInt(edges.length)];
            }
        }
        long[] got = Rig.longs(code, in[0], in[1], in[2]);
        for (int l = 0; l < 32; l++) {
            BigInteger e = expected.of(big(in[0][l], unsigned), big(in[1][l], unsigned), big(in[2][l], unsigned));
            assertEquals(e.longValue(), got[l], code + " of " + in[0][l] + ", " + in[1][l] + ", " + in[2][l]);
        }
    }

    @Test
    void onlyActiveLanesAreWritten() {
        int[] got = Rig.ints(
                "mov.u32 %d, 7; and.b32 %t0, %tid, 1; setp.eq.u32 %p, %t0, 1; @%p add.u32 %d, %a, 1; @!%p sub.u32 %d, %d, 2;",
                new int[]{100});
        for (int l = 0; l < 32; l++) {
            assertEquals(l % 2 == 1 ? 101 : 5, got[l]);
        }
    }
}
