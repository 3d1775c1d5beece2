package dev.culebra.jmh.report;

import dev.culebra.jmh.report.Part.Axis;
import dev.culebra.jmh.report.Part.Chart;
import dev.culebra.jmh.report.Part.Point;
import dev.culebra.jmh.report.Part.Series;
import dev.culebra.jmh.results.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** What the host does around a product: calls, copies, encoding. What goes into which chart is told by the rows' parameters alone. */
final class HostPath {

    /** A call is what takes less, in microseconds, for one of its callers; longer things would press its bars flat. */
    private static final double CALL = 5;

    /** It is slower by far and nobody else calls it. */
    private static final String EMULATOR = "emulator";

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
            host.parts.add(RowTable.of("Everything else of the host path", null, rest, RowTable.PLAIN));
        return host.parts;
    }

    private void calls() {
        List<Row> timed = rows.stream().filter(r -> r.driver() != null && !r.driver().equals(EMULATOR))
                .filter(r -> r.size() == null && r.bytes() == null && r.threads() == null && r.shape() == null)
                .toList();
        Set<String> calledFast = timed.stream().filter(r -> r.timeUs() < CALL).map(HostPath::call)
                .collect(Collectors.toSet());
        List<Row> calls = timed.stream().filter(r -> calledFast.contains(call(r))).toList();
        for (String driver : Means.distinct(calls, Row::driver)) {
            List<Row> some = calls.stream().filter(r -> r.driver().equals(driver)).toList();
            List<String> names = Means.distinct(some, Row::benchmark);
            List<Series> series = new ArrayList<>();
            for (String by : Means.distinct(some, Row::by)) {
                List<Point> points = some.stream().filter(r -> r.by().equals(by))
                        .map(r -> Point.of(names.indexOf(r.benchmark()), r.timeUs() * 1e3, tip(r))).toList();
                series.add(new Series(by, "caller " + by, null, "both", points));
            }
            parts.add(Chart.of("Calls, " + driver + " driver", "Shorter is better.", "bars", Axis.of("", names),
                    Axis.linear("ns a call"), series));
        }
        shown.addAll(calls);
    }

    private static String call(Row row) { return row.driver() + " " + row.benchmark(); }

    private void copies() {
        List<Row> copies = rows.stream().filter(r -> r.size() != null && r.gbPerS() != null && r.gbPerS() > 0).toList();
        // One size is no curve.
        Map<String, List<Row>> curves = group(copies, r -> r.benchmark() + ", " + caller(r));
        curves.values().removeIf(some -> some.stream().map(Row::size).distinct().count() < 2);
        if (curves.isEmpty()) return;
        parts.add(Chart.of("Copies", "Higher is better; both axes are logarithmic.", "plot",
                Axis.bytes("bytes of one copy"),
                Axis.log("GB/s"), lines(curves, r -> (double) r.size())));
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
        parts.add(Chart.of("Encoding and decoding", "Higher is better.", "plot", Axis.count("threads"),
                Axis.linear("GB/s"),
                lines(curves, r -> (double) threads(r))));
        curves.values().forEach(shown::addAll);
    }

    private static Map<String, List<Row>> group(List<Row> some, Function<Row, String> name) {
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
            series.add(new Series(name, null, null, "both", List.copyOf(points.values())));
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
