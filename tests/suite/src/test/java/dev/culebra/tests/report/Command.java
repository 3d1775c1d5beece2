package dev.culebra.tests.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.cli.Culebra;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One run of the command. */
record Command(int code, String out, String err) {

    static Command of(Object... args) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = Culebra.run(Arrays.stream(args).map(String::valueOf).toArray(String[]::new),
                new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Command(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** The page of these files. */
    static String page(List<Path> files) throws IOException {
        Path page = Files.createTempFile("culebra-report", ".html");
        try {
            List<Object> args = new ArrayList<>(List.of("report", "--out", page));
            args.addAll(files);
            Command run = of(args.toArray());
            assertEquals("", run.err);
            assertEquals(Culebra.OK, run.code);
            return Files.readString(page);
        } finally {
            Files.delete(page);
        }
    }

    /** One line on standard error, and nothing else. */
    void failed(int code, String piece) {
        assertEquals(code, this.code, err);
        assertEquals("", out);
        assertEquals(1, err.lines().count(), err);
        assertFalse(err.contains("Exception") || err.contains("\tat "), err);
        assertTrue(err.contains(piece), err);
    }
}
