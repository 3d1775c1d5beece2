package dev.culebra.jmh.bundle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code culebra bundle}. */
@Command(name = "bundle", mixinStandardHelpOptions = true,
        header = "Pack benchmarks and GPU tests for a machine without Java.",
        description = {
            "",
            "Writes one archive of less than 40 MB with a Java runtime, the benchmarks, this command and the tests that want a GPU. "
                    + "On a machine with this one's system and processor and an NVIDIA driver it needs nothing else:",
            "",
            "  tar xf bundle.tar.xz",
            "  culebra-*/run.sh bench --quick",
            "  culebra-*/run.sh test", ""})
public final class BundleCommand implements Callable<Integer> {

    @Parameters(paramLabel = "OUT.tar.xz", description = "File to write; an existing one is replaced.")
    private Path output;

    public static void main(String[] args) { System.exit(new CommandLine(new BundleCommand()).execute(args)); }

    @Override
    public Integer call() throws Exception {
        String version = "0.1.0";
        Path work = Files.createTempDirectory("culebra-bundle");
        try {
            Path java = work.resolve("java");
            JavaRuntime.link(java, JavaRuntime.MODULES);
            var files = Bundle.files(Checkout.own(), java, version);
            long bytes = Bundle.write(output, files, "culebra-" + version, TarXz.PRESET, Bundle.MOST_BYTES, done -> {});
            System.out.printf("%s: %.1f MB%n", output, bytes / 1e6);
        } finally {
            delete(work);
        }
        return 0;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path p : walk.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(p);
        }
    }
}
