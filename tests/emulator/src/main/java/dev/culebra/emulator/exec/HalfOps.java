package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.exec.Alu.II;
import dev.culebra.emulator.exec.Alu.III;
import dev.culebra.emulator.ptx.PtxType;
import java.util.EnumSet;
import java.util.Set;

/**
 * f16 and bf16, single and packed in pairs. Sums and products are done in f32 and rounded once more: 24 bits are at least
 * 2 * 11 + 2, so that rounding twice is as rounding once. Fused products are done in double with a sticky bit.
 */
final class HalfOps {

    static final Set<PtxType> HALVES = EnumSet.of(F16, F16X2, BF16, BF16X2);

    /**
     * Below this .ftz makes zero of an f16 result: where one with an exponent as small as need be (last place 2^-25) would stay
     * below the least normal number, 2^-14.
     */
    private static final float TINY_F16 = 0x1p-14f - 0x1p-26f;

    private HalfOps() {}

    static void register(Families f) {
        f.add("add", HALVES, x -> binary(x, (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Rounding.bits(Float.intBitsToFloat(a[l]) + Float.intBitsToFloat(b[l]));
            }
        }));
        f.add("sub", HALVES, x -> binary(x, (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Rounding.bits(Float.intBitsToFloat(a[l]) - Float.intBitsToFloat(b[l]));
            }
        }));
        f.add("mul", HALVES, x -> binary(x, (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Rounding.bits(Float.intBitsToFloat(a[l]) * Float.intBitsToFloat(b[l]));
            }
        }));
        f.add("fma", HALVES, HalfOps::fma);
        f.add("min", HALVES, x -> extreme(x, false));
        f.add("max", HALVES, x -> extreme(x, true));
        f.add("neg", HALVES, x -> sign(x, true));
        f.add("abs", HALVES, x -> sign(x, false));
    }

    static PtxType single(PtxType t) {
        return switch (t) {
            case F16X2 -> F16;
            case BF16X2 -> BF16;
            default -> t;
        };
    }

    /** The f32 bits of 16-bit (or f32) values in the low halves. */
    static int[] toFloats(int[] from, int[] to, PtxType t, boolean ftz) {
        switch (t) {
            case F16 -> {
                for (int l = 0; l < 32; l++) {
                    int v = ftz && (from[l] & 0x7c00) == 0 ? from[l] & 0x8000 : from[l];
                    to[l] = Float.floatToRawIntBits(Float.float16ToFloat((short) v));
                }
            }
            case BF16 -> {
                for (int l = 0; l < 32; l++) {
                    to[l] = from[l] << 16;
                }
            }
            default -> Rounding.flush(from, to);
        }
        return to;
    }

    /** Rounds f32 values to the nearest 16-bit ones, in place. */
    static void fromFloats(int[] v, PtxType t, boolean ftz) {
        for (int l = 0; l < 32; l++) {
            boolean tiny = Math.abs(Float.intBitsToFloat(v[l])) < (t == F16 ? TINY_F16 : Float.MIN_NORMAL);
            v[l] = ftz && tiny ? v[l] >>> 16 & 0x8000 : t == F16 ? toHalf(v[l]) : toBfloat(v[l]);
        }
    }

    static int toHalf(int f32) {
        float f = Float.intBitsToFloat(f32);
        return f != f ? Rounding.NAN_16 : Float.floatToFloat16(f) & 0xffff;
    }

    static int toBfloat(int f32) {
        return (f32 & 0x7fffffff) > 0x7f800000 ? Rounding.NAN_16 : f32 + 0x7fff + (f32 >>> 16 & 1) >>> 16;
    }

    private static void half(int[] from, int[] to, int shift) {
        for (int l = 0; l < 32; l++) {
            to[l] = from[l] >>> shift & 0xffff;
        }
    }

    /** What is done to f32 values, one half at a time. */
    abstract static class Halves extends Alu.ToInt {
        private final PtxType t;
        private final boolean ftz;
        private final int[] sources;

        Halves(int d, PtxType t, boolean ftz, int... sources) {
            super(d);
            this.t = t;
            this.ftz = ftz;
            this.sources = sources;
        }

        @Override
        final void compute(Warp w, int[] to) {
            PtxType one = single(t);
            int[][] scratch = {w.t1, w.t2, w.t3};
            int[] low = one == t ? to : new int[32];
            int[] high = one == t ? null : new int[32];
            for (int h = 0; h < (one == t ? 1 : 2); h++) {
                for (int i = 0; i < sources.length; i++) {
                    half(w.r[sources[i]], scratch[i], 16 * h);
                    toFloats(scratch[i], scratch[i], one, ftz);
                }
                halves(h == 0 ? low : high, w.t1, w.t2, w.t3, one);
            }
            if (high != null) {
                for (int l = 0; l < 32; l++) {
                    to[l] = low[l] | high[l] << 16;
                }
            }
        }

        /** Gives 16-bit results in the low halves. */
        abstract void halves(int[] to, int[] a, int[] b, int[] c, PtxType one);
    }

    /** An op of one operand computed in f32. */
    static void unary(Decoding x, II f, PtxType t, boolean ftz) {
        x.operands(2, 2);
        int a0 = x.src(1, t);
        x.emit(new Halves(x.dst(0, t), t, ftz, a0) {
            @Override
            void halves(int[] to, int[] a, int[] b, int[] c, PtxType one) {
                f.run(to, a);
                fromFloats(to, one, ftz);
            }
        });
    }

    private static void binary(Decoding x, III f) {
        x.take("rn");
        boolean ftz = x.take("ftz");
        boolean sat = x.take("sat");
        PtxType t = x.type();
        x.done(3);
        if (t == BF16 || t == BF16X2) {
            x.require(90, 78);
        }
        binary(x, f, t, ftz, sat);
    }

    private static void binary(Decoding x, III f, PtxType t, boolean ftz, boolean sat) {
        int a0 = x.src(1, t);
        int b0 = x.src(2, t);
        x.emit(new Halves(x.dst(0, t), t, ftz, a0, b0) {
            @Override
            void halves(int[] to, int[] a, int[] b, int[] c, PtxType one) {
                f.run(to, a, b);
                if (sat) {
                    Rounding.saturate(to);
                }
                fromFloats(to, one, ftz);
            }
        });
    }

    private static void fma(Decoding x) {
        x.take("rn");
        boolean ftz = x.take("ftz");
        boolean sat = x.take("sat");
        boolean relu = x.take("relu");
        PtxType t = x.type();
        x.done(4);
        if (t == BF16 || t == BF16X2) {
            x.require(80, 70);
        }
        int a0 = x.src(1, t);
        int b0 = x.src(2, t);
        int c0 = x.src(3, t);
        x.emit(new Halves(x.dst(0, t), t, ftz, a0, b0, c0) {
            @Override
            void halves(int[] to, int[] a, int[] b, int[] c, PtxType one) {
                for (int l = 0; l < 32; l++) {
                    double p = (double) Float.intBitsToFloat(a[l]) * Float.intBitsToFloat(b[l]);
                    double z = Float.intBitsToFloat(c[l]);
                    double s = Rounding.odd(p + z, Rounding.missing(p, z));
                    s = sat ? s > 0 ? Math.min(s, 1) : 0 : relu && s <= 0 ? 0 : s;
                    int r = Rounding.encode(s, one, Rounding.NEAREST);
                    to[l] = ftz && one == F16 && Math.abs(s) < TINY_F16 ? r & 0x8000 : r;
                }
            }
        });
    }

    private static void extreme(Decoding x, boolean max) {
        boolean ftz = x.take("ftz");
        boolean nan = x.take("NaN");
        boolean xorSign = FloatOps.xorSign(x);
        PtxType t = x.type();
        x.done(3);
        x.require(80, 70);
        binary(x, FloatOps.extreme(max, nan, xorSign), t, ftz, false);
    }

    private static void sign(Decoding x, boolean flip) {
        boolean ftz = x.take("ftz");
        PtxType t = x.type();
        x.done();
        unary(x, flip ? (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = a[l] ^ 0x80000000;
            }
        } : (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = a[l] & 0x7fffffff;
            }
        }, t, ftz);
    }
}
