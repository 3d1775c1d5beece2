package dev.culebra.tests.emulator.textbook;

import static dev.culebra.tests.machine.CompilerTools.onPath;
import static dev.culebra.tests.machine.CompilerTools.release;
import static dev.culebra.tests.machine.CompilerTools.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed PTX is what nvcc prints for the programs beside it. */
class TextbookBuildTest {

    /** The suite runs in its own folder. */
    private static final Path SOURCES = Path.of("src/test/resources/dev/culebra/tests/emulator/textbook");

    /** Part of names that no other file may have: nvcc makes it from the time that the file was last changed, among others. */
    private static final Pattern UNIQUE = Pattern
            .compile("\\d+_INTERNAL_[0-9a-f]{8}_|_GLOBAL__N__[0-9a-f]{8}_|_cu_[0-9a-f]{8}");

    private static List<Path> programs() throws IOException {
        try (var files = Files.list(SOURCES)) {
            return files.filter(f -> f.toString().endsWith(".cu")).sorted().toList();
        }
    }

    private static Path ptx(Path program) {
        return program.resolveSibling(program.getFileName().toString().replace(".cu", ".ptx"));
    }

    @Test
    void everyProgramIsCompiled() throws IOException {
        assertTrue(programs().size() >= 12, () -> "a dozen were promised");
        for (Path program : programs()) {
            assertTrue(Files.exists(ptx(program)), () -> program + " has no PTX: run compile.sh");
        }
    }

    @Test
    void compilingAgainGivesTheSame(@TempDir Path folder) throws Exception {
        assumeTrue(onPath("nvcc") && onPath("ptxas"), "no nvcc and ptxas on the PATH");
        String here = release(run("nvcc", "--version"));
        for (Path program : programs()) {
            String there = release(Files.readString(ptx(program)));
            assumeTrue(here.equals(there), () -> "nvcc here is " + here + "; the committed PTX is by " + there);
        }
        run("sh", SOURCES.resolve("compile.sh").toString(), folder.toString());
        for (Path program : programs()) {
            String made = Files.readString(folder.resolve(ptx(program).getFileName()));
            assertEquals(plain(Files.readString(ptx(program))), plain(made), program + ": run compile.sh");
        }
    }

    private static String plain(String ptx) { return UNIQUE.matcher(ptx).replaceAll("*"); }
}
