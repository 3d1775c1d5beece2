package dev.culebra.jmh.results;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One run's rows beside another's. Rows belong together by their {@link RowKey}; where a run has several with one key, the first goes
 * with the other's first, and so on.
 *
 * @param changes measurements of both runs, in the order of the later one
 * @param onlyBefore rows that the later run lacks
 * @param onlyAfter rows that the earlier run lacks
 */
public record Comparison(List<Change> changes, List<Row> onlyBefore, List<Row> onlyAfter) {

    /**
     * Takes copies.
     */
    public Comparison {
        changes = List.copyOf(changes);
        onlyBefore = List.copyOf(onlyBefore);
        onlyAfter = List.copyOf(onlyAfter);
    }

    /**
     * Compares.
     *
     * @param before rows of the earlier run
     * @param after rows of the later run
     * @return what is in both, and what in one alone
     */
    public static Comparison of(List<Row> before, List<Row> after) {
        Map<RowKey, Deque<Row>> waiting = new LinkedHashMap<>();
        for (Row row : before) {
            waiting.computeIfAbsent(RowKey.of(row), key -> new ArrayDeque<>()).add(row);
        }
        List<Change> changes = new ArrayList<>();
        List<Row> onlyAfter = new ArrayList<>();
        for (Row row : after) {
            RowKey key = RowKey.of(row);
            Row match = waiting.getOrDefault(key, new ArrayDeque<>()).poll();
            if (match == null) onlyAfter.add(row);
            else changes.add(new Change(key, match, row));
        }
        return new Comparison(changes, waiting.values().stream().flatMap(Deque::stream).toList(), onlyAfter);
    }

    /**
     * What takes more time than before, beyond the spread.
     *
     * @return the worst first
     */
    public List<Change> slower() { return of(Change.Verdict.SLOWER, Comparator.comparingDouble(c -> -c.ratio())); }

    /**
     * What takes less time than before, beyond the spread.
     *
     * @return the best first
     */
    public List<Change> faster() { return of(Change.Verdict.FASTER, Comparator.comparingDouble(Change::ratio)); }

    private List<Change> of(Change.Verdict verdict, Comparator<Change> order) {
        return changes.stream().filter(c -> c.verdict() == verdict).sorted(order).toList();
    }

    /**
     * Whether something of Culebra's got slower. Peers and limits of the machine do not count.
     *
     * @return whether a check should fail
     */
    public boolean regressed() { return slower().stream().anyMatch(Change::ours); }

    /**
     * In what two runs' machines differ, so that their times say nothing about the code.
     *
     * @param before the earlier run
     * @param after the later run
     * @return a phrase for each difference, such as {@code cores 2 and 16}; empty where they are the same
     */
    public static List<String> machineDifferences(Results before, Results after) {
        List<String> differences = new ArrayList<>();
        difference(differences, "machine", before.machine(), after.machine());
        difference(differences, "cores", before.cores(), after.cores());
        difference(differences, "GPU", before.gpu(), after.gpu());
        return differences;
    }

    /**
     * What else differs and may explain a change.
     *
     * @param before the earlier run
     * @param after the later run
     * @return a phrase for each difference, such as {@code JDK 22 and 25}
     */
    public static List<String> otherDifferences(Results before, Results after) {
        List<String> differences = new ArrayList<>();
        difference(differences, "driver", before.driver(), after.driver());
        difference(differences, "JDK", before.jdk(), after.jdk());
        difference(differences, "run", kind(before), kind(after));
        return differences;
    }

    private static String kind(Results results) { return results.quick() ? "quick" : "full"; }

    private static void difference(List<String> differences, String what, Object before, Object after) {
        if (!Objects.equals(before, after)) {
            differences.add(what + " " + Objects.requireNonNullElse(before, "none") + " and "
                    + Objects.requireNonNullElse(after, "none"));
        }
    }
}
