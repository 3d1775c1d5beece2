package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.exec.Alu.II;
import dev.culebra.emulator.ptx.PtxType;
import java.util.EnumSet;
import java.util.Set;

/**
 * Functions that hardware approximates. Here each is computed in double and rounded, which is closer than the errors that the
 * PTX ISA allows (2^-22 or a few units in the last place for f32, 2^-9.9 and up for f16).
 */
final class Approximations {

    private static final Set<PtxType> SINGLE_AND_HALVES = EnumSet.of(F32, F16, F16X2, BF16, BF16X2);

    private Approximations() {}

    private static final II EX2 = (d, a) -> {
        for (int l = 0; l < 32; l++) {
            d[l] = Rounding.bits((float) Math.pow(2, Float.intBitsToFloat(a[l])));
        }
    };
    private static final II TANH = (d, a) -> {
        for (int l = 0; l < 32; l++) {
            d[l] = Rounding.bits((float) Math.tanh(Float.intBitsToFloat(a[l])));
        }
    };

    static void register(Families f) {
        f.add("ex2", SINGLE_AND_HALVES, x -> function(x, EX2));
        f.add("tanh", SINGLE_AND_HALVES, x -> function(x, TANH));
        f.add("lg2", EnumSet.of(F32), x -> function(x, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Rounding.bits((float) log2(Float.intBitsToFloat(a[l])));
            }
        }));
        f.add("sin", EnumSet.of(F32), x -> function(x, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Rounding.bits((float) Math.sin(Float.intBitsToFloat(a[l])));
            }
        }));
        f.add("cos", EnumSet.of(F32), x -> function(x, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Rounding.bits((float) Math.cos(Float.intBitsToFloat(a[l])));
            }
        }));
        f.add("rsqrt", EnumSet.of(F32), x -> function(x, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Rounding.bits((float) (1 / Math.sqrt(Float.intBitsToFloat(a[l]))));
            }
        }));
        f.add("rsqrt", EnumSet.of(F64), x -> {
            if (!x.take("approx")) {
                throw x.refuse("rsqrt.approx is wanted");
            }
            boolean high = x.take("ftz");
            x.type();
            x.done();
            Alu.ll(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    double v = Double.longBitsToDouble(high ? highWord(a[l]) : a[l]);
                    long root = Double.doubleToRawLongBits(1 / Math.sqrt(v));
                    d[l] = high ? highWord(root) : root;
                }
            }, F64);
        });
    }

    /**
     * What rcp.approx.ftz.f64 and rsqrt.approx.ftz.f64 see and give of a double: its high word, zero where it is subnormal, and one
     * NaN.
     */
    static long highWord(long bits) {
        if ((bits & 0x7ff0000000000000L) == 0) {
            return bits & Long.MIN_VALUE;
        }
        long high = bits & 0xffffffff00000000L; // a NaN whose payload lies below is an infinity here
        return (high & Long.MAX_VALUE) > 0x7ff0000000000000L ? 0x7fffffff00000000L : high;
    }

    /** Exact at powers of two, as hardware is. */
    private static double log2(double v) {
        if (!(v > 0) || Double.isInfinite(v)) {
            return Math.log(v);
        }
        int e = Math.getExponent(v);
        return e + Math.log(Math.scalb(v, -e)) / Math.log(2);
    }

    private static void function(Decoding x, II f) {
        if (!x.take("approx")) {
            throw x.refuse(".approx is missing");
        }
        boolean ftz = x.take("ftz");
        PtxType t = x.type();
        x.done();
        if (t == F32) {
            FloatOps.emit(x, f, ftz, false);
        } else {
            HalfOps.unary(x, f, t, ftz);
        }
    }
}
