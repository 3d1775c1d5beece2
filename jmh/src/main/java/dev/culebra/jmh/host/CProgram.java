package dev.culebra.jmh.host;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * The same loops in C: {@code host.c}, compiled on the machine that is measured and run as a process of its own. It
 * knows the driver {@code cuda}, and {@code no-op}, which is the function of {@link NoOpDriver}. One thread.
 */
public final class CProgram implements AutoCloseable {

    private static final List<String> COMPILERS = List.of("gcc", "cc", "clang");

    /** As distributions compile; {@code -ldl} for a glibc before 2.34. */
    private static final List<String> FLAGS = List.of("-std=c11", "-D_GNU_SOURCE", "-O2");

    private static final long COMPILER_PATIENCE_S = 60;

    private final Path folder;
    private final Path program;

    private CProgram(Path folder, Path program) {
        this.folder = folder;
        this.program = program;
    }

    /**
     * Times of one of its benchmarks.
     *
     * @param benchmark its name
     * @param size bytes that are moved; 0 where that is no parameter
     */
    public record Key(String benchmark, long size) {}

    /**
     * A C compiler.
     *
     * @return gcc, cc or clang, the first that is on the PATH
     */
    public static Optional<Path> compiler() {
        String path = System.getenv("PATH");
        if (path == null) return Optional.empty();
        for (String name : COMPILERS) {
            for (String folder : path.split(Pattern.quote(File.pathSeparator))) {
                Path file = Path.of(folder, name);
                if (Files.isExecutable(file) && Files.isRegularFile(file)) return Optional.of(file);
            }
        }
        return Optional.empty();
    }

    /**
     * Compiles it.
     *
     * @param compiler such as gcc
     * @param more flags
     * @return the program; closing it takes it away
     * @throws IOException where it does not compile, with the compiler's words; where it can not be run; where there is no
     *         folder for temporary files
     * @throws InterruptedException where the thread was interrupted meanwhile
     */
    public static CProgram compile(Path compiler, String... more) throws IOException, InterruptedException {
        Path folder = temporary();
        boolean done = false;
        try {
            Path program = folder.resolve("host");
            Path source = Files.writeString(folder.resolve("host.c"), HostWork.resource("host.c"));
            Files.writeString(folder.resolve("host.ptx"), HostWork.ptx());
            List<String> command = new ArrayList<>(List.of(compiler.toString()));
            command.addAll(FLAGS);
            command.addAll(List.of(more));
            command.addAll(List.of("-o", program.toString(), source.toString(), "-ldl"));
            run(command, folder, COMPILER_PATIENCE_S);
            // From some folders for temporary files nothing can be run: told here, before anything was measured.
            new ProcessBuilder(program.toString()).redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD)
                    .start().waitFor();
            done = true;
            return new CProgram(folder, program);
        } finally {
            if (!done) delete(folder);
        }
    }

    private static Path temporary() throws IOException {
        try {
            return Files.createTempDirectory("culebra-host-");
        } catch (IOException e) {
            throw new IOException("nothing can be written to the folder for temporary files, "
                    + System.getProperty("java.io.tmpdir") + ": choose another with -Djava.io.tmpdir=FOLDER", e);
        }
    }

    /**
     * Runs it.
     *
     * @param driver cuda or no-op
     * @param library the driver's, such as libcuda.so.1
     * @param samples of each benchmark, 1 or more
     * @param millis of a sample
     * @param sizes of copies
     * @return microseconds an operation, in the order in which they were measured
     * @throws IOException where it fails, with its words
     * @throws InterruptedException where the thread was interrupted meanwhile
     */
    public Map<Key, List<Double>> run(String driver, String library, int samples, int millis, List<Long> sizes)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(program.toString(), driver, library, folder.resolve("host.ptx").toString(),
                        String.valueOf(samples), String.valueOf(millis)));
        sizes.forEach(size -> command.add(String.valueOf(size)));
        // 9 benchmarks, 4 a size, each with a sample to warm up; a copy of 256 MB may take longer than a sample: thrice,
        // and a start.
        long seconds = 60 + 3L * (9 + 4L * sizes.size()) * (samples + 1) * millis / 1000;
        Map<Key, List<Double>> times = new LinkedHashMap<>();
        for (String line : run(command, folder, seconds).lines().toList()) {
            String[] words = line.split(" ");
            times.computeIfAbsent(new Key(words[0], Long.parseLong(words[1])), k -> new ArrayList<>())
                    .add(Double.parseDouble(words[2]) / 1e3);
        }
        return times;
    }

    private static String run(List<String> command, Path folder, long seconds)
            throws IOException, InterruptedException {
        Path said = folder.resolve("said");
        Path complained = folder.resolve("complained");
        Process process = new ProcessBuilder(command).redirectOutput(said.toFile()).redirectError(complained.toFile())
                .start();
        try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS))
                throw new IOException(command.getFirst() + " took more than " + seconds + " s");
        } finally {
            process.destroyForcibly();
        }
        if (process.exitValue() != 0) {
            String words = Files.readString(complained, StandardCharsets.UTF_8).strip();
            throw new IOException(
                    command.getFirst() + " ended with " + process.exitValue() + (words.isEmpty() ? "" : ": " + words));
        }
        return Files.readString(said, StandardCharsets.UTF_8);
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) Files.delete(file);
        }
        Files.delete(folder);
    }

    @Override
    public void close() throws IOException { delete(folder); }
}
