package dev.culebra.tests.emulator.textbook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Matrices and vectors: fp32, Tensor Cores, pairs of halves, CSR. */
class ProductTest extends TextbookTests {

    @Test
    void tiledProduct() {
        Program program = load("gemm.ptx");
        int m = 35;
        int n = 20;
        int k = 50;
        float[] a = floats(m * k);
        float[] b = floats(k * n);
        DeviceBuffer c = program.floats(m * n);
        program.launch("gemm", Dim3.of(2, 3), Dim3.of(16, 16), 0, program.upload(a), program.upload(b), c, m, n, k);
        float[] got = Program.floats(c);
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
    void productByMmaWithAsynchronousCopies() { tensorProduct("gemm_mma", 8, true); }

    @Test
    void productByWmma() { tensorProduct("gemm_wmma", 16, false); }

    /** Small integers: every product and sum is exact, so the result is too, whatever the order. */
    private void tensorProduct(String kernel, int tileN, boolean bByColumns) {
        Program program = load("gemm.ptx");
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
        DeviceBuffer c = program.floats(m * n);
        program.launch(kernel, Dim3.of(n / tileN, m / 16), Dim3.of(32), 0, program.upload(ah), program.upload(bh), c, n,
                k);
        assertArrayEquals(expected, Program.floats(c));
    }

    /** Numbers up to 4: pairs of halves hold products up to 16 and sums of four up to 64 exactly, fp32 the rest. */
    @ParameterizedTest
    @CsvSource({"1, 8", "5, 264", "37, 1000"})
    void matrixTimesVectorInPairsOfHalves(int rows, int columns) {
        Program program = load("matvec.ptx");
        int[] a = random.ints(rows * columns, -4, 5).toArray();
        int[] x = random.ints(columns, -4, 5).toArray();
        float[] expected = new float[rows];
        for (int i = 0; i < a.length; i++) {
            expected[i / columns] += a[i] * x[i % columns];
        }
        DeviceBuffer y = program.floats(rows);
        program.launch("matvec", (rows + 3) / 4, 128, program.upload(halves(a)), program.upload(halves(x)), y, rows,
                columns);
        assertArrayEquals(expected, Program.floats(y));
    }

    private static short[] halves(int[] v) {
        short[] h = new short[v.length];
        for (int i = 0; i < v.length; i++) {
            h[i] = half(v[i]);
        }
        return h;
    }

    /** Rows of 0 to 99 numbers, one row of them all. */
    @ParameterizedTest
    @CsvSource({"spmv_scalar, 1", "spmv_vector, 32"})
    void sparseTimesDense(String kernel, int threadsARow) {
        Program program = load("spmv.ptx");
        int rows = 77;
        int columns = 300;
        int[] starts = new int[rows + 1];
        for (int r = 0; r < rows; r++) {
            starts[r + 1] = starts[r] + (r == 40 ? columns : random.nextInt(100) * (r % 3));
        }
        int[] at = random.ints(starts[rows], 0, columns).toArray();
        double[] values = random.doubles(starts[rows], -1, 1).toArray();
        double[] x = random.doubles(columns, -1, 1).toArray();
        DeviceBuffer y = program.doubles(rows);
        program.launch(kernel, (rows * threadsARow + 63) / 64, 64, program.upload(starts), program.upload(at),
                program.upload(values), program.upload(x), y, rows);
        double[] got = Program.doubles(y);
        for (int r = 0; r < rows; r++) {
            double sum = 0;
            double magnitude = 0;
            for (int i = starts[r]; i < starts[r + 1]; i++) {
                sum += values[i] * x[at[i]];
                magnitude += Math.abs(values[i] * x[at[i]]);
            }
            // As many roundings as terms, here and there, each 2^-53 of at most the magnitudes' sum.
            assertEquals(sum, got[r], 2 * (starts[r + 1] - starts[r]) * 0x1p-53 * magnitude, "row " + r);
        }
    }
}
