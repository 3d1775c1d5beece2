package dev.culebra.jmh.results;

import java.nio.file.Path;

/** A file of results that can not be taken as it is. The message names the file, the row and the field, in one line for people. */
public final class ResultsException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /**
     * About a file.
     *
     * @param file which
     * @param problem what is wrong and what is accepted
     */
    public ResultsException(Path file, String problem) { super(file + ": " + problem); }
}
