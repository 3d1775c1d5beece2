package dev.culebra.jmh.report;

import dev.culebra.jmh.report.Part.Axis;
import dev.culebra.jmh.report.Part.Cell;
import dev.culebra.jmh.report.Part.Chart;
import dev.culebra.jmh.report.Part.Heat;
import dev.culebra.jmh.report.Part.HeatRow;
import dev.culebra.jmh.report.Part.Point;
import dev.culebra.jmh.report.Part.Series;
import dev.culebra.jmh.report.Part.Variant;
import dev.culebra.jmh.results.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Products of a group against the dense one of a library: by sparsity, N, layer, and whether the cache was cold.
 *
 * @param rows products, with shapes
 * @param peer the library, as people call it
 * @param ratio a row's speed-up over it; null where it has none
 */
record Contest(List<Row> rows, String peer, Function<Row, Double> ratio) {

    private static final String BENCHMARK = "multiply";

    /** N that is seen first: 8 sequences at once is where serving begins. */
    private static final long SERVING = 8;

    /** Of one group's rows, what is a product. */
    static Contest of(Collection<Row> rows, String peer, Function<Row, Double> ratio) {
        return new Contest(rows.stream().filter(r -> r.benchmark().equals(BENCHMARK) && r.shape() != null).toList(),
                peer, ratio);
    }

    /** Cold where both were measured: a layer's weights were not used since the token before, and many layers were. */
    List<Row> cold() {
        boolean any = rows.stream().anyMatch(r -> "cold".equals(r.l2()));
        return rows.stream().filter(r -> !any || "cold".equals(r.l2())).toList();
    }

    /** Culebra's rows that have a ratio, by format. */
    private Map<String, List<Row>> ours() {
        Map<String, List<Row>> formats = new LinkedHashMap<>();
        rows.stream().filter(r -> r.by().equals("culebra") && ratio.apply(r) != null)
                .forEach(r -> formats.computeIfAbsent(Words.who(r), f -> new ArrayList<>()).add(r));
        return formats;
    }

    /** A chart and a table for each format; those to which zeros make no difference share one table. */
    List<Part> speedups() {
        List<Part> parts = new ArrayList<>();
        List<Row> single = new ArrayList<>();
        ours().forEach((who, ofFormat) -> {
            if (ofFormat.stream().allMatch(r -> r.sparsity() == null)) {
                single.addAll(new Contest(ofFormat, peer, ratio).cold());
            } else {
                parts.add(speedup(who, ofFormat));
                parts.add(table(who, ofFormat));
            }
        });
        if (!single.isEmpty()) {
            Cover cover = Cover.of(single, r -> List.of(Words.who(r), r.shape().n()));
            parts.add(heat("Whatever the zeros are, " + cover.words() + l2(single), "ratio", "by \\ N", cover.rows(),
                    ratio,
                    Words::ratio, Means.by(cover.rows(), Words::who)));
        }
        return parts;
    }

    /** Speed-up of one format over sparsity, a line for each N. */
    private Chart speedup(String who, List<Row> ofFormat) {
        List<Variant> variants = new ArrayList<>();
        List<Row> cold = new Contest(ofFormat, peer, ratio).cold();
        List<Row> warm = cold.size() == ofFormat.size()
                ? List.of()
                : ofFormat.stream().filter(r -> !"cold".equals(r.l2())).toList();
        for (List<Row> state : List.of(cold, warm)) {
            Cover cover = Cover.of(state, Contest::cell);
            if (!state.isEmpty()) variants.add(overSparsity(cover.words() + l2(state), cover.rows(), ofFormat));
        }
        for (List<Row> state : List.of(cold, warm)) {
            byLayer(state).forEach((layer, some) -> variants.add(overSparsity(layer + l2(some), some, ofFormat)));
        }
        return new Chart("Speed-up over " + peer + ": " + who, null, "plot", sparsityAxis(ofFormat),
                Axis.linear("time of " + peer + " / time"), "layers", variants, 0, null);
    }

    private static String l2(List<Row> rows) {
        return rows.getFirst().l2() == null ? "" : ", " + rows.getFirst().l2() + " cache";
    }

    /** Rows of different layers that have one mean, of one format. */
    private static Object cell(Row row) {
        return Arrays.asList(row.shape().n(), row.sparsity());
    }

    private Variant overSparsity(String name, List<Row> some, List<Row> all) {
        List<Double> sparsities = sparsities(all);
        List<Series> series = new ArrayList<>();
        series.add(one(sparsities.size()));
        List<Long> tokens = tokens(all);
        Means.by(some, r -> r.shape().n()).forEach((n, ofN) -> {
            List<Point> points = new ArrayList<>();
            for (int i = 0; i < sparsities.size(); i++) {
                Double sparsity = sparsities.get(i);
                List<Row> cell = ofN.stream().filter(r -> Objects.equals(r.sparsity(), sparsity)).toList();
                if (!cell.isEmpty()) points.add(Point.of(i, mean(cell), "N = " + n + "\n" + tip(cell)));
            }
            series.add(new Series("N = " + n, "n", step(tokens, n), "both", points));
        });
        return new Variant(name, series);
    }

    private Series one(int categories) {
        List<Point> points = Stream.of(0, categories - 1).distinct()
                .map(x -> Point.of(x, 1, peer + ", dense: as fast")).toList();
        return new Series(peer, null, null, "limit", points);
    }

    /** Speed-up of one format, sparsity by N. */
    private Heat table(String who, List<Row> ofFormat) {
        List<Row> cold = new Contest(ofFormat, peer, ratio).cold();
        Cover cover = Cover.of(cold, Contest::cell);
        return heat(who + ", " + cover.words() + l2(cold), "ratio", cover.rows(), ratio, Words::ratio);
    }

    /** Share of the memory's limit, by who multiplied. */
    List<Part> shares() {
        List<Part> parts = new ArrayList<>();
        Map<String, List<Row>> formats = new LinkedHashMap<>();
        cold().stream().filter(r -> r.shareOfLimit() != null && r.shareOfLimit() > 0)
                .forEach(r -> formats.computeIfAbsent(Words.who(r), f -> new ArrayList<>()).add(r));
        List<Row> single = new ArrayList<>();
        formats.forEach((who, some) -> {
            // What has one sparsity, or none, is a line of one table for all of these.
            if (sparsities(some).size() == 1) {
                single.addAll(some);
            } else {
                Cover cover = Cover.of(some, Contest::cell);
                parts.add(heat("Share of the limit: " + who + l2(some) + cover.note(), "share", cover.rows(),
                        Row::shareOfLimit, Words::percent));
            }
        });
        if (!single.isEmpty()) {
            Cover cover = Cover.of(single, r -> List.of(whoAndZeros(r), r.shape().n()));
            parts.add(heat("Share of the limit: others" + l2(single) + cover.note(), "share", "by \\ N", cover.rows(),
                    Row::shareOfLimit, Words::percent, Means.by(cover.rows(), Contest::whoAndZeros)));
        }
        return parts;
    }

    private static String whoAndZeros(Row row) {
        return Words.who(row) + (row.sparsity() == null ? "" : " " + Words.sparsity(row.sparsity()));
    }

    private static Heat heat(String title, String scale, List<Row> some, Function<Row, Double> value,
            Function<Double, String> words) {
        Map<String, List<Row>> lines = new LinkedHashMap<>();
        for (Double sparsity : sparsities(some)) {
            lines.put(Words.sparsity(sparsity),
                    some.stream().filter(r -> Objects.equals(r.sparsity(), sparsity)).toList());
        }
        return heat(title, scale, "zeros \\ N", some, value, words, lines);
    }

    private static Heat heat(String title, String scale, String corner, List<Row> some, Function<Row, Double> value,
            Function<Double, String> words, Map<String, List<Row>> named) {
        List<Long> tokens = tokens(some);
        List<HeatRow> lines = new ArrayList<>();
        named.forEach((name, line) -> {
            List<Cell> cells = new ArrayList<>();
            for (Long n : tokens) {
                List<Row> cell = line.stream().filter(r -> r.shape().n() == n).toList();
                if (cell.isEmpty()) {
                    cells.add(null);
                    continue;
                }
                List<Double> values = cell.stream().map(value).toList();
                double mean = Means.geometric(values);
                cells.add(new Cell(mean, words.apply(mean), spanned(cell, value, words)));
            }
            lines.add(new HeatRow(name, cells));
        });
        return new Heat(title, null, scale, corner, tokens.stream().map(String::valueOf).toList(), lines);
    }

    /** Everybody beside each other, at one N. */
    Chart beside() {
        List<Row> cold = cold();
        List<Row> withRatio = cold.stream().filter(r -> ratio.apply(r) != null).toList();
        List<Double> sparsities = sparsities(withRatio).stream().filter(Objects::nonNull).toList();
        List<Variant> variants = new ArrayList<>();
        int start = 0;
        for (Map.Entry<Long, List<Row>> one : Means.by(withRatio, r -> r.shape().n()).entrySet()) {
            long n = one.getKey();
            List<Row> ofN = one.getValue();
            if (n == SERVING) start = variants.size();
            List<Row> whole = Cover.whole(ofN, Words::who, Row::sparsity);
            Cover all = Cover.of(ofN, r -> Arrays.asList(Words.who(r), r.sparsity()));
            // Some are measured on a few layers: first without them, then on these layers alone.
            if (!all.isWhole() && !whole.isEmpty()) {
                Cover most = Cover.of(whole, r -> Arrays.asList(Words.who(r), r.sparsity()));
                variants.add(beside("N = " + n + ", " + most.words() + l2(whole), whole, sparsities));
            }
            variants.add(beside("N = " + n + ", " + all.words() + l2(ofN), all.rows(), sparsities));
        }
        return new Chart("Everybody beside " + peer, null, "plot",
                Axis.of("zeros in the weights", sparsities.stream().map(Words::sparsity).toList()),
                Axis.log("time of " + peer + " / time"), "N", variants, start, null);
    }

    private Variant beside(String name, List<Row> rows, List<Double> sparsities) {
        List<Series> series = new ArrayList<>();
        for (String who : Means.distinct(rows, Words::who)) {
            List<Row> some = rows.stream().filter(r -> Words.who(r).equals(who)).toList();
            List<Point> points = new ArrayList<>();
            for (int i = 0; i < sparsities.size(); i++) {
                Double sparsity = sparsities.get(i);
                // What takes the same time whatever the sparsity is a level line.
                List<Row> cell = some.stream().filter(r -> r.sparsity() == null || r.sparsity().equals(sparsity))
                        .toList();
                if (!cell.isEmpty()) points.add(Point.of(i, mean(cell), who + "\n" + tip(cell)));
            }
            if (!points.isEmpty()) series.add(new Series(who, who, null, "both", points));
        }
        return new Variant(name, series);
    }

    private double mean(List<Row> cell) { return Means.geometric(cell.stream().map(ratio).toList()); }

    private String tip(List<Row> cell) {
        return cell.size() == 1
                ? Words.tip(cell.getFirst())
                : Words.ratio(mean(cell)) + " times as fast as " + peer + "\n" + spanned(cell, ratio, Words::ratio);
    }

    private static String spanned(List<Row> cell, Function<Row, Double> value, Function<Double, String> words) {
        Comparator<Row> order = Comparator.comparing(value);
        Row least = cell.stream().min(order).orElseThrow();
        Row most = cell.stream().max(order).orElseThrow();
        if (cell.size() == 1) return Words.tip(least);
        return "over " + cell.size() + " layers: " + words.apply(value.apply(least)) + " (" + Words.layer(least)
                + ") to "
                + words.apply(value.apply(most)) + " (" + Words.layer(most) + ")";
    }

    private static Axis sparsityAxis(List<Row> rows) {
        return Axis.of("zeros in the weights", sparsities(rows).stream().map(Words::sparsity).toList());
    }

    /** Small to large; what does not matter (null) first. */
    private static List<Double> sparsities(List<Row> rows) {
        return rows.stream().map(Row::sparsity).distinct().sorted(Comparator.nullsFirst(Comparator.naturalOrder()))
                .toList();
    }

    private static List<Long> tokens(List<Row> rows) {
        return rows.stream().map(r -> r.shape().n()).distinct().sorted().toList();
    }

    static double step(List<Long> tokens, long n) {
        return tokens.size() == 1 ? 0.5 : tokens.indexOf(n) / (tokens.size() - 1.0);
    }

    /** Small layers first. */
    private static Map<String, List<Row>> byLayer(List<Row> rows) {
        Map<String, List<Row>> layers = new LinkedHashMap<>();
        rows.stream().sorted(Comparator.comparingLong((Row r) -> r.shape().m() * r.shape().k())
                .thenComparing(r -> r.shape().m()))
                .forEach(r -> layers.computeIfAbsent(Words.layer(r), l -> new ArrayList<>()).add(r));
        return layers;
    }
}
