package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.PtxType;
import java.util.EnumSet;
import java.util.Set;

/**
 * What sm_100 adds to single precision: two numbers in a register of 64 bits, sums with an addend of 16 bits, and the smaller or
 * larger of three.
 */
final class PackedFloatOps {

    private static final Set<PtxType> PAIR = EnumSet.of(F32X2);

    private PackedFloatOps() {}

    static void register(Families f) {
        f.add("add", PAIR, x -> pair(x, 2, (a, b, c, m) -> FloatOps.directedFma(a, 1, b, m)));
        f.add("sub", PAIR, x -> pair(x, 2, (a, b, c, m) -> FloatOps.directedFma(a, 1, -b, m)));
        f.add("mul", PAIR, x -> pair(x, 2, (a, b, c, m) -> product(a, b, m)));
        f.add("fma", PAIR, x -> pair(x, 3, FloatOps::directedFma));
    }

    /** A function with a rounding mode. */
    private interface Rounded {
        float of(float a, float b, float c, char mode);
    }

    private static float product(float a, float b, char mode) {
        return mode == Rounding.NEAREST ? a * b : Rounding.toFloat((double) a * b, 0, mode);
    }

    private static void pair(Decoding x, int sources, Rounded f) {
        String m = x.takeAny("rn", "rz", "rm", "rp");
        boolean ftz = x.take("ftz");
        x.type();
        x.done(sources + 1);
        x.require(100, 86);
        if (sources == 3 && m == null) {
            throw x.refuse("a rounding mode is missing");
        }
        char mode = m == null ? Rounding.NEAREST : m.charAt(1);
        int a = x.src(1, F32X2);
        int b = x.src(2, F32X2);
        int c = sources == 3 ? x.src(3, F32X2) : a;
        x.emit(new Alu.ToLong(x.dst(0, F32X2)) {
            @Override
            void compute(Warp w, long[] to) {
                for (int l = 0; l < 32; l++) {
                    long low = one(w, l, 0);
                    to[l] = low & 0xffffffffL | one(w, l, 32) << 32;
                }
            }

            private long one(Warp w, int l, int shift) {
                int r = Rounding.bits(f.of(in(w.q[a][l], shift), in(w.q[b][l], shift), in(w.q[c][l], shift), mode));
                return ftz ? Rounding.flush(r) : r;
            }

            private float in(long v, int shift) {
                int bits = (int) (v >>> shift);
                return Float.intBitsToFloat(ftz ? Rounding.flush(bits) : bits);
            }
        });
    }

    /** {@code add}, {@code sub} or {@code fma} of f32 whose other operands have 16 bits; the type of these comes second. */
    static boolean mixed(Decoding x, String op, char mode, boolean ftz, boolean sat, PtxType from) {
        if (from == null) {
            return false;
        }
        if (from != F16 && from != BF16 || ftz) {
            throw x.refuse("unknown instruction");
        }
        x.require(100, 86);
        boolean fused = op.equals("fma");
        x.done(fused ? 4 : 3);
        int a = x.src(1, from);
        int b = fused ? x.src(2, from) : a;
        int c = x.src(fused ? 3 : 2, F32);
        int flip = op.equals("sub") ? 0x80000000 : 0;
        x.emit(new Alu.ToInt(x.dst(0, F32)) {
            @Override
            void compute(Warp w, int[] to) {
                for (int l = 0; l < 32; l++) {
                    float u = (float) Rounding.decode(w.r[a][l], from);
                    float v = fused ? (float) Rounding.decode(w.r[b][l], from) : 1;
                    to[l] = Rounding.bits(FloatOps.directedFma(u, v, Float.intBitsToFloat(w.r[c][l] ^ flip), mode));
                }
                if (sat) {
                    Rounding.saturate(to);
                }
            }
        });
        return true;
    }

    /** {@code min} or {@code max} of three. */
    static void three(Decoding x, boolean max, boolean nan, boolean ftz, boolean magnitudes) {
        x.require(100, 88);
        int keep = magnitudes ? 0x7fffffff : -1;
        FloatOps.emit(x, (d, a, b, c) -> {
            for (int l = 0; l < 32; l++) {
                float two = FloatOps.extreme(Float.intBitsToFloat(a[l] & keep), Float.intBitsToFloat(b[l] & keep), max,
                        nan);
                d[l] = Rounding.bits(FloatOps.extreme(two, Float.intBitsToFloat(c[l] & keep), max, nan));
            }
        }, ftz, false);
    }
}
