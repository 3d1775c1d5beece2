package dev.culebra.jmh.results;

import java.util.ArrayList;
import java.util.List;

/**
 * Which measurement a row is: two rows with equal keys, of two runs on one machine, measured the same thing. The kernel is no part
 * of it, since a planner may choose another one. Components as in {@link Row}.
 *
 * @param group the group
 * @param benchmark what was done
 * @param by who did it
 * @param driver what was called; may be null
 * @param shape M, K, N; may be null
 * @param sparsity share of zeros; may be null
 * @param format of the weights; may be null
 * @param l2 cold or warm; may be null
 * @param threads of the host; may be null
 * @param size bytes of what is moved; may be null
 */
public record RowKey(String group, String benchmark, String by, String driver, Shape shape, Double sparsity,
        String format, String l2, Integer threads, Long size) {

    /**
     * A row's.
     *
     * @param row the row
     * @return its key
     */
    public static RowKey of(Row row) {
        return new RowKey(row.group(), row.benchmark(), row.by(), row.driver(), row.shape(), row.sparsity(),
                row.format(), row.l2(), row.threads(), row.size());
    }

    /** For people: what is set, in the order of the components, such as {@code gpu multiply culebra 4096x4096x8 70% tiled-csl cold}. */
    @Override
    public String toString() {
        List<String> words = new ArrayList<>(List.of(group, benchmark, by));
        if (driver != null) words.add("on " + driver);
        if (shape != null) words.add(shape.toString());
        // Rounded: 0.7 * 100 is 70.00000000000001 in some sums.
        if (sparsity != null)
            words.add(Math.round(sparsity * 1000) % 10 == 0
                    ? Math.round(sparsity * 100) + "%"
                    : Math.round(sparsity * 1000) / 10.0 + "%");
        if (format != null) words.add(format);
        if (l2 != null) words.add(l2);
        if (threads != null) words.add(threads == 1 ? "1 thread" : threads + " threads");
        if (size != null) words.add(size + " B");
        return String.join(" ", words);
    }
}
