package dev.culebra.jmh.results;

import dev.culebra.llm.checkpoint.OutputFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Files of results: JSON, one object, one row a line, so that two files differ in the lines of the rows that differ. Any thread.
 *
 * <p>What is read is a stranger's: every value is checked before anything is made of it. Fields that are not known are passed over, so
 * that a file of a later version with more of them can be read, and one of an earlier version that had some that are gone.
 */
public final class ResultFiles {

    /** Bytes of a file: the largest run so far, every shape on a GPU with all its peers, has 4,000 rows of 300 bytes. */
    private static final long LONGEST = 64L << 20;

    private ResultFiles() {}

    /**
     * Writes a file, whole or not at all; one that is there is replaced. Numbers are rounded to six digits: what is measured has three.
     *
     * @param file where; its folder must exist
     * @param results what
     * @throws IOException if the system refuses; what was there before is then still there
     */
    public static void write(Path file, Results results) throws IOException {
        try (var output = OutputFile.beside(file)) {
            Files.writeString(output.part(), ResultJson.text(results), StandardCharsets.UTF_8);
            output.commit();
        }
    }

    /**
     * Reads a file.
     *
     * @param file where
     * @return what it holds, each value checked
     * @throws ResultsException if it is no file of results, or a value can not be
     * @throws IOException if it can not be read
     */
    public static Results read(Path file) throws IOException {
        // A pipe would keep us waiting for ever.
        if (Files.exists(file) && !Files.isRegularFile(file)) throw new ResultsException(file, "is no regular file");
        long bytes = Files.size(file);
        if (bytes > LONGEST)
            throw new ResultsException(file, "has " + bytes + " bytes; a file of results has at most " + LONGEST);
        byte[] utf8 = Files.readAllBytes(file);
        try {
            return ResultJson.results(utf8);
        } catch (IllegalArgumentException e) {
            throw new ResultsException(file, e.getMessage());
        }
    }
}
