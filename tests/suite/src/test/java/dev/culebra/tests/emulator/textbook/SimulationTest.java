package dev.culebra.tests.emulator.textbook;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures, bodies, waves and chance. */
class SimulationTest extends TextbookTests {

    @ParameterizedTest
    @CsvSource({"1, 1", "16, 16", "33, 50"})
    void convolutionWithConstantWeights(int rows, int columns) {
        Program program = load("convolution.ptx");
        float[] weights = floats(25);
        program.set("weights", weights);
        float[] in = floats(rows * columns);
        DeviceBuffer out = program.floats(in.length);
        program.launch("convolution", Dim3.of((columns + 15) / 16, (rows + 15) / 16), Dim3.of(16, 16), 0,
                program.upload(in), out, rows, columns);
        float[] got = Program.floats(out);
        for (int i = 0; i < in.length; i++) {
            double sum = 0;
            double magnitude = 0;
            for (int w = 0; w < 25; w++) {
                int y = i / columns + w / 5 - 2;
                int x = i % columns + w % 5 - 2;
                if (y >= 0 && y < rows && x >= 0 && x < columns) {
                    sum += (double) weights[w] * in[y * columns + x];
                    magnitude += Math.abs((double) weights[w] * in[y * columns + x]);
                }
            }
            assertEquals(sum, got[i], 25 * 0x1p-24 * magnitude, "element " + i);
        }
    }

    @Test
    void heatInALine() {
        Program program = load("convolution.ptx");
        int n = 96;
        int steps = 50;
        float[] in = floats(n);
        double[] u = new double[n];
        for (int i = 0; i < n; i++) {
            u[i] = in[i];
        }
        for (int s = 0; s < steps; s++) {
            double[] before = u.clone();
            for (int i = 1; i < n - 1; i++) {
                u[i] = 0.25 * before[i - 1] + 0.5 * before[i] + 0.25 * before[i + 1];
            }
        }
        DeviceBuffer line = program.upload(in);
        program.launch("heat", Dim3.of(1), Dim3.of(n), 8 * n, line, n, steps);
        float[] got = Program.floats(line);
        for (int i = 0; i < n; i++) {
            // Three roundings a step of numbers below 1; the average that follows makes none of them larger.
            assertEquals(u[i], got[i], steps * 3 * 0x1p-24, "place " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 64, 100})
    void gravity(int n) {
        Program program = load("nbody.ptx");
        float[] bodies = floats(4 * n);
        DeviceBuffer out = program.floats(4 * n);
        program.launch("nbody", Dim3.of((n + 31) / 32), Dim3.of(32), 512, program.upload(bodies), out, n);
        float[] got = Program.floats(out);
        for (int i = 0; i < n; i++) {
            for (int axis = 0; axis < 3; axis++) {
                double sum = 0;
                double magnitude = 0;
                for (int j = 0; j < n; j++) {
                    double square = 0.01f;
                    for (int c = 0; c < 3; c++) {
                        square += Math.pow((double) bodies[4 * j + c] - bodies[4 * i + c], 2);
                    }
                    double term = bodies[4 * j + 3] * Math.pow(square, -1.5)
                            * ((double) bodies[4 * j + axis] - bodies[4 * i + axis]);
                    sum += term;
                    magnitude += Math.abs(term);
                }
                // A term: the square errs by 4 roundings, its root by half that and rsqrtf's 2 ulp (4 of 2^-24), to the third
                // power, and four products: 3 * 6 + 4 + 1 (the difference) = 23; then a sum of n.
                assertEquals(sum, got[4 * i + axis], (23 + n) * 0x1p-24 * magnitude, "body " + i + " axis " + axis);
            }
            assertEquals(0, got[4 * i + 3]);
        }
    }

    @Test
    void pointsInACircle() {
        Program program = load("montecarlo.ptx");
        int points = 50;
        long inside = 0;
        for (int thread = 0; thread < 5 * 96; thread++) {
            long state = 42 + thread * 0x9e3779b97f4a7c15L;
            for (int p = 0; p < points; p++) {
                state = state * 6364136223846793005L + 1442695040888963407L;
                long x = state >>> 33;
                state = state * 6364136223846793005L + 1442695040888963407L;
                long y = state >>> 33;
                inside += x * x + y * y < 1L << 62 ? 1 : 0;
            }
        }
        DeviceBuffer count = program.upload(0L);
        program.launch("montecarlo", 5, 96, 42L, points, count);
        assertEquals(inside, Program.longs(count)[0]);
        // 24,000 draws of a quarter circle: the standard deviation of the share is 0.0027.
        assertEquals(Math.PI / 4, inside / (5 * 96.0 * points), 5 * 0.0027);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 9})
    void fourierTransform(int bits) {
        Program program = load("fft.ptx");
        int n = 1 << bits;
        float[] in = floats(2 * n);
        DeviceBuffer out = program.floats(2 * n);
        program.launch("fft", Dim3.of(1), Dim3.of(n / 2), 8 * n, program.upload(in), out, bits);
        float[] got = Program.floats(out);
        double magnitude = 0;
        for (float v : in) {
            magnitude += Math.abs(v);
        }
        for (int f = 0; f < n; f++) {
            double re = 0;
            double im = 0;
            for (int i = 0; i < n; i++) {
                double angle = -2 * Math.PI * f * i / n;
                re += in[2 * i] * Math.cos(angle) - in[2 * i + 1] * Math.sin(angle);
                im += in[2 * i] * Math.sin(angle) + in[2 * i + 1] * Math.cos(angle);
            }
            // A stage: the factor (1 ulp of at most 1, 2 * 2^-24), two products, two sums, each of at most all magnitudes.
            assertEquals(re, got[2 * f], bits * 6 * 0x1p-24 * magnitude, "real part " + f);
            assertEquals(im, got[2 * f + 1], bits * 6 * 0x1p-24 * magnitude, "imaginary part " + f);
        }
    }
}
