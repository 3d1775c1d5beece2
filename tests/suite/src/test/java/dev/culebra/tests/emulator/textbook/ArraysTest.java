package dev.culebra.tests.emulator.textbook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Arrays that are rearranged and counted. */
class ArraysTest extends TextbookTests {

    @ParameterizedTest
    @ValueSource(ints = {1, 32, 77})
    void transposeThroughAPaddedTile(int rows) {
        Program program = load("transpose.ptx");
        int columns = 45;
        float[] in = floats(rows * columns);
        float[] expected = new float[in.length];
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                expected[x * rows + y] = in[y * columns + x];
            }
        }
        DeviceBuffer out = program.floats(in.length);
        program.launch("transpose", Dim3.of(2, (rows + 31) / 32), Dim3.of(32, 8), 0, program.upload(in), out, rows,
                columns);
        assertArrayEquals(expected, Program.floats(out));
    }

    @Test
    void transposeAThreadAnElement() {
        Program program = load("transpose.ptx");
        int rows = 70;
        int columns = 45;
        int[] in = random.ints(rows * columns).toArray();
        DeviceBuffer out = program.ints(in.length);
        program.launch("transpose_naive", Dim3.of(3, 9), Dim3.of(16, 8), 0, program.upload(in), out, rows, columns);
        int[] got = Program.ints(out);
        for (int i = 0; i < in.length; i++) {
            assertEquals(in[i], got[i % columns * rows + i / columns]);
        }
    }

    @ParameterizedTest
    @CsvSource({"histogram, 1", "histogram, 4", "histogram_global, 1", "histogram_global, 4"})
    void histogram(String kernel, int workers) {
        Program program = load("histogram.ptx", workers);
        byte[] in = new byte[10_001];
        random.nextBytes(in);
        int[] expected = new int[256];
        for (byte b : in) {
            expected[b & 0xff]++;
        }
        DeviceBuffer bins = program.upload(new int[256]);
        program.launch(kernel, Dim3.of(5), Dim3.of(96), 0, program.upload(in), bins, in.length);
        assertArrayEquals(expected, Program.ints(bins));
    }

    @ParameterizedTest
    @CsvSource({"1, 32", "1, 1024", "4, 128", "8, 64"})
    void bitonicSort(int blocks, int threads) {
        Program program = load("sort.ptx");
        int n = blocks * threads;
        int[] keys = random.ints(n, 0, 2 * n).toArray(); // some come twice
        int[] expected = keys.clone();
        Arrays.sort(expected);
        DeviceBuffer k = program.upload(keys);
        DeviceBuffer v = program.upload(IntStream.range(0, n).toArray());
        program.launch("sort_block", Dim3.of(blocks), Dim3.of(threads), 8 * threads, k, v);
        for (int size = 2 * threads; size <= n; size *= 2) {
            for (int d = size / 2; d > 0; d /= 2) {
                program.launch("sort_step", blocks, threads, k, v, size, d);
            }
        }
        assertArrayEquals(expected, Program.ints(k));
        int[] places = Program.ints(v);
        for (int i = 0; i < n; i++) {
            assertEquals(expected[i], keys[places[i]], "where place " + i + " came from");
        }
        assertEquals(n, Arrays.stream(places).distinct().count());
    }

    /** Blocks may come in any order; what is one block's is together and in order. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void compaction(int workers) {
        Program program = load("sort.ptx", workers);
        int n = 1000;
        int[] in = IntStream.range(0, n).map(i -> 2 * i + random.nextInt(2)).toArray();
        int[] expected = Arrays.stream(in).filter(v -> v % 2 == 1).toArray();
        DeviceBuffer taken = program.upload(0);
        DeviceBuffer out = program.ints(expected.length);
        program.launch("compact", 8, 128, program.upload(in), out, taken, n);
        assertEquals(expected.length, Program.ints(taken)[0]);
        int[] got = Program.ints(out);
        for (int i = 1; i < got.length; i++) {
            boolean sameBlock = got[i] / 256 == got[i - 1] / 256;
            assertTrue(!sameBlock || got[i] > got[i - 1], "place " + i);
        }
        long runs = IntStream.range(1, got.length).filter(i -> got[i] / 256 != got[i - 1] / 256).count();
        assertEquals(7, runs, "eight blocks, each in one piece");
        Arrays.sort(got);
        assertArrayEquals(expected, got);
    }
}
