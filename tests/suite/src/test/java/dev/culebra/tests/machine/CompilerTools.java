package dev.culebra.tests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** nvcc and ptxas, for tests that compile again what is committed. */
public final class CompilerTools {

    private static final Pattern RELEASE = Pattern.compile("V(\\d+\\.\\d+\\.\\d+)");

    private CompilerTools() {}

    /**
     * Looks for a program.
     *
     * @param tool its name
     * @return whether it is on the PATH
     */
    public static boolean onPath(String tool) {
        return List.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)).stream()
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    }

    /**
     * Runs a program, which must succeed.
     *
     * @param command the program and its arguments
     * @return what it wrote to both outputs
     * @throws IOException if it can not be started
     * @throws InterruptedException if this thread is interrupted
     */
    public static String run(String... command) throws IOException, InterruptedException {
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, p.waitFor(), () -> String.join(" ", command) + ":\n" + output);
        return output;
    }

    /**
     * A compiler's version.
     *
     * @param text what {@code nvcc --version} says, or PTX that it made
     * @return such as 13.0.88
     */
    public static String release(String text) {
        Matcher release = RELEASE.matcher(text);
        assertTrue(release.find(), text);
        return release.group(1);
    }
}
