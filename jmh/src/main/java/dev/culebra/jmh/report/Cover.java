package dev.culebra.jmh.report;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

import dev.culebra.jmh.results.Row;

/**
 * What means that stand beside each other are taken over: the layers that all of them have. Else one would be better for a layer
 * that it lacks: a library that fails on one, or one that is timed on two of twelve.
 *
 * @param rows of these layers; where means have none in common, all rows
 * @param layers how many these are; 0 where means have none in common
 * @param of how many layers there are
 */
record Cover(List<Row> rows, int layers, int of) {

    /**
     * Of rows.
     *
     * @param rows with shapes
     * @param mean which mean a row is part of
     */
    static Cover of(Collection<Row> rows, Function<Row, ?> mean) {
        Map<Object, Set<String>> each = new LinkedHashMap<>();
        rows.forEach(r -> each.computeIfAbsent(mean.apply(r), m -> new LinkedHashSet<>()).add(Words.layer(r)));
        Set<String> all = rows.stream().map(Words::layer).collect(Collectors.toSet());
        Set<String> common = new LinkedHashSet<>(all);
        each.values().forEach(common::retainAll);
        return new Cover(
                common.isEmpty()
                        ? List.copyOf(rows)
                        : rows.stream().filter(r -> common.contains(Words.layer(r))).toList(),
                common.size(), all.size());
    }

    boolean isWhole() { return layers == of; }

    /** How it is called. */
    String words() {
        if (isWhole()) return "geometric mean of " + Words.count(of, "layer");
        if (layers == 0) return "geometric mean of the layers that each has, which are not the same";
        return "geometric mean of the " + Words.count(layers, "layer") + " of " + of + " that all have";
    }

    /** The same, behind other words; nothing where there is nothing to say. */
    String note() {
        return isWhole() ? "" : ", " + words();
    }

    /** Those who have all layers in all of their means. */
    static List<Row> whole(Collection<Row> rows, Function<Row, ?> who, Function<Row, ?> mean) {
        long all = rows.stream().map(Words::layer).distinct().count();
        List<Row> whole = new ArrayList<>();
        Map<Object, List<Row>> each = rows.stream()
                .collect(Collectors.groupingBy(who, LinkedHashMap::new, Collectors.toList()));
        each.values().stream().filter(some -> {
            Cover cover = of(some, mean);
            return cover.isWhole() && cover.of == all;
        }).forEach(whole::addAll);
        return whole;
    }
}
