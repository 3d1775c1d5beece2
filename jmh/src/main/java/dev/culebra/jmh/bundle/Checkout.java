package dev.culebra.jmh.bundle;

import dev.culebra.cli.Failure;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The built checkout that a bundle is made of. */
record Checkout(Path root) {

    /** Long enough for a slow disk. */
    private static final int GIT_SECONDS = 20;

    /** The one that this class was built in. */
    static Checkout own() {
        Path code;
        try {
            code = Path.of(Checkout.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException | IllegalArgumentException e) {
            throw new Failure("a bundle is made in a checkout: run './culebra bundle' there");
        }
        // jmh/target/benchmarks.jar, or jmh/target/classes
        Path root = code.resolve("../../..").normalize();
        if (!Files.exists(root.resolve("jmh/pom.xml"))) {
            throw new Failure(
                    "a bundle is made in a checkout, and " + code + " is not in one: run './culebra bundle' there");
        }
        return new Checkout(root);
    }

    /** Everything of a bundle but the Java runtime and what is written for it, by its path in the bundle. */
    SortedMap<String, Entry> files() throws IOException {
        var files = new TreeMap<String, Entry>();
        Path benchmarks = built("jmh/target/benchmarks.jar");
        files.put("lib/benchmarks.jar", Entry.of(Jar.stored(benchmarks)));
        Path tests = built("tests/suite/target/test-classes");
        Path examples = built("runtime/examples/target/classes");
        files.put("tests/suite/lib/culebra-tests.jar", Entry.of(Jar.of(tests, examples)));
        try (Stream<Path> jars = Files.list(built("tests/suite/target/bundle"))) {
            for (Path jar : (Iterable<Path>) jars::iterator) {
                files.put("tests/suite/lib/" + jar.getFileName(), Entry.of(Jar.stored(jar)));
            }
        }
        // A test reads it, by its place beside the suite's folder.
        files.put("bindings/functions.args", Entry.of(root.resolve("bindings/functions.args")));
        files.put("LICENSE", Entry.of(root.resolve("LICENSE")));
        return files;
    }

    private Path built(String path) {
        Path file = root.resolve(path);
        if (Files.exists(file)) return file;
        throw new Failure(file + " is missing: it is made by 'mvn -pl jmh,tests/suite -am package -DskipTests'");
    }

    /** The commit, with "+" where something was changed since; "unknown" where git does not tell. */
    String commit() {
        String commit = git("rev-parse", "HEAD");
        if (!commit.matches("[0-9a-f]{40,64}")) return "unknown";
        return git("status", "--porcelain", "--untracked-files=no").isEmpty() ? commit : commit + "+";
    }

    /** What git prints; nothing where there is none, or no repository. */
    private String git(String... arguments) {
        var command = Stream.concat(Stream.of("git"), Stream.of(arguments)).toList();
        try {
            Process p = new ProcessBuilder(command).directory(root.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            p.getOutputStream().close();
            String said = new String(p.getInputStream().readAllBytes()).strip();
            if (!p.waitFor(GIT_SECONDS, TimeUnit.SECONDS)) p.destroyForcibly();
            return said;
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}
