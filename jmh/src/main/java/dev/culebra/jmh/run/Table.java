package dev.culebra.jmh.run;

import dev.culebra.jmh.results.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Rows for people: only the columns that some row has something in, aligned. */
final class Table {

    private record Column(String name, boolean number, Function<Row, String> text) {}

    private static final List<Column> COLUMNS = List.of(
            words("what", Row::benchmark),
            words("by", Row::by),
            words("driver", Row::driver),
            words("M x K x N", r -> r.shape()),
            number("zeros", r -> percent(r.sparsity(), 0)),
            words("format", Row::format),
            words("kernel", Row::kernel),
            words("L2", Row::l2),
            number("threads", r -> r.threads()),
            number("size", r -> r.size() == null ? null : bytes(r.size())),
            number("us", r -> significant(r.timeUs())),
            number("spread", r -> percent(r.spread(), 1)),
            number("GB/s", r -> r.gbPerS() == null ? null : significant(r.gbPerS())),
            number("of limit", r -> percent(r.shareOfLimit(), 0)),
            number("x cuBLAS", r -> ratio(r.ratioToCublas())),
            number("x OpenBLAS", r -> ratio(r.ratioToOpenblas())),
            number("B/op", r -> r.allocatedBytes() == null ? null : format("%,.0f", r.allocatedBytes())),
            words("checked", r -> r.checked() ? "yes" : null));

    private Table() {}

    /**
     * The rows in lines.
     *
     * @param rows in their order
     * @return a line of names and one for each row; none without rows
     */
    static List<String> lines(List<Row> rows) {
        List<StringBuilder> lines = new ArrayList<>();
        lines.add(new StringBuilder());
        rows.forEach(r -> lines.add(new StringBuilder()));
        for (Column column : COLUMNS) {
            List<String> cells = rows.stream().map(column.text).toList();
            if (cells.stream().allMatch(String::isEmpty)) {
                continue;
            }
            int width = Math.max(column.name.length(), cells.stream().mapToInt(String::length).max().orElse(0));
            append(lines.getFirst(), column.name, column.number, width);
            for (int i = 0; i < cells.size(); i++) {
                append(lines.get(i + 1), cells.get(i), column.number, width);
            }
        }
        return rows.isEmpty() ? List.of() : lines.stream().map(l -> l.toString().stripTrailing()).toList();
    }

    private static void append(StringBuilder line, String cell, boolean right, int width) {
        line.append("  ")
                .append(right ? " ".repeat(width - cell.length()) + cell : cell + " ".repeat(width - cell.length()));
    }

    private static Column words(String name, Function<Row, Object> value) {
        return new Column(name, false, r -> text(value.apply(r)));
    }

    private static Column number(String name, Function<Row, Object> value) {
        return new Column(name, true, r -> text(value.apply(r)));
    }

    private static String text(Object value) { return value == null ? "" : value.toString(); }

    /** Three digits or more that mean something, whatever the size. */
    private static String significant(double value) {
        int decimals = value < 1 ? 4 : value < 10 ? 3 : value < 100 ? 2 : value < 10_000 ? 1 : 0;
        return format("%,." + decimals + "f", value);
    }

    private static String percent(Double share, int decimals) {
        return share == null ? null : format("%." + decimals + "f%%", 100 * share);
    }

    private static String ratio(Double ratio) { return ratio == null ? null : format("%.2f", ratio); }

    private static String bytes(long bytes) {
        if (bytes >= 1 << 20 && bytes % (1 << 20) == 0) {
            return (bytes >> 20) + " MiB";
        }
        return bytes >= 1 << 10 && bytes % (1 << 10) == 0 ? (bytes >> 10) + " KiB" : bytes + " B";
    }

    private static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }
}
