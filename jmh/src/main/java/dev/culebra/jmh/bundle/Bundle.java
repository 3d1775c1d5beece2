package dev.culebra.jmh.bundle;

import dev.culebra.cli.Failure;
import dev.culebra.llm.checkpoint.OutputFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/** What is in a bundle, and its way into a file. */
public final class Bundle {

    /** What mail, chat and repositories still take, and a slow line carries in a minute. */
    public static final long MOST_BYTES = 40_000_000;

    private Bundle() {}

    /**
     * All files of a bundle.
     *
     * @param parts of a checkout
     * @param java a runtime that was made for it
     * @param version Culebra's
     * @param commit that the parts were built of
     * @return by their paths in the bundle
     * @throws IOException if one can not be read
     * @throws Failure if one was not built
     */
    public static SortedMap<String, Entry> files(Parts parts, Path java, String version, String commit)
            throws IOException {
        SortedMap<String, Entry> files = parts.files();
        JavaRuntime.files(java).forEach((path, entry) -> files.put("java/" + path, entry));
        files.put("run.sh", text("run.sh", version, commit).runnable());
        files.put("README.txt", text("README.txt", version, commit));
        return files;
    }

    /** A file that is kept beside this class, with what is told only now put into it. */
    private static Entry text(String name, String version, String commit) throws IOException {
        try (var in = Bundle.class.getResourceAsStream(name)) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("@VERSION@", version)
                    .replace("@COMMIT@", commit).replace("@SYSTEM@", system());
            return Entry.of(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /**
     * What the Java runtime in a bundle is for.
     *
     * @return what this machine's {@code uname -sm} says, such as {@code Linux x86_64}
     */
    public static String system() {
        String os = System.getProperty("os.name");
        String processor = System.getProperty("os.arch");
        return (os.startsWith("Mac") ? "Darwin" : os) + " " + (processor.equals("amd64") ? "x86_64" : processor);
    }

    /**
     * Writes a bundle; whole, or not at all.
     *
     * @param output replaced where it exists
     * @param files by path
     * @param top the folder that all of them are in
     * @param preset xz's, 0 to 9
     * @param mostBytes a larger archive is given up
     * @param progress is told how many bytes of the files are in it
     * @return the archive's bytes
     * @throws IOException if the system refuses
     * @throws Failure if it would be larger
     */
    public static long write(Path output, SortedMap<String, Entry> files, String top, int preset, long mostBytes,
            LongConsumer progress) throws IOException {
        var inTop = new TreeMap<String, Entry>();
        files.forEach((path, entry) -> inTop.put(top + "/" + path, entry));
        try (var file = OutputFile.beside(output)) {
            try (OutputStream to = Files.newOutputStream(file.part())) {
                TarXz.write(inTop, preset, to, progress);
            }
            long bytes = Files.size(file.part());
            if (bytes > mostBytes) {
                throw new Failure(
                        "%s: would be %.1f MB, and a bundle may have %.1f: what is new in jmh/target/benchmarks.jar "
                                .formatted(output, bytes / 1e6, mostBytes / 1e6)
                                + "or tests/suite/target/test-classes?");
            }
            file.commit();
            return bytes;
        }
    }
}
