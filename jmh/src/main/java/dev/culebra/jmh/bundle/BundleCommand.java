package dev.culebra.jmh.bundle;

import dev.culebra.cli.Console;
import dev.culebra.cli.Culebra;
import dev.culebra.cli.Progress;
import dev.culebra.jmh.run.Checkout;
import dev.culebra.llm.checkpoint.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code culebra bundle}. */
@Command(name = "bundle", mixinStandardHelpOptions = true,
        header = "Pack benchmarks and GPU tests for a machine without Java.",
        description = {
            "",
            "Writes one archive of less than 40 MB with a Java runtime, the benchmarks, this command, and the tests that want a GPU. "
                    + "A machine with this one's system and processor and an NVIDIA driver needs nothing else:",
            "",
            "  culebra bundle bundle.tar.xz",
            "  tar xf bundle.tar.xz                  there, and then",
            "  culebra-*/run.sh bench --quick",
            "  culebra-*/run.sh test",
            "  culebra-*/run.sh help", ""})
public final class BundleCommand implements Callable<Integer> {

    private static final long MEGA = 1_000_000;

    private final Console console;

    @Parameters(paramLabel = "OUT.tar.xz", description = "File to write; an existing one is replaced.")
    private Path output;

    /**
     * The command.
     *
     * @param console where it speaks
     */
    public BundleCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws IOException {
        OutputFile.beside(output).close(); // refused now rather than after a minute
        long bytes = pack(Parts.own());
        console.line("%s: %.1f MB, for %s with an NVIDIA driver; unpack it there and ask ./run.sh help", output,
                bytes / 1e6, Bundle.system());
        return Culebra.OK;
    }

    private long pack(Parts parts) throws IOException {
        try (var progress = console.progress("packing " + output.getFileName(), Progress.TOLD)) {
            var files = files(parts);
            long all = files.values().stream().mapToLong(e -> e.bytes().length).sum();
            return Bundle.write(output, files, "culebra-" + Culebra.version(), TarXz.PRESET, Bundle.MOST_BYTES,
                    done -> progress.stepTo(done / MEGA, all / MEGA));
        }
    }

    /** In memory, so that the runtime's folder is gone before the long part begins. */
    private static SortedMap<String, Entry> files(Parts parts) throws IOException {
        Path work = Files.createTempDirectory("culebra-bundle");
        try {
            Path java = work.resolve("java");
            JavaRuntime.link(java, JavaRuntime.MODULES);
            return Bundle.files(parts, java, Culebra.version(), Checkout.commit());
        } finally {
            delete(work);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path p : walk.sorted(Comparator.reverseOrder()).toList()) Files.delete(p);
        }
    }
}
