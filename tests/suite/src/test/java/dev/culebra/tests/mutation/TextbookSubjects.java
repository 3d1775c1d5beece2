package dev.culebra.tests.mutation;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.tests.emulator.textbook.Program;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Kernels that are not ours, with barriers, shuffles, atomics and asynchronous copies; whole numbers, so that results are exact. */
final class TextbookSubjects {

    private static final int SEED = 11;

    private TextbookSubjects() {}

    /** Runs a program and compares. */
    private interface Run {
        String difference(Program program, Random random);
    }

    static List<Subject> all() {
        return List.of(subject("reduction_tree", "reduction", TextbookSubjects::reduction),
                subject("scan", "scan", TextbookSubjects::scan),
                subject("scan_blelloch", "scan", TextbookSubjects::blelloch),
                subject("transpose", "transpose", TextbookSubjects::transpose),
                subject("histogram", "histogram", TextbookSubjects::histogram),
                subject("gemm", "gemm", TextbookSubjects::gemm),
                subject("gemm_mma", "gemm", TextbookSubjects::mma),
                subject("sort_block", "sort", TextbookSubjects::sort));
    }

    private static Subject subject(String kernel, String file, Run run) {
        return new Subject(kernel, Subject.alone(Program.text(file + ".ptx"), kernel), (ptx, device) -> {
            try (Program program = new Program(ptx, device)) {
                return run.difference(program, new Random(SEED));
            }
        });
    }

    private static String compare(int[] expected, int[] got) {
        int at = Arrays.mismatch(expected, got);
        return at < 0 ? null : "element " + at + ": expected " + expected[at] + ", was " + got[at];
    }

    private static String reduction(Program program, Random random) {
        // The first half of the last block ragged, and the second; one thread, and two.
        for (int[] launch : new int[][]{{999, 128}, {868, 128}, {7, 1}, {13, 2}}) {
            int n = launch[0];
            int threads = launch[1];
            int[] in = random.ints(n).toArray();
            int[] expected = new int[(n - 1) / (2 * threads) + 1];
            for (int i = 0; i < n; i++) {
                expected[i / (2 * threads)] += in[i];
            }
            DeviceBuffer out = program.ints(expected.length);
            program.launch("reduction_tree", Dim3.of(expected.length), Dim3.of(threads), 4 * threads,
                    program.upload(in), out,
                    n);
            String difference = compare(expected, Program.ints(out));
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    private static String scan(Program program, Random random) {
        for (int[] launch : new int[][]{{1000, 1024}, {2048, 1024}, {500, 256}}) {
            int n = launch[0];
            int threads = launch[1];
            int[] in = random.ints(n).toArray();
            long[] expected = new long[n];
            for (int i = 0; i < n; i++) {
                expected[i] = in[i] + (i % threads == 0 ? 0 : expected[i - 1]);
            }
            DeviceBuffer out = program.fresh(n, Long.BYTES);
            program.launch("scan", (n - 1) / threads + 1, threads, program.upload(in), out, n);
            int at = Arrays.mismatch(expected, Program.longs(out));
            if (at >= 0) {
                return "element " + at;
            }
        }
        return null;
    }

    private static String blelloch(Program program, Random random) {
        for (int n : new int[]{256, 2}) {
            int[] in = random.ints(n).toArray();
            int[] expected = new int[n];
            for (int i = 1; i < n; i++) {
                expected[i] = expected[i - 1] + in[i - 1];
            }
            DeviceBuffer out = program.ints(n);
            program.launch("scan_blelloch", Dim3.of(1), Dim3.of(n / 2), (n - 1 + (n - 1) / 32 + 1) * 4,
                    program.upload(in), out, n);
            String difference = compare(expected, Program.ints(out));
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    private static String transpose(Program program, Random random) {
        for (int[] shape : new int[][]{{77, 109, 8}, {64, 32, 32}, {33, 65, 5}}) {
            int rows = shape[0];
            int columns = shape[1];
            int[] in = random.ints(rows * columns).toArray();
            int[] expected = new int[in.length];
            for (int i = 0; i < in.length; i++) {
                expected[i % columns * rows + i / columns] = in[i];
            }
            DeviceBuffer out = program.ints(in.length);
            program.launch("transpose", Dim3.of((columns + 31) / 32, (rows + 31) / 32), Dim3.of(32, shape[2]), 0,
                    program.upload(in), out, rows, columns);
            String difference = compare(expected, Program.ints(out));
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    private static String histogram(Program program, Random random) {
        // Fewer threads than bins and fewer than bytes; more than both.
        for (int[] launch : new int[][]{{1001, 96}, {600, 288}}) {
            byte[] in = new byte[launch[0]];
            random.nextBytes(in);
            int[] expected = new int[256];
            for (byte b : in) {
                expected[b & 0xff]++;
            }
            DeviceBuffer bins = program.upload(new int[256]);
            program.launch("histogram", 3, launch[1], program.upload(in), bins, in.length);
            String difference = compare(expected, Program.ints(bins));
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    private static String gemm(Program program, Random random) {
        for (int[] shape : new int[][]{{35, 20, 50}, {16, 32, 32}, {17, 17, 17}, {3, 3, 1}, {3, 3, 0}}) {
            int m = shape[0];
            int n = shape[1];
            int k = shape[2];
            int[] a = random.ints(m * k, -9, 10).toArray();
            int[] b = random.ints(k * n, -9, 10).toArray();
            DeviceBuffer c = program.floats(m * n);
            program.launch("gemm", Dim3.of((n + 15) / 16, (m + 15) / 16), Dim3.of(16, 16), 0, program.upload(floats(a)),
                    program.upload(floats(b)), c, m, n, k);
            String difference = product(a, b, m, n, k, Program.floats(c));
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    private static String mma(Program program, Random random) {
        for (int k : new int[]{80, 112, 48, 32, 64, 144, 16}) {
            int m = 32;
            int n = 16;
            int[] a = random.ints(m * k, -9, 10).toArray();
            int[] b = random.ints(k * n, -9, 10).toArray();
            short[] ah = new short[a.length];
            short[] bh = new short[b.length];
            for (int i = 0; i < a.length; i++) {
                ah[i] = Float.floatToFloat16(a[i]);
            }
            for (int i = 0; i < b.length; i++) {
                bh[i % n * k + i / n] = Float.floatToFloat16(b[i]); // columns, each in one piece
            }
            DeviceBuffer c = program.floats(m * n);
            program.launch("gemm_mma", Dim3.of(n / 8, m / 16), Dim3.of(32), 0, program.upload(ah), program.upload(bh),
                    c,
                    n, k);
            String difference = product(a, b, m, n, k, Program.floats(c));
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    private static float[] floats(int[] v) {
        float[] f = new float[v.length];
        for (int i = 0; i < v.length; i++) {
            f[i] = v[i];
        }
        return f;
    }

    /** Sums of up to 80 products of up to 81 are exact in fp32. */
    private static String product(int[] a, int[] b, int m, int n, int k, float[] got) {
        for (int i = 0; i < m * n; i++) {
            int sum = 0;
            for (int j = 0; j < k; j++) {
                sum += a[i / n * k + j] * b[j * n + i % n];
            }
            if (got[i] != sum) {
                return "element " + i + ": expected " + sum + ", was " + got[i];
            }
        }
        return null;
    }

    private static String sort(Program program, Random random) {
        for (int threads : new int[]{64, 2, 1}) {
            String difference = sort(program, random, 128 / threads, threads);
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    private static String sort(Program program, Random random, int blocks, int threads) {
        int n = blocks * threads;
        int[] keys = random.ints(n, 0, n).toArray();
        int[] expected = keys.clone();
        for (int b = 0; b < blocks; b++) {
            Arrays.sort(expected, b * threads, (b + 1) * threads);
        }
        for (int b = 1; b < blocks; b += 2) { // every other one goes downwards
            for (int i = 0; i < threads / 2; i++) {
                int kept = expected[b * threads + i];
                expected[b * threads + i] = expected[(b + 1) * threads - 1 - i];
                expected[(b + 1) * threads - 1 - i] = kept;
            }
        }
        int[] places = new int[n];
        Arrays.setAll(places, i -> i);
        DeviceBuffer k = program.upload(keys);
        DeviceBuffer v = program.upload(places);
        program.launch("sort_block", Dim3.of(blocks), Dim3.of(threads), 8 * threads, k, v);
        String difference = compare(expected, Program.ints(k));
        int[] from = Program.ints(v);
        int[] moved = new int[n];
        for (int i = 0; i < n; i++) {
            moved[i] = from[i] >= 0 && from[i] < n ? keys[from[i]] : -1;
        }
        return difference != null ? difference : compare(expected, moved);
    }
}
