package dev.culebra.tests.report;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A browser without a window, of the family of Chromium. */
record Browser(Path program) {

    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome",
            "google-chrome-stable",
            "chrome", "headless_shell", "microsoft-edge");

    /** Ten times what a page takes on a machine that does nothing else. */
    private static final long SECONDS = 60;

    /** By {@code -Dculebra.browser=}, or on the PATH. */
    static Optional<Browser> find() {
        String given = System.getProperty("culebra.browser");
        if (given != null) return Optional.of(new Browser(Path.of(given)));
        String path = System.getenv().getOrDefault("PATH", "");
        return Stream.of(path.split(File.pathSeparator)).filter(f -> !f.isEmpty())
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name))).filter(Files::isExecutable)
                .findFirst().map(Browser::new);
    }

    /** @param dom the page as its scripts left it
     *  @param log what the browser said, a line with CONSOLE for each message, error and refusal of the page */
    record Seen(String dom, String log) {

        List<String> console() { return log.lines().filter(l -> l.contains("CONSOLE")).toList(); }

        /** Of the root element. */
        Optional<String> attribute(String name) {
            int at = dom.indexOf("<html");
            String tag = dom.substring(at, dom.indexOf('>', at));
            int value = tag.indexOf(" " + name + "=\"");
            if (value < 0) return Optional.empty();
            int start = value + name.length() + 3;
            return Optional.of(tag.substring(start, tag.indexOf('"', start)));
        }
    }

    /** Opens a page from its file. What the browser writes for itself is gone afterwards, as far as it lets go of it. */
    Seen open(Path page) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("culebra-browser");
        try {
            return open(page, folder);
        } finally {
            delete(folder);
        }
    }

    private Seen open(Path page, Path folder) throws IOException, InterruptedException {
        Path dom = folder.resolve("dom.html");
        Path log = folder.resolve("log.txt");
        Process process = new ProcessBuilder(program.toString(), "--headless", "--no-sandbox", "--disable-gpu",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
                "--disable-dev-shm-usage", "--enable-logging=stderr", "--window-size=1300,900",
                "--user-data-dir=" + folder.resolve("profile"), "--dump-dom", page.toUri().toString())
                .redirectOutput(dom.toFile()).redirectError(log.toFile()).start();
        process.getOutputStream().close();
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
            throw new IOException(program + " did not finish in " + SECONDS + " s: " + Files.readString(log));
        }
        if (process.exitValue() != 0)
            throw new IOException(program + " failed with " + process.exitValue() + ": " + Files.readString(log));
        return new Seen(Files.readString(dom), Files.readString(log));
    }

    /** Its last processes may still write there for a moment after the first has ended. */
    private static void delete(Path folder) throws InterruptedException {
        for (int i = 0; i < 20 && Files.exists(folder); i++) {
            if (i > 0) Thread.sleep(100);
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path file : all.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(file);
            } catch (IOException | UncheckedIOException e) {
                // Once more.
            }
        }
    }
}
