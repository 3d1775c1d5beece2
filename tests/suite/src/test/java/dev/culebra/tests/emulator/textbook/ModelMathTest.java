package dev.culebra.tests.emulator.textbook;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What models and the library of mathematics compute an element or a row at a time. */
class ModelMathTest extends TextbookTests {

    @Test
    void softmax() {
        Program program = load("softmax.ptx");
        int rows = 3;
        int columns = 301;
        float[] in = floats(rows * columns);
        for (int i = 0; i < in.length; i++) {
            in[i] *= 20;
        }
        DeviceBuffer out = program.floats(in.length);
        program.launch("softmax", Dim3.of(rows), Dim3.of(128), 0, program.upload(in), out, columns);
        float[] got = Program.floats(out);
        for (int r = 0; r < rows; r++) {
            double top = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < columns; i++) {
                top = Math.max(top, in[r * columns + i]);
            }
            double sum = 0;
            for (int i = 0; i < columns; i++) {
                sum += Math.exp(in[r * columns + i] - top);
            }
            for (int i = 0; i < columns; i++) {
                double e = Math.exp(in[r * columns + i] - top) / sum;
                // expf errs by 2 ulp, the difference before it by half an ulp of 40, the sum and the quotient by a few more.
                assertEquals(e, got[r * columns + i], e * (40 * 0x1p-24 + 20 * 0x1p-24) + 1e-30,
                        "row " + r + " column " + i);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 32, 301})
    void softmaxInOnePass(int columns) {
        Program program = load("softmax.ptx");
        int rows = 3;
        float[] in = floats(rows * columns);
        for (int i = 0; i < in.length; i++) {
            in[i] *= 20;
        }
        DeviceBuffer out = program.floats(in.length);
        program.launch("softmax_online", rows, 32, program.upload(in), out, columns);
        float[] got = Program.floats(out);
        for (int r = 0; r < rows; r++) {
            double sum = 0;
            for (int i = 0; i < columns; i++) {
                sum += Math.exp(in[r * columns + i]);
            }
            for (int i = 0; i < columns; i++) {
                double e = Math.exp(in[r * columns + i]) / sum;
                // Up to 10 steps and 5 merges, each scaling by an exponential: of a difference up to 40, rounded by half an ulp
                // (2^-19), by expf (2 ulp), and with a product and a sum; then the element's own, and the quotient.
                assertEquals(e, got[r * columns + i], e * 16 * (32 + 4) * 0x1p-24 + 1e-30, "row " + r + " column " + i);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 32", "70, 128", "301, 128", "64, 1024"})
    void layerNorm(int columns, int threads) {
        Program program = load("layernorm.ptx");
        int rows = 2;
        float[] in = floats(rows * columns);
        for (int i = 0; i < in.length; i++) {
            in[i] += 3;
        }
        float[] scale = floats(columns);
        float[] shift = floats(columns);
        DeviceBuffer out = program.floats(in.length);
        program.launch("layernorm", rows, threads, program.upload(in), program.upload(scale), program.upload(shift),
                out,
                columns, 1e-2f);
        float[] got = Program.floats(out);
        for (int r = 0; r < rows; r++) {
            double mean = 0;
            for (int i = 0; i < columns; i++) {
                mean += in[r * columns + i] / (double) columns;
            }
            double variance = 0;
            for (int i = 0; i < columns; i++) {
                variance += Math.pow(in[r * columns + i] - mean, 2) / columns;
            }
            double factor = 1 / Math.sqrt(variance + 1e-2);
            // The mean, below 4, passes through so many steps of three roundings; it errs by that, the deviations and their root
            // with it, and both errors are scaled by the factor.
            double error = 3 * (columns / threads + 6 + threads / 32) * 0x1p-24 * 4;
            for (int i = 0; i < columns; i++) {
                double y = (in[r * columns + i] - mean) * factor;
                assertEquals(y * scale[i] + shift[i], got[r * columns + i],
                        2 * error * factor * (1 + Math.abs(y)) + 0x1p-22,
                        "row " + r + " column " + i);
            }
        }
    }

    @Test
    void gluesOfAModel() {
        Program program = load("softmax.ptx");
        int rows = 2;
        int columns = 70;
        float[] in = floats(rows * columns);
        DeviceBuffer h = program.fresh(in.length, Short.BYTES);
        DeviceBuffer b = program.fresh(in.length, Short.BYTES);
        DeviceBuffer norm = program.floats(in.length);
        program.launch("glue", Dim3.of(rows), Dim3.of(32), 0, program.upload(in), h, b, norm, columns);
        for (int r = 0; r < rows; r++) {
            double mean = 0;
            double square = 0;
            for (int i = 0; i < columns; i++) {
                mean += in[r * columns + i] / (double) columns;
                square += (double) in[r * columns + i] * in[r * columns + i] / columns;
            }
            double scale = 1 / Math.sqrt(square - mean * mean + 1e-5);
            for (int i = 0; i < columns; i++) {
                int at = r * columns + i;
                double v = in[at];
                double g = 0.5 * v * (1 + Math.tanh(0.79788456 * (v + 0.044715 * v * v * v)));
                assertEquals((v - mean) * scale, Program.floats(norm)[at], 1e-6 * (1 + Math.abs(v * scale)),
                        "norm " + at);
                // one rounding to half (2^-11), doubled, and one of the result below 4 (2^-10)
                assertEquals(2 * g + 1, Float.float16ToFloat(Program.shorts(h)[at]),
                        2 * Math.abs(g) * 0x1.1p-11 + 0x1p-10,
                        "half " + at);
                assertEquals(g, Float.intBitsToFloat(Program.shorts(b)[at] << 16), Math.abs(g) * 0x1.1p-8 + 1e-6,
                        "bfloat16 " + at);
            }
        }
    }

    private static double function(int f, double x, double factor1, double factor2, double power, double modulus,
            double p) {
        return switch (f) {
            case 0 -> StrictMath.sin(x);
            case 1 -> StrictMath.cos(x);
            case 2 -> StrictMath.exp(factor1);
            case 3 -> StrictMath.log(p);
            case 4 -> StrictMath.pow(p, power);
            case 5 -> StrictMath.cbrt(x);
            case 6 -> StrictMath.atan(x);
            case 7 -> StrictMath.tanh(factor2);
            case 8 -> x % modulus;
            case 9 -> 1 / p;
            default -> Math.sqrt(p);
        };
    }

    /** Units in the last place that CUDA's programming guide allows; StrictMath's own is added for doubles. */
    private static final int[] ULPS = {2, 2, 2, 1, 4, 1, 2, 2, 0, 0, 0};

    @Test
    void functionsOfTheLibrary() {
        Program program = load("functions.ptx");
        int n = 200;
        float[] in = new float[n];
        for (int i = 0; i < n; i++) {
            double scale = i % 4 == 0 ? 1e6 : i % 4 == 1 ? 100 : 3; // large ones take the slow reduction of the angle
            in[i] = (float) (random.nextGaussian() * scale);
        }
        DeviceBuffer out = program.floats(11 * n);
        program.launch("functions", Dim3.of(2), Dim3.of(128), 0, program.upload(in), out, n);
        float[] got = Program.floats(out);
        for (int k = 0; k < 11 * n; k++) {
            float x = in[k % n];
            double e = function(k / n, x, x * 1e-3f, x * 1e-4f, 1.7f, 3.7f, Math.abs(x) + 1e-3f);
            // half an ulp for rounding the reference itself to float
            assertEquals(e, got[k], (ULPS[k / n] + 0.5) * Math.ulp((float) e), "function " + k / n + " of " + x);
        }
    }

    @Test
    void functionsOfTheLibraryInDoublePrecision() {
        Program program = load("functions.ptx");
        int n = 100;
        double[] in = new double[n];
        long[] bits = new long[n];
        for (int i = 0; i < n; i++) {
            double scale = i % 4 == 0 ? 1e12 : i % 4 == 1 ? 100 : 3;
            in[i] = random.nextGaussian() * scale;
            if (i % 4 == 0) {
                in[i] = Math.min(Math.max(in[i], -7e5), 7e5) + i; // exp(x * 1e-3) stays finite
            }
            bits[i] = Double.doubleToRawLongBits(in[i]);
        }
        DeviceBuffer out = program.fresh(11 * n, Long.BYTES);
        program.launch("functions64", Dim3.of(1), Dim3.of(128), 0, program.upload(bits), out, n);
        long[] got = Program.longs(out);
        for (int k = 0; k < 11 * n; k++) {
            double x = in[k % n];
            double e = function(k / n, x, x * 1e-3, x * 1e-4, 1.7, 3.7, Math.abs(x) + 1e-3);
            double ulps = k / n >= 8 ? 0 : ULPS[k / n] + 1;
            assertEquals(e, Double.longBitsToDouble(got[k]), ulps * Math.ulp(e), "function " + k / n + " of " + x);
        }
    }
}
