package dev.culebra.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.culebra.driver.Cuda;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every JMH benchmark of the module runs, once and in this JVM, and finds its own result right where it looks. Says nothing of speed. */
class EveryBenchmarkTest {

    /** Of parameters whose first value takes long, or needs a GPU. */
    private static final Map<String, List<String>> SMALLEST = Map.of("shape", List.of("192x192"), "driver",
            List.of("emulator"), "size", List.of("4096"));

    static {
        System.setProperty("jmh.ignoreLock", "true");
    }

    @TestFactory
    Stream<DynamicTest> runs() {
        List<BenchmarkListEntry> all = List.copyOf(BenchmarkList.defaultList().find(
                OutputFormatFactory.createFormatInstance(new PrintStream(new ByteArrayOutputStream()),
                        VerboseMode.SILENT),
                List.of(), List.of()));
        assertFalse(all.isEmpty());
        return all.stream()
                .map(b -> dynamicTest(b.getUsername().replaceFirst("^dev\\.culebra\\.jmh\\.", ""), () -> run(b)));
    }

    private static void run(BenchmarkListEntry benchmark) throws RunnerException, IOException {
        // Only in a build with -Pjcuda.
        assumeTrue(!benchmark.getUsername().contains(".Jcuda") || Cuda.available().available(),
                "JCuda loads NVIDIA's driver, which is not here");
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^" + Pattern.quote(benchmark.getUsername()) + "$").forks(0).mode(Mode.SingleShotTime)
                .warmupIterations(0).measurementIterations(1).shouldFailOnError(true);
        if (benchmark.getParams().hasValue()) {
            benchmark.getParams().get().forEach((name, values) -> {
                List<String> smallest = SMALLEST.getOrDefault(name, List.of(values[0]));
                options.param(name, smallest.toArray(String[]::new));
            });
        }
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        Collection<RunResult> results;
        try (PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8)) {
            results = new Runner(options.build(), OutputFormatFactory.createFormatInstance(out, VerboseMode.NORMAL))
                    .run();
        } catch (RunnerException e) {
            throw new AssertionError(said.toString(StandardCharsets.UTF_8), e);
        }
        assertEquals(1, results.size(), () -> said.toString(StandardCharsets.UTF_8));
    }
}
