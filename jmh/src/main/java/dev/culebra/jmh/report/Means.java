package dev.culebra.jmh.report;

import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

import dev.culebra.jmh.results.Row;

/** What is common to many rows. */
final class Means {

    private Means() {}

    /** Of ratios: twice as fast and half as fast make 1. */
    static double geometric(Collection<Double> values) {
        return Math.exp(values.stream().mapToDouble(Math::log).average().orElseThrow());
    }

    /** Groups in the order of what they have in common; rows in the order of the file. */
    static <K extends Comparable<K>> TreeMap<K, List<Row>> by(Collection<Row> rows, Function<Row, K> key) {
        return rows.stream().collect(Collectors.groupingBy(key, TreeMap::new, Collectors.toList()));
    }

    /** Different values in the order of the file. */
    static <V> List<V> distinct(Collection<Row> rows, Function<Row, V> value) {
        return rows.stream().map(value).distinct().toList();
    }
}
