package dev.culebra.jmh.report;

import dev.culebra.cli.Console;
import dev.culebra.cli.Culebra;
import dev.culebra.cli.Failure;
import dev.culebra.jmh.results.ResultFiles;
import dev.culebra.jmh.run.Checkout;
import dev.culebra.llm.checkpoint.OutputFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code culebra report}. */
@Command(name = "report", mixinStandardHelpOptions = true, header = "Make a page of benchmarks' results.",
        description = {
            "",
            "One HTML file that needs no network. Of each machine and kind of run (full, quick) it shows the newest run of each group, and "
                    + "the one before beside it.",
            "",
            "Examples:",
            "  culebra report",
            "  culebra report before.json after.json --out report.html", ""})
public final class ReportCommand implements Callable<Integer> {

    private static final String RESULTS = "jmh/results";
    private static final String PAGE = "report.html";

    private final Console console;

    @Parameters(paramLabel = "FILE", arity = "0..*",
            description = "Files of results. Default: jmh/results/*.json in a checkout, else results-*.json here.")
    private List<Path> files = new ArrayList<>();

    @Option(names = "--out", paramLabel = "F",
            description = "Where to write the page; a file there is replaced. Default: jmh/results/report.html in a checkout, else "
                    + "report.html here.")
    private Path out;

    /**
     * The command.
     *
     * @param console where it speaks
     */
    public ReportCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws IOException {
        if (files.isEmpty()) files = found();
        if (out == null)
            out = Checkout.root().map(r -> r.resolve(RESULTS)).filter(Files::isDirectory).orElse(Path.of(""))
                    .resolve(PAGE);
        List<Source> sources = new ArrayList<>();
        for (Path file : files) {
            if (file.toAbsolutePath().normalize().equals(out.toAbsolutePath().normalize()))
                throw new Failure(out + ": is also read by this command; give the output another name");
            sources.add(new Source(file.getFileName().toString(), ResultFiles.read(file)));
        }
        String page = Page.of(sources);
        try (OutputFile output = OutputFile.beside(out)) {
            Files.writeString(output.part(), page, StandardCharsets.UTF_8);
            output.commit();
        }
        int rows = sources.stream().mapToInt(s -> s.results().rows().size()).sum();
        console.line("%s: %s of %s", out, Words.count(rows, "row"), Words.count(files.size(), "file"));
        return Culebra.OK;
    }

    private static List<Path> found() throws IOException {
        Path folder = Checkout.root().map(r -> r.resolve(RESULTS)).orElse(Path.of(""));
        List<Path> found = Files.isDirectory(folder) || folder.toString().isEmpty()
                ? json(folder, Checkout.root().isPresent() ? "" : "results-")
                : List.of();
        if (found.isEmpty()) {
            throw new Failure("there are no results, neither *.json in a checkout's " + RESULTS
                    + " nor results-*.json here: run 'culebra bench' first, or name files");
        }
        return found;
    }

    private static List<Path> json(Path folder, String start) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(
                    f -> f.getFileName().toString().startsWith(start) && f.getFileName().toString().endsWith(".json"))
                    .sorted().toList();
        }
    }
}
