package dev.culebra.tests.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.culebra.cli.Culebra;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * One run of the command in this process, with what it said.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error
 */
record Run(int code, String out, String err) {

    /** Arguments may be strings, paths and numbers. */
    static Run of(Object... args) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = Culebra.run(Arrays.stream(args).map(String::valueOf).toArray(String[]::new),
                new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Run(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Done, and nothing on standard error. */
    static Run ok(Object... args) {
        var run = of(args);
        assertEquals("", run.err);
        assertEquals(Culebra.OK, run.code);
        return run;
    }

    /** The one object of a run that succeeded with {@code --json}. */
    static JsonNode json(Object... args) throws IOException {
        var run = ok(args);
        assertEquals(1, run.out.lines().count(), run.out);
        assertTrue(run.out.endsWith("\n"));
        return new ObjectMapper().readTree(run.out);
    }

    /** Failed as every failure must: one line on standard error that has all the pieces, nothing on standard output. */
    void failed(int code, String... pieces) {
        assertEquals(code, this.code, err);
        assertEquals("", out);
        assertTrue(err.startsWith("culebra: "), err);
        assertEquals(1, err.lines().count(), err);
        assertFalse(err.contains("\tat ") || err.contains("Exception"), err);
        for (var piece : pieces) assertTrue(err.contains(piece), "no '" + piece + "' in: " + err);
    }
}
