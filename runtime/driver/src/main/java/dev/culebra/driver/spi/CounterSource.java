package dev.culebra.driver.spi;

/**
 * Implemented by a {@link DriverProvider} whose driver counts what kernels execute, as one that interprets them can. Counting
 * costs nothing while no recording is open.
 */
public interface CounterSource {

    /**
     * Begins to count. Several recordings may be open at a time, each with all launches. Thread-safe.
     *
     * @return an open recording; the caller closes it
     */
    CounterRecording recordCounters();
}
