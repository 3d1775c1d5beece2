package dev.culebra.jmh.host;

import dev.culebra.jmh.host.CProgram.Key;
import dev.culebra.jmh.results.Row;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the C program measured in all of its runs, by driver. Where it fails, the rest is measured all the same, and the
 * failure told at the end. One thread.
 */
public final class CTimes {

    private final Map<String, Map<Key, List<Double>>> byDriver = new LinkedHashMap<>();
    private final List<String> failed = new ArrayList<>();
    private IOException failure;

    /** Nothing measured yet. */
    public CTimes() {}

    /**
     * Runs the program, and adds its samples to those of the runs before; not with a driver that it failed with.
     *
     * @param program to run
     * @param driver cuda or no-op
     * @param library the driver's
     * @param samples of each benchmark, 1 or more
     * @param millis of a sample
     * @param sizes of copies
     * @throws InterruptedException where the thread was interrupted meanwhile
     */
    public void measure(CProgram program, String driver, String library, int samples, int millis, List<Long> sizes)
            throws InterruptedException {
        if (failed.contains(driver)) return;
        try {
            Map<Key, List<Double>> all = byDriver.computeIfAbsent(driver, d -> new LinkedHashMap<>());
            program.run(driver, library, samples, millis, sizes)
                    .forEach((key, us) -> all.computeIfAbsent(key, k -> new ArrayList<>()).addAll(us));
        } catch (IOException e) {
            failed.add(driver);
            if (failure == null) failure = e;
            else
                failure.addSuppressed(e);
        }
    }

    /**
     * A row for each benchmark and size.
     *
     * @return rows, in the order in which they were measured
     */
    public List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        byDriver.forEach((driver, times) -> times
                .forEach((key, us) -> rows.add(HostRows.ofC(key.benchmark(), key.size(), driver, us))));
        return rows;
    }

    /**
     * What went wrong first.
     *
     * @return the failure, with those that came later suppressed in it; empty where all went well
     */
    public Optional<IOException> failure() { return Optional.ofNullable(failure); }
}
