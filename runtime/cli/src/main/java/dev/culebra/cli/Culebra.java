package dev.culebra.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** The {@code culebra} command: reads arguments, runs one subcommand, answers with an exit code. */
@Command(name = "culebra", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Pruned models and sparse products, on a GPU or without one.", description = {
            "",
            "Pruned weights are encoded once into a compressed form; a product then reads only what is left of them. "
                    + "The same command runs on an NVIDIA GPU (a driver is enough, no toolkit), on the CPU, and on an "
                    + "emulated GPU for trying things out.",
            "",
            "Start with:",
            "  culebra demo                                     see the whole path once",
            "  culebra synth w.safetensors --shape 4096,1024 --sparsity 0.7",
            "  culebra encode w.safetensors w.culebra",
            "  culebra synth x.safetensors --shape 1024,8 --sparsity 0",
            "  culebra spmm --weights w.culebra --input x.safetensors --output y.safetensors",
            "",
            "With a model (OPT, a folder as Hugging Face has it):",
            "  culebra prune opt-1.3b opt-1.3b-60 --sparsity 0.6 --method sparsegpt --calibration text.txt",
            "  culebra encode opt-1.3b-60 opt-1.3b-60.encoded",
            "  culebra generate opt-1.3b-60.encoded --prompt \"Paris is the capital of\"", "",
            "In a checkout, or in the bundle that it makes:",
            "  culebra bench --quick                            measure this machine",
            "  culebra report                                   make a page of it; 'compare' two runs; make a 'bundle'",
            "",
            "'culebra help COMMAND' explains one command.", ""},
        footerHeading = "%nEnvironment:%n", footer = {
            "  CULEBRA_JAVA_OPTIONS   options for the JVM, such as -Xmx8g for larger matrices",
            "  CULEBRA_CUDA_DRIVER    the driver's library, where it is not found by itself"})
public final class Culebra implements Runnable {
    /** Done. */
    public static final int OK = 0;
    /** Tried and failed: a file is missing or broken, a device is not there, a result is wrong. */
    public static final int FAILED = 1;
    /** Asked for in a way that makes no sense; nothing was tried. */
    public static final int USAGE = 2;

    /** The commands of the benchmarks' jar, to tell where they are when they are not here. */
    private static final List<String> BENCHMARKS = List.of("bench", "report", "compare", "bundle");

    @Option(names = "--verbose", scope = CommandLine.ScopeType.INHERIT,
            description = "Say more: the stack trace of an error, all that was tried where a driver is missing.")
    private boolean verbose;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    private Culebra() {}

    /**
     * The process's entry.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        StandardError.reclaim();
        System.exit(run(args, System.out, System.err));
    }

    /**
     * Runs one command line. Never throws: whatever goes wrong becomes a line on {@code err} and an exit code.
     *
     * @param args the command line
     * @param out where results go
     * @param err where errors, warnings and progress go
     * @return {@link #OK}, {@link #FAILED} or {@link #USAGE}
     */
    public static int run(String[] args, PrintStream out, PrintStream err) {
        return run(args, out, err, ServiceLoader.load(MoreCommands.class, Culebra.class.getClassLoader()));
    }

    /**
     * Runs one command line, with further commands that the caller brings instead of those that are found on the class path.
     *
     * @param args the command line
     * @param out where results go
     * @param err where errors, warnings and progress go
     * @param more who has further commands
     * @return {@link #OK}, {@link #FAILED} or {@link #USAGE}
     */
    public static int run(String[] args, PrintStream out, PrintStream err, Iterable<MoreCommands> more) {
        var root = new Culebra();
        var console = new Console(out, err, () -> root.verbose);
        try {
            int code = commandLine(root, console, more).execute(args);
            out.flush();
            if (code == OK && out.checkError()) return console.fail("standard output can not be written to");
            return code;
        } catch (Throwable e) {
            return console.fail(e);
        }
    }

    /**
     * Culebra's version, as the build wrote it into the jar.
     *
     * @return such as {@code 0.1.0}; where classes were never packed into a jar, a word that says so
     */
    public static String version() { return Version.number(); }

    boolean verbose() { return verbose; }

    /** Without a subcommand. */
    @Override
    public void run() { throw new ParameterException(spec.commandLine(), "no command given"); }

    private static CommandLine commandLine(Culebra root, Console console, Iterable<MoreCommands> more) {
        var line = new CommandLine(root);
        line.addSubcommand("info", new InfoCommand(console));
        line.addSubcommand("synth", new SynthCommand(console));
        line.addSubcommand("encode", new EncodeCommand(console));
        line.addSubcommand("decode", new DecodeCommand(console));
        line.addSubcommand("spmm", new SpmmCommand(console));
        line.addSubcommand("prune", new PruneCommand(console));
        line.addSubcommand("generate", new GenerateCommand(console));
        line.addSubcommand("logits", new LogitsCommand(console));
        line.addSubcommand("perplexity", new PerplexityCommand(console));
        line.addSubcommand("launch", new LaunchCommand(console));
        line.addSubcommand("demo", new DemoCommand(console));
        more(line, console, more.iterator());
        line.addSubcommand("help", new CommandLine.HelpCommand());
        line.setOut(new PrintWriter(console.out(), true)).setErr(new PrintWriter(console.err(), true));
        line.registerConverter(Path.class, new Options.PathConverter());
        line.setExpandAtFiles(false).setCaseInsensitiveEnumValuesAllowed(true).setUsageHelpWidth(110);
        line.setUsageHelpLongOptionsMaxWidth(32);
        describeExitCodes(line);
        line.getSubcommands().values().forEach(Culebra::describeExitCodes);
        line.setParameterExceptionHandler((e, ignored) -> misused(console, e));
        line.setExecutionExceptionHandler((e, ignored, result) -> console.fail(e));
        return line;
    }

    /** A jar that does not fit to this one costs its own commands alone. */
    private static void more(CommandLine line, Console console, Iterator<MoreCommands> providers) {
        // A loader that can not read its files may say so at each step.
        for (int failures = 0; failures < 8;) {
            try {
                if (!providers.hasNext()) return;
                for (var command : providers.next().commands(console)) {
                    var one = new CommandLine(command);
                    one.getCommandSpec().versionProvider(new Version());
                    // Looked at here, because picocli refuses it too late: the command that was there is gone by then.
                    for (var name : one.getCommandSpec().names()) {
                        if (line.getSubcommands().containsKey(name))
                            throw new IllegalArgumentException("the name '" + name + "' is taken");
                    }
                    line.addSubcommand(one);
                }
            } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
                failures++;
                console.warn("further commands were left out: " + Failures.oneLine(e.toString()));
            }
        }
    }

    private static void describeExitCodes(CommandLine line) {
        Map<String, String> codes = new LinkedHashMap<>();
        codes.put("0", "done");
        codes.put("1", "failed; one line on standard error says why");
        codes.put("2", "wrong usage; nothing was done");
        line.getCommandSpec().usageMessage().exitCodeListHeading("%nExit codes:%n").exitCodeList(codes);
    }

    private static int misused(Console console, ParameterException e) {
        var line = e.getCommandLine();
        var command = line.getCommandSpec().qualifiedName();
        var message = e.getMessage().replaceFirst("^Error: ", ""); // in front of what it says of groups
        if (e instanceof UnmatchedArgumentException unmatched && line.getParent() == null
                && !unmatched.isUnknownOption()) {
            var given = unmatched.getUnmatched().getFirst();
            if (BENCHMARKS.contains(given)) {
                console.error(
                        "'" + given + "' comes with the benchmarks, which are not in this jar: run './culebra " + given
                                + "' in a checkout, or './run.sh " + given
                                + "' of the bundle that './culebra bundle' makes there");
                return USAGE;
            }
            message = "no command '" + given + "'; there are " + String.join(", ", line.getSubcommands().keySet());
        }
        console.error(Failures.oneLine(message) + " (see '" + command + " --help')");
        return USAGE;
    }
}
