package dev.culebra.tests.gpubench;

import static dev.culebra.tests.machine.CompilerTools.onPath;
import static dev.culebra.tests.machine.CompilerTools.release;
import static dev.culebra.tests.machine.CompilerTools.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.jmh.gpu.ReadKernel;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plain read: every word once, whatever the size and the form; and its PTX. */
class ReadKernelTest {

    /** The suite runs in its own folder. */
    private static final Path SOURCES = Path.of("../../jmh/src/main/resources/dev/culebra/jmh/gpu");

    private static Context context;

    @BeforeAll
    static void open() { context = Cuda.open("emulator").device(0).context(); }

    @AfterAll
    static void close() { context.close(); }

    /** Vectors: one, a part of a tile, a tile (4 x 64), one more and one less, many and a part, fewer than blocks. */
    @ParameterizedTest
    @ValueSource(ints = {1, 63, 65, 255, 256, 257, 511, 512, 513, 2048, 3001})
    void everyWordCountsOnce(int vectors) {
        int[] words = new SplittableRandom(vectors).ints(4L * vectors).toArray();
        int sum = 0;
        for (int word : words) {
            sum += word;
        }
        try (ReadKernel kernel = new ReadKernel(context);
                Stream stream = context.newStream();
                DeviceBuffer memory = context.allocate(16L * vectors)) { // exactly: a read past it is a fault
            memory.upload(MemorySegment.ofArray(words));
            for (int loads : new int[]{4, 8}) {
                for (int threads : new int[]{32, 64, 512}) {
                    for (int blocks : new int[]{1, 3, 13}) {
                        ReadKernel.Form form = new ReadKernel.Form(loads, threads, blocks);
                        assertEquals(sum, kernel.sum(stream, form, memory), () -> form + ", " + vectors + " vectors");
                    }
                }
            }
        }
    }

    @Test
    void halfAVectorIsRefused() {
        try (ReadKernel kernel = new ReadKernel(context);
                Stream stream = context.newStream();
                DeviceBuffer memory = context.allocate(24)) {
            assertEquals("24 bytes; a read takes whole 16-byte vectors", assertThrows(IllegalArgumentException.class,
                    () -> kernel.sum(stream, new ReadKernel.Form(4, 32, 1), memory)).getMessage());
        }
    }

    @Test
    void itLoadsSixteenBytesAtATimeAndAllOfATileBeforeTheFirstAddition() {
        for (int loads : new int[]{4, 8}) {
            String kernel = ReadKernel.ptx().substring(ReadKernel.ptx().indexOf(".entry read" + loads + "("));
            Matcher run = Pattern
                    .compile("(ld\\.global\\.nc\\.v4\\.u32[^;]*;\\s*(add\\.s64[^;]*;\\s*)?){" + loads + "}add\\.s32")
                    .matcher(kernel);
            assertTrue(run.find(), () -> "read" + loads);
        }
    }

    @Test
    void compilingAgainGivesTheSame(@TempDir Path folder) throws Exception {
        assumeTrue(onPath("nvcc") && onPath("ptxas"), "no nvcc and ptxas on the PATH");
        String here = release(run("nvcc", "--version"));
        String there = release(ReadKernel.ptx());
        assumeTrue(here.equals(there), () -> "nvcc here is " + here + "; the committed PTX is by " + there);
        run("sh", SOURCES.resolve("compile.sh").toString(), folder.toString());
        assertEquals(Files.readString(folder.resolve("read.ptx")), ReadKernel.ptx(), "run compile.sh");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"})
    void assemblesWithoutSpills(String architecture, @TempDir Path folder) throws Exception {
        assumeTrue(onPath("ptxas"), "no ptxas on the PATH");
        assumeTrue(run("ptxas", "--help").contains("'" + architecture + "'"),
                () -> "ptxas here does not know " + architecture);
        Path ptx = Files.writeString(folder.resolve("read.ptx"), ReadKernel.ptx());
        String log = run("ptxas", "-v", "-arch=" + architecture, ptx.toString(), "-o",
                folder.resolve("out.cubin").toString());
        assertEquals(2, log.lines().filter(l -> l.contains("0 bytes stack frame, 0 bytes spill stores")).count(), log);
    }
}
