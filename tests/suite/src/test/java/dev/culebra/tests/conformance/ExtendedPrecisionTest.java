package dev.culebra.tests.conformance;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Section 9.7.2: chains through the carry flag give what one long operation would, and the flag itself. */
class ExtendedPrecisionTest extends Conformance {

    @Override
    List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (String t : new String[]{"u32", "s32", "u64", "s64"}) {
            int n = Tuples.bits(t);
            String u = "u" + n;
            // Two words and the flag: {o1, o0} = {i1, i0} op {i3, i2}, and o2 the carry or borrow out of it.
            cases.add(Tuples.of("9.7.2.2/add.cc-addc." + t, """
                    add.cc.T %o0, %i0, %i2; addc.cc.T %o1, %i1, %i3; addc.T %o2, 0, 0;""".replace("T", t))
                    .in(u, u, u, u)
                    .over(few(u)).out(u, u, u).answers((v, out) -> {
                        BigInteger s = join(u, v[1], v[0]).add(join(u, v[3], v[2]));
                        split(out, s, n);
                        out[2].is(s.shiftRight(2 * n).longValue());
                    }));
            cases.add(Tuples.of("9.7.2.4/sub.cc-subc." + t, """
                    sub.cc.T %o0, %i0, %i2; subc.cc.T %o1, %i1, %i3; subc.T %o2, 0, 0;""".replace("T", t))
                    .in(u, u, u, u)
                    .over(few(u)).out(u, u, u).answers((v, out) -> {
                        BigInteger s = join(u, v[1], v[0]).subtract(join(u, v[3], v[2]));
                        split(out, s, n);
                        out[2].is(s.signum() < 0 ? -1 : 0); // 0 - 0 - borrow
                    }));
            // {o1, o0} = i0 * i1 + {i3, i2} by mad.lo.cc and madc.hi, as the ISA's example does; o2 the carry out.
            cases.add(Tuples.of("9.7.2.5/mad.cc-madc." + t, """
                    mad.lo.cc.T %o0, %i0, %i1, %i2; madc.hi.cc.T %o1, %i0, %i1, %i3; addc.T %o2, 0, 0;"""
                    .replace("T", t)).in(t, t, u, u).over(few(u)).out(u, u, u).answers((v, out) -> {
                        BigInteger p = Whole.of(t, v[0]).multiply(Whole.of(t, v[1]));
                        BigInteger low = Whole.part(p, n - 1, 0).add(Whole.of(u, v[2]));
                        BigInteger high = Whole.part(p, 2 * n - 1, n).add(Whole.of(u, v[3])).add(low.shiftRight(n));
                        out[0].is(low.longValue());
                        out[1].is(high.longValue());
                        out[2].is(high.shiftRight(n).longValue());
                    }));
            cases.add(Tuples.of("9.7.2.6/mad.hi.cc-madc.lo." + t, """
                    mad.hi.cc.T %o0, %i0, %i1, %i2; madc.lo.cc.T %o1, %i0, %i1, %i3; addc.T %o2, 0, 0;"""
                    .replace("T", t)).in(t, t, u, u).over(few(u)).out(u, u, u).answers((v, out) -> {
                        BigInteger p = Whole.of(t, v[0]).multiply(Whole.of(t, v[1]));
                        BigInteger high = Whole.part(p, 2 * n - 1, n).add(Whole.of(u, v[2]));
                        BigInteger low = Whole.part(p, n - 1, 0).add(Whole.of(u, v[3])).add(high.shiftRight(n));
                        out[0].is(high.longValue());
                        out[1].is(low.longValue());
                        out[2].is(low.shiftRight(n).longValue());
                    }));
        }
        return cases;
    }

    private static long[][] few(String t) {
        long top = 1L << Tuples.bits(t) - 1;
        long[] v = {0, 1, top - 1, top, -1, 0x5a5a_1234_9abc_def1L};
        return Values.cross(v, v, v, v);
    }

    private static BigInteger join(String t, long high, long low) {
        return Whole.of(t, high).shiftLeft(Tuples.bits(t)).add(Whole.of(t, low));
    }

    private static void split(Tuples.Result[] out, BigInteger s, int n) {
        out[0].is(Whole.part(s, n - 1, 0).longValue());
        out[1].is(Whole.part(s, 2 * n - 1, n).longValue());
    }
}
