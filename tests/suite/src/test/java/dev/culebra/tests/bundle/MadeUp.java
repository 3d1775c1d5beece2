package dev.culebra.tests.bundle;

import dev.culebra.jmh.bundle.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.TimeUnit;

/** Bundles in a folder, as they are once unpacked, and runs of what is in them. */
final class MadeUp {

    private static final int PATIENCE_SECONDS = 120;

    private MadeUp() {}

    /** Lays files out; the archive has tests of its own. */
    static void unpack(SortedMap<String, Entry> files, Path to) throws IOException {
        for (var e : files.entrySet()) {
            Path file = to.resolve(e.getKey());
            Files.createDirectories(file.getParent());
            if (e.getValue().link() != null) {
                Files.createSymbolicLink(file, Path.of(e.getValue().link()));
                continue;
            }
            Files.write(file, e.getValue().bytes());
            Files.setPosixFilePermissions(file,
                    PosixFilePermissions.fromString(e.getValue().executable() ? "rwxr-xr-x" : "rw-r--r--"));
        }
    }

    /** @param out what it printed, on both */
    record Run(int code, String out) {}

    /** With nothing in its environment but what is given, and the usual PATH. */
    static Run run(Path workingFolder, Map<String, String> environment, Object... command)
            throws IOException, InterruptedException {
        // Java takes what there is when a process ends. What a filter that the process started says after it is lost then, so cat
        // ends last: when nobody has its input open.
        Path exit = Files.createTempFile("exit", "");
        List<String> words = new ArrayList<>(
                List.of("/bin/sh", "-c", "{ \"$@\" 2>&1; echo $? >\"$0\"; } | /bin/cat", exit.toString()));
        for (Object word : command) words.add(word.toString());
        var builder = new ProcessBuilder(words).directory(workingFolder.toFile()).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("PATH", "/usr/bin:/bin");
        builder.environment().putAll(environment);
        Process p = builder.start();
        p.getOutputStream().close();
        String out = new String(p.getInputStream().readAllBytes());
        if (!p.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            p.destroyForcibly();
            throw new AssertionError(words + " did not end");
        }
        int code = Integer.parseInt(Files.readString(exit).strip());
        Files.delete(exit);
        return new Run(code, out);
    }
}
