package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Floating-point arithmetic in all four roundings against exact decimals; flushing, saturation, NaN; approximations' errors. */
class FloatTest {

    private static final float[] EDGES = {0f, -0f, 1f, -1f, Float.MIN_VALUE, -Float.MIN_VALUE, Float.MIN_NORMAL,
        Float.MAX_VALUE,
        -Float.MAX_VALUE, 1.5f, 0x1.fffffep-1f, 0x1.000002p0f, 3f, 1e-40f, -1e-39f, 16777216f};

    private static int[] values(int seed) {
        Random r = new Random(seed);
        int[] v = new int[32];
        for (int l = 0; l < 32; l++) {
            float f = switch (r.nextInt(3)) {
                case 0 -> EDGES[r.nextInt(EDGES.length)];
                case 1 -> (r.nextFloat() - 0.5f) * 8;
                default -> Float.intBitsToFloat(r.nextInt());
            };
            v[l] = Rig.f(Float.isFinite(f) ? f : r.nextFloat());
        }
        return v;
    }

    /** The f32 neighbour of an exact value that the mode asks for. */
    private static float round(BigDecimal exact, String mode, float zero) {
        if (exact.signum() == 0) {
            return zero;
        }
        float near = exact.floatValue();
        if (mode.equals("rn")) {
            return near;
        }
        boolean towardsMinus = mode.equals("rm") || mode.equals("rz") && exact.signum() > 0;
        if (Float.isInfinite(near)) {
            boolean keep = towardsMinus ? near < 0 : near > 0;
            return keep ? near : Math.copySign(Float.MAX_VALUE, near);
        }
        int side = new BigDecimal(near).compareTo(exact);
        return towardsMinus && side > 0 ? Math.nextDown(near) : !towardsMinus && side < 0 ? Math.nextUp(near) : near;
    }

    @ParameterizedTest
    @ValueSource(strings = {"rn", "rz", "rm", "rp"})
    void roundings(String mode) {
        for (int seed = 0; seed < 20; seed++) {
            int[] a = values(seed);
            int[] b = values(100 + seed);
            int[] c = values(200 + seed);
            int[] sum = Rig.ints("add." + mode + ".f32 %d, %a, %b;", a, b, c);
            int[] product = Rig.ints("mul." + mode + ".f32 %d, %a, %b;", a, b, c);
            int[] fused = Rig.ints("fma." + mode + ".f32 %d, %a, %b, %c;", a, b, c);
            int[] quotient = Rig.ints("div." + mode + ".f32 %d, %a, %b;", a, b, c);
            int[] root = Rig.ints("abs.f32 %t0, %a; sqrt." + mode + ".f32 %d, %t0;", a, b, c);
            for (int l = 0; l < 32; l++) {
                float x = Float.intBitsToFloat(a[l]);
                float y = Float.intBitsToFloat(b[l]);
                float z = Float.intBitsToFloat(c[l]);
                BigDecimal u = new BigDecimal(x);
                BigDecimal v = new BigDecimal(y);
                BigDecimal w = new BigDecimal(z);
                String where = mode + " " + x + " " + y + " " + z;
                boolean bothPlus = Rig.f(x) == 0 && Rig.f(y) == 0;
                float zeroSum = x == 0 && y == 0 && Rig.f(x) == Rig.f(y)
                        ? x
                        : mode.equals("rm") && !bothPlus ? -0f : 0f;
                same(round(u.add(v), mode, zeroSum), sum[l], "add " + where);
                same(round(u.multiply(v), mode, x * y), product[l], "mul " + where);
                float p = x * y == 0 && (x == 0 || y == 0) ? x * y : Math.copySign(1, x) * Math.copySign(1, y);
                float zeroFused = p == 0 && z == 0 && Rig.f(p) == Rig.f(z) ? z : mode.equals("rm") ? -0f : 0f;
                same(round(u.multiply(v).add(w), mode, zeroFused), fused[l], "fma " + where);
                if (y != 0) {
                    // 400 digits hold every float exactly, so that an exact quotient stays one
                    same(round(u.divide(v, new MathContext(400)), mode, x / y), quotient[l], "div " + where);
                }
                same(round(u.abs().sqrt(new MathContext(400)), mode, 0f), root[l], "sqrt " + where);
            }
        }
    }

    private static void same(float expected, int got, String where) {
        assertEquals(Float.toHexString(expected), Float.toHexString(Float.intBitsToFloat(got)), where);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rn", "rz", "rm", "rp"})
    void doubleRoundings(String mode) {
        Random r = new Random(3);
        long[][] in = new long[3][32];
        for (long[] v : in) {
            for (int l = 0; l < 32; l++) {
                v[l] = Double
                        .doubleToRawLongBits(r.nextInt(4) == 0 ? Math.rint(r.nextGaussian() * 3) : r.nextGaussian());
            }
        }
        for (String op : new String[]{"add.%s.f64 %%d, %%a, %%b;", "mul.%s.f64 %%d, %%a, %%b;",
            "fma.%s.f64 %%d, %%a, %%b, %%c;"}) {
            long[] got = Rig.longs(op.formatted(mode), in);
            for (int l = 0; l < 32; l++) {
                BigDecimal a = new BigDecimal(Double.longBitsToDouble(in[0][l]));
                BigDecimal b = new BigDecimal(Double.longBitsToDouble(in[1][l]));
                BigDecimal c = new BigDecimal(Double.longBitsToDouble(in[2][l]));
                BigDecimal exact = op.startsWith("add")
                        ? a.add(b)
                        : op.startsWith("mul") ? a.multiply(b) : a.multiply(b).add(c);
                double d = Double.longBitsToDouble(got[l]);
                int side = new BigDecimal(d).compareTo(exact);
                String where = op + " " + a + " " + b + " " + c;
                switch (mode) {
                    case "rn" -> assertEquals(exact.doubleValue(), d, where);
                    case "rm" -> assertTrue(side <= 0 && new BigDecimal(Math.nextUp(d)).compareTo(exact) > 0, where);
                    case "rp" -> assertTrue(side >= 0 && new BigDecimal(Math.nextDown(d)).compareTo(exact) < 0, where);
                    default -> assertTrue(side * exact.signum() <= 0
                            && new BigDecimal(d < 0 ? Math.nextDown(d) : Math.nextUp(d)).abs()
                                    .compareTo(exact.abs()) > 0,
                            where);
                }
            }
        }
    }

    @Test
    void flushingSaturationAndNan() {
        int tiny = 0x00000001;
        int nan = 0x7fc12345;
        assertEquals(0, Rig.ints("add.ftz.f32 %d, %a, %b;", new int[]{tiny}, new int[]{0})[0]);
        assertEquals(tiny, Rig.ints("add.f32 %d, %a, %b;", new int[]{tiny}, new int[]{0})[0]);
        assertEquals(0x80000000, Rig.ints("mul.ftz.f32 %d, %a, %b;", new int[]{0x80800000}, new int[]{Rig.f(0.5f)})[0]);
        assertEquals(0x7fffffff, Rig.ints("add.f32 %d, %a, %b;", new int[]{nan}, new int[]{0})[0], "canonical NaN");
        assertEquals(0x7fffffff,
                Rig.ints("mul.f32 %d, %a, %b;", new int[]{0}, new int[]{Rig.f(Float.POSITIVE_INFINITY)})[0]);
        assertEquals(0, Rig.ints("add.sat.f32 %d, %a, %b;", new int[]{nan}, new int[]{0})[0]);
        assertEquals(Rig.f(1), Rig.ints("add.sat.f32 %d, %a, %b;", new int[]{Rig.f(3)}, new int[]{0})[0]);
        assertEquals(0, Rig.ints("fma.rn.sat.f32 %d, %a, %b, %a;", new int[]{Rig.f(-3)}, new int[]{0})[0]);
        assertEquals(Rig.f(2), Rig.ints("min.f32 %d, %a, %b;", new int[]{nan}, new int[]{Rig.f(2)})[0]);
        assertEquals(0x7fffffff, Rig.ints("max.NaN.f32 %d, %a, %b;", new int[]{nan}, new int[]{Rig.f(2)})[0]);
        assertEquals(0x80000000, Rig.ints("min.f32 %d, %a, %b;", new int[]{0}, new int[]{0x80000000})[0],
                "-0 is less than +0");
        assertEquals(Rig.f(-2),
                Rig.ints("min.xorsign.abs.f32 %d, %a, %b;", new int[]{Rig.f(-2)}, new int[]{Rig.f(3)})[0]);
        assertEquals(0,
                Rig.ints("div.approx.f32 %d, %a, %b;", new int[]{Rig.f(1e30f)}, new int[]{Rig.f(0x1.8p127f)})[0]);
        assertEquals(1, Rig.ints("setp.neu.f32 %p, %a, %b; selp.b32 %d, 1, 0, %p;", new int[]{nan}, new int[]{nan})[0]);
        assertEquals(0, Rig.ints("setp.ne.f32 %p, %a, %b; selp.b32 %d, 1, 0, %p;", new int[]{nan}, new int[]{nan})[0]);
        assertEquals(1, Rig.ints("setp.ltu.f32 %p, %a, %b; selp.b32 %d, 1, 0, %p;", new int[]{nan}, new int[]{0})[0]);
        assertEquals(1, Rig.ints("testp.subnormal.f32 %p, %a; selp.b32 %d, 1, 0, %p;", new int[]{tiny})[0]);
        assertEquals(Rig.f(1), Rig.ints("set.num.f32.f32 %d, %a, %b;", new int[]{0}, new int[]{0})[0]);
    }

    /** The errors that the PTX ISA states: relative, absolute. */
    @ParameterizedTest
    @CsvSource({"ex2,2.4e-7,0,-120,120", "lg2,0,2.4e-7,0.5,2", "rcp,1.2e-7,0,-100,100", "rsqrt,2.4e-7,0,0.001,1000",
        "sin,0,5e-7,-3.14,3.14",
        "cos,0,5e-7,-3.14,3.14", "tanh,4.9e-4,0,-5,5", "sqrt,2.4e-7,0,0,1e6"})
    void approximations(String name, double relative, double absolute, double from, double to) {
        Random r = new Random(11);
        int[] a = new int[32];
        for (int l = 0; l < 32; l++) {
            a[l] = Rig.f((float) (from + (to - from) * r.nextDouble()));
        }
        int[] got = Rig.ints(name + ".approx.f32 %d, %a;", a);
        for (int l = 0; l < 32; l++) {
            double x = Float.intBitsToFloat(a[l]);
            double e = switch (name) {
                case "ex2" -> StrictMath.pow(2, x);
                case "lg2" -> StrictMath.log(x) / StrictMath.log(2);
                case "rcp" -> 1 / x;
                case "rsqrt" -> 1 / StrictMath.sqrt(x);
                case "sin" -> StrictMath.sin(x);
                case "cos" -> StrictMath.cos(x);
                case "tanh" -> StrictMath.tanh(x);
                default -> StrictMath.sqrt(x);
            };
            assertEquals(e, Float.intBitsToFloat(got[l]), relative * Math.abs(e) + absolute, name + " of " + x);
        }
        assertEquals(Rig.f(8f), Rig.ints("ex2.approx.ftz.f32 %d, %a;", new int[]{Rig.f(3f)})[0], "exact at integers");
    }

    /** Sixteen-bit arithmetic rounded once from the exact result, for both halves of a pair. */
    @ParameterizedTest
    @ValueSource(strings = {"add", "sub", "mul", "fma.rn"})
    void halves(String op) {
        String c = op.startsWith("fma") ? ", %c" : "";
        for (String type : new String[]{"f16x2", "bf16x2"}) {
            for (int seed = 0; seed < 40; seed++) {
                int[][] in = new int[3][32];
                Random r = new Random(seed);
                for (int[] v : in) {
                    for (int l = 0; l < 32; l++) {
                        v[l] = half(r, type) | half(r, type) << 16;
                    }
                }
                int[] got = Rig.ints(op + "." + type + " %d, %a, %b" + c + ";", in);
                for (int l = 0; l < 32; l++) {
                    for (int h = 0; h <= 16; h += 16) {
                        BigDecimal x = value(in[0][l] >>> h, type);
                        BigDecimal y = value(in[1][l] >>> h, type);
                        BigDecimal z = value(in[2][l] >>> h, type);
                        BigDecimal exact = switch (op) {
                            case "add" -> x.add(y);
                            case "sub" -> x.subtract(y);
                            case "mul" -> x.multiply(y);
                            default -> x.multiply(y).add(z);
                        };
                        String where = op + "." + type + " of " + x + ", " + y + ", " + z;
                        assertEquals(nearest(exact, type), (float) number(got[l] >>> h, type), where);
                    }
                }
            }
        }
    }

    private static int half(Random r, String type) {
        for (;;) {
            int v = r.nextInt(4) == 0
                    ? new int[]{0x3c01, 0x0001, 0x7bff, 0x8400, 0x3f81, 0x4000}[r.nextInt(6)]
                    : r.nextInt(0x10000);
            double d = number(v, type);
            if (Double.isFinite(d) && (type.startsWith("f") || Math.abs(d) < 1e15 && Math.abs(d) > 1e-15)) {
                return v;
            }
        }
    }

    static double number(int bits, String type) {
        return type.startsWith("f16") ? Float.float16ToFloat((short) bits) : Float.intBitsToFloat(bits << 16);
    }

    private static BigDecimal value(int bits, String type) { return new BigDecimal(number(bits, type)); }

    /** By search among all values of the format: the nearest, and of two as near the one with an even last bit. */
    private static float nearest(BigDecimal exact, String type) {
        boolean f16 = type.startsWith("f16");
        int low = 0;
        int infinity = f16 ? 0x7c00 : 0x7f80;
        int high = infinity; // as if the exponent went on: 65536, 2^128
        BigDecimal magnitude = exact.abs();
        BigDecimal beyond = f16 ? new BigDecimal(65536) : new BigDecimal(2).pow(128);
        while (high - low > 1) {
            int mid = (low + high) / 2;
            if (value(mid, type).compareTo(magnitude) <= 0) {
                low = mid;
            } else {
                high = mid;
            }
        }
        BigDecimal below = magnitude.subtract(value(low, type));
        BigDecimal above = (high == infinity ? beyond : value(high, type)).subtract(magnitude);
        int side = below.compareTo(above);
        int bits = side < 0 ? low : side > 0 ? high : (low & 1) == 0 ? low : high;
        float v = (float) number(bits, type);
        return exact.signum() < 0 ? -v : v + 0f;
    }

    @Test
    void halfExtremesAndFunctions() {
        int one = 0x3c00;
        int two = 0x4000;
        assertEquals(two << 16 | two,
                Rig.ints("max.f16x2 %d, %a, %b;", new int[]{one << 16 | two}, new int[]{two << 16 | one})[0]);
        assertEquals(0xc000bc00, Rig.ints("neg.f16x2 %d, %a;", new int[]{two << 16 | one})[0]);
        assertEquals(0x40003c00, Rig.ints("abs.f16x2 %d, %a;", new int[]{0xc000bc00})[0]);
        assertEquals(0x44004000, Rig.ints("ex2.approx.f16x2 %d, %a;", new int[]{two << 16 | one})[0], "4 and 2");
        assertEquals(0,
                Rig.ints("fma.rn.relu.f16x2 %d, %a, %a, %b;", new int[]{one << 16 | one}, new int[]{0xc000c000})[0]);
        assertEquals(0x7fff,
                Rig.ints("add.f16 %h0, %ah, %bh; cvt.u32.u16 %d, %h0;", new int[]{0x7e01}, new int[]{one})[0]);
        int[] got = Rig.ints(
                "setp.gt.f16x2 %p|%q, %a, %b; selp.b32 %t0, 1, 0, %p; selp.b32 %t1, 2, 0, %q; add.u32 %d, %t0, %t1;",
                new int[]{one << 16 | two}, new int[]{two << 16 | one});
        assertEquals(1, got[0], "the low half is greater, the high half is not");
        assertEquals(0x3c000000,
                Rig.ints("set.gt.f16x2.f16x2 %d, %a, %b;", new int[]{two << 16 | one}, new int[]{one << 16 | two})[0]);
    }
}
