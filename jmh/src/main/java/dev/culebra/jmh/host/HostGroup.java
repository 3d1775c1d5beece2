package dev.culebra.jmh.host;

import dev.culebra.driver.Cuda;
import dev.culebra.jmh.run.Group;
import dev.culebra.jmh.run.JmhPlan;
import dev.culebra.jmh.run.JmhRuns;
import dev.culebra.jmh.run.Recorder;
import dev.culebra.jmh.run.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What the host pays: calls, launches, events, copies, pools, modules, encoding, reading files. Against NVIDIA's driver
 * where there is one, and against {@link NoOpDriver}; beside the same loops in C and, in a build with {@code -Pjcuda},
 * in JCuda.
 *
 * <p>
 * The C program runs once before the Java benchmarks and once after them, and both are one set of samples: what changed
 * on the machine meanwhile shows as spread. The system property {@value #DRIVER_PROPERTY} chooses one driver;
 * {@code emulator} proves without a GPU that what runs on one runs and is checked, and its times say nothing.
 */
public final class HostGroup implements Group {

    /** Chooses the driver: cuda, no-op or emulator. */
    public static final String DRIVER_PROPERTY = "culebra.host.driver";

    /** In classes that only a build with {@code -Pjcuda} has. */
    private static final String JCUDA = "dev.culebra.jmh.host.Jcuda";

    private static final long SMALL_COPY = 4096;
    private static final Object[] COPIES = {SMALL_COPY, 1L << 16, 1L << 20, 1L << 24, 1L << 28};
    private static final Object[] QUICK_COPIES = {1L << 24};
    private static final long FILE = 1L << 28;
    private static final long QUICK_FILE = 1L << 26;

    /** One that has run nothing. */
    public HostGroup() {}

    @Override
    public String name() { return HostRows.GROUP; }

    @Override
    public String description() {
        return "calls, launches, events, copies, pools, modules, encoding, files: what the host pays, beside C";
    }

    @Override
    public Optional<String> skipReason() { return Optional.empty(); }

    @Override
    public void run(Settings settings, Recorder recorder) throws IOException, InterruptedException {
        List<String> drivers = drivers(settings, recorder);
        JmhRuns runs = new JmhRuns(settings, recorder);
        for (String driver : drivers) {
            addCalls(runs, settings, recorder, driver);
            addMemory(runs, settings, recorder, driver);
        }
        addJcuda(runs, settings, recorder, drivers.contains(Drivers.CUDA));
        addEncoding(runs, settings, recorder);
        CTimes ofC = new CTimes();
        try (CProgram program = compile(recorder)) {
            runC(program, ofC, drivers, settings, recorder);
            RuntimeException failure = null;
            try {
                runs.run();
            } catch (RuntimeException e) {
                failure = e; // what C can measure is measured all the same
            }
            runC(program, ofC, drivers, settings, recorder);
            ofC.rows().forEach(recorder::row);
            if (failure != null) {
                ofC.failure().ifPresent(failure::addSuppressed);
                throw failure;
            }
            if (ofC.failure().isPresent()) throw ofC.failure().get();
        }
    }

    /** Those that can be measured; the no-op driver beside NVIDIA's only where there is time. */
    private static List<String> drivers(Settings settings, Recorder recorder) {
        String chosen = System.getProperty(DRIVER_PROPERTY);
        List<String> wanted = chosen == null ? List.of(Drivers.CUDA, NoOpDriver.NAME) : List.of(chosen);
        List<String> found = new ArrayList<>();
        for (String driver : wanted) {
            Optional<String> missing = Drivers.missing(driver);
            if (missing.isPresent()) recorder.skipped("driver " + driver, missing.get());
            else if (found.isEmpty() || !settings.quick()) found.add(driver);
        }
        return found;
    }

    private static void addCalls(JmhRuns runs, Settings settings, Recorder recorder, String driver) {
        JmhPlan calls = settings.quick()
                ? JmhPlan.of(CallBenchmark.class, "downcall", "setCurrent", "streamQuery", "eventQuery", "eventRecord")
                : JmhPlan.of(CallBenchmark.class);
        JmhPlan launches = settings.quick()
                ? JmhPlan.of(LaunchBenchmark.class, "preparedLaunch", "argumentChange", "launch")
                : JmhPlan.of(LaunchBenchmark.class);
        for (JmhPlan plan : List.of(calls, launches)) {
            runs.add(plan.param("driver", driver).allocation(),
                    run -> recorder.row(HostRows.call(run, "culebra", driver)));
        }
        runs.add(JmhPlan.of(RoundTripBenchmark.class).param("driver", driver).allocation(),
                run -> recorder.row(HostRows.roundTrip(run, "culebra", driver)));
    }

    private static void addMemory(JmhRuns runs, Settings settings, Recorder recorder, String driver) {
        boolean works = !driver.equals(NoOpDriver.NAME);
        JmhPlan copies = JmhPlan.of(CopyBenchmark.class).param("driver", driver).allocation().param("size",
                works ? copySizes(settings) : new Object[]{SMALL_COPY});
        if (!works && settings.quick()) copies = copies.param("direction", "in").param("memory", "pinned");
        runs.add(copies, run -> recorder.row(HostRows.copy(run, "culebra", driver)));

        JmhPlan pools = JmhPlan.of(PoolBenchmark.class).param("driver", driver).allocation();
        if (settings.quick()) pools = pools.param("size", SMALL_COPY);
        runs.add(pools, run -> recorder.row(HostRows.pool(run, driver)));

        JmhPlan modules = JmhPlan.of(ModuleBenchmark.class).param("driver", driver).singleShot();
        if (!works) modules = modules.param("cache", "cached"); // it has none: one text is as good as another
        if (settings.quick()) modules = modules.param("text", "product");
        runs.add(modules, run -> recorder.row(HostRows.module(run, driver)));
    }

    private static void addJcuda(JmhRuns runs, Settings settings, Recorder recorder, boolean cuda) {
        Class<?> calls = find(JCUDA + "CallBenchmark");
        Class<?> roundTrip = find(JCUDA + "RoundTripBenchmark");
        Class<?> copies = find(JCUDA + "CopyBenchmark");
        if (calls == null || roundTrip == null || copies == null) {
            recorder.skipped("jcuda", "not in this build: build it with mvn -pl jmh -am package -Pjcuda");
        } else if (!cuda) {
            recorder.skipped("jcuda", "it loads NVIDIA's driver, which was not found");
        } else {
            runs.add(JmhPlan.of(calls).allocation(), run -> recorder.row(HostRows.call(run, "jcuda", Drivers.CUDA)));
            runs.add(JmhPlan.of(roundTrip).allocation(),
                    run -> recorder.row(HostRows.roundTrip(run, "jcuda", Drivers.CUDA)));
            runs.add(JmhPlan.of(copies).allocation().param("size", copySizes(settings)),
                    run -> recorder.row(HostRows.copy(run, "jcuda", Drivers.CUDA)));
        }
    }

    private static Class<?> find(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    private static void addEncoding(JmhRuns runs, Settings settings, Recorder recorder) {
        int cores = Runtime.getRuntime().availableProcessors();
        // By threads at one sparsity, by sparsity on one thread.
        List<JmhPlan> plans = new ArrayList<>();
        plans.add(encoding("encode").param("sparsity", 0.7).param("threads", threads(cores, settings.quick())));
        if (!settings.quick()) plans.add(encoding("encode").param("sparsity", 0.5, 0.9).param("threads", 1));
        JmhPlan decode = encoding("decode").param("threads", 1);
        plans.add(settings.quick() ? decode.param("sparsity", 0.7) : decode);
        for (JmhPlan plan : plans) runs.add(plan, run -> recorder.row(HostRows.encoding(run)));
        runs.add(JmhPlan.of(SafetensorsBenchmark.class).param("size", settings.quick() ? QUICK_FILE : FILE),
                run -> recorder.row(HostRows.file(run)));
    }

    private static JmhPlan encoding(String method) {
        return JmhPlan.of(EncodeBenchmark.class, method).param("shape", "4096x4096").param("format", "tiled-csl");
    }

    /** 1, 2, 4, ... and all; in a look the first and the last. */
    private static Object[] threads(int cores, boolean quick) {
        TreeSet<Integer> counts = new TreeSet<>(List.of(1, cores));
        for (int count = 2; count < cores && !quick; count *= 2) counts.add(count);
        return counts.toArray();
    }

    private static Object[] copySizes(Settings settings) { return settings.quick() ? QUICK_COPIES : COPIES; }

    /** Null where it can not be. */
    private static CProgram compile(Recorder recorder) throws InterruptedException {
        Optional<Path> compiler = CProgram.compiler();
        try {
            if (compiler.isPresent()) return CProgram.compile(compiler.get());
            recorder.skipped("c",
                    "no C compiler (gcc, cc or clang) on the PATH: install one to have the same loops in C");
        } catch (IOException e) {
            // Such as a compiler without the C library's headers.
            recorder.skipped("c", "can not be built here: " + e.getMessage().lines().findFirst().orElse(""));
        }
        return null;
    }

    private static void runC(CProgram program, CTimes times, List<String> drivers, Settings settings, Recorder recorder)
            throws InterruptedException {
        if (program == null) return;
        for (String driver : drivers) {
            if (driver.equals(Drivers.EMULATOR)) continue; // it is Java
            recorder.progress(0, 1, "the same loops in C, " + driver);
            boolean cuda = driver.equals(Drivers.CUDA);
            List<Long> sizes = new ArrayList<>();
            for (Object size : cuda ? copySizes(settings) : new Object[]{SMALL_COPY}) sizes.add((Long) size);
            times.measure(program, driver, cuda ? Cuda.open().origin() : "-", settings.quick() ? 3 : 10, 50, sizes);
        }
    }
}
