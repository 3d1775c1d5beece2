package dev.culebra.driver.spi;

import java.util.List;

/**
 * Counters of the launches that began to run while this was open, on any device of the driver. A launch runs when its
 * stream comes to it, which may be long after the call: synchronize the stream before opening, where launches are under way
 * that are not meant, before asking, and before closing. Thread-safe.
 */
public interface CounterRecording extends AutoCloseable {

    /**
     * What has been counted so far.
     *
     * @return a copy, in the order in which the launches ended (those of one stream: in its order), launches of graphs
     *         included; a launch that failed is not there. What was there when the recording was closed stays
     */
    List<LaunchCounters> launches();

    /** Ends it. Launches still running are not added any more. May be called twice. */
    @Override
    void close();
}
