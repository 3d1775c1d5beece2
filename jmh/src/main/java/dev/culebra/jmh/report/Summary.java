package dev.culebra.jmh.report;

import dev.culebra.jmh.report.Part.Facts;
import dev.culebra.jmh.report.Part.Table;
import dev.culebra.jmh.report.Part.Tile;
import dev.culebra.jmh.results.Change;
import dev.culebra.jmh.results.Results;
import dev.culebra.jmh.results.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What is seen first of a machine: what it is, the few figures that matter most, what was left out and why. */
final class Summary {

    /** Groups that have parts of the page of their own. */
    static final Set<String> KNOWN = Set.of("gpu", "cpu", "host", "text", "emulator");

    /** What 'bench' says of a group of which nothing can be measured. */
    private static final String WHOLE = "the whole group";

    private Summary() {}

    static List<Tile> tiles(MachineRuns runs) {
        List<Tile> tiles = new ArrayList<>();
        contest(tiles, runs, "gpu", "cuBLAS", Row::ratioToCublas);
        contest(tiles, runs, "cpu", "OpenBLAS", Row::ratioToOpenblas);
        launch(tiles, runs);
        versions(tiles, runs);
        checks(tiles, runs);
        return tiles;
    }

    private static void contest(List<Tile> tiles, MachineRuns runs, String group, String peer,
            Function<Row, Double> ratio) {
        MachineRuns.GroupRun run = runs.group(group);
        if (run == null) return;
        Contest contest = Contest.of(run.rows(), peer, ratio);
        // Dense weights have no zeros to gain by.
        List<Row> ours = contest.cold().stream()
                .filter(r -> r.by().equals("culebra") && r.sparsity() != null && ratio.apply(r) != null).toList();
        if (ours.isEmpty()) return;
        long faster = ours.stream().filter(r -> ratio.apply(r) > 1).count();
        tiles.add(new Tile("Faster than dense " + peer, faster + " of " + ours.size(), "sparse products", null));
        // The middle of what pruning gives today; where it was not measured, whatever was.
        Double sparsity = ours.stream().map(Row::sparsity).sorted().toList().get(ours.size() / 2);
        List<Row> middle = ours.stream().filter(r -> r.sparsity().equals(sparsity) && r.shape().n() <= 16).toList();
        if (middle.isEmpty()) return;
        List<Row> common = Cover.of(middle, r -> Arrays.asList(Words.who(r), r.shape().n())).rows();
        double mean = Means.geometric(common.stream().map(ratio).toList());
        tiles.add(new Tile("Over " + peer + " at " + Words.sparsity(sparsity) + " zeros", Words.ratio(mean) + "x",
                "geometric mean, N up to 16", mean > 1));
    }

    private static void launch(List<Tile> tiles, MachineRuns runs) {
        MachineRuns.GroupRun run = runs.group("host");
        if (run == null) return;
        List<Row> launches = run.rows().stream()
                .filter(r -> r.benchmark().equals("prepared-launch") && r.size() == null).toList();
        for (Row row : launches) {
            if (!row.by().equals("culebra")) continue;
            String beside = launches.stream()
                    .filter(r -> r.by().equals("c") && Objects.equals(r.driver(), row.driver()))
                    .findFirst().map(c -> ", C: " + Words.time(c.timeUs())).orElse("");
            tiles.add(new Tile("Prepared launch", Words.time(row.timeUs()),
                    (row.driver() == null ? "" : row.driver() + " driver") + beside
                            + (row.allocatedBytes() == null
                                    ? ""
                                    : ", " + Words.number(Math.round(row.allocatedBytes())) + " B of heap"),
                    null));
        }
    }

    private static void versions(List<Tile> tiles, MachineRuns runs) {
        List<Change> changes = runs.groups().stream().filter(g -> g.last() != null)
                .flatMap(g -> g.comparison().changes().stream()).filter(Change::ours).toList();
        if (changes.isEmpty()) return;
        long slower = changes.stream().filter(c -> c.verdict() == Change.Verdict.SLOWER).count();
        long faster = changes.stream().filter(c -> c.verdict() == Change.Verdict.FASTER).count();
        tiles.add(new Tile("Against the last version", slower + " slower, " + faster + " faster",
                "of " + changes.size() + " measurements of Culebra", slower == 0 ? null : Boolean.FALSE));
    }

    private static void checks(List<Tile> tiles, MachineRuns runs) {
        List<Row> rows = runs.groups().stream().flatMap(g -> g.rows().stream()).toList();
        long checked = rows.stream().filter(Row::checked).count();
        tiles.add(new Tile("Measurements", String.valueOf(rows.size()), checked + " with the timed result checked",
                null));
    }

    /** The machine, where each group's rows are from, and what was left out. */
    static List<Part> about(MachineRuns runs) {
        List<Part> parts = new ArrayList<>();
        parts.add(machine(runs));
        List<List<Object>> skipped = new ArrayList<>();
        for (Results.Skipped skip : runs.skipped()) skipped.add(List.of(skip.group(), skip.what(), skip.why()));
        parts.add(skipped.isEmpty()
                ? new Part.Note("Nothing was left out.")
                : new Table("What was left out, and why", null, List.of("group", "what", "why"), skipped, false));
        List<List<Object>> lines = new ArrayList<>();
        for (MachineRuns.GroupRun run : runs.groups()) {
            Results now = run.now().results();
            List<Object> line = new ArrayList<>(
                    List.of(run.group(), run.rows().size(), now.date(), now.commit(), now.version()));
            line.add(run.last() == null
                    ? null
                    : run.last().results().date() + " (" + run.last().results().commit() + ")");
            line.add(now.command());
            lines.add(line);
        }
        if (!lines.isEmpty())
            parts.add(new Table("What was run", null,
                    List.of("group", "rows", "date", "commit", "version", "compared with", "command"), lines, false));
        return parts;
    }

    private static Facts machine(MachineRuns runs) {
        Results newest = runs.newest().results();
        List<List<String>> facts = new ArrayList<>();
        facts.add(List.of("machine", newest.machine()));
        facts.add(List.of("cores", String.valueOf(newest.cores())));
        facts.add(List.of("GPU", newest.gpu() == null ? "none" : newest.gpu()));
        Set<String> drivers = each(runs, Results::driver);
        if (!drivers.isEmpty()) facts.add(List.of("driver", String.join("; ", drivers)));
        facts.add(List.of("JDK", String.join("; ", each(runs, Results::jdk))));
        facts.add(List.of("kind of run", newest.quick() ? "quick: a look, with few samples" : "full"));
        if (newest.loadAverage() != null) facts.add(List.of("load before", load(newest)));
        return new Facts("Machine", facts);
    }

    /** Half of the cores at work for others is more than any benchmark here bears. */
    private static String load(Results results) {
        String load = Words.number(results.loadAverage()) + " of " + Words.count(results.cores(), "core");
        return results.loadAverage() > results.cores() / 2.0
                ? load + ": the machine was busy, these times say little"
                : load;
    }

    private static Set<String> each(MachineRuns runs, Function<Results, String> value) {
        Set<String> values = new LinkedHashSet<>();
        if (value.apply(runs.newest().results()) != null) values.add(value.apply(runs.newest().results()));
        runs.groups().stream().map(g -> value.apply(g.now().results())).filter(v -> v != null).forEach(values::add);
        return values;
    }

    /** Why a group has no rows. */
    static String whyNot(MachineRuns runs, String group) {
        String skips = skips(runs, group);
        return skips.isEmpty()
                ? "No run of this kind on this machine has rows of the group " + group + ": ./culebra bench " + group
                        + " measures it."
                : "The group " + group + " was skipped: " + skips;
    }

    /** What a group left out, in sentences; empty where it left out nothing. */
    static String skips(MachineRuns runs, String group) {
        return runs.skipped().stream().filter(s -> s.group().equals(group))
                .map(s -> s.what().equals(WHOLE) ? stop(s.why()) : s.what() + ": " + stop(s.why()))
                .collect(Collectors.joining(" "));
    }

    private static String stop(String sentence) { return sentence.endsWith(".") ? sentence : sentence + "."; }
}
