package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PTX that nvcc printed for textbook programs (the {@code .cu} files beside it), against results computed plainly here. */
class TextbookTest {

    private final Random random = new Random(7);

    private float[] floats(int n) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = random.nextFloat() * 2 - 1;
        }
        return v;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 1000, 5000})
    void reductionByShuffles(int n) throws Exception {
        Rig rig = Rig.resource("reduction.ptx");
        float[] in = floats(n);
        double sum = 0;
        double magnitude = 0;
        for (float v : in) {
            sum += v;
            magnitude += Math.abs(v);
        }
        long out = rig.upload(0f);
        rig.launch("reduction", Rig.dim(3), Rig.dim(256), 0, rig.upload(in), out, n);
        // No sum passes through more than 7 + 5 + 5 + 3 additions here: each errs by at most 2^-24 of the magnitudes' sum.
        assertEquals(sum, rig.floats(out)[0], 20 * 0x1p-24 * magnitude);
    }

    @Test
    void reductionByATree() throws Exception {
        Rig rig = Rig.resource("reduction.ptx");
        int n = 999;
        int[] in = random.ints(n).toArray();
        int[] expected = new int[4];
        for (int i = 0; i < n; i++) {
            expected[i / 256] += in[i];
        }
        long out = rig.upload(new int[4]);
        rig.launch("reduction_tree", Rig.dim(4), Rig.dim(128), 512, rig.upload(in), out, n);
        assertArrayEquals(expected, rig.ints(out));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void reductionByTheLastBlock(int workers) throws Exception {
        Rig rig = Rig.resource("reduction.ptx");
        rig.workers = workers;
        float[] in = new float[4000];
        double sum = 0;
        for (int i = 0; i < in.length; i++) { // integers: sums are exact in any order
            in[i] = i % 17 - 8;
            sum += in[i];
        }
        long out = rig.upload(0f);
        long arrived = rig.upload(0);
        rig.launch("reduction_last", Rig.dim(9), Rig.dim(256), 0, rig.upload(in), rig.upload(new float[9]), arrived,
                out, in.length);
        assertEquals(sum, rig.floats(out)[0]);
        assertEquals(0, rig.ints(arrived)[0], "atomicInc wraps to zero");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 256, 1000})
    void scanInWarps(int n) throws Exception {
        Rig rig = Rig.resource("scan.ptx");
        int[] in = random.ints(n).toArray();
        long[] expected = new long[n];
        for (int i = 0; i < n; i++) {
            expected[i] = in[i] + (i % 512 == 0 ? 0 : expected[i - 1]);
        }
        long out = rig.upload(new long[n]);
        rig.launch("scan", Rig.dim((n + 511) / 512), Rig.dim(512), 0, rig.upload(in), out, n);
        assertArrayEquals(expected, rig.longs(out));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void scanWhereBlocksWaitForEarlierOnes(int workers) throws Exception {
        Rig rig = Rig.resource("scan.ptx");
        rig.workers = workers;
        int n = 128 * 20 + 5;
        int[] in = random.ints(n).toArray();
        int[] expected = in.clone();
        Arrays.parallelPrefix(expected, Integer::sum);
        long out = rig.upload(new int[n]);
        rig.launch("scan_lookback", Rig.dim(21), Rig.dim(128), 0, rig.upload(in), out, rig.upload(new long[21]), n);
        assertArrayEquals(expected, rig.ints(out));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 32, 77})
    void transpose(int rows) throws Exception {
        Rig rig = Rig.resource("transpose.ptx");
        int columns = 45;
        float[] in = floats(rows * columns);
        float[] expected = new float[in.length];
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                expected[x * rows + y] = in[y * columns + x];
            }
        }
        long out = rig.upload(new float[in.length]);
        rig.launch("transpose", Rig.dim(2, (rows + 31) / 32), Rig.dim(32, 8), 0, rig.upload(in), out, rows, columns);
        assertArrayEquals(expected, rig.floats(out));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void histogram(int workers) throws Exception {
        Rig rig = Rig.resource("histogram.ptx");
        rig.workers = workers;
        byte[] in = new byte[10_001];
        random.nextBytes(in);
        int[] expected = new int[256];
        for (byte b : in) {
            expected[b & 0xff]++;
        }
        long bins = rig.upload(new int[256]);
        rig.launch("histogram", Rig.dim(5), Rig.dim(96), 0, rig.upload(in), bins, in.length);
        assertArrayEquals(expected, rig.ints(bins));
    }

    @Test
    void tiledProduct() throws Exception {
        Rig rig = Rig.resource("gemm.ptx");
        int m = 35;
        int n = 20;
        int k = 50;
        float[] a = floats(m * k);
        float[] b = floats(k * n);
        long c = rig.upload(new float[m * n]);
        rig.launch("gemm", Rig.dim(2, 3), Rig.dim(16, 16), 0, rig.upload(a), rig.upload(b), c, m, n, k);
        float[] got = rig.floats(c);
        for (int i = 0; i < m * n; i++) {
            double sum = 0;
            double magnitude = 0;
            for (int j = 0; j < k; j++) {
                double p = (double) a[i / n * k + j] * b[j * n + i % n];
                sum += p;
                magnitude += Math.abs(p);
            }
            assertEquals(sum, got[i], k * 0x1p-24 * magnitude, "element " + i);
        }
    }

    private static short half(float v) { return Float.floatToFloat16(v); }

    @Test
    void productByMmaWithAsynchronousCopies() throws Exception { tensorProduct("gemm_mma", 8, true); }

    @Test
    void productByWmma() throws Exception { tensorProduct("gemm_wmma", 16, false); }

    /** Small integers: every product and sum is exact, so the result is too, whatever the order. */
    private void tensorProduct(String kernel, int tileN, boolean bByColumns) throws Exception {
        Rig rig = Rig.resource("gemm.ptx");
        int m = 48;
        int n = 32;
        int k = 80;
        int[] a = random.ints(m * k, -9, 10).toArray();
        int[] b = random.ints(k * n, -9, 10).toArray();
        short[] ah = new short[a.length];
        short[] bh = new short[b.length];
        for (int i = 0; i < a.length; i++) {
            ah[i] = half(a[i]);
        }
        for (int i = 0; i < b.length; i++) { // b is k x n here
            bh[bByColumns ? i % n * k + i / n : i] = half(b[i]);
        }
        float[] expected = new float[m * n];
        for (int i = 0; i < m * n; i++) {
            for (int j = 0; j < k; j++) {
                expected[i] += a[i / n * k + j] * b[j * n + i % n];
            }
        }
        long c = rig.upload(new float[m * n]);
        rig.launch(kernel, Rig.dim(n / tileN, m / 16), Rig.dim(32), 0, rig.upload(ah), rig.upload(bh), c, n, k);
        assertArrayEquals(expected, rig.floats(c));
    }

    @Test
    void softmax() throws Exception {
        Rig rig = Rig.resource("softmax.ptx");
        int rows = 3;
        int columns = 301;
        float[] in = floats(rows * columns);
        for (int i = 0; i < in.length; i++) {
            in[i] *= 20;
        }
        long out = rig.upload(new float[in.length]);
        rig.launch("softmax", Rig.dim(rows), Rig.dim(128), 0, rig.upload(in), out, columns);
        float[] got = rig.floats(out);
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

    @Test
    void gluesOfAModel() throws Exception {
        Rig rig = Rig.resource("softmax.ptx");
        int rows = 2;
        int columns = 70;
        float[] in = floats(rows * columns);
        long h = rig.upload(new short[in.length]);
        long b = rig.upload(new short[in.length]);
        long norm = rig.upload(new float[in.length]);
        rig.launch("glue", Rig.dim(rows), Rig.dim(32), 0, rig.upload(in), h, b, norm, columns);
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
                assertEquals((v - mean) * scale, rig.floats(norm)[at], 1e-6 * (1 + Math.abs(v * scale)), "norm " + at);
                // one rounding to half (2^-11), doubled, and one of the result below 4 (2^-10)
                assertEquals(2 * g + 1, Float.float16ToFloat(rig.shorts(h)[at]), 2 * Math.abs(g) * 0x1.1p-11 + 0x1p-10,
                        "half " + at);
                assertEquals(g, Float.intBitsToFloat(rig.shorts(b)[at] << 16), Math.abs(g) * 0x1.1p-8 + 1e-6,
                        "bfloat16 " + at);
            }
        }
    }

    @Test
    void collatz() throws Exception {
        Rig rig = Rig.resource("divergence.ptx");
        int[] in = new int[200];
        int[] expected = new int[200];
        for (int i = 0; i < in.length; i++) {
            in[i] = i == 13 ? 0 : i + 1; // 0 never ends: its lane returns early
            long v = in[i];
            int s = 0;
            for (; v != 1 && s <= 500; s++) {
                v = (v & 1) != 0 ? 3 * v + 1 : v >> 1;
            }
            expected[i] = v != 1 ? -1 : s;
        }
        long out = rig.upload(new int[200]);
        rig.launch("collatz", Rig.dim(4), Rig.dim(64), 0, rig.upload(in), out, 200);
        assertArrayEquals(expected, rig.ints(out));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aLockThatLanesOfOneWarpTakeInTurn(int workers) throws Exception {
        Rig rig = Rig.resource("divergence.ptx");
        rig.workers = workers;
        long counter = rig.upload(0);
        rig.launch("spin_lock", Rig.dim(3), Rig.dim(48), 0, rig.upload(0), counter);
        assertEquals(3 * 48, rig.ints(counter)[0]);
    }

    @Test
    void callsRecursionSwitchesAndLocalArrays() throws Exception {
        Rig rig = Rig.resource("divergence.ptx");
        int n = 100;
        long powers = rig.upload(new long[n]);
        long picks = rig.upload(new int[n]);
        long sorted = rig.upload(new int[16 * n]);
        rig.launch("calls", Rig.dim(2), Rig.dim(64), 0, powers, picks, sorted, n);
        for (int i = 0; i < n; i++) {
            long p = 1;
            for (int e = 0; e < i % 40; e++) {
                p *= 3;
            }
            assertEquals(p, rig.longs(powers)[i], "power " + i);
            int pick = switch (i % 9) {
                case 0 -> i + 1;
                case 1 -> i * i;
                case 2 -> i ^ 0x55;
                case 3 -> -i;
                case 4 -> i << 3;
                case 5 -> i % 7;
                default -> 42;
            };
            assertEquals(pick, rig.ints(picks)[i], "pick " + i);
            int[] v = new int[16];
            for (int j = 0; j < 16; j++) {
                v[j] = (i * 7919 + j * 104729) % 1009;
            }
            Arrays.sort(v);
            assertArrayEquals(v, Arrays.copyOfRange(rig.ints(sorted), 16 * i, 16 * i + 16), "sorted " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void blocksOfACooperativeGridMeet(int workers) throws Exception {
        Rig rig = Rig.resource("cooperative.ptx");
        rig.workers = workers;
        int blocks = 7;
        int threads = 64;
        int n = blocks * threads;
        long x = rig.upload(new int[n]);
        long y = rig.upload(new int[n]);
        long z = rig.upload(new int[n]);
        rig.launch("grid_sync", Rig.dim(blocks), Rig.dim(threads), 0, true, new Object[]{x, y, z});
        for (int i = 0; i < n; i++) {
            int next = (i + threads) % n;
            assertEquals(next + (next + threads) % n, rig.ints(z)[i], "thread " + i);
        }
    }

    @Test
    void tilesAndCoalescedGroups() throws Exception {
        Rig rig = Rig.resource("cooperative.ptx");
        int[] in = random.ints(96, 0, 1000).toArray();
        long tiles = rig.upload(new int[96]);
        long taken = rig.upload(new int[96]);
        rig.launch("groups", Rig.dim(1), Rig.dim(96), 0, rig.upload(in), tiles, taken);
        for (int i = 0; i < 96; i++) {
            int sum = 0;
            for (int j = i & -8; j < (i & -8) + 8; j++) {
                sum += in[j];
            }
            assertEquals(sum, rig.ints(tiles)[i], "tile of " + i);
            int size = 0;
            int rank = 0;
            int first = -1;
            for (int j = i & -32; j < (i & -32) + 32; j++) {
                if (in[j] % 3 == 0) {
                    first = first < 0 ? in[j] : first;
                    size++;
                    rank += j < i ? 1 : 0;
                }
            }
            assertEquals(in[i] % 3 != 0 ? -1 : size * 1000 + rank * 10 + (first & 1), rig.ints(taken)[i],
                    "thread " + i);
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
    void functionsOfTheLibrary() throws Exception {
        Rig rig = Rig.resource("functions.ptx");
        int n = 200;
        float[] in = new float[n];
        for (int i = 0; i < n; i++) {
            double scale = i % 4 == 0 ? 1e6 : i % 4 == 1 ? 100 : 3; // large ones take the slow reduction of the angle
            in[i] = (float) (random.nextGaussian() * scale);
        }
        long out = rig.upload(new float[11 * n]);
        rig.launch("functions", Rig.dim(2), Rig.dim(128), 0, rig.upload(in), out, n);
        float[] got = rig.floats(out);
        for (int k = 0; k < 11 * n; k++) {
            float x = in[k % n];
            double e = function(k / n, x, x * 1e-3f, x * 1e-4f, 1.7f, 3.7f, Math.abs(x) + 1e-3f);
            // half an ulp for rounding the reference itself to float
            assertEquals(e, got[k], (ULPS[k / n] + 0.5) * Math.ulp((float) e), "function " + k / n + " of " + x);
        }
    }

    @Test
    void functionsOfTheLibraryInDoublePrecision() throws Exception {
        Rig rig = Rig.resource("functions.ptx");
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
        long out = rig.upload(new long[11 * n]);
        rig.launch("functions64", Rig.dim(1), Rig.dim(128), 0, rig.upload(bits), out, n);
        long[] got = rig.longs(out);
        for (int k = 0; k < 11 * n; k++) {
            double x = in[k % n];
            double e = function(k / n, x, x * 1e-3, x * 1e-4, 1.7, 3.7, Math.abs(x) + 1e-3);
            double ulps = k / n >= 8 ? 0 : ULPS[k / n] + 1;
            assertEquals(e, Double.longBitsToDouble(got[k]), ulps * Math.ulp(e), "function " + k / n + " of " + x);
        }
    }
}
