package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.emulator.exec.DeviceFault;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Conversions to and from floating-point numbers of 8 bits: by search among all 256, and against the toolkit's own arithmetic. */
class FormatsTest {

    /** The value of an FP8 number with so many bits of exponent (4: no infinity, 5: as IEEE 754). */
    static double value(int bits, int exponent) {
        int mantissa = 7 - exponent;
        int e = bits >> mantissa & (1 << exponent) - 1;
        int m = bits & (1 << mantissa) - 1;
        int bias = (1 << exponent - 1) - 1;
        double v = e == 0
                ? Math.scalb((double) m, 1 - bias - mantissa)
                : Math.scalb(1 + Math.scalb((double) m, -mantissa), e - bias);
        if (exponent == 5 && e == 31) {
            v = m == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        } else if (exponent == 4 && e == 15 && m == 7) {
            v = Double.NaN;
        }
        return (bits & 0x80) != 0 ? -v : v;
    }

    /** The nearest finite number, of two as near the one with an even last bit. */
    private static int nearest(double v, int exponent) {
        if (Double.isNaN(v)) {
            return 0x7f;
        }
        int sign = Double.doubleToRawLongBits(v) < 0 ? 0x80 : 0;
        int best = 0;
        for (int i = 0; i < 128; i++) {
            double c = value(i, exponent);
            double d = Math.abs(Math.abs(v) - c);
            double least = Math.abs(Math.abs(v) - value(best, exponent));
            if (Double.isFinite(c)
                    && (d < least || d == least && (i & 1) == 0 || Double.isInfinite(v) && c > value(best, exponent))) {
                best = i;
            }
        }
        return sign | best;
    }

    private static float[] inputs() {
        Random random = new Random(3);
        float[] x = new float[128];
        float[] special = {0, -0f, 1e9f, -1e9f, Float.NaN, Float.POSITIVE_INFINITY, 464, 480, 0x1p-10f, 0x1.8p-10f,
            -0x1p-17f, 61440};
        for (int i = 0; i < x.length; i++) {
            x[i] = i < special.length
                    ? special[i]
                    : (float) (random.nextGaussian() * Math.pow(2, random.nextInt(34) - 18));
        }
        return x;
    }

    private static byte[][] run(String file, float[] x) throws DeviceFault {
        Rig rig = Rig.corpus(file);
        long out = rig.zeros(6 * 64);
        long back = rig.zeros(4 * 4 * 64);
        rig.launch("formats", Rig.dim(1), Rig.dim(64), 0, rig.upload(x), out, back);
        return new byte[][]{rig.byteArray(out), rig.byteArray(back)};
    }

    @Test
    void instructionsRoundToTheNearest() throws DeviceFault {
        float[] x = inputs();
        byte[] got = run("formats.ptx", x)[0];
        for (int i = 0; i < 64; i++) {
            float a = x[2 * i];
            float b = x[2 * i + 1];
            String where = i + " of " + a + " and " + b;
            assertEquals(nearest(a, 4), got[6 * i] & 0xff, where);
            assertEquals(nearest(b, 4), got[6 * i + 1] & 0xff, where);
            assertEquals(nearest(a, 5), got[6 * i + 2] & 0xff, where);
            assertEquals(nearest(b, 5), got[6 * i + 3] & 0xff, where);
            assertEquals(nearest(Float.float16ToFloat(Float.floatToFloat16(a)), 4), got[6 * i + 4] & 0xff, where);
        }
    }

    @Test
    void instructionsAgreeWithTheToolkitsArithmetic() throws DeviceFault {
        byte[][] hard = run("formats.ptx", inputs());
        byte[][] soft = run("formats-soft.ptx", inputs());
        assertArrayEquals(soft[0], hard[0]);
        assertArrayEquals(soft[1], hard[1]);
    }

    @Test
    void allNumbersWiden() {
        for (int exponent = 4; exponent <= 5; exponent++) {
            int[] in = new int[32];
            for (int start = 0; start < 256; start += 64) {
                for (int l = 0; l < 32; l++) {
                    in[l] = start + 2 * l | start + 2 * l + 1 << 8;
                }
                int[] got = Rig.ints("cvt.rn.f16x2." + (exponent == 4 ? "e4m3x2" : "e5m2x2") + " %d, %ah;", in);
                for (int l = 0; l < 32; l++) {
                    assertEquals((float) value(start + 2 * l, exponent), Float.float16ToFloat((short) got[l]));
                    assertEquals((float) value(start + 2 * l + 1, exponent),
                            Float.float16ToFloat((short) (got[l] >> 16)));
                }
            }
        }
    }
}
