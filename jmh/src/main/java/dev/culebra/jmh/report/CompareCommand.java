package dev.culebra.jmh.report;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.cli.Console;
import dev.culebra.cli.Culebra;
import dev.culebra.cli.Failure;
import dev.culebra.jmh.results.Change;
import dev.culebra.jmh.results.Comparison;
import dev.culebra.jmh.results.ResultFiles;
import dev.culebra.jmh.results.Results;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.RowKey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code culebra compare}: the regression check. */
@Command(name = "compare", mixinStandardHelpOptions = true,
        header = "Tell what got slower between two runs of benchmarks.",
        description = {
            "",
            "Measurements of both files are compared by their medians. One changed when these lie further apart than both spreads "
                    + "together, and than 3%% of the smaller one. Exits with 1 when something of Culebra's got slower.",
            "",
            "Example:",
            "  culebra compare before.json after.json", ""})
public final class CompareCommand implements Callable<Integer> {

    private static final JsonMapper JSON = JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private final Console console;

    @Parameters(paramLabel = "OLD", index = "0", description = "The earlier run's file of results.")
    private Path before;

    @Parameters(paramLabel = "NEW", index = "1", description = "The later run's.")
    private Path after;

    @Option(names = "--other-machine", description = "Compare runs of different machines all the same.")
    private boolean otherMachine;

    @Option(names = "--json",
            description = "Print one line with one JSON object: regressed, compared, slower, faster (each with key, "
                    + "before_us, after_us, ratio, tolerance, ours), only_before, only_after, differences.")
    private boolean json;

    /**
     * The command.
     *
     * @param console where it speaks
     */
    public CompareCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws IOException {
        Results old = ResultFiles.read(before);
        Results now = ResultFiles.read(after);
        List<String> machines = Comparison.machineDifferences(old, now);
        if (!machines.isEmpty() && !otherMachine) {
            throw new Failure("these runs are of different machines, whose times say nothing about the code ("
                    + String.join("; ", machines) + "): compare runs of one machine, or insist with --other-machine");
        }
        Comparison comparison = Comparison.of(old.rows(), now.rows());
        if (comparison.changes().isEmpty())
            throw new Failure(before + " and " + after + " have no measurement in common: nothing can be compared");
        List<String> differences = Comparison.otherDifferences(old, now);
        if (json) printJson(comparison, machines, differences);
        else print(comparison, machines, differences);
        return comparison.regressed() ? Culebra.FAILED : Culebra.OK;
    }

    private void print(Comparison comparison, List<String> machines, List<String> differences) {
        machines.forEach(d -> console.line("different: %s: these times do not tell about the code", d));
        differences.forEach(d -> console.line("different: %s", d));
        print("slower", comparison.slower());
        print("faster", comparison.faster());
        print("only in the earlier run", comparison.onlyBefore(), before);
        print("only in the later run", comparison.onlyAfter(), after);
        int changed = comparison.slower().size() + comparison.faster().size();
        console.line("%d measurements in both: %d slower, %d faster, %d the same within their spread",
                comparison.changes().size(), comparison.slower().size(), comparison.faster().size(),
                comparison.changes().size() - changed);
        if (!comparison.regressed() && !comparison.slower().isEmpty())
            console.line("What got slower is not Culebra's: the machine may have changed.");
    }

    private void print(String title, List<Change> changes) {
        if (changes.isEmpty()) return;
        console.line("%s:", title);
        for (Change c : changes) {
            String kernel = Versions.kernel(c);
            console.line("  %5.2fx  %10s -> %-10s (counts from %.1f%% on)  %s%s", c.ratio(),
                    Words.time(c.before().timeUs()),
                    Words.time(c.after().timeUs()), c.tolerance() * 100, c.key(),
                    kernel != null && kernel.contains(" -> ") ? "  [" + kernel + "]" : "");
        }
    }

    private void print(String title, List<Row> rows, Path file) {
        if (rows.isEmpty()) return;
        console.line("%s (%s):", title, file);
        rows.forEach(r -> console.line("  %s", RowKey.of(r)));
    }

    private void printJson(Comparison comparison, List<String> machines, List<String> differences) throws IOException {
        ObjectNode object = JSON.createObjectNode();
        object.put("regressed", comparison.regressed()).put("compared", comparison.changes().size());
        changes(object.putArray("slower"), comparison.slower());
        changes(object.putArray("faster"), comparison.faster());
        ArrayNode onlyBefore = object.putArray("only_before");
        comparison.onlyBefore().forEach(r -> onlyBefore.add(RowKey.of(r).toString()));
        ArrayNode onlyAfter = object.putArray("only_after");
        comparison.onlyAfter().forEach(r -> onlyAfter.add(RowKey.of(r).toString()));
        ArrayNode different = object.putArray("differences");
        machines.forEach(different::add);
        differences.forEach(different::add);
        console.line("%s", JSON.writeValueAsString(object));
    }

    private static void changes(ArrayNode array, List<Change> changes) {
        for (Change c : changes) {
            array.addObject().put("key", c.key().toString()).put("before_us", c.before().timeUs())
                    .put("after_us", c.after().timeUs()).put("ratio", c.ratio()).put("tolerance", c.tolerance())
                    .put("ours", c.ours());
        }
    }
}
