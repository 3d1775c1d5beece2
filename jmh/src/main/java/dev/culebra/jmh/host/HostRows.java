package dev.culebra.jmh.host;

import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.RowBuilder;
import dev.culebra.jmh.results.Samples;
import dev.culebra.jmh.run.JmhRun;
import dev.culebra.jmh.run.Layers;
import java.util.List;
import java.util.Locale;

/**
 * Rows of the group {@code host}. A benchmark has the same name whoever runs it: {@code prepared-launch} by culebra, by
 * c and by jcuda are the same calls. Rows are checked where the driver works, since a benchmark whose result is wrong
 * fails; the no-op driver moves no bytes and has no results.
 */
public final class HostRows {

    /** The group's name. */
    static final String GROUP = "host";

    private HostRows() {}

    /**
     * A call, a launch or an event; the method's name in kebab case is the benchmark's.
     *
     * @param run of {@link CallBenchmark} or {@link LaunchBenchmark}, or of JCuda's
     * @param by culebra or jcuda
     * @param driver what was called
     * @return the row
     */
    public static Row call(JmhRun run, String by, String driver) {
        return row(run, kebab(run.method()), by, driver).build(run.samples());
    }

    /**
     * A round trip.
     *
     * @param run of {@link RoundTripBenchmark}, or of JCuda's
     * @param by culebra or jcuda
     * @param driver what was called
     * @return the row
     */
    public static Row roundTrip(JmhRun run, String by, String driver) {
        return checkedWhereItWorks(row(run, "round-trip", by, driver), driver).build(run.samples());
    }

    /**
     * A copy, named by direction and memory.
     *
     * @param run of {@link CopyBenchmark}, or of JCuda's
     * @param by culebra or jcuda
     * @param driver what was called
     * @return the row
     */
    public static Row copy(JmhRun run, String by, String driver) {
        String name = "copy-" + run.param("direction") + "-" + run.param("memory");
        return copied(row(run, name, by, driver), driver, Long.parseLong(run.param("size"))).build(run.samples());
    }

    /**
     * Memory of a pool.
     *
     * @param run of {@link PoolBenchmark}
     * @param driver what was called
     * @return the row
     */
    public static Row pool(JmhRun run, String driver) {
        return row(run, kebab(run.method()), "culebra", driver).size(Long.parseLong(run.param("size")))
                .build(run.samples());
    }

    /**
     * The load of a module. The no-op driver has no cache, and so the name has no word of it.
     *
     * @param run of {@link ModuleBenchmark}
     * @param driver what was called
     * @return the row
     */
    public static Row module(JmhRun run, String driver) {
        String cache = works(driver) ? "-" + run.param("cache") : "";
        return row(run, "module-load-" + run.param("text") + cache, "culebra", driver).build(run.samples());
    }

    /**
     * Encoding or decoding; bytes are the dense ones.
     *
     * @param run of {@link EncodeBenchmark}
     * @return the row
     */
    public static Row encoding(JmhRun run) {
        int[] mk = Layers.shape(run.param("shape"));
        long dense = 2L * mk[0] * mk[1];
        int threads = Integer.parseInt(run.param("threads"));
        RowBuilder row = row(run, run.method(), "culebra", null)
                .weights(run.param("format"), Double.valueOf(run.param("sparsity"))).size(dense).bytes(dense).checked();
        return (threads == 1 ? row : row.threads(threads)).build(run.samples());
    }

    /**
     * Opening or reading a file.
     *
     * @param run of {@link SafetensorsBenchmark}
     * @return the row
     */
    public static Row file(JmhRun run) {
        long size = Long.parseLong(run.param("size"));
        RowBuilder row = row(run, "safetensors-" + run.method(), "culebra", null).size(size).checked();
        return (run.method().equals("read") ? row.bytes(size) : row).build(run.samples());
    }

    /**
     * What the C program measured.
     *
     * @param benchmark its name
     * @param size bytes that are copied; 0 where nothing is
     * @param driver what was called
     * @param microseconds an operation, a sample each
     * @return the row
     */
    public static Row ofC(String benchmark, long size, String driver, List<Double> microseconds) {
        RowBuilder row = Row.of(GROUP, benchmark, "c").driver(driver);
        if (size > 0) copied(row, driver, size);
        else if (benchmark.equals("round-trip")) checkedWhereItWorks(row, driver);
        return row.build(Samples.of(microseconds.stream().mapToDouble(us -> us).toArray()));
    }

    private static RowBuilder row(JmhRun run, String benchmark, String by, String driver) {
        RowBuilder row = Row.of(GROUP, benchmark, by).driver(driver);
        run.allocatedBytes().ifPresent(row::allocated);
        return row;
    }

    private static RowBuilder copied(RowBuilder row, String driver, long size) {
        return works(driver) ? row.size(size).bytes(size).checked() : row.size(size);
    }

    private static RowBuilder checkedWhereItWorks(RowBuilder row, String driver) {
        return works(driver) ? row.checked() : row;
    }

    private static boolean works(String driver) { return !driver.equals(NoOpDriver.NAME); }

    /** {@code preparedLaunch} is {@code prepared-launch}. */
    private static String kebab(String method) {
        return method.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }
}
