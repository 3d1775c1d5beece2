package dev.culebra.jmh.run;

import dev.culebra.jmh.results.Row;

/** Takes what a group measures. Used by the thread that runs the group. */
public interface Recorder {

    /**
     * One measurement.
     *
     * @param row what was measured
     */
    void row(Row row);

    /**
     * Something that could not be measured here, such as a peer whose library is missing. Kept in the file and shown.
     *
     * @param what a few words, such as {@code cuSPARSELt 2:4}
     * @param why one sentence: what was looked for, and what to do to have it
     */
    void skipped(String what, String why);

    /**
     * Where the group is, for a progress line.
     *
     * @param done steps done
     * @param steps steps in all
     * @param what what is measured now
     */
    void progress(int done, int steps, String what);
}
