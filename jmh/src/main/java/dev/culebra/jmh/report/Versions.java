package dev.culebra.jmh.report;

import dev.culebra.jmh.report.Part.Axis;
import dev.culebra.jmh.report.Part.Chart;
import dev.culebra.jmh.report.Part.Note;
import dev.culebra.jmh.report.Part.Point;
import dev.culebra.jmh.report.Part.Section;
import dev.culebra.jmh.report.Part.Series;
import dev.culebra.jmh.report.Part.Table;
import dev.culebra.jmh.results.Change;
import dev.culebra.jmh.results.Comparison;
import dev.culebra.jmh.results.Results;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** This version against the last: the newest run of each group beside the one before it on the same machine. */
final class Versions {

    private Versions() {}

    static Section section(String id, MachineRuns runs) {
        List<Part> parts = new ArrayList<>();
        List<Change> all = new ArrayList<>();
        List<List<Object>> groups = new ArrayList<>();
        for (MachineRuns.GroupRun run : runs.groups()) {
            if (run.last() == null) continue;
            Comparison comparison = run.comparison();
            all.addAll(comparison.changes());
            groups.addAll(lines(comparison));
            said(parts, run, comparison);
        }
        String title = "This version against the last";
        if (all.isEmpty()) {
            parts.add(0, new Note("There is no earlier run of this kind on this machine to compare with."));
            return new Section(id, title, null, parts);
        }
        parts.add(0, chart(all));
        parts.add(1, new Table("By benchmark (geometric mean of time now over time before: below 1 is faster)", null,
                List.of("group", "benchmark", "by", "measurements", "time now / before", "slower", "faster"), groups,
                false));
        changed(parts, "Slower beyond the spread", all, Change.Verdict.SLOWER);
        changed(parts, "Faster beyond the spread", all, Change.Verdict.FASTER);
        return new Section(id, title,
                "A measurement changed when its two medians lie further apart than both spreads together, and than 3%.",
                parts);
    }

    private static void said(List<Part> parts, MachineRuns.GroupRun run, Comparison comparison) {
        Results before = run.last().results();
        Results now = run.now().results();
        String text = run.group() + ": " + now.date() + " (" + now.commit() + ") against " + before.date() + " ("
                + before.commit() + ")";
        List<String> differences = Comparison.otherDifferences(before, now);
        if (!differences.isEmpty()) text += "; different: " + String.join(", ", differences);
        if (!comparison.onlyBefore().isEmpty())
            text += "; " + comparison.onlyBefore().size() + " measured only before";
        if (!comparison.onlyAfter().isEmpty()) text += "; " + comparison.onlyAfter().size() + " measured only now";
        parts.add(new Note(text + "."));
    }

    private static List<List<Object>> lines(Comparison comparison) {
        Map<List<String>, List<Change>> benchmarks = new LinkedHashMap<>();
        comparison.changes().forEach(c -> benchmarks
                .computeIfAbsent(List.of(c.after().group(), c.after().benchmark(), Words.who(c.after())),
                        k -> new ArrayList<>())
                .add(c));
        List<List<Object>> lines = new ArrayList<>();
        benchmarks.forEach((key, changes) -> {
            List<Object> line = new ArrayList<>(key);
            line.add(changes.size());
            line.add(Means.geometric(changes.stream().map(Change::ratio).toList()));
            line.add(changes.stream().filter(c -> c.verdict() == Change.Verdict.SLOWER).count());
            line.add(changes.stream().filter(c -> c.verdict() == Change.Verdict.FASTER).count());
            lines.add(line);
        });
        return lines;
    }

    private static Chart chart(List<Change> all) {
        List<Series> series = new ArrayList<>();
        double least = all.stream().mapToDouble(c -> c.before().timeUs()).min().orElseThrow();
        double most = all.stream().mapToDouble(c -> c.before().timeUs()).max().orElseThrow();
        series.add(new Series("as before", null, null, "limit",
                List.of(Point.of(least, 1, "as before"), Point.of(Math.max(most, least * 1.01), 1, "as before"))));
        Map<String, List<Point>> points = new LinkedHashMap<>();
        for (Change change : all) {
            String name = change.verdict() == Change.Verdict.SAME
                    ? "within the spread"
                    : "changed: " + change.key().group();
            points.computeIfAbsent(name, n -> new ArrayList<>())
                    .add(Point.of(change.before().timeUs(), change.ratio(), tip(change)));
        }
        points.forEach((name, some) -> series.add(new Series(name, null, null, "points", some)));
        return Chart.of("Each measurement", "Below the line is faster than before.", "plot",
                Axis.log("time before, µs"),
                Axis.log("time now / time before"), series);
    }

    private static String tip(Change change) {
        return change.key() + "\n" + Words.time(change.before().timeUs()) + " before, "
                + Words.time(change.after().timeUs())
                + " now: " + Words.ratio(change.ratio()) + " times\ncounts from " + Words.percent(change.tolerance())
                + " on";
    }

    private static void changed(List<Part> parts, String title, List<Change> all, Change.Verdict verdict) {
        Comparison comparison = new Comparison(all, List.of(), List.of());
        List<Change> some = verdict == Change.Verdict.SLOWER ? comparison.slower() : comparison.faster();
        if (some.isEmpty()) {
            parts.add(new Note(title + ": nothing."));
            return;
        }
        List<List<Object>> lines = new ArrayList<>();
        for (Change c : some) {
            List<Object> line = new ArrayList<>(
                    List.of(c.key().toString(), c.before().timeUs(), c.after().timeUs(), c.ratio(),
                            c.tolerance() * 100));
            line.add(kernel(c));
            lines.add(line);
        }
        parts.add(new Table(title + " (" + some.size() + ")", null,
                List.of("measurement", "before µs", "now µs", "now / before", "counts from %", "kernel"), lines,
                false));
    }

    /** The kernel, if there is one, and the one before if it was another. */
    static String kernel(Change change) {
        String before = change.before().kernel();
        String after = change.after().kernel();
        return Objects.equals(before, after) ? after : before + " -> " + after;
    }
}
