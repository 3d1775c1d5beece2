package dev.culebra.tests.conformance;

import java.util.ArrayList;
import java.util.List;

/** Section 9.7.9.21: conversions to and from e4m3 and e5m2, two at a time. */
class EightBitTest extends Conformance {

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (cases.isEmpty()) {
            for (String t : new String[]{"e4m3", "e5m2"}) {
                for (String relu : new String[]{"", "relu."}) {
                    narrow(t, relu);
                    widen(t, relu);
                }
            }
        }
        return cases;
    }

    /** A code's value: four or five bits of exponent with a bias of 7 or 15; e4m3 has no infinities, and one NaN of each sign. */
    private static double value(String t, int code) {
        int m = t.equals("e4m3") ? 3 : 2;
        int bias = m == 3 ? 7 : 15;
        int e = (code & 0x7f) >>> m;
        int f = code & (1 << m) - 1;
        double v = e == 0 ? f * Math.pow(2, 1 - bias - m) : ((1 << m) + f) * Math.pow(2, e - bias - m);
        if (m == 3 ? (code & 0x7f) == 0x7f : e == 31) {
            v = m == 2 && f == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        }
        return (code & 0x80) != 0 ? -v : v;
    }

    /** The nearest, of two the even one; .satfinite: what is beyond the largest becomes it, and NaN becomes 0x7f. */
    private static int nearest(String t, double v) {
        if (Double.isNaN(v)) return 0x7f;
        int most = t.equals("e4m3") ? 0x7e : 0x7b;
        double a = Math.abs(v);
        int best = most;
        for (int c = most; c >= 0 && a < value(t, most); c--) {
            double d = Math.abs(value(t, c) - a); // exact: both are multiples of one small power of two, or far apart
            double known = Math.abs(value(t, best) - a);
            if (d < known || d == known && c % 2 == 0) best = c;
        }
        return best | (Double.doubleToRawLongBits(v) < 0 ? 0x80 : 0);
    }

    private static long code(String t, boolean relu, double v) { return nearest(t, relu && v <= 0 ? 0.0 : v); }

    /** Codes, what lies halfway between two of them, and the neighbours of these. */
    private static long[] around(String t, Ieee f) {
        List<Long> all = new ArrayList<>();
        for (long v : Values.of(f == Ieee.F32 ? "f32" : "f16")) all.add(v);
        for (int c = 0; c < 0x7f; c += c < 16 ? 1 : 3) {
            double low = value(t, c);
            double high = value(t, c + 1);
            if (!Double.isFinite(high)) high = low * 1.25;
            if (!Double.isFinite(low)) continue;
            long half = f.round(Ieee.F64.decode(Double.doubleToRawLongBits((low + high) / 2)), 'n');
            for (long d = -1; d <= 1; d++) {
                if (half + d >= 0) all.add(half + d | (c % 2 == 0 ? 0 : f.signBit()));
            }
        }
        return all.stream().mapToLong(v -> v).toArray();
    }

    private static double single(long bits) { return Float.intBitsToFloat((int) bits); }

    private static double half(long bits) { return Float.float16ToFloat((short) bits); }

    private void narrow(String t, String relu) {
        String op = "cvt.rn.satfinite." + relu + t + "x2.f32";
        long[] some = {0x3f80_0000L, 0xc2f0_0000L, 0x7fc0_0000L};
        cases.add(Tuples.of("9.7.9.21/" + op, op + " %o0, %i0, %i1;").target(89, "8.1").in("f32", "f32").out("b16")
                .over(Values.cross(around(t, Ieee.F32), some))
                .gives(v -> code(t, !relu.isEmpty(), single(v[0])) << 8 | code(t, !relu.isEmpty(), single(v[1]))));
        String pair = "cvt.rn.satfinite." + relu + t + "x2.f16x2";
        cases.add(Tuples.of("9.7.9.21/" + pair, "mov.b32 %r1, {%i1, %i0}; " + pair + " %o0, %r1;").target(89, "8.1")
                .in("f16", "f16").out("b16")
                .over(Values.cross(around(t, Ieee.F16), new long[]{0x3c00, 0xd78fL, 0x7e00}))
                .gives(v -> code(t, !relu.isEmpty(), half(v[0])) << 8 | code(t, !relu.isEmpty(), half(v[1]))));
    }

    /** Exact; all codes in the lower half, some in the upper one. */
    private void widen(String t, String relu) {
        String op = "cvt.rn." + relu + "f16x2." + t + "x2";
        long[] codes = new long[256];
        for (int i = 0; i < codes.length; i++) codes[i] = i;
        cases.add(Tuples.of("9.7.9.21/" + op, "shl.b16 %h1, %i1, 8; or.b16 %h1, %h1, %i0; " + op + " %r1, %h1; "
                + "mov.b32 {%o0, %o1}, %r1;").target(89, "8.1").in("b16", "b16").out("f16", "f16")
                .over(Values.cross(codes, new long[]{0x38, 0x81, 0xff, 0x7c})).answers((v, out) -> {
                    for (int i = 0; i < 2; i++) {
                        double a = value(t, (int) v[i]);
                        out[i].is(Float.floatToFloat16((float) (!relu.isEmpty() && a <= 0 ? 0.0 : a)));
                    }
                }));
    }
}
