package dev.culebra.tests.emulator.count;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.spi.CounterRecording;
import dev.culebra.driver.spi.InstructionClass;
import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.driver.spi.LaunchCounters.MemorySpace;
import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.KernelInstance;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CudaSpmm;
import dev.culebra.spmm.SpmmWeights;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Holds each kernel of the catalog to its own past figures, one product of fixed shape and density each: counts can only go
 * down. Where one goes up the test fails, and only a hand in {@code held-figures.tsv} can allow it, in a commit that says
 * why. Where one goes down it fails too, once: {@code -Dculebra.figures=lower} writes the lower figures into the
 * file, so that the next change is held to them.
 */
class HeldFiguresTest {

    private static final int M = 320;
    private static final int K = 1024;
    private static final double ZEROS = 0.7;

    private static final String FILE = "held-figures.tsv";
    private static final List<String> NAMES = List.of("warp_instructions", "popc", "matrix", "shared_wavefronts",
            "bank_conflicts", "global_sectors", "global_bytes", "barriers", "divergent_branches");

    private static List<Long> figures(List<LaunchCounters> launches, String kernel) {
        long[] sums = new long[NAMES.size()];
        for (LaunchCounters l : launches) {
            if (l.kernel().equals(kernel)) {
                long[] one = {l.warpInstructions(), l.instructions(InstructionClass.POPC),
                    l.instructions(InstructionClass.MATRIX), l.shared().wavefronts(), l.shared().conflicts(),
                    l.global().asked(), l.bytes(MemorySpace.GLOBAL).total(), l.barriers(), l.divergentBranches()};
                for (int i = 0; i < sums.length; i++) {
                    sums[i] += one[i];
                }
            }
        }
        return java.util.Arrays.stream(sums).boxed().toList();
    }

    private static short bits(double v, ValueType type) {
        return type == ValueType.F16
                ? Float.floatToFloat16((float) v)
                : (short) (Float.floatToRawIntBits((float) v) >>> 16);
    }

    /** The same matrix on every machine. */
    private static SparseMatrix weights(KernelInstance kernel) {
        SplittableRandom random = new SplittableRandom(42);
        MemorySegment dense = Arena.ofAuto().allocate(2L * M * K, 64);
        for (int i = 0; i < M * K; i++) {
            double v = random.nextDouble() < ZEROS ? 0 : 1 + random.nextInt(8);
            dense.setAtIndex(ValueLayout.JAVA_SHORT, i, bits(v, kernel.values()));
        }
        return SparseMatrix.encode(dense, kernel.values().dense(), M, K, kernel.values(),
                EncodeOptions.DEFAULT.withFormat(kernel.format()));
    }

    /** Those that the emulated device, the newest there is, gets: not the ones that there is a twin of for later devices. */
    private static List<KernelInstance> chosen() {
        return KernelCatalog.all().stream()
                .filter(k -> KernelCatalog.products(k.format(), k.values()).stream()
                        .noneMatch(o -> o.tileN() == k.tileN() && o.compute().compareTo(k.compute()) > 0))
                .toList();
    }

    /** One product a kernel, of as many tokens as its tile is wide. */
    private static Map<String, List<Long>> measure() {
        Map<String, List<Long>> all = new LinkedHashMap<>();
        try (Context context = Counted.EMULATOR.device(0).context(); CudaSpmm spmm = CudaSpmm.in(context)) {
            for (KernelInstance kernel : chosen()) {
                int n = kernel.tileN();
                MemorySegment x = Arena.ofAuto().allocate(2L * n * K, 64);
                for (int i = 0; i < n * K; i++) {
                    x.setAtIndex(ValueLayout.JAVA_SHORT, i, bits(1 + i % 7, kernel.values()));
                }
                try (SpmmWeights a = spmm.load(weights(kernel));
                        CounterRecording recording = Counted.EMULATOR.recordCounters()) {
                    assertEquals(kernel.name(), a.kernel(n), "the kernel for " + n + " tokens");
                    a.multiply(x, kernel.values().dense(), n, Arena.ofAuto().allocate(4L * n * M, 64));
                    List<LaunchCounters> launches = recording.launches();
                    launches.forEach(l -> all.computeIfAbsent(l.kernel(), name -> figures(launches, name)));
                }
            }
        }
        return all;
    }

    private static Map<String, List<Long>> held() throws IOException {
        Map<String, List<Long>> all = new LinkedHashMap<>();
        try (InputStream in = HeldFiguresTest.class.getResourceAsStream(FILE)) {
            List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()
                    .filter(l -> !l.startsWith("#")).toList();
            assertEquals("kernel\t" + String.join("\t", NAMES), lines.getFirst());
            for (String line : lines.subList(1, lines.size())) {
                String[] cells = line.split("\t");
                all.put(cells[0], java.util.Arrays.stream(cells).skip(1).map(Long::valueOf).toList());
            }
        }
        return all;
    }

    private static Path file() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.exists(at.resolve("tests/suite/pom.xml"))) {
            at = at.getParent();
            assertTrue(at != null, "tests run inside the repository");
        }
        return at.resolve("tests/suite/src/test/resources/dev/culebra/tests/emulator/count/" + FILE);
    }

    private static void write(Map<String, List<Long>> figures) throws IOException {
        StringBuilder s = new StringBuilder("# " + M + " x " + K + ", " + Math.round(100 * ZEROS)
                + "% zeros, as many tokens as the kernel's tile: see HeldFiguresTest\n");
        s.append("kernel\t").append(String.join("\t", NAMES)).append('\n');
        figures.forEach((kernel, row) -> {
            s.append(kernel);
            row.forEach(n -> s.append('\t').append(n));
            s.append('\n');
        });
        Files.writeString(file(), s);
    }

    @Test
    void noFigureGoesUp() throws IOException {
        Map<String, List<Long>> now = measure();
        Map<String, List<Long>> held = held();
        assertEquals(chosen().stream().map(KernelInstance::name).sorted().toList(),
                now.keySet().stream().sorted().toList(), "a kernel of the catalog was not launched");
        List<String> up = new ArrayList<>();
        List<String> down = new ArrayList<>();
        now.forEach((kernel, row) -> {
            List<Long> past = held.get(kernel);
            for (int i = 0; i < row.size(); i++) {
                long was = past == null ? Long.MAX_VALUE : past.get(i);
                if (row.get(i) != was) {
                    (row.get(i) > was ? up : down).add(kernel + ": " + NAMES.get(i) + " is " + row.get(i)
                            + (past == null ? ", new" : " and was " + was));
                }
            }
        });
        if ("lower".equals(System.getProperty("culebra.figures"))) {
            Map<String, List<Long>> lower = new LinkedHashMap<>();
            now.forEach((kernel, row) -> {
                List<Long> least = new ArrayList<>(row);
                List<Long> past = held.getOrDefault(kernel, row);
                for (int i = 0; i < least.size(); i++) {
                    least.set(i, Math.min(row.get(i), past.get(i)));
                }
                lower.put(kernel, least);
            });
            write(lower);
            down.clear();
        }
        held.keySet().stream().filter(kernel -> !now.containsKey(kernel))
                .forEach(kernel -> down.add(kernel + " is in the file and no kernel"));
        assertEquals(List.of(), up, "counts went up; " + FILE + " can be raised by hand where that is meant");
        assertEquals(List.of(), down,
                "counts went down, good: run once with -Dculebra.figures=lower and commit " + FILE);
    }
}
