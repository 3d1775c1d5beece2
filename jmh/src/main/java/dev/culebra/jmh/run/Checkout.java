package dev.culebra.jmh.run;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The checkout that this was built in, as the launcher script tells it, and its commit. */
public final class Checkout {

    /** Set by the launcher script: its own folder. */
    public static final String ROOT = "culebra.checkout";

    /** Set where there is no checkout any more, such as by the bundle: the commit it was made from. */
    public static final String COMMIT = "culebra.commit";

    /** What is said of a commit that nobody knows. */
    public static final String UNKNOWN = "unknown";

    private Checkout() {}

    /**
     * Its folder.
     *
     * @return the folder; empty where the command was not started by a checkout's script
     */
    public static Optional<Path> root() {
        return Optional.ofNullable(System.getProperty(ROOT)).map(Path::of)
                .filter(p -> Files.isDirectory(p.resolve("jmh")));
    }

    /**
     * The commit that runs.
     *
     * @return its first twelve digits, with "+" where files differ from it (results apart); {@link #UNKNOWN} without git, or outside
     *     of a checkout
     */
    public static String commit() {
        String given = System.getProperty(COMMIT);
        if (given != null) {
            return given;
        }
        return root().flatMap(Checkout::commit).orElse(UNKNOWN);
    }

    private static Optional<String> commit(Path root) {
        Optional<String> commit = git(root, "rev-parse", "--short=12", "HEAD");
        Optional<String> changes = git(root, "status", "--porcelain", "--", ".", ":!jmh/results");
        return commit.map(c -> c + (changes.orElse("").isEmpty() ? "" : "+"));
    }

    private static Optional<String> git(Path root, String... arguments) {
        String[] command = new String[arguments.length + 3];
        command[0] = "git";
        command[1] = "-C";
        command[2] = root.toString();
        System.arraycopy(arguments, 0, command, 3, arguments.length);
        return output(command);
    }

    /** What a program prints; empty where it is not there or fails. */
    static Optional<String> output(String... command) {
        try {
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor() == 0 ? Optional.of(said) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
