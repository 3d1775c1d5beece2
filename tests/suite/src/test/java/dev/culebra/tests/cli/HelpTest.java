package dev.culebra.tests.cli;

import dev.culebra.cli.Culebra;
import dev.culebra.cli.Failure;
import dev.culebra.cli.MoreCommands;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Command;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class HelpTest {
    @Test
    void theCommandsAreListed() {
        var help = Run.ok("--help").out();
        for (var command : new String[]{"info", "synth", "encode", "decode", "spmm", "prune", "generate", "logits",
            "perplexity", "launch", "demo", "help"}) {
            assertTrue(help.lines().anyMatch(l -> l.strip().startsWith(command + " ")), command);
        }
        assertEquals(help, Run.ok("help").out());
        assertTrue(help.contains("CULEBRA_JAVA_OPTIONS") && help.contains("CULEBRA_CUDA_DRIVER"), help);
    }

    @ParameterizedTest
    @ValueSource(strings = {"info", "synth", "encode", "decode", "spmm", "prune", "generate", "logits", "perplexity",
        "launch", "demo"})
    void eachTeaches(String command) {
        var help = help(command);
        for (var piece : new String[]{"Usage: culebra " + command, "  culebra " + command, "Example", "Exit codes:",
            "--verbose", "--json"}) {
            assertTrue(help.contains(piece), "no '" + piece + "' in:\n" + help);
        }
    }

    /** Of one command; the same both ways, in lines that fit, and picocli has no complaint. */
    private static String help(String command) {
        var err = System.err;
        var complaints = new ByteArrayOutputStream();
        // Where picocli complains about a text that it can not format.
        System.setErr(new PrintStream(complaints, true));
        String help;
        try {
            help = Run.ok(command, "--help").out();
        } finally {
            System.setErr(err);
        }
        assertEquals("", complaints.toString());
        assertEquals(help, Run.ok("help", command).out());
        assertTrue(help.lines().allMatch(l -> l.length() <= 110));
        return help;
    }

    /** What the options default to is said, and true: the help names the constants that the code has. */
    @Test
    void defaultsAreSaid() {
        assertTrue(Run.ok("synth", "--help").out().contains("Default: 0.1"));
        assertTrue(Run.ok("spmm", "--help").out().contains("Default: auto"));
        assertTrue(Run.ok("spmm", "--help").out().contains("[K, N]"));
    }

    /** From another jar, which is on the class path here: the rules are the same. */
    @ParameterizedTest
    @ValueSource(strings = {"bench", "report", "compare", "bundle"})
    void furtherCommandsBehaveAsTheRest(String command) {
        var help = help(command);
        for (var piece : new String[]{"Usage: culebra " + command, "  culebra " + command, "Exit codes:", "--verbose"})
            assertTrue(help.contains(piece), "no '" + piece + "' in:\n" + help);
        assertEquals(Run.ok("--version").out(), Run.ok(command, "--version").out());
        assertTrue(Run.ok("--help").out().lines().anyMatch(l -> l.strip().startsWith(command + " ")));
        Run.of(command, "--nosuch", "a", "b").failed(Culebra.USAGE, "culebra " + command + " --help");
    }

    private static Run with(Iterable<MoreCommands> more, String... args) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = Culebra.run(args, new PrintStream(out, true), new PrintStream(err, true), more);
        return new Run(code, out.toString(), err.toString());
    }

    /** As in the command's own jar. */
    @ParameterizedTest
    @ValueSource(strings = {"bench", "report", "compare", "bundle"})
    void commandsThatAreNotHereAreSaidToBeElsewhere(String command) {
        with(List.of(), command).failed(Culebra.USAGE, "'" + command + "' comes with the benchmarks",
                "run './culebra " + command + "' in a checkout");
    }

    @Command(name = "twice")
    static final class Twice implements Callable<Integer> {
        @Override
        public Integer call() { throw new Failure("told by its message"); }
    }

    @Command(name = "info")
    static final class Taken implements Runnable {
        @Override
        public void run() { throw new AssertionError("ran in place of another"); }
    }

    /** Whatever is wrong with it: a class that is not there, one that throws, a name that is taken, no command at all. */
    @Test
    void aBrokenProviderCostsItsOwnCommandsAlone(@TempDir Path folder) throws Exception {
        var services = Files.createDirectories(folder.resolve("META-INF/services"))
                .resolve(MoreCommands.class.getName());
        Files.writeString(services, "no.such.Provider\n");
        try (var loader = new URLClassLoader(new URL[]{folder.toUri().toURL()}, null) {
            @Override
            protected Class<?> findClass(String name) throws ClassNotFoundException {
                if (name.equals(MoreCommands.class.getName())) return MoreCommands.class;
                throw new ClassNotFoundException(name);
            }
        }) {
            var run = with(ServiceLoader.load(MoreCommands.class, loader), "--version");
            assertEquals(Culebra.OK, run.code(), run.err());
            assertTrue(run.err().startsWith("culebra: warning: further commands were left out: ")
                    && run.err().contains("no.such.Provider"), run.err());
            assertEquals(1, run.err().lines().count(), run.err());
        }
        List<MoreCommands> providers = List.of(console -> {
            throw new NoClassDefFoundError("gone/Gone");
        }, console -> List.of(new Taken()), console -> List.of("no command"), console -> List.of(new Twice()));
        var version = with(providers, "info");
        assertEquals(Culebra.OK, version.code());
        assertEquals(3, version.err().lines().filter(l -> l.startsWith("culebra: warning: ")).count(), version.err());
        var failed = with(providers.subList(3, 4), "twice");
        failed.failed(Culebra.FAILED, "culebra: told by its message");
    }

    @Test
    void versionIsOneLine() { assertTrue(Run.ok("--version").out().matches("culebra \\S.*\\R")); }

    /** What 'culebra --help' tells a beginner to type works, in that order. */
    @Test
    void theFirstStepsWork(@TempDir Path folder) throws IOException {
        // Its model and its text are ours here.
        Models.copy(Models.KJV, Files.createDirectory(folder.resolve("opt-1.3b")));
        Files.write(folder.resolve("text.txt"),
                Files.readAllLines(folder.resolve("opt-1.3b/calibration.txt")).subList(0, 20));
        var steps = Run.ok("--help").out().lines()
                .filter(l -> l.matches("  culebra (synth|encode|spmm|prune|generate) .*")).toList();
        assertEquals(7, steps.size());
        for (var step : steps) {
            var words = Pattern.compile("\"([^\"]*)\"|\\S+").matcher(step.strip().substring(8)).results()
                    .map(w -> w.group(1) != null ? w.group(1) : w.group()).map(w -> w.matches("opt-1.*|.*\\.\\w{3,}")
                            ? folder.resolve(w).toString()
                            : w);
            Run.ok(words.toArray());
        }
    }

    @Test
    void aNameOfNothingIsNoFile() {
        Run.of("encode", "", "y").failed(Culebra.USAGE, "a file's name can not be empty");
        Run.of("spmm", "--weights", "x", "--input", "y", "--output", "").failed(Culebra.USAGE, "'--output'",
                "a file's name can not be empty");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "|no command given",
        "foo|no command 'foo'; there are info, synth, encode, decode, spmm, prune, generate, logits, perplexity, launch, demo, bench, report, compare, bundle, help",
        "synth|--shape",
        "synth x --shape 3,3|--sparsity",
        "synth x --shape 3 --sparsity 0|'3' is no shape; give two whole numbers",
        "synth x --shape 0,3 --sparsity 0|'0,3' is no shape",
        "synth x --shape 3,99999999999 --sparsity 0|is no shape",
        "synth x --shape 3,3 --sparsity 70|'70' is no number from 0 to 1",
        "synth x --shape 3,3 --sparsity NaN|'NaN' is no number",
        "synth x --shape 3,3 --sparsity 0 --skew 9|'9' is no number from 0 to 1.3",
        "synth x --shape 3,3 --sparsity 0 --dtype f32|'f32' is no type of weights; give one of f16, bf16",
        "synth x --shape 3,3 --sparsity 0.5f|'0.5f' is no number",
        "synth x --shape 3,3 --sparsity 0 --seed one|'one' is no whole number from -2^63",
        "synth x y --shape 3,3 --sparsity 0|'y'",
        "encode x|OUT",
        "encode x y --format csr|'csr' is no format; give auto, tiled-csl, dense",
        "encode x y --tensor a --tensor b|--tensor",
        "decode|IN.culebra",
        "spmm --weights x --input y|--output",
        "spmm --weights x --input y --output z --device tpu|'tpu' is no device; give auto, cpu, cuda",
        "spmm --weights x --input y --output z --device cuda:x|is no device",
        "prune m o --method wanda|--sparsity",
        "prune m o --sparsity 0.5|--method",
        "prune m --sparsity 0.5 --method magnitude|OUT",
        "generate --ids 2|MODEL",
        "generate m|(--prompt=TEXT | --ids=2,5,7)",
        "logits m --ids 2|--output",
        "logits m --output y|--ids",
        "perplexity m|--text",
        "launch --grid 1 --block 1|--ptx",
        "launch --ptx x --block 1|--grid",
        "launch --ptx x --grid 1|--block",
        "launch --ptx x --grid 1 --block 1 --device cpu|the CPU runs no PTX; give auto, cuda",
        "demo --jsn|--jsn",
        "info extra|extra"})
    void wrongUsageIsOneLineAndSaysWhereHelpIs(String line, String piece) {
        var run = Run.of((Object[]) (line == null ? new String[0] : line.split(" ")));
        run.failed(Culebra.USAGE, piece, "--help')");
    }
}
