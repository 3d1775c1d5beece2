package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.Dim;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Kernels that Triton compiled ({@code corpus/triton_kernels.py}), against products and sums in double. */
class TritonTest {

    private static final Random RANDOM = new Random(7);

    private static Rig rig(String name) { return Rig.corpus("triton-" + name + ".ptx"); }

    private static int shared(String name) {
        String text = Rig.text("/dev/culebra/tests/emulator/corpus/triton-" + name + ".ptx");
        return Integer.parseInt(text.substring(0, text.indexOf('\n')).replaceAll("\\D", ""));
    }

    private static short[] halves(int n, double scale) {
        short[] v = new short[n];
        for (int i = 0; i < n; i++) {
            v[i] = Float.floatToFloat16((float) (RANDOM.nextGaussian() * scale));
        }
        return v;
    }

    private static double value(short half) { return Float.float16ToFloat(half); }

    @Test
    void softmax() throws DeviceFault {
        Rig rig = rig("softmax");
        int rows = 3;
        int n = 777;
        float[] x = new float[rows * n];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) RANDOM.nextGaussian() * 3;
        }
        long out = rig.zeros(4 * rows * n);
        rig.launch("softmax", Rig.dim(rows), Rig.dim(128), shared("softmax"), rig.upload(x), out, n);
        float[] got = rig.floats(out);
        for (int r = 0; r < rows; r++) {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += Math.exp(x[r * n + i]);
            }
            for (int i = 0; i < n; i++) {
                double want = Math.exp(x[r * n + i]) / sum;
                // |x| < 15: the f32 argument of ex2 has half an ulp of 32 = 2^-19, the result as much relatively; and the sum's
                assertEquals(want, got[r * n + i], want * 0x1p-17, "row " + r + ", " + i);
            }
        }
    }

    @Test
    void products() throws DeviceFault {
        int m = 50; // not a multiple of the tile
        int n = 45;
        int k = 70;
        short[] a = halves(m * k, 1);
        short[] b = halves(k * n, 1);
        Rig rig = rig("matmul-fp16");
        long out = rig.zeros(4 * m * n);
        rig.launch("matmul", new Dim(2, 2, 1), Rig.dim(128), shared("matmul-fp16"), rig.upload(a), rig.upload(b), out,
                m, n, k);
        check(rig.floats(out), m, n, k, i -> value(a[i]), i -> value(b[i]));
    }

    @Test
    void productsOfEightBits() throws DeviceFault {
        int m = 50;
        int n = 45;
        int k = 70;
        byte[] a = bytes(m * k);
        byte[] b = bytes(k * n);
        Rig rig = rig("matmul-fp8e4nv");
        long out = rig.zeros(4 * m * n);
        rig.launch("matmul", new Dim(2, 2, 1), Rig.dim(128), shared("matmul-fp8e4nv"), rig.upload(a), rig.upload(b),
                out, m,
                n, k);
        check(rig.floats(out), m, n, k, i -> FormatsTest.value(a[i], 4), i -> FormatsTest.value(b[i], 4));
    }

    private static byte[] bytes(int n) {
        byte[] v = new byte[n];
        for (int i = 0; i < n; i++) {
            v[i] = (byte) (RANDOM.nextInt(2) << 7 | RANDOM.nextInt(0x50)); // below 8
        }
        return v;
    }

    private interface Elements {
        double at(int i);
    }

    private static void check(float[] got, int m, int n, int k, Elements a, Elements b) {
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double want = 0;
                double size = 0;
                for (int e = 0; e < k; e++) {
                    double p = a.at(i * k + e) * b.at(e * n + j);
                    want += p;
                    size += Math.abs(p);
                }
                // One rounding to f32 a product of 16 or 32 columns and tile: at most 6 of sums no larger than |a||b|.
                assertEquals(want, got[i * n + j], 6 * 0x1p-24 * size, i + ", " + j);
            }
        }
    }

    @Test
    void attention() throws DeviceFault {
        Rig rig = rig("attention");
        int length = 64;
        int d = 32;
        short[] q = halves(length * d, 1);
        short[] k = halves(length * d, 1);
        short[] v = halves(length * d, 1);
        long out = rig.zeros(2 * length * d);
        rig.launch("attention", Rig.dim(2), Rig.dim(128), shared("attention"), rig.upload(q), rig.upload(k),
                rig.upload(v),
                out, .25f);
        short[] got = rig.shorts(out);
        for (int i = 0; i < length; i++) {
            double[] weight = new double[i + 1];
            double sum = 0;
            double most = 0;
            for (int j = 0; j <= i; j++) {
                double s = 0;
                for (int e = 0; e < d; e++) {
                    s += value(q[i * d + e]) * value(k[j * d + e]);
                }
                weight[j] = Math.exp(s * .25);
                sum += weight[j];
            }
            for (int e = 0; e < d; e++) {
                double want = 0;
                for (int j = 0; j <= i; j++) {
                    want += weight[j] / sum * value(v[j * d + e]);
                    most = Math.max(most, Math.abs(value(v[j * d + e])));
                }
                // Weights are rounded to f16 (2^-11 each), and so is the result.
                assertEquals(want, value(got[i * d + e]), 2 * most * 0x1p-11, i + ", " + e);
            }
        }
    }
}
