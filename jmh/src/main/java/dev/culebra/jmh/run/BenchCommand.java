package dev.culebra.jmh.run;

import dev.culebra.cli.Console;
import dev.culebra.cli.Culebra;
import dev.culebra.cli.Progress;
import dev.culebra.jmh.results.Results;
import dev.culebra.jmh.results.Results.Skipped;
import dev.culebra.llm.checkpoint.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code culebra bench}: runs groups, shows their rows, writes them to a file. */
@Command(name = "bench", mixinStandardHelpOptions = true, header = "Measure this machine.", description = {
    "",
    "Groups: host (what calls, launches, copies and encoding cost), cpu and gpu (products beside other libraries), text (tokens and "
            + "tokenizing), emulator (the interpreter). What can not be measured here is skipped, and said.",
    "",
    "Examples:",
    "  culebra bench --quick                 a look at everything, in less than five minutes",
    "  culebra bench cpu --out cpu.json",
    "  culebra report                        then makes a page of all results", ""})
public final class BenchCommand implements Callable<Integer> {

    private final Console console;
    private final Supplier<List<Group>> groups;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "GROUP", arity = "0..*",
            description = "Which groups, in the order of --list. All of them without one.")
    private List<String> names = List.of();

    @Option(names = "--quick", description = "A look: few shapes, few rounds.")
    private boolean quick;

    @Option(names = "--out", paramLabel = "FILE",
            description = "The file of results. Without it jmh/results/DATE-MACHINE.json in a checkout, else results-DATE-MACHINE.json here.")
    private Path out;

    @Option(names = "--list", description = "Say which groups there are, and which of them can run here.")
    private boolean list;

    /**
     * The command.
     *
     * @param console where it speaks
     * @param groups makes them, in the order in which they run; asked when the command runs
     */
    public BenchCommand(Console console, Supplier<List<Group>> groups) {
        this.console = console;
        this.groups = groups;
    }

    @Override
    public Integer call() throws IOException {
        List<Group> chosen = chosen();
        if (list) {
            chosen.forEach(this::describe);
            return Culebra.OK;
        }
        Machine machine = Machine.here();
        console.line("machine   %s", machine.description());
        if (machine.gpu() != null) {
            console.line("GPU       %s, driver %s", machine.gpu(), machine.driver());
        }
        if (machine.isBusy()) {
            console.warn(String.format(Locale.ROOT,
                    "this machine is busy (load average %.1f on %d cores): expect times that are too long and spread wide",
                    machine.load(), machine.cores()));
        }
        Path file = out != null ? out : freeName(machine);
        OutputFile.beside(file).close(); // refused now rather than after an hour
        console.remark("results go to %s as they come", file);
        String date = OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString();
        String commit = Checkout.commit();
        String jdk = Runtime.version() + ", " + System.getProperty("java.vendor");
        // As it would be typed to measure the same; where this file lies says something of the machine, and nothing of a row.
        String given = "bench" + (quick ? " --quick" : "")
                + chosen.stream().map(group -> " " + group.name()).collect(Collectors.joining());
        Recording recording = new Recording(file, (skipped, rows) -> new Results(machine.description(), machine.cores(),
                machine.gpu(), machine.driver(), machine.load(), jdk, date, commit, Culebra.version(), given, quick,
                skipped, rows));
        boolean fine = true;
        for (Group group : chosen) {
            fine &= run(group, recording);
        }
        console.line("");
        if (recording.rows() == 0) {
            console.line("nothing was measured, so there is no file");
        } else if (recording.isSaved()) {
            console.line("%s: %d row%s", file, recording.rows(), recording.rows() == 1 ? "" : "s");
        } else {
            console.line("what was measured is not all in a file");
        }
        return fine ? Culebra.OK : Culebra.FAILED;
    }

    /** @return false if it failed */
    private boolean run(Group group, Recording recording) {
        console.line("");
        Optional<String> skip = skipReason(group);
        if (skip.isPresent()) {
            console.line("%s: skipped: %s", group.name(), skip.get());
            recording.skipGroup(group, skip.get());
            return save(recording);
        }
        console.line("%s: %s", group.name(), group.description());
        console.out().flush();
        Throwable failure = null;
        try (Progress progress = console.progress(group.name(), Progress.TOLD)) {
            recording.begin(group, progress);
            group.run(new Settings(quick), recording);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failure = e;
        } catch (Throwable e) {
            // A wrong result is an AssertionError, a library that does not fit a LinkageError: the other groups still run.
            failure = e;
        }
        recording.end(failure == null ? null : console.describe(failure));
        Table.lines(recording.newRows()).forEach(line -> console.line("%s", line));
        for (Skipped skipped : recording.newSkipped()) {
            if (failure == null || !skipped.why().startsWith("failed: ")) {
                console.line("  skipped: %s: %s", skipped.what(), skipped.why());
            }
        }
        console.out().flush();
        if (failure != null) {
            console.error("group " + group.name(), failure);
        }
        return save(recording) && failure == null;
    }

    /** The rows stand on the screen already, and the next group's end tries again. */
    private boolean save(Recording recording) {
        try {
            recording.save();
            return true;
        } catch (IOException e) {
            // A plain one is the system's own words, such as: No space left on device.
            console.error(recording.file() + " can not be written: "
                    + (e.getClass() == IOException.class ? e.getMessage() : console.describe(e)));
            return false;
        }
    }

    private static Optional<String> skipReason(Group group) {
        try {
            return group.skipReason();
        } catch (RuntimeException | LinkageError e) {
            return Optional.of("it can not tell whether it can run here: " + e);
        }
    }

    private void describe(Group group) {
        console.line("%-9s %s", group.name(), group.description());
        skipReason(group).ifPresent(why -> console.line("%-9s skipped here: %s", "", why));
    }

    /** In their own order, each once. */
    private List<Group> chosen() {
        List<Group> all = groups.get();
        List<String> known = all.stream().map(Group::name).toList();
        List<String> unknown = new ArrayList<>(names);
        unknown.removeAll(known);
        if (!unknown.isEmpty()) {
            throw new ParameterException(spec.commandLine(),
                    "no group '" + unknown.getFirst() + "'; there are "
                            + known.stream().collect(Collectors.joining(", ")));
        }
        return all.stream().filter(g -> names.isEmpty() || names.contains(g.name())).toList();
    }

    /** A run of the same day is not written over. */
    private Path freeName(Machine machine) throws IOException {
        String name = LocalDate.now() + "-" + machine.slug() + (quick ? "-quick" : "");
        Optional<Path> root = Checkout.root();
        String prefix = root.isPresent() ? "" : "results-";
        Path folder = root.isPresent() ? Files.createDirectories(root.get().resolve("jmh/results")) : Path.of("");
        Path file = folder.resolve(prefix + name + ".json");
        for (int i = 2; Files.exists(file); i++) {
            file = folder.resolve(prefix + name + "-" + i + ".json");
        }
        return file;
    }
}
