package dev.culebra.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.cli.Failure;
import dev.culebra.jmh.interpreter.InterpreterBenchmark;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.run.JmhPlan;
import dev.culebra.jmh.run.JmhRun;
import dev.culebra.jmh.run.JmhRuns;
import dev.culebra.jmh.run.Recorder;
import dev.culebra.jmh.run.Settings;
import dev.culebra.jmh.text.TokenizeBenchmark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** JMH through its Runner API: what comes back, what is told of failures. */
class JmhRunsTest {

    static {
        // Read once, when JMH starts. More than one build may run on a machine.
        System.setProperty("jmh.ignoreLock", "true");
    }

    private final List<String> steps = new ArrayList<>();

    private final Recorder recorder = new Recorder() {
        @Override
        public void row(Row row) {}

        @Override
        public void skipped(String what, String why) {}

        @Override
        public void progress(int done, int all, String what) { steps.add(done + "/" + all + " " + what); }
    };

    /** A real one, in a JVM of its own: three seconds. */
    @Test
    void aForkIsMeasuredInMicrosecondsAndBytes() {
        List<JmhRun> runs = new ArrayList<>();
        new JmhRuns(new Settings(true), recorder)
                .add(JmhPlan.of(TokenizeBenchmark.class, "encode").param("text", "words").allocation(), runs::add)
                .run();
        assertEquals(List.of("0/1 TokenizeBenchmark.encode text=words", "1/1 "), steps);
        JmhRun run = runs.getFirst();
        assertEquals(1, runs.size());
        assertEquals("TokenizeBenchmark.encode", run.benchmark() + "." + run.method());
        assertEquals(Map.of("text", "words"), run.params());
        assertEquals(5, run.samples().count());
        // A megabyte: neither a nanosecond a byte nor a second for all on any machine, so the unit is right.
        assertTrue(run.samples().medianUs() > 100 && run.samples().medianUs() < 10e6, run.toString());
        // The ids alone are four bytes each, of at most ten characters in this vocabulary.
        assertTrue(run.allocatedBytes().getAsDouble() > 400_000, run.toString());
    }

    @Test
    void aFailureIsTheBenchmarksOwnLineAndTheOthersRun() throws IOException {
        List<JmhRun> runs = new ArrayList<>();
        JmhPlan plan = JmhPlan.of(InterpreterBenchmark.class).param("program", "nosuch", "loop").param("checks", "none")
                .param("counters", "off").singleShot().forks(0);
        Failure failure = assertThrows(Failure.class,
                () -> new JmhRuns(new Settings(true), recorder).add(plan, runs::add).run());
        assertEquals(List.of("loop"), runs.stream().map(r -> r.param("program")).toList());
        assertTrue(
                failure.getMessage().startsWith("InterpreterBenchmark.launch program=nosuch checks=none counters=off: "
                        + "CudaException: cuModuleGetFunction: CUDA_ERROR_NOT_FOUND"),
                failure.getMessage());
        assertTrue(log(failure).contains("<failure>"));
        JmhRun run = runs.getFirst();
        assertEquals(5, run.samples().count());
        assertTrue(run.allocatedBytes().isEmpty());
        assertThrows(IllegalArgumentException.class, () -> run.param("nosuch"));
    }

    /** And takes it away. */
    private static String log(Failure failure) throws IOException {
        Matcher name = Pattern.compile("JMH's output is in (\\S+)$").matcher(failure.getMessage());
        assertTrue(name.find(), failure.getMessage());
        Path file = Path.of(name.group(1));
        String said = Files.readString(file);
        Files.delete(file);
        return said;
    }

    @Test
    void stepsAreEveryCombination() throws IOException {
        JmhPlan plan = JmhPlan.of(InterpreterBenchmark.class).param("program", "nosuch").forks(0).singleShot();
        Failure failure = assertThrows(Failure.class,
                () -> new JmhRuns(new Settings(true), recorder).add(plan, r -> {}).run());
        assertEquals(List.of("0/4 InterpreterBenchmark.launch program=nosuch checks=all counters=off",
                "1/4 InterpreterBenchmark.launch program=nosuch checks=all counters=on",
                "2/4 InterpreterBenchmark.launch program=nosuch checks=none counters=off",
                "3/4 InterpreterBenchmark.launch program=nosuch checks=none counters=on", "4/4 "), steps);
        log(failure);
        assertTrue(failure.getMessage().startsWith("4 of 4 failed, first InterpreterBenchmark.launch program=nosuch"),
                failure.getMessage());
    }

    @Test
    void whatThereIsNotIsRefused() {
        IllegalArgumentException method = assertThrows(IllegalArgumentException.class,
                () -> JmhPlan.of(TokenizeBenchmark.class, "nosuch"));
        assertTrue(method.getMessage().contains("[decode, encode], not [nosuch]"), method.getMessage());
        IllegalArgumentException parameter = assertThrows(IllegalArgumentException.class,
                () -> JmhPlan.of(TokenizeBenchmark.class).param("nosuch", 1));
        assertTrue(parameter.getMessage().contains("[text], not nosuch"), parameter.getMessage());
        assertThrows(IllegalArgumentException.class, () -> JmhPlan.of(String.class));
        assertFalse(steps.iterator().hasNext());
    }
}
