package dev.culebra.jmh.run;

import java.util.Optional;

/** Benchmarks that are run by one command. One thread at a time. */
public interface Group {

    /**
     * The name it is chosen by.
     *
     * @return a lower-case word, such as {@code host}
     */
    String name();

    /**
     * What it measures, for the list of groups.
     *
     * @return a phrase
     */
    String description();

    /**
     * Why nothing of it can be measured on this machine.
     *
     * @return one sentence for people; empty where the group can run
     */
    Optional<String> skipReason();

    /**
     * Measures. What can not be measured here is told to the recorder and left out; what is measured and wrong is thrown.
     *
     * @param settings how much to measure
     * @param recorder takes rows as they come
     * @throws Exception where a result is wrong or measuring fails; what was recorded before stays
     */
    void run(Settings settings, Recorder recorder) throws Exception;
}
