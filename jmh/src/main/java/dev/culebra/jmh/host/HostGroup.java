package dev.culebra.jmh.host;

import dev.culebra.driver.Cuda;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.RowBuilder;
import dev.culebra.jmh.results.Samples;
import dev.culebra.jmh.run.Group;
import dev.culebra.jmh.run.JmhPlan;
import dev.culebra.jmh.run.JmhRun;
import dev.culebra.jmh.run.JmhRuns;
import dev.culebra.jmh.run.Layers;
import dev.culebra.jmh.run.Recorder;
import dev.culebra.jmh.run.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What the host pays: calls, launches, events, copies, pools, modules, encoding, reading files. Against NVIDIA's driver
 * where there is one, and against {@link NoOpDriver}; beside the same loops in C and, in a build with {@code -Pjcuda},
 * in JCuda.
 *
 * <p>
 * The C program runs once before the Java benchmarks and once after them, and both are one set of samples: what changed
 * on the machine meanwhile shows as spread. The system property {@value #DRIVER_PROPERTY} chooses one driver; {@code
 * emulator} proves without a GPU that what runs on one runs and is checked, and its times say nothing.
 */
public final class HostGroup implements Group {

    /** Chooses the driver: cuda, no-op or emulator. */
    public static final String DRIVER_PROPERTY = "culebra.host.driver";

    private static final String NAME = "host";

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
    public String name() { return NAME; }

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
        Map<String, Map<CProgram.Key, List<Double>>> ofC = new LinkedHashMap<>();
        try (CProgram program = compile(recorder)) {
            runC(program, ofC, drivers, settings, recorder);
            IllegalStateException failure = null;
            try {
                runs.run();
            } catch (IllegalStateException e) {
                failure = e; // the first; what C can measure is measured all the same
            }
            runC(program, ofC, drivers, settings, recorder);
            ofC.forEach((driver, times) -> times.forEach((key, us) -> recorder.row(rowOfC(driver, key, us))));
            if (failure != null) throw failure;
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
                    run -> recorder.row(row(run, kebab(run.method())).driver(driver).build(run.samples())));
        }
        runs.add(JmhPlan.of(RoundTripBenchmark.class).param("driver", driver).allocation(), run -> recorder
                .row(checked(driver, row(run, "round-trip").driver(driver)).build(run.samples())));
    }

    private static void addMemory(JmhRuns runs, Settings settings, Recorder recorder, String driver) {
        boolean moves = !driver.equals(NoOpDriver.NAME);
        JmhPlan copies = JmhPlan.of(CopyBenchmark.class).param("driver", driver).allocation()
                .param("size", moves ? copySizes(settings) : new Object[]{SMALL_COPY});
        if (!moves && settings.quick()) copies = copies.param("direction", "in").param("memory", "pinned");
        runs.add(copies, run -> recorder.row(copyRow(run, "culebra", driver)));
        JmhPlan pools = JmhPlan.of(PoolBenchmark.class).param("driver", driver).allocation();
        if (settings.quick()) pools = pools.param("size", SMALL_COPY);
        runs.add(pools, run -> recorder.row(row(run, kebab(run.method())).driver(driver)
                .size(Long.parseLong(run.param("size"))).build(run.samples())));
        JmhPlan modules = JmhPlan.of(ModuleBenchmark.class).param("driver", driver).singleShot();
        if (!moves) modules = modules.param("cache", "cached"); // there is none: it is the same text either way
        if (settings.quick()) modules = modules.param("text", "product");
        runs.add(modules,
                run -> recorder
                        .row(row(run, "module-load-" + run.param("text") + (moves ? "-" + run.param("cache") : ""))
                                .driver(driver).build(run.samples())));
    }

    private static void addJcuda(JmhRuns runs, Settings settings, Recorder recorder, boolean cuda) {
        List<Class<?>> classes = new ArrayList<>();
        for (String name : List.of("CallBenchmark", "RoundTripBenchmark", "CopyBenchmark")) {
            try {
                classes.add(Class.forName(JCUDA + name));
            } catch (ClassNotFoundException e) {
                recorder.skipped("jcuda", "not in this build: build it with mvn -pl jmh -am package -Pjcuda");
                return;
            }
        }
        if (!cuda) {
            recorder.skipped("jcuda", "it loads NVIDIA's driver, and there is none");
            return;
        }
        for (Class<?> benchmark : classes) {
            boolean copies = benchmark.getSimpleName().contains("Copy");
            JmhPlan plan = JmhPlan.of(benchmark).allocation();
            runs.add(copies ? plan.param("size", copySizes(settings)) : plan, run -> {
                RowBuilder row = Row.of(NAME, kebab(run.method()), "jcuda").driver(Drivers.CUDA);
                run.allocatedBytes().ifPresent(row::allocated);
                if (run.method().equals("roundTrip")) row.checked();
                recorder.row(copies ? copyRow(run, "jcuda", Drivers.CUDA) : row.build(run.samples()));
            });
        }
    }

    private static void addEncoding(JmhRuns runs, Settings settings, Recorder recorder) {
        int cores = Runtime.getRuntime().availableProcessors();
        JmhPlan encode = JmhPlan.of(EncodeBenchmark.class, "encode").param("shape", "4096x4096")
                .param("format", "tiled-csl")
                .param("threads", threads(cores, settings.quick()));
        JmhPlan decode = JmhPlan.of(EncodeBenchmark.class, "decode").param("shape", "4096x4096")
                .param("format", "tiled-csl")
                .param("threads", 1);
        if (settings.quick()) {
            encode = encode.param("sparsity", 0.7);
            decode = decode.param("sparsity", 0.7);
        }
        for (JmhPlan plan : List.of(encode, decode)) {
            runs.add(plan, run -> recorder.row(encodeRow(run)));
        }
        runs.add(JmhPlan.of(SafetensorsBenchmark.class).param("size", settings.quick() ? QUICK_FILE : FILE), run -> {
            long size = Long.parseLong(run.param("size"));
            RowBuilder row = Row.of(NAME, "safetensors-" + run.method(), "culebra").size(size).checked();
            recorder.row((run.method().equals("read") ? row.bytes(size) : row).build(run.samples()));
        });
    }

    /** 1, 2, 4, ... and all; in a look the first and the last. */
    static Object[] threads(int cores, boolean quick) {
        TreeSet<Integer> counts = new TreeSet<>(List.of(1, cores));
        for (int count = 2; count < cores && !quick; count *= 2) counts.add(count);
        return counts.toArray();
    }

    private static Object[] copySizes(Settings settings) { return settings.quick() ? QUICK_COPIES : COPIES; }

    private static RowBuilder row(JmhRun run, String benchmark) {
        RowBuilder row = Row.of(NAME, benchmark, "culebra");
        run.allocatedBytes().ifPresent(row::allocated);
        return row;
    }

    /** Where the driver works, the benchmark itself failed if its result was wrong. */
    private static RowBuilder checked(String driver, RowBuilder row) {
        return driver.equals(NoOpDriver.NAME) ? row : row.checked();
    }

    private static Row copyRow(JmhRun run, String by, String driver) {
        long size = Long.parseLong(run.param("size"));
        RowBuilder row = Row.of(NAME, "copy-" + run.param("direction") + "-" + run.param("memory"), by).driver(driver)
                .size(size);
        run.allocatedBytes().ifPresent(row::allocated);
        return checked(driver, moved(driver, row, size)).build(run.samples());
    }

    /** The no-op driver moves nothing. */
    private static RowBuilder moved(String driver, RowBuilder row, long bytes) {
        return driver.equals(NoOpDriver.NAME) ? row : row.bytes(bytes);
    }

    private static Row encodeRow(JmhRun run) {
        int[] mk = Layers.shape(run.param("shape"));
        long dense = 2L * mk[0] * mk[1];
        int threads = Integer.parseInt(run.param("threads"));
        RowBuilder row = Row.of(NAME, run.method(), "culebra")
                .weights(run.param("format"), Double.valueOf(run.param("sparsity")))
                .size(dense).bytes(dense).checked();
        return (threads == 1 ? row : row.threads(threads)).build(run.samples());
    }

    /** Null where it can not be. */
    private static CProgram compile(Recorder recorder) throws IOException, InterruptedException {
        Optional<Path> compiler = CProgram.compiler();
        if (compiler.isEmpty()) {
            recorder.skipped("c",
                    "no C compiler (gcc, cc or clang) on the PATH: install one to have the same loops in C");
            return null;
        }
        return CProgram.compile(compiler.get());
    }

    private static void runC(CProgram program, Map<String, Map<CProgram.Key, List<Double>>> into, List<String> drivers,
            Settings settings, Recorder recorder) throws IOException, InterruptedException {
        if (program == null) return;
        for (String driver : drivers) {
            if (driver.equals(Drivers.EMULATOR)) continue; // it is Java
            recorder.progress(0, 1, "the same loops in C, " + driver);
            boolean cuda = driver.equals(Drivers.CUDA);
            List<Long> sizes = new ArrayList<>();
            for (Object size : cuda ? copySizes(settings) : new Object[]{SMALL_COPY}) sizes.add((Long) size);
            Map<CProgram.Key, List<Double>> all = into.computeIfAbsent(driver, d -> new LinkedHashMap<>());
            program.run(driver, cuda ? Cuda.open().origin() : "-", settings.quick() ? 3 : 10,
                    settings.quick() ? 50 : 200, sizes)
                    .forEach((key, us) -> all.computeIfAbsent(key, k -> new ArrayList<>()).addAll(us));
        }
    }

    private static Row rowOfC(String driver, CProgram.Key key, List<Double> microseconds) {
        RowBuilder row = Row.of(NAME, key.benchmark(), "c").driver(driver);
        boolean copied = key.size() > 0;
        if (copied) moved(driver, row, key.size()).size(key.size());
        if (copied || key.benchmark().equals("round-trip")) checked(driver, row);
        return row.build(Samples.of(microseconds.stream().mapToDouble(us -> us).toArray()));
    }

    /** {@code preparedLaunch} is {@code prepared-launch}. */
    static String kebab(String method) {
        return method.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }
}
