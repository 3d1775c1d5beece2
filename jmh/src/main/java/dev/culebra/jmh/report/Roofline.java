package dev.culebra.jmh.report;

import dev.culebra.jmh.report.Part.Axis;
import dev.culebra.jmh.report.Part.Chart;
import dev.culebra.jmh.report.Part.Point;
import dev.culebra.jmh.report.Part.Series;
import dev.culebra.jmh.results.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Speed over intensity, with the limits that memory and arithmetic set (Williams, Waterman and Patterson 2009). Work is 2 M N K
 * flops, zeros included, since dense weights need them all; bytes are those of the weights as they are stored. So what stores
 * fewer bytes lies further right, under a higher part of the roof.
 */
final class Roofline {

    /** Dense fp16 with fp32 accumulation, 10^12 flops a second, of NVIDIA's data sheets (half of "with sparsity"). The first name that fits counts. */
    private static final Map<String, Double> TENSOR_CORES = new LinkedHashMap<>();

    static {
        TENSOR_CORES.put("H200 NVL", 835.5);
        TENSOR_CORES.put("H200", 989.5);
        TENSOR_CORES.put("H100 NVL", 835.5);
        TENSOR_CORES.put("H100 PCIe", 756.5);
        TENSOR_CORES.put("H100", 989.5);
        TENSOR_CORES.put("A100", 312.0);
    }

    private Roofline() {}

    /** The Tensor Cores' peak by the GPU's name, in 10^12 flops a second; empty for one whose data sheet is not in the list. */
    static OptionalDouble peak(String gpu) {
        if (gpu == null) return OptionalDouble.empty();
        return TENSOR_CORES.entrySet().stream().filter(e -> gpu.contains(e.getKey())).mapToDouble(Map.Entry::getValue)
                .findFirst();
    }

    /** What a pure read of the memory reached, in 10^9 bytes a second; empty where none was measured. */
    static OptionalDouble limit(List<Row> rows) {
        return rows.stream()
                .filter(r -> r.by().equals("memory") && r.benchmark().contains("read") && r.gbPerS() != null)
                .filter(r -> !"warm".equals(r.l2())).mapToDouble(Row::gbPerS).max();
    }

    /** Of one group's rows; null where no product says how many bytes it moves. */
    static Chart chart(List<Row> rows, Contest contest, String gpu) {
        List<Row> products = contest.cold().stream().filter(r -> r.bytes() != null && r.bytes() > 0).toList();
        if (products.isEmpty()) return null;
        List<Series> series = new ArrayList<>();
        OptionalDouble limit = limit(rows);
        OptionalDouble peak = peak(gpu);
        double least = products.stream().mapToDouble(Roofline::intensity).min().orElseThrow() / 1.5;
        double most = products.stream().mapToDouble(Roofline::intensity).max().orElseThrow() * 1.5;
        if (limit.isPresent()) {
            double tbs = limit.getAsDouble() / 1e3;
            // The roof's slope ends where it meets the peak.
            double end = peak.isPresent() ? Math.min(most, peak.getAsDouble() / tbs) : most;
            String name = "memory, " + Words.number(limit.getAsDouble()) + " GB/s read";
            if (end > least) series.add(roof(name, least, least * tbs, end, end * tbs));
        }
        if (peak.isPresent()) {
            double start = limit.isPresent()
                    ? Math.max(least, peak.getAsDouble() / (limit.getAsDouble() / 1e3))
                    : least;
            String name = "Tensor Cores, " + Words.number(peak.getAsDouble()) + " TFLOP/s (data sheet)";
            // Where no product comes that far, the corner alone would show nothing.
            double end = Math.max(most, start * 1.5);
            series.add(roof(name, start, peak.getAsDouble(), end, peak.getAsDouble()));
        }
        for (String who : Means.distinct(products, Words::who)) {
            List<Point> points = products.stream().filter(r -> Words.who(r).equals(who)).map(Roofline::point).toList();
            series.add(new Series(who, who, null, "points", points));
        }
        return Chart.of("Roofline", note(limit, peak, gpu), "plot", Axis.log("2 M N K flops / byte of weights"),
                Axis.log("achieved TFLOP/s, zeros counted"), series, "N", "zeros", "layer");
    }

    private static Series roof(String name, double x0, double y0, double x1, double y1) {
        return new Series(name, null, null, "limit", List.of(Point.of(x0, y0, name), Point.of(x1, y1, name)));
    }

    private static String note(OptionalDouble limit, OptionalDouble peak, String gpu) {
        String note = "Both axes are logarithmic. A product on the sloped line moves its weights as fast as a pure read moves bytes. Larger marks are larger N.";
        if (limit.isEmpty()) note += " The memory's limit is not drawn, since no pure read was measured.";
        if (peak.isEmpty()) {
            note += " The arithmetic peak is not drawn, since this report does not know that of "
                    + (gpu == null ? "this machine" : gpu) + ".";
        }
        return note;
    }

    private static double flops(Row row) { return 2.0 * row.shape().m() * row.shape().n() * row.shape().k(); }

    static double intensity(Row row) { return flops(row) / row.bytes(); }

    static double teraflops(Row row) { return flops(row) / row.timeUs() / 1e6; }

    private static Point point(Row row) {
        return new Point(intensity(row), teraflops(row),
                Words.tip(row) + "\n" + Words.number(teraflops(row)) + " TFLOP/s, " + Words.number(intensity(row))
                        + " flops a byte",
                List.of(String.valueOf(row.shape().n()), Words.sparsity(row.sparsity()), Words.layer(row)));
    }
}
