package dev.culebra.jmh.report;

import dev.culebra.jmh.results.Row;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Figures as people read them. The same everywhere, whatever the machine's language. */
final class Words {

    private static final String[] BYTES = {"B", "KiB", "MiB", "GiB", "TiB"};

    private Words() {}

    /** Three digits. */
    static String number(double value) {
        if (value == 0) return "0";
        BigDecimal three = new BigDecimal(value).round(new MathContext(3));
        // 1234 stays 1234: of a whole number every digit is known.
        if (Math.abs(value) >= 1000) three = new BigDecimal(Math.round(value));
        return three.toPlainString();
    }

    static String time(double microseconds) {
        if (microseconds < 1) return number(microseconds * 1e3) + " ns";
        if (microseconds < 1e3) return number(microseconds) + " µs";
        return microseconds < 1e6 ? number(microseconds / 1e3) + " ms" : number(microseconds / 1e6) + " s";
    }

    static String bytes(double count) {
        int unit = 0;
        while (count >= 1024 && unit < BYTES.length - 1) {
            count /= 1024;
            unit++;
        }
        return number(count) + " " + BYTES[unit];
    }

    static String percent(double share) { return number(share * 100) + "%"; }

    static String ratio(double value) { return String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.1f", value); }

    /** Of weights, to the whole percent where it is one; what has none is the same for all. */
    static String sparsity(Double share) {
        if (share == null) return "any";
        long tenths = Math.round(share * 1000);
        return tenths % 10 == 0 ? tenths / 10 + "%" : tenths / 10.0 + "%";
    }

    static String layer(Row row) { return row.shape().m() + "x" + row.shape().k(); }

    /** Who multiplied, and in what form: what has one colour on the page. */
    static String who(Row row) {
        return row.format() == null ? row.by() : row.by() + " " + row.format();
    }

    static String count(int count, String thing) { return count + " " + thing + (count == 1 ? "" : "s"); }

    /** All there is to say of a row, in lines. */
    static String tip(Row row) {
        List<String> lines = new ArrayList<>();
        lines.add(who(row) + (row.sparsity() == null ? "" : ", " + sparsity(row.sparsity()) + " zeros"));
        lines.add(row.benchmark() + (row.shape() == null ? "" : " " + row.shape())
                + (row.l2() == null ? "" : ", " + row.l2() + " cache")
                + (row.threads() == null ? "" : ", " + count(row.threads(), "thread"))
                + (row.size() == null ? "" : ", " + bytes(row.size())));
        if (row.kernel() != null) lines.add(row.kernel());
        lines.add(time(row.timeUs()) + " ±" + percent(row.spread() / 2)
                + (row.gbPerS() == null ? "" : ", " + number(row.gbPerS()) + " GB/s")
                + (row.shareOfLimit() == null ? "" : " (" + percent(row.shareOfLimit()) + " of the limit)"));
        if (row.ratioToCublas() != null) lines.add(ratio(row.ratioToCublas()) + " times as fast as cuBLAS");
        if (row.ratioToOpenblas() != null) lines.add(ratio(row.ratioToOpenblas()) + " times as fast as OpenBLAS");
        if (!row.checked()) lines.add("not checked");
        return String.join("\n", lines);
    }
}
