package dev.culebra.tests.spmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.spmm.Spmm;
import dev.culebra.spmm.SpmmWeights;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How much a device can still load. */
class FreeBytesTest {

    /** Prints what is free before and after a matrix of 1 MiB is encoded, and after one is mapped. */
    static final class Asks {
        public static void main(String[] args) throws Exception {
            try (CpuSpmm cpu = CpuSpmm.open(1)) {
                System.out.println(cpu.freeBytes());
                SparseMatrix a = Problem.random(1024, 512, 1, .7, ValueType.F16, 1).encoded(Format.DENSE);
                System.out.println(cpu.freeBytes());
                Path file = Files.createTempFile("free", ".culebra");
                a.write(file);
                SparseMatrix mapped = SparseMatrix.map(file);
                System.out.println(cpu.freeBytes());
                try (SpmmWeights w = cpu.load(a); SpmmWeights v = cpu.load(mapped)) {
                    System.out.println(cpu.freeBytes());
                    System.out.println(Arrays.equals(w.multiply(new float[512], 1), v.multiply(new float[512], 1)));
                }
                Files.delete(file);
            }
        }
    }

    private static List<String> ask(String... options) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Asks.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), out);
        return out.lines().toList();
    }

    @Test
    void encodedMatricesCountAgainstTheJvmsLimitAndMappedOnesDoNot() throws Exception {
        List<String> said = ask("-Xmx256m", "-XX:MaxDirectMemorySize=64m");
        assertEquals(List.of("67108864", "66060288", "66060288", "66060288", "true"), round(said));
        assertEquals("268435456", ask("-Xmx256m").getFirst(), "without the option as much as the heap");
    }

    /** Native memory has up to 255 bytes beside it, so that it is aligned. */
    private static List<String> round(List<String> said) {
        return said.stream().map(s -> s.equals("true") ? s : Long.toString((Long.parseLong(s) + 255) / 256 * 256))
                .toList();
    }

    /** Of the JVM nothing is known then; what Linux tells remains. */
    @Test
    void withoutManagementBeans() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/meminfo")), "no Linux");
        List<String> said = ask("--limit-modules", "java.base", "-Xmx256m");
        long free = Long.parseLong(said.getFirst());
        assertTrue(free > 0 && free < Long.MAX_VALUE / 2, said.getFirst());
        assertEquals("true", said.getLast());
    }

    @Test
    void aGpusFreeMemoryFallsByWhatIsLoaded() {
        try (Spmm emulator = Spmm.open("emulator")) {
            long before = emulator.freeBytes();
            SparseMatrix a = Problem.random(500, 500, 1, .7, ValueType.F16, 1).encoded(Format.DENSE);
            try (SpmmWeights w = emulator.load(a)) {
                long taken = before - emulator.freeBytes();
                assertTrue(taken >= w.encodedBytes() && taken < 2 * w.encodedBytes(), taken + " bytes");
            }
        }
    }
}
