package dev.culebra.jmh.run;

import dev.culebra.cli.Failure;
import dev.culebra.jmh.results.Samples;
import dev.culebra.jmh.run.JmhPlan.Step;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * A group's JMH benchmarks, run one after another. Forks have this JVM's executable and class path, and the flags of the
 * benchmark's {@code @Fork}. What JMH prints is kept for the case that something fails. One thread.
 */
public final class JmhRuns {

    /** A look. With the fork's start, a benchmark takes three seconds. */
    private static final TimeValue QUICK = TimeValue.milliseconds(300);
    private static final int QUICK_WARMUPS = 2;
    private static final int QUICK_ITERATIONS = 5;

    private static final String ALLOCATED = "gc.alloc.rate.norm";

    private final Settings settings;
    private final Recorder recorder;
    private final List<Work> works = new ArrayList<>();
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    private record Work(JmhPlan plan, Step step, Consumer<JmhRun> done) {}

    /**
     * Runs nothing yet.
     *
     * @param settings of the run; in a quick one every benchmark has 2 iterations of 0.3 s to warm up and 5 that count, in one fork,
     *     instead of what its annotations say
     * @param recorder is told before each benchmark which one comes
     */
    public JmhRuns(Settings settings, Recorder recorder) {
        this.settings = settings;
        this.recorder = recorder;
    }

    /**
     * What to run.
     *
     * @param plan the benchmark
     * @param done takes each method and combination of parameters as soon as it was measured
     * @return this
     */
    public JmhRuns add(JmhPlan plan, Consumer<JmhRun> done) {
        plan.steps().forEach(step -> works.add(new Work(plan, step, done)));
        return this;
    }

    /**
     * Runs all in the order of {@link #add}. One that fails does not keep the others from being measured.
     *
     * @throws Failure at the end, where some failed: how many, and of the first its name, what it said, and the file that has JMH's
     *     output; at once where JMH itself can not run
     */
    public void run() {
        List<Failure> failures = new ArrayList<>();
        for (int i = 0; i < works.size(); i++) {
            Work work = works.get(i);
            recorder.progress(i, works.size(), work.step.brief());
            JmhRun run;
            try {
                run = measure(work.plan, work.step);
            } catch (RunnerException e) {
                if (e.getCause() == null) {
                    throw new Failure(refusal(work.step, e), e);
                }
                failures.add(new Failure(work.step + ": " + reason(e) + (failures.isEmpty() ? kept() : ""), e));
                continue;
            }
            work.done.accept(run);
        }
        recorder.progress(works.size(), works.size(), "");
        if (failures.size() == 1) {
            throw failures.getFirst();
        }
        if (!failures.isEmpty()) {
            throw new Failure(failures.size() + " of " + works.size() + " failed, first "
                    + failures.getFirst().getMessage(), failures.getFirst());
        }
    }

    private JmhRun measure(JmhPlan plan, Step step) throws RunnerException {
        said.reset();
        PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
        Collection<RunResult> results = new Runner(options(plan, step).build(),
                OutputFormatFactory.createFormatInstance(out, VerboseMode.NORMAL)).run();
        if (results.size() != 1) {
            throw new IllegalStateException("JMH gave " + results.size() + " results of " + step + " instead of one");
        }
        return read(step, results.iterator().next());
    }

    private ChainedOptionsBuilder options(JmhPlan plan, Step step) {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^" + Pattern.quote(step.benchmark().getName() + "." + step.method()) + "$")
                .timeUnit(TimeUnit.MICROSECONDS).shouldFailOnError(true)
                .mode(plan.mode() == JmhPlan.Mode.SINGLE ? Mode.SingleShotTime : Mode.AverageTime);
        step.params().forEach((name, value) -> options.param(name, value));
        if (plan.countsAllocation()) {
            options.addProfiler(GCProfiler.class);
        }
        // Not appended: an option of that kind would take the place of an annotation's.
        options.jvmArgsPrepend(ours());
        if (plan.forks() != null || settings.quick()) {
            options.forks(plan.forks() != null ? plan.forks() : 1);
        }
        if (settings.quick()) {
            options.warmupIterations(QUICK_WARMUPS).measurementIterations(QUICK_ITERATIONS);
            if (plan.mode() == JmhPlan.Mode.AVERAGE) {
                options.warmupTime(QUICK).measurementTime(QUICK);
            }
        }
        return options;
    }

    /** Where libraries are, and the like: a fork has the benchmark's flags instead of this JVM's. */
    private static String[] ours() {
        return System.getProperties().stringPropertyNames().stream().filter(n -> n.startsWith("culebra."))
                .map(n -> "-D" + n + "=" + System.getProperty(n)).toArray(String[]::new);
    }

    private static JmhRun read(Step step, RunResult result) {
        List<Double> times = new ArrayList<>();
        Map<String, List<Double>> others = new TreeMap<>();
        for (BenchmarkResult fork : result.getBenchmarkResults()) {
            for (IterationResult iteration : fork.getIterationResults()) {
                times.add(iteration.getPrimaryResult().getScore());
                for (Map.Entry<String, ? extends Result<?>> other : secondary(iteration).entrySet()) {
                    others.computeIfAbsent(other.getKey(), n -> new ArrayList<>()).add(other.getValue().getScore());
                }
            }
        }
        Map<String, Double> medians = new LinkedHashMap<>();
        others.forEach((name, values) -> medians.put(name, median(values)));
        Double allocated = medians.get(ALLOCATED);
        return new JmhRun(step.benchmark().getSimpleName(), step.method(), step.params(),
                Samples.of(times.stream().mapToDouble(t -> t).toArray()),
                allocated == null ? OptionalDouble.empty() : OptionalDouble.of(allocated), medians);
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // JMH's own signature is raw
    private static Map<String, ? extends Result<?>> secondary(IterationResult iteration) {
        return (Map) iteration.getSecondaryResults();
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(v -> v).sorted().toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    /** Why JMH itself does not run. */
    private static String refusal(Step step, RunnerException e) {
        String message = String.valueOf(e.getMessage());
        return message.contains("Unable to acquire the JMH lock")
                ? "another JMH runs on this machine (it holds "
                        + Path.of(System.getProperty("java.io.tmpdir"), "jmh.lock")
                        + "), and each would measure the other's work: wait for its end"
                : step + ": " + message;
    }

    /** The innermost thing that went wrong, in its first line. */
    private static String reason(Throwable e) {
        Throwable at = e;
        while (at.getCause() != null || at.getSuppressed().length > 0) {
            at = at.getCause() != null ? at.getCause() : at.getSuppressed()[0];
        }
        String message = at.getMessage() == null ? "" : ": " + at.getMessage().lines().findFirst().orElse("");
        return at.getClass().getSimpleName() + message;
    }

    private String kept() {
        try {
            Path log = Files.createTempFile("culebra-jmh-", ".log");
            Files.write(log, said.toByteArray());
            return "; JMH's output is in " + log;
        } catch (IOException e) {
            return "";
        }
    }
}
