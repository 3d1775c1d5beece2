package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.F64;

import dev.culebra.emulator.ptx.PtxType;
import java.math.BigDecimal;
import java.util.EnumSet;
import java.util.Set;

/** Double precision. */
final class DoubleOps {

    private static final Set<PtxType> DOUBLE = EnumSet.of(F64);

    private DoubleOps() {}

    private static double f(long bits) { return Double.longBitsToDouble(bits); }

    private static long b(double v) { return Double.doubleToRawLongBits(v); }

    static void register(Families f) {
        f.add("add", DOUBLE, x -> sum(x, false));
        f.add("sub", DOUBLE, x -> sum(x, true));
        f.add("mul", DOUBLE, DoubleOps::mul);
        f.add("fma", DOUBLE, DoubleOps::fma);
        f.add("mad", DOUBLE, DoubleOps::fma);
        f.add("div", DOUBLE, DoubleOps::div);
        f.add("rcp", DOUBLE, DoubleOps::rcp);
        f.add("sqrt", DOUBLE, DoubleOps::sqrt);
        f.add("min", DOUBLE, x -> extreme(x, false));
        f.add("max", DOUBLE, x -> extreme(x, true));
        f.add("neg", DOUBLE, x -> {
            x.type();
            x.done();
            Alu.ll(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] ^ Long.MIN_VALUE;
                }
            }, F64);
        });
        f.add("abs", DOUBLE, x -> {
            x.type();
            x.done();
            Alu.ll(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] & Long.MAX_VALUE;
                }
            }, F64);
        });
        f.add("copysign", DOUBLE, x -> {
            x.type();
            x.done();
            Alu.lll(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] & Long.MIN_VALUE | b[l] & Long.MAX_VALUE;
                }
            }, F64);
        });
    }

    private static char mode(Decoding x) {
        char mode = FloatOps.mode(x);
        x.type();
        x.done();
        return mode;
    }

    private static double directedSum(double a, double b, char mode) {
        double s = a + b;
        if (s == 0 && mode == Rounding.DOWN && (b(a) != 0 || b(b) != 0)) {
            return -0.0;
        }
        if (Double.isInfinite(s)) {
            return overflown(s, Double.isFinite(a) && Double.isFinite(b), mode);
        }
        return Rounding.toDouble(s, Rounding.missing(a, b), mode);
    }

    /** An infinity that comes of finite operands lies beyond the exact result: rounding towards it gives the largest number. */
    private static double overflown(double s, boolean fromFinite, char mode) {
        return fromFinite ? Rounding.toDouble(s, -s, mode) : s;
    }

    private static void sum(Decoding x, boolean subtract) {
        char mode = mode(x);
        long flip = subtract ? Long.MIN_VALUE : 0;
        Alu.lll(x, mode == Rounding.NEAREST ? subtract ? (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = b(f(a[l]) - f(b[l]));
            }
        } : (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = b(f(a[l]) + f(b[l]));
            }
        }
                : (d, a, b) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = b(directedSum(f(a[l]), f(b[l] ^ flip), mode));
                    }
                }, F64);
    }

    private static double directedFma(double a, double b, double c, char mode) {
        double s = Math.fma(a, b, c);
        boolean finite = Double.isFinite(a) && Double.isFinite(b) && Double.isFinite(c);
        if (!Double.isFinite(s) || !finite) {
            return overflown(s, finite, mode);
        }
        BigDecimal exact = new BigDecimal(a).multiply(new BigDecimal(b)).add(new BigDecimal(c));
        if (exact.signum() == 0) { // rounding down, an exact zero is negative unless product and c are both +0
            boolean positive = a * b == 0 && 1 / (a * b) > 0 && c == 0 && 1 / c > 0;
            return mode == Rounding.DOWN && !positive ? -0.0 : s;
        }
        return Rounding.toDouble(s, exact.compareTo(new BigDecimal(s)), mode);
    }

    private static double directedProduct(double a, double b, char mode) {
        return a == 0 || b == 0 ? a * b : directedFma(a, b, 0, mode);
    }

    private static void mul(Decoding x) {
        char mode = mode(x);
        Alu.lll(x, mode == Rounding.NEAREST ? (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = b(f(a[l]) * f(b[l]));
            }
        } : (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = b(directedProduct(f(a[l]), f(b[l]), mode));
            }
        }, F64);
    }

    private static void fma(Decoding x) {
        char mode = FloatOps.rounding(x);
        x.type();
        x.done();
        Alu.llll(x, mode == Rounding.NEAREST ? (d, a, b, c) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = b(Math.fma(f(a[l]), f(b[l]), f(c[l])));
            }
        }
                : (d, a, b, c) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = b(directedFma(f(a[l]), f(b[l]), f(c[l]), mode));
                    }
                }, F64);
    }

    private static double quotient(double a, double b, char mode) {
        double q = a / b;
        boolean finite = Double.isFinite(a) && Double.isFinite(b) && b != 0;
        if (mode == Rounding.NEAREST || !finite || !Double.isFinite(q)) {
            return mode == Rounding.NEAREST ? q : overflown(q, finite, mode);
        }
        // What is left may be too small for a double.
        BigDecimal product = new BigDecimal(q).multiply(new BigDecimal(b));
        return Rounding.toDouble(q, new BigDecimal(a).compareTo(product) * Math.signum(b), mode);
    }

    /** The rounding of what has no default. */
    private static char writtenMode(Decoding x) {
        if (!x.has("rn") && !x.has("rz") && !x.has("rm") && !x.has("rp")) {
            throw x.refuse("a rounding (.rn, .rz, .rm or .rp) is missing");
        }
        return mode(x);
    }

    private static void div(Decoding x) {
        char mode = writtenMode(x);
        Alu.lll(x, (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = b(quotient(f(a[l]), f(b[l]), mode));
            }
        }, F64);
    }

    private static void rcp(Decoding x) {
        if (x.take("approx")) { // the high word alone is computed
            if (!x.take("ftz")) {
                throw x.refuse("rcp.approx.ftz.f64 is wanted");
            }
            x.type();
            x.done();
            Alu.ll(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Approximations.highWord(b(1 / f(Approximations.highWord(a[l]))));
                }
            }, F64);
            return;
        }
        char mode = writtenMode(x);
        Alu.ll(x, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = b(quotient(1, f(a[l]), mode));
            }
        }, F64);
    }

    private static double root(double a, char mode) {
        double s = Math.sqrt(a);
        if (mode == Rounding.NEAREST || !Double.isFinite(s)) {
            return s;
        }
        BigDecimal square = new BigDecimal(s).multiply(new BigDecimal(s));
        return Rounding.toDouble(s, new BigDecimal(a).compareTo(square), mode);
    }

    private static void sqrt(Decoding x) {
        char mode = writtenMode(x);
        Alu.ll(x, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = b(root(f(a[l]), mode));
            }
        }, F64);
    }

    private static double extreme(double a, double b, boolean max) {
        return a != a ? b : b != b ? a : max ? Math.max(a, b) : Math.min(a, b);
    }

    private static void extreme(Decoding x, boolean max) {
        x.type();
        x.done();
        Alu.lll(x, (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = b(extreme(f(a[l]), f(b[l]), max));
            }
        }, F64);
    }
}
