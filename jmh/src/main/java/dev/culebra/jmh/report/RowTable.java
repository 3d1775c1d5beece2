package dev.culebra.jmh.report;

import dev.culebra.jmh.report.Part.Table;
import dev.culebra.jmh.results.Row;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/** Rows as a table, with the columns that something is in. */
final class RowTable {

    private record Column(String name, Function<Row, Object> value) {}

    private static final String RATE = "operations/s";

    private static final List<Column> COLUMNS = List.of(new Column("group", Row::group),
            new Column("benchmark", Row::benchmark), new Column("by", Row::by), new Column("driver", Row::driver),
            new Column("M x K x N", r -> r.shape() == null ? null : r.shape().toString()),
            new Column("zeros %", r -> percent(r.sparsity())), new Column("format", Row::format),
            new Column("cache", Row::l2), new Column("threads", Row::threads), new Column("size B", Row::size),
            new Column("time µs", Row::timeUs), new Column("spread %", r -> percent(r.spread())),
            new Column(RATE, r -> 1e6 / r.timeUs()),
            new Column("bytes", Row::bytes), new Column("GB/s", Row::gbPerS),
            new Column("of limit %", r -> percent(r.shareOfLimit())), new Column("x cuBLAS", Row::ratioToCublas),
            new Column("x OpenBLAS", Row::ratioToOpenblas), new Column("heap B/op", Row::allocatedBytes),
            new Column("checked", Row::checked), new Column("kernel", Row::kernel));

    private RowTable() {}

    private static Object percent(Double share) { return share == null ? null : share * 100; }

    /** @param all which can be searched; else the group, which all rows have in common, is left out
     *  @param rate whether it says how many operations there are a second */
    record Kind(boolean all, boolean rate) {}

    static final Kind ALL = new Kind(true, false);
    static final Kind PLAIN = new Kind(false, false);
    static final Kind A_SECOND = new Kind(false, true);

    static Table of(String title, String note, Collection<Row> rows, Kind kind) {
        List<Column> columns = COLUMNS.stream().filter(c -> kind.all() || !c.name().equals("group"))
                .filter(c -> kind.rate() || !c.name().equals(RATE))
                .filter(c -> rows.stream().map(c.value()).anyMatch(Objects::nonNull)).toList();
        List<List<Object>> cells = new ArrayList<>();
        for (Row row : rows) {
            List<Object> line = new ArrayList<>();
            columns.forEach(c -> line.add(c.value().apply(row)));
            cells.add(line);
        }
        return new Table(title, note, columns.stream().map(Column::name).toList(), cells, kind.all());
    }
}
