package dev.culebra.tests.emulator.textbook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sums of an array, and of each of its beginnings. */
class ReductionAndScanTest extends TextbookTests {

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 1000, 5000})
    void reductionByShuffles(int n) {
        Program program = load("reduction.ptx");
        float[] in = floats(n);
        double sum = 0;
        double magnitude = 0;
        for (float v : in) {
            sum += v;
            magnitude += Math.abs(v);
        }
        DeviceBuffer out = program.upload(0f);
        program.launch("reduction", Dim3.of(3), Dim3.of(256), 0, program.upload(in), out, n);
        // No sum passes through more than 7 + 5 + 5 + 3 additions here: each errs by at most 2^-24 of the magnitudes' sum.
        assertEquals(sum, Program.floats(out)[0], 20 * 0x1p-24 * magnitude);
    }

    @Test
    void reductionByATree() {
        Program program = load("reduction.ptx");
        int n = 999;
        int[] in = random.ints(n).toArray();
        int[] expected = new int[4];
        for (int i = 0; i < n; i++) {
            expected[i / 256] += in[i];
        }
        DeviceBuffer out = program.ints(4);
        program.launch("reduction_tree", Dim3.of(4), Dim3.of(128), 512, program.upload(in), out, n);
        assertArrayEquals(expected, Program.ints(out));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void reductionByTheLastBlock(int workers) {
        Program program = load("reduction.ptx", workers);
        float[] in = new float[4000];
        double sum = 0;
        for (int i = 0; i < in.length; i++) { // integers: sums are exact in any order
            in[i] = i % 17 - 8;
            sum += in[i];
        }
        DeviceBuffer out = program.upload(0f);
        DeviceBuffer arrived = program.upload(0);
        program.launch("reduction_last", Dim3.of(9), Dim3.of(256), 0, program.upload(in), program.upload(new float[9]),
                arrived,
                out, in.length);
        assertEquals(sum, Program.floats(out)[0]);
        assertEquals(0, Program.ints(arrived)[0], "atomicInc wraps to zero");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 256, 1000})
    void scanInWarps(int n) {
        Program program = load("scan.ptx");
        int[] in = random.ints(n).toArray();
        long[] expected = new long[n];
        for (int i = 0; i < n; i++) {
            expected[i] = in[i] + (i % 512 == 0 ? 0 : expected[i - 1]);
        }
        DeviceBuffer out = program.fresh(n, Long.BYTES);
        program.launch("scan", Dim3.of((n + 511) / 512), Dim3.of(512), 0, program.upload(in), out, n);
        assertArrayEquals(expected, Program.longs(out));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void scanWhereBlocksWaitForEarlierOnes(int workers) {
        Program program = load("scan.ptx", workers);
        int n = 128 * 20 + 5;
        int[] in = random.ints(n).toArray();
        int[] expected = in.clone();
        Arrays.parallelPrefix(expected, Integer::sum);
        DeviceBuffer out = program.ints(n);
        program.launch("scan_lookback", Dim3.of(21), Dim3.of(128), 0, program.upload(in), out,
                program.upload(new long[21]), n);
        assertArrayEquals(expected, Program.ints(out));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 64, 2048})
    void scanUpAndDownATree(int n) {
        Program program = load("scan.ptx");
        int[] in = random.ints(n).toArray();
        int[] expected = new int[n];
        for (int i = 1; i < n; i++) {
            expected[i] = expected[i - 1] + in[i - 1];
        }
        DeviceBuffer out = program.ints(n);
        program.launch("scan_blelloch", Dim3.of(1), Dim3.of(n / 2), (n + n / 32) * 4, program.upload(in), out, n);
        assertArrayEquals(expected, Program.ints(out));
    }
}
