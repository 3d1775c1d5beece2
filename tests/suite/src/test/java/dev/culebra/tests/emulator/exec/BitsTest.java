package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Logic, shifts, fields and permutations, bit by bit as the ISA's pseudo-code has them. */
class BitsTest {

    private static Arguments of(String code, IntegerTest.Expected e) { return Arguments.of(code, e); }

    private static int bit(long v, int i) { return i > 63 ? 0 : (int) (v >> i) & 1; }

    /** The ISA's loop for bfe. */
    private static long bfe(long a, long b, long c, int width, boolean signed) {
        int msb = width - 1;
        int pos = (int) b & 0xff;
        int len = (int) c & 0xff;
        int sign = !signed || len == 0 ? 0 : bit(a, Math.min(pos + len - 1, msb));
        long d = 0;
        for (int i = 0; i <= msb; i++) {
            d |= (long) (i < len && pos + i <= msb ? bit(a, pos + i) : sign) << i;
        }
        return d;
    }

    /** The ISA's loop for bfi. */
    private static long bfi(long a, long b, long c, long d, int width) {
        int pos = (int) c & 0xff;
        int len = (int) d & 0xff;
        long f = b;
        for (int i = 0; i < len && pos + i <= width - 1; i++) {
            f = f & ~(1L << pos + i) | (long) bit(a, i) << pos + i;
        }
        return f;
    }

    /** The ISA's steps for bmsk.clamp: the whole operands are held against 32. */
    private static long bmsk(int a, int b) {
        int low = a & 31;
        int sum = low + (b & 31);
        boolean over = Integer.compareUnsigned(a, 31) > 0;
        int from = over ? 0 : -1 << low;
        int behind = sum >= 32 || over || Integer.compareUnsigned(b, 31) > 0 ? 0 : (b & 31) == 0 ? -1 : -1 << sum;
        return from & ~behind;
    }

    private static long prmt(long a, long b, long c) {
        long d = 0;
        for (int i = 0; i < 4; i++) {
            int sel = (int) (c >> 4 * i) & 15;
            int n = sel & 7;
            int one = (int) ((n < 4 ? a : b) >> 8 * (n & 3)) & 0xff;
            one = (sel & 8) != 0 ? one >= 128 ? 0xff : 0 : one;
            d |= (long) one << 8 * i;
        }
        return d;
    }

    private static long lop3(long a, long b, long c, int table) {
        long d = 0;
        for (int i = 0; i < 32; i++) {
            d |= (long) (table >> (bit(a, i) << 2 | bit(b, i) << 1 | bit(c, i)) & 1) << i;
        }
        return d;
    }

    private static long shf(long a, long b, long c, boolean left, boolean clamp) {
        int n = clamp ? (int) Math.min(IntegerTest.u(c), 32) : (int) c & 31;
        long both = b << 32 | IntegerTest.u(a);
        return left ? n == 32 ? a : b << n | IntegerTest.u(a) >>> 32 - n : n == 32 ? b : both >>> n;
    }

    private static long find(long v, boolean signed) {
        for (int i = 31; i >= 0; i--) {
            if (bit(v, i) != (signed ? bit(v, 31) : 0)) {
                return i;
            }
        }
        return -1;
    }

    static Stream<Arguments> cases() {
        Stream.Builder<Arguments> all = Stream.builder();
        for (int table : new int[]{0x80, 0xfe, 0x96, 0xea, 0xa8, 0x28, 0x6a, 0x1b, 0xca, 0x00, 0xff, 0x35, 0xe2}) {
            all.add(of("lop3.b32 %d, %a, %b, %c, " + table + ";", (a, b, c) -> lop3(a, b, c, table)));
        }
        all.add(of("and.b32 %d, %a, %b;", (a, b, c) -> a & b)).add(of("or.b32 %d, %a, %b;", (a, b, c) -> a | b))
                .add(of("xor.b32 %d, %a, %b;", (a, b, c) -> a ^ b)).add(of("not.b32 %d, %a;", (a, b, c) -> ~a))
                .add(of("cnot.b32 %d, %a;", (a, b, c) -> a == 0 ? 1 : 0))
                .add(of("not.b16 %h0, %ah; cvt.u32.u16 %d, %h0;", (a, b, c) -> ~a & 0xffff))
                .add(of("shl.b32 %d, %a, %b;", (a, b, c) -> IntegerTest.u(b) > 31 ? 0 : a << b))
                .add(of("shr.u32 %d, %a, %b;", (a, b, c) -> IntegerTest.u(b) > 31 ? 0 : IntegerTest.u(a) >>> b))
                .add(of("shr.s32 %d, %a, %b;", (a, b, c) -> a >> Math.min(IntegerTest.u(b), 31)))
                .add(of("shl.b16 %h0, %ah, %b; cvt.u32.u16 %d, %h0;",
                        (a, b, c) -> IntegerTest.u(b) > 15 ? 0 : a << b & 0xffff))
                .add(of("shr.s16 %h0, %ah, %b; cvt.s32.s16 %d, %h0;",
                        (a, b, c) -> (short) a >> Math.min(IntegerTest.u(b), 15)))
                .add(of("shf.l.wrap.b32 %d, %a, %b, %c;", (a, b, c) -> shf(a, b, c, true, false)))
                .add(of("shf.r.wrap.b32 %d, %a, %b, %c;", (a, b, c) -> shf(a, b, c, false, false)))
                .add(of("shf.l.clamp.b32 %d, %a, %b, %c;", (a, b, c) -> shf(a, b, c, true, true)))
                .add(of("shf.r.clamp.b32 %d, %a, %b, %c;", (a, b, c) -> shf(a, b, c, false, true)))
                .add(of("prmt.b32 %d, %a, %b, %c;", BitsTest::prmt))
                .add(of("prmt.b32 %d, %a, %b, 0x5410;", (a, b, c) -> a & 0xffff | b << 16))
                .add(of("prmt.b32 %d, %a, %b, 0x7251;", (a, b, c) -> prmt(a, b, 0x7251)))
                .add(of("prmt.b32 %d, %a, %b, 0x0364;", (a, b, c) -> prmt(a, b, 0x0364)))
                .add(of("prmt.b32 %d, %a, %b, 0x4607;", (a, b, c) -> prmt(a, b, 0x4607)))
                .add(of("prmt.b32 %d, %a, %b, 0xffff1234;", (a, b, c) -> prmt(a, b, 0x1234)))
                .add(of("prmt.b32 %d, %a, %b, 0xb2e0;", (a, b, c) -> prmt(a, b, 0xb2e0)))
                .add(of("prmt.b32 %d, %a, %b, 0x198f;", (a, b, c) -> prmt(a, b, 0x198f)))
                .add(of("prmt.b32.f4e %d, %a, %b, %c;", (a, b, c) -> (b << 32 | IntegerTest.u(a)) >>> 8 * (c & 3)))
                .add(of("prmt.b32.rc16 %d, %a, %b, %c;", (a, b, c) -> (a >> 16 * (c & 1) & 0xffff) * 0x10001))
                .add(of("popc.b32 %d, %a;", (a, b, c) -> Long.bitCount(IntegerTest.u(a))))
                .add(of("clz.b32 %d, %a;", (a, b, c) -> Long.numberOfLeadingZeros(IntegerTest.u(a)) - 32))
                .add(of("brev.b32 %d, %a;", (a, b, c) -> Long.reverse(a) >>> 32))
                .add(of("bfind.u32 %d, %a;", (a, b, c) -> find(a, false)))
                .add(of("bfind.s32 %d, %a;", (a, b, c) -> find(a, true)))
                .add(of("bfind.shiftamt.u32 %d, %a;", (a, b, c) -> find(a, false) < 0 ? -1 : 31 - find(a, false)))
                .add(of("bfe.u32 %d, %a, %b, %c;", (a, b, c) -> bfe(IntegerTest.u(a), b, c, 32, false)))
                .add(of("bfe.s32 %d, %a, %b, %c;", (a, b, c) -> bfe(IntegerTest.u(a), b, c, 32, true)))
                .add(of("bfi.b32 %d, %a, %b, %c, 11;", (a, b, c) -> bfi(a, b, c, 11, 32)))
                .add(of("bfi.b32 %d, %a, %b, 5, %c;", (a, b, c) -> bfi(a, b, 5, c, 32)))
                .add(of("mov.b64 %x, {%a, %b}; popc.b64 %d, %x;",
                        (a, b, c) -> Integer.bitCount((int) a) + Integer.bitCount((int) b)))
                .add(of("mov.b64 %x, {%a, %b}; bfe.s64 %x, %x, %c, 20; cvt.u32.u64 %d, %x;",
                        (a, b, c) -> bfe(b << 32 | IntegerTest.u(a), c, 20, 64, true)))
                .add(of("mov.b64 %x, {%a, %b}; mov.b64 %y, {%b, %a}; bfi.b64 %x, %x, %y, %c, 30; shr.u64 %x, %x, 13; cvt.u32.u64 %d, %x;",
                        (a, b, c) -> bfi(b << 32 | IntegerTest.u(a), a << 32 | IntegerTest.u(b), c, 30, 64) >>> 13))
                .add(of("bmsk.clamp.b32 %d, %a, %b;", (a, b, c) -> bmsk((int) a, (int) b)))
                .add(of("szext.wrap.s32 %d, %a, %b;",
                        (a, b, c) -> (b & 31) == 0 ? 0 : bfe(IntegerTest.u(a), 0, b & 31, 32, true)))
                .add(of("mov.b32 {%h0, %h1}, %a; mov.b32 %d, {%h1, %h0};", (a, b, c) -> a << 16 | a >> 16 & 0xffff))
                .add(of("mov.b64 %x, {%ah, %bh, %ch, %ah}; shr.u64 %x, %x, 8; cvt.u32.u64 %d, %x;",
                        (a, b, c) -> (a & 0xffff) >> 8 | (b & 0xffff) << 8 | (c & 0xffff) << 24))
                .add(of("setp.lt.s32 %p, %a, %b; selp.b32 %d, %a, %c, %p;", (a, b, c) -> a < b ? a : c))
                .add(of("setp.lt.and.u32 %p|%q, %a, %b, 1; selp.b32 %t0, 1, 0, %p; selp.b32 %t1, 2, 0, %q; add.u32 %d, %t0, %t1;",
                        (a, b, c) -> IntegerTest.u(a) < IntegerTest.u(b) ? 1 : 2))
                .add(of("setp.gt.s32 %q, %c, 0; setp.ge.or.s32 %p, %a, %b, !%q; selp.b32 %d, 1, 0, %p;",
                        (a, b, c) -> a >= b || c <= 0 ? 1 : 0))
                .add(of("set.ne.u32.s32 %d, %a, %b;", (a, b, c) -> a != b ? -1 : 0))
                .add(of("set.hs.u32.u32 %d, %a, %b;", (a, b, c) -> IntegerTest.u(a) >= IntegerTest.u(b) ? -1 : 0))
                .add(of("setp.le.s16 %p, %ah, %bh; selp.b32 %d, 1, 0, %p;",
                        (a, b, c) -> (short) a <= (short) b ? 1 : 0))
                .add(of("slct.u32.s32 %d, %a, %b, %c;", (a, b, c) -> c >= 0 ? a : b))
                .add(of("setp.eq.u32 %p, %a, %b; setp.eq.u32 %q, %b, %c; xor.pred %p, %p, %q; not.pred %q, %p; selp.b32 %d, 3, 4, %q;",
                        (a, b, c) -> a == b ^ b == c ? 4 : 3));
        return all.build();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bits(String code, IntegerTest.Expected expected) {
        for (int seed = 0; seed < 3; seed++) {
            int[] a = IntegerTest.values(10 + seed);
            int[] b = IntegerTest.values(20 + seed);
            int[] c = IntegerTest.values(30 + seed);
            Random r = new Random(seed);
            for (int l = 0; l < 32; l += 2) { // shift amounts and lengths that matter
                b[l] = r.nextInt(40);
                c[l] = r.nextInt(70);
            }
            int[] got = Rig.ints(code, a, b, c);
            for (int l = 0; l < 32; l++) {
                int want = (int) expected.of(a[l], b[l], c[l]);
                assertEquals(Integer.toHexString(want), Integer.toHexString(got[l]),
                        code + " of " + a[l] + ", " + b[l] + ", " + c[l]);
            }
        }
    }
}
