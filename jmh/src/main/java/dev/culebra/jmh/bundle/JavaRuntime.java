package dev.culebra.jmh.bundle;

import dev.culebra.cli.Failure;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/** A Java runtime of this JVM's own version with nothing in it but what the bundle needs. */
public final class JavaRuntime {

    /**
     * What {@code jdeps} finds in the jars, less java.desktop and java.sql, which Jackson looks for and does without; and jdk.zipfs, with
     * which JUnit finds the tests of a package in a jar.
     */
    public static final List<String> MODULES = List.of("java.base", "java.logging", "java.management", "java.xml",
            "jdk.jfr",
            "jdk.management", "jdk.unsupported", "jdk.incubator.vector", "jdk.zipfs");

    private JavaRuntime() {}

    /**
     * Makes one.
     *
     * @param folder does not exist yet
     * @param modules that it must have
     * @throws Failure where this Java can not, with what to do
     */
    public static void link(Path folder, List<String> modules) {
        String here = "this Java (" + Runtime.version() + " in " + System.getProperty("java.home") + ")";
        var jlink = ToolProvider.findFirst("jlink").orElseThrow(() -> new Failure(
                here + " has no jlink, which makes the runtime for the bundle: use a whole JDK, by JAVA_HOME"));
        var said = new StringWriter();
        var to = new PrintWriter(said, true);
        // Without --compress: xz does that better over the whole file than jlink for each class.
        int code = jlink.run(to, to, "--add-modules", String.join(",", modules), "--strip-debug", "--no-header-files",
                "--no-man-pages", "--output", folder.toString());
        if (code == 0) return;
        String reason = said.toString().strip().replaceAll("\\s*\\R\\s*", "; ");
        throw new Failure(
                "jlink of " + here + " made no runtime for the bundle (" + reason + "): use a JDK with its jmods"
                        + " folder, or one that can link itself without it, such as Temurin 25, by JAVA_HOME");
    }

    /**
     * The files of a folder.
     *
     * @param folder of any files
     * @return by their paths in it; links stay links
     * @throws IOException if one can not be read
     */
    public static SortedMap<String, Entry> files(Path folder) throws IOException {
        var files = new TreeMap<String, Entry>();
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) walk
                    .filter(f -> !Files.isDirectory(f, LinkOption.NOFOLLOW_LINKS))::iterator) {
                files.put(folder.relativize(file).toString(), Entry.of(file));
            }
        }
        return files;
    }
}
