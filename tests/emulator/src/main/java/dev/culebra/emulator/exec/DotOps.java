package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.PtxType;

/** Dot products of bytes, and products of 24 bits. */
final class DotOps {

    private DotOps() {}

    static void register(Families f) {
        f.add("dp4a", DotOps::dp4a);
        f.add("dp2a", DotOps::dp2a);
        f.add("mul24", DotOps::mul24);
        f.add("mad24", DotOps::mad24);
    }

    private static int part(int v, int shift, int bits, boolean signed) {
        int up = v << 32 - bits - shift;
        return signed ? up >> 32 - bits : up >>> 32 - bits;
    }

    private static void dp4a(Decoding x) {
        PtxType ta = x.type();
        PtxType tb = x.type();
        x.done();
        boolean sa = ta.signed();
        boolean sb = tb.signed();
        Alu.iiii(x, !sa && !sb ? (d, a, b, c) -> { // without a choice inside it becomes vector code
            for (int l = 0; l < 32; l++) {
                d[l] = c[l] + (a[l] & 0xff) * (b[l] & 0xff) + (a[l] >>> 8 & 0xff) * (b[l] >>> 8 & 0xff)
                        + (a[l] >>> 16 & 0xff) * (b[l] >>> 16 & 0xff) + (a[l] >>> 24) * (b[l] >>> 24);
            }
        } : (d, a, b, c) -> {
            for (int l = 0; l < 32; l++) {
                int sum = c[l];
                for (int i = 0; i < 32; i += 8) {
                    sum += part(a[l], i, 8, sa) * part(b[l], i, 8, sb);
                }
                d[l] = sum;
            }
        }, U32, ta, tb, U32);
    }

    private static void dp2a(Decoding x) {
        String half = x.takeAny("lo", "hi");
        PtxType ta = x.type();
        PtxType tb = x.type();
        x.done();
        if (half == null) {
            throw x.refuse(".lo or .hi is missing");
        }
        boolean sa = ta.signed();
        boolean sb = tb.signed();
        int from = half.equals("hi") ? 16 : 0;
        Alu.iiii(x, (d, a, b, c) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = c[l] + part(a[l], 0, 16, sa) * part(b[l], from, 8, sb)
                        + part(a[l], 16, 16, sa) * part(b[l], from + 8, 8, sb);
            }
        }, U32,
                ta, tb, U32);
    }

    private static long low24(int v, boolean signed) { return signed ? v << 8 >> 8 : v & 0xffffff; }

    private static void mul24(Decoding x) {
        boolean hi = "hi".equals(x.takeAny("hi", "lo"));
        PtxType t = x.type();
        x.done();
        boolean s = t.signed();
        Alu.iii(x, hi ? (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = (int) (low24(a[l], s) * low24(b[l], s) >> 16);
            }
        } : (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = (int) (low24(a[l], s) * low24(b[l], s));
            }
        }, t);
    }

    private static void mad24(Decoding x) {
        boolean hi = "hi".equals(x.takeAny("hi", "lo"));
        boolean sat = x.take("sat");
        PtxType t = x.type();
        x.done();
        boolean s = t.signed();
        Alu.iiii(x, hi ? sat ? (d, a, b, c) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = IntegerOps.clamp((low24(a[l], s) * low24(b[l], s) >> 16) + c[l]);
            }
        }
                : (d, a, b, c) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = (int) (low24(a[l], s) * low24(b[l], s) >> 16) + c[l];
                    }
                }
                : (d, a, b, c) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = (int) (low24(a[l], s) * low24(b[l], s)) + c[l];
                    }
                }, t, t, t, t);
    }
}
