package dev.culebra.jmh.report;

import dev.culebra.jmh.report.Part.Axis;
import dev.culebra.jmh.report.Part.Chart;
import dev.culebra.jmh.report.Part.Point;
import dev.culebra.jmh.report.Part.Series;
import dev.culebra.jmh.report.Part.Variant;
import dev.culebra.jmh.results.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** What the host does around a product: calls, copies, encoding. What goes into which chart is told by the rows' parameters alone. */
final class HostPath {

    /** A call is what takes less, in microseconds, whoever does it; longer things would press its bars flat. */
    private static final double CALL = 5;

    private final List<Row> rows;
    private final Set<Row> shown = new LinkedHashSet<>();
    private final List<Part> parts = new ArrayList<>();

    private HostPath(List<Row> rows) { this.rows = rows; }

    static List<Part> of(List<Row> rows) {
        HostPath host = new HostPath(rows);
        host.calls();
        host.copies();
        host.scaling();
        List<Row> rest = rows.stream().filter(r -> !host.shown.contains(r)).toList();
        if (!rest.isEmpty())
            host.parts.add(RowTable.of("Everything else of the host path", null, rest, false, "group"));
        return host.parts;
    }

    private void calls() {
        Map<String, List<Row>> benchmarks = new LinkedHashMap<>();
        rows.stream().filter(r -> r.size() == null && r.bytes() == null && r.threads() == null && r.shape() == null)
                .forEach(r -> benchmarks.computeIfAbsent(r.benchmark(), b -> new ArrayList<>()).add(r));
        benchmarks.values().removeIf(some -> some.stream().anyMatch(r -> r.timeUs() >= CALL));
        if (benchmarks.isEmpty()) return;
        List<String> names = List.copyOf(benchmarks.keySet());
        List<Row> all = benchmarks.values().stream().flatMap(List::stream).toList();
        List<Series> series = new ArrayList<>();
        for (String caller : Means.distinct(all, HostPath::caller)) {
            List<Point> points = all.stream().filter(r -> caller(r).equals(caller))
                    .map(r -> Point.of(names.indexOf(r.benchmark()), r.timeUs() * 1e3, tip(r))).toList();
            series.add(new Series(caller, caller, null, "both", points));
        }
        parts.add(new Chart("Calls", "Shorter is better.", "bars", Axis.of("", names), Axis.linear("ns a call"), null,
                List.of(new Variant("all", series)), null));
        shown.addAll(all);
    }

    private void copies() {
        List<Row> copies = rows.stream().filter(r -> r.size() != null && r.gbPerS() != null && r.gbPerS() > 0).toList();
        // One size is no curve.
        Map<String, List<Row>> curves = group(copies, r -> r.benchmark() + ", " + caller(r));
        curves.values().removeIf(some -> some.stream().map(Row::size).distinct().count() < 2);
        if (curves.isEmpty()) return;
        parts.add(new Chart("Copies", "Higher is better; both axes are logarithmic.", "plot",
                Axis.bytes("bytes of one copy"),
                Axis.log("GB/s"), null, List.of(new Variant("all", lines(curves, r -> (double) r.size()))), null));
        curves.values().forEach(shown::addAll);
    }

    private void scaling() {
        List<Row> rates = rows.stream().filter(r -> !shown.contains(r) && r.gbPerS() != null && r.gbPerS() > 0)
                .toList();
        Map<String, List<Row>> curves = group(rates, r -> r.benchmark() + (r.format() == null ? "" : " " + r.format())
                + (r.sparsity() == null ? "" : " " + Words.sparsity(r.sparsity()))
                + (r.shape() == null ? "" : " " + Words.layer(r)) + (r.by().equals("culebra") ? "" : ", " + caller(r)));
        curves.values().removeIf(some -> some.stream().map(HostPath::threads).distinct().count() < 2);
        if (curves.isEmpty()) return;
        parts.add(new Chart("Encoding and decoding", "Higher is better.", "plot", Axis.linear("threads"),
                Axis.linear("GB/s"),
                null, List.of(new Variant("all", lines(curves, r -> (double) threads(r)))), null));
        curves.values().forEach(shown::addAll);
    }

    private static Map<String, List<Row>> group(List<Row> some, java.util.function.Function<Row, String> name) {
        Map<String, List<Row>> groups = new LinkedHashMap<>();
        some.forEach(r -> groups.computeIfAbsent(name.apply(r), n -> new ArrayList<>()).add(r));
        return groups;
    }

    private static List<Series> lines(Map<String, List<Row>> curves, ToDoubleFunction<Row> x) {
        List<Series> series = new ArrayList<>();
        curves.forEach((name, some) -> {
            // In the order of x, which is what a line goes along.
            TreeMap<Double, Point> points = new TreeMap<>();
            some.forEach(r -> points.put(x.applyAsDouble(r), Point.of(x.applyAsDouble(r), r.gbPerS(), tip(r))));
            series.add(new Series(name, name, null, "both", List.copyOf(points.values())));
        });
        return series;
    }

    private static int threads(Row row) { return row.threads() == null ? 1 : row.threads(); }

    private static String caller(Row row) { return row.by() + (row.driver() == null ? "" : " on " + row.driver()); }

    private static String tip(Row row) {
        return row.allocatedBytes() == null
                ? Words.tip(row)
                : Words.tip(row) + "\n" + Words.number(row.allocatedBytes()) + " B of heap an operation";
    }

}
