package dev.culebra.tests.report;

import dev.culebra.jmh.results.ResultFiles;
import dev.culebra.jmh.results.Results;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.RowBuilder;
import dev.culebra.jmh.results.Samples;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Results that nobody measured, of the kind that would be: to see and test the page. Machines say that they are made up. */
final class MadeUp {

    static final int[][] GPU_LAYERS = {{7168, 7168}, {28672, 7168}, {9216, 9216}, {36864, 12288}};
    static final int[] TOKENS = {1, 2, 4, 8, 16, 32, 64, 128};
    private static final double[] SPARSITIES = {0.5, 0.6, 0.7, 0.8, 0.9};
    /** GB/s of a pure read. */
    private static final double READ = 4350;

    private final Random random;
    private final double better;
    private final List<Row> rows = new ArrayList<>();

    private MadeUp(long seed, double better) {
        random = new Random(seed);
        this.better = better;
    }

    /** Two full runs of a machine with a GPU, a quick one of it, and one of a machine without. */
    static List<Path> files(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        for (String name : List.of("gpu-before", "gpu-after", "gpu-quick", "cpu")) {
            files.add(folder.resolve("made-up-" + name + ".json"));
            ResultFiles.write(files.getLast(), results(name));
        }
        return files;
    }

    static Results results(String name) {
        boolean gpu = name.startsWith("gpu");
        boolean quick = name.endsWith("quick");
        MadeUp made = new MadeUp(name.hashCode(), name.equals("gpu-before") ? 1.06 : 1);
        if (gpu) made.gpu(quick);
        made.cpu();
        made.host(gpu ? "cuda" : "no-op", gpu);
        if (!quick) made.others();
        List<Results.Skipped> skipped = new ArrayList<>();
        if (!gpu)
            skipped.add(new Results.Skipped("gpu", "all", "there is no NVIDIA driver: libcuda.so.1 was not found"));
        else
            skipped.add(new Results.Skipped("gpu", "cuSPARSELt 2:4",
                    "libcusparseLt.so was found neither by -Dculebra.cusparselt nor in the usual places; pip install nvidia-cusparselt-cu12 brings it"));
        skipped.add(new Results.Skipped("host", "jcuda", "its profile was not built: mvn -Pjcuda"));
        return new Results(gpu ? "MADE-UP Xeon, 16 cores, 128 GiB, Linux" : "MADE-UP EPYC, 2 cores, 8 GiB, Linux",
                gpu ? 16 : 2, gpu ? "MADE-UP NVIDIA H200, 139 GiB" : null, gpu ? "580.95.05" : null, 0.3,
                "25.0.1 (made up)",
                name.equals("gpu-before") ? "2026-11-20T10:00:00Z" : "2026-11-21T09:30:00Z",
                name.equals("gpu-before") ? "1111111" : "2222222+", "0.1.0", "bench" + (quick ? " --quick" : ""), quick,
                skipped, made.rows);
    }

    private void add(RowBuilder row, double us, double spread) {
        double median = us * (1 + 0.01 * random.nextGaussian());
        rows.add(row.checked().build(new Samples(median, spread * (0.5 + random.nextDouble()), 9)));
    }

    private void gpu(boolean quick) {
        add(Row.of("gpu", "read", "memory").driver("cuda").size(4L << 30).bytes(4L << 30).l2("cold").limit(READ),
                (4L << 30) / READ / 1e3, 0.004);
        add(Row.of("gpu", "copy", "memory").driver("cuda").size(4L << 30).bytes(8L << 30).l2("cold").limit(READ),
                (8L << 30) / READ / 0.92 / 1e3, 0.004);
        for (int[] layer : GPU_LAYERS) {
            if (quick && layer[0] != 7168) continue;
            for (int n : TOKENS) {
                if (quick && n != 8) continue;
                for (String l2 : List.of("cold", "warm")) layer(layer[0], layer[1], n, l2);
            }
        }
    }

    private void layer(int m, int k, int n, String l2) {
        double dense = 2.0 * m * k;
        double speed = l2.equals("warm") ? 1.25 : 1;
        double flops = 2.0 * m * k * n / 700e6;
        double cublas = Math.max(dense / READ / 0.86 / 1e3 / speed + 2.5, flops);
        add(row(m, k, n, l2, "cublaslt").weights("dense", null).kernel("sm90_xmma_gemm_f16f16").bytes((long) dense)
                .cublas(cublas), cublas, 0.006);
        for (double sparsity : SPARSITIES) {
            double tiled = m * (double) k * ((1 - sparsity) * 4 + 0.05);
            double lists = m * (double) k * ((1 - sparsity) * 2.5 + 0.1);
            double fixed = 3 + n / 16.0;
            add(row(m, k, n, l2, "culebra").weights("tiled-csl", sparsity).kernel("tiled-csl-128x" + n + " x4")
                    .bytes((long) tiled).cublas(cublas),
                    better * Math.max(tiled / READ / 0.6 / 1e3 / speed + fixed, flops * 1.6), 0.008);
            add(row(m, k, n, l2, "culebra").weights("lane-lists", sparsity).kernel("lane-lists-64x" + n + " x2")
                    .bytes((long) lists).cublas(cublas),
                    better * Math.max(lists / READ / 0.82 / 1e3 / speed + fixed, flops * 1.6), 0.008);
            double csr = m * (double) k * (1 - sparsity) * 6;
            add(row(m, k, n, l2, "cusparse").weights("csr", sparsity).kernel("spmm_csr_alg2").bytes((long) csr)
                    .cublas(cublas),
                    csr / READ / 0.25 / 1e3 * (1 + n / 16.0), 0.02);
        }
        add(row(m, k, n, l2, "cusparselt").weights("2:4", 0.5).kernel("alg 3").bytes((long) (dense * 0.5625))
                .cublas(cublas),
                Math.max(dense * 0.5625 / READ / 0.8 / 1e3 + 3, flops * 0.7), 0.01);
    }

    private static RowBuilder row(int m, int k, int n, String l2, String by) {
        return Row.of("gpu", "multiply", by).driver("cuda").shape(m, k, n).l2(l2).limit(READ);
    }

    private void cpu() {
        int[][] layers = {{768, 768}, {3072, 768}, {2048, 8192}, {4096, 4096}, {16384, 4096}};
        for (int[] layer : layers) {
            double elements = layer[0] * (double) layer[1];
            double read = 24 + 60 / (1 + elements / 4e6);
            add(Row.of("cpu", "read", "memory").l2("cold").threads(2).size((long) (2 * elements))
                    .bytes((long) (2 * elements)), 2 * elements / read / 1e3, 0.02);
            for (int n : new int[]{1, 4, 16, 64}) {
                double blas = Math.max(4 * elements / read / 1e3, 2 * elements * n / 150e3);
                add(Row.of("cpu", "multiply", "openblas").shape(layer[0], layer[1], n).l2("cold").weights("dense", null)
                        .threads(2)
                        .bytes((long) (4 * elements)).limit(read).openblas(blas), blas, 0.03);
                for (double sparsity : SPARSITIES) {
                    double bytes = elements * (1 - sparsity) * 4;
                    add(Row.of("cpu", "multiply", "culebra").shape(layer[0], layer[1], n).l2("cold")
                            .weights("tiled-csl", sparsity).threads(2)
                            .kernel("vector 512").bytes((long) bytes).limit(read).openblas(blas),
                            better * (bytes / read / 0.8 / 1e3 + elements * (1 - sparsity) * n / 20e3), 0.04);
                }
            }
        }
    }

    private void host(String driver, boolean gpu) {
        String[] calls = {"downcall", "prepared-launch", "argument-change", "event-record", "event-query", "launch"};
        double[] nanoseconds = {12, 1900, 1960, 210, 95, 2150};
        for (int i = 0; i < calls.length; i++) {
            double us = nanoseconds[i] / 1e3 * (gpu ? 1 : 0.05);
            add(Row.of("host", calls[i], "culebra").driver(driver).allocated(i == 5 ? 184 : 0), us * 1.03 * better,
                    0.01);
            if (gpu && i < 5) add(Row.of("host", calls[i], "c").driver(driver), us, 0.01);
            if (gpu && i < 5) add(Row.of("host", calls[i], "jcuda").driver(driver).allocated(96), us * 1.2, 0.02);
        }
        add(Row.of("host", "module-load-cold", "culebra").driver(driver), 41_000, 0.02);
        add(Row.of("host", "module-load-cached", "culebra").driver(driver), 310, 0.03);
        add(Row.of("host", "round-trip", "culebra").driver(driver), 24, 0.05);
        for (String memory : List.of("pinned", "pageable")) {
            for (String way : List.of("in", "out")) {
                if (!gpu) continue;
                for (long size = 4096; size <= 1L << 28; size *= 16) {
                    double us = 9 + size / (memory.equals("pinned") ? 55e3 : way.equals("in") ? 17e3 : 12e3);
                    add(Row.of("host", "copy-" + way + "-" + memory, "culebra").driver(driver).size(size).bytes(size),
                            us, 0.02);
                }
            }
        }
        for (long size : new long[]{4096, 16 << 20}) {
            add(Row.of("host", "pool-allocate", "culebra").driver(driver).size(size).allocated(40), 0.4, 0.03);
        }
        for (double sparsity : new double[]{0.6, 0.8}) {
            for (int threads = 1; threads <= (gpu ? 16 : 2); threads *= 2) {
                double gbs = 0.55 * threads * (1 - 0.02 * threads);
                add(Row.of("host", "encode", "culebra").weights("tiled-csl", sparsity).threads(threads)
                        .bytes(2L * 4096 * 4096),
                        2.0 * 4096 * 4096 / gbs / 1e3, 0.02);
                add(Row.of("host", "decode", "culebra").weights("tiled-csl", sparsity).threads(threads)
                        .bytes(2L * 4096 * 4096),
                        2.0 * 4096 * 4096 / gbs / 2.2 / 1e3, 0.02);
            }
        }
    }

    private void others() {
        add(Row.of("text", "tokenize-encode", "culebra").bytes(1 << 20), (1 << 20) / 73.0, 0.02);
        add(Row.of("text", "tokenize-decode", "culebra").bytes(1 << 20), (1 << 20) / 255.0, 0.02);
        add(Row.of("text", "decode", "culebra").weights("dense", 0.0), 103, 0.03);
        add(Row.of("text", "decode", "culebra").weights("tiled-csl", 0.6), 310, 0.03);
        for (String program : List.of("loop", "reduction", "gemm", "tiled-csl")) {
            add(Row.of("emulator", program, "culebra"), 16_000, 0.05);
            add(Row.of("emulator", program + "-checked", "culebra"), 35_000, 0.05);
        }
    }
}
