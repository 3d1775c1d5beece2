package dev.culebra.jmh.report;

import dev.culebra.jmh.results.Comparison;
import dev.culebra.jmh.results.Results;
import dev.culebra.jmh.results.Row;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The runs of one machine and one kind (full or quick): of each group the newest, and the one before. Groups may come from different
 * files, since they can be run apart.
 *
 * @param newest the newest file
 * @param groups the newest run of each group
 */
record MachineRuns(Source newest, List<GroupRun> groups) {

    /** A group's newest run. @param last the one before; null where there is none */
    record GroupRun(String group, Source now, Source last) {

        List<Row> rows() { return rowsOf(now, group); }

        /** Against the run before, which must not be null. */
        Comparison comparison() {
            return Comparison.of(rowsOf(last, group), rows());
        }
    }

    /** In the order of the report. Groups that are not known come after these. */
    private static final List<String> ORDER = List.of("gpu", "cpu", "host", "text", "emulator");

    /** One for each machine and kind: those with a GPU first, then the one measured last; full runs before quick ones. */
    static List<MachineRuns> of(List<Source> sources) {
        List<Source> newestFirst = new ArrayList<>(sources);
        // Names break ties, so that the same files give the same page in whatever order they are named.
        newestFirst.sort(Comparator.comparing(MachineRuns::time).thenComparing(Source::name).reversed());
        Map<String, Map<Boolean, List<Source>>> machines = new LinkedHashMap<>();
        for (Source source : newestFirst) {
            machines.computeIfAbsent(machine(source.results()), m -> new LinkedHashMap<>())
                    .computeIfAbsent(source.results().quick(), q -> new ArrayList<>()).add(source);
        }
        List<MachineRuns> runs = new ArrayList<>();
        List<Map<Boolean, List<Source>>> inOrder = new ArrayList<>(machines.values());
        inOrder.sort(
                Comparator.comparing(kinds -> kinds.values().iterator().next().getFirst().results().gpu() == null));
        for (Map<Boolean, List<Source>> kinds : inOrder) {
            for (boolean quick : new boolean[]{false, true}) {
                if (kinds.containsKey(quick)) runs.add(ofOne(kinds.get(quick)));
            }
        }
        return runs;
    }

    private static MachineRuns ofOne(List<Source> newestFirst) {
        Set<String> names = new LinkedHashSet<>(ORDER);
        newestFirst.forEach(s -> s.results().rows().forEach(r -> names.add(r.group())));
        List<GroupRun> groups = new ArrayList<>();
        for (String group : names) {
            List<Source> with = newestFirst.stream().filter(s -> !rowsOf(s, group).isEmpty()).toList();
            if (!with.isEmpty()) groups.add(new GroupRun(group, with.getFirst(), with.size() > 1 ? with.get(1) : null));
        }
        return new MachineRuns(newestFirst.getFirst(), groups);
    }

    private static String machine(Results results) {
        return results.machine() + "\n" + results.cores() + "\n" + results.gpu();
    }

    private static Instant time(Source source) { return OffsetDateTime.parse(source.results().date()).toInstant(); }

    private static List<Row> rowsOf(Source source, String group) {
        return source.results().rows().stream().filter(r -> r.group().equals(group)).toList();
    }

    /** Null where the group was not measured. */
    GroupRun group(String name) {
        return groups.stream().filter(g -> g.group().equals(name)).findFirst().orElse(null);
    }

    /** What was left out: of the run of each group that is shown, or, of groups that are not, of the newest file. */
    List<Results.Skipped> skipped() {
        Set<Results.Skipped> skipped = new LinkedHashSet<>();
        for (GroupRun run : groups) {
            run.now().results().skipped().stream().filter(s -> s.group().equals(run.group())).forEach(skipped::add);
        }
        newest.results().skipped().stream().filter(s -> group(s.group()) == null).forEach(skipped::add);
        return List.copyOf(skipped);
    }

    /** Files that are shown or compared with. */
    Set<String> files() {
        Set<String> names = new LinkedHashSet<>();
        names.add(newest.name());
        for (GroupRun run : groups) {
            names.add(run.now().name());
            if (run.last() != null) names.add(run.last().name());
        }
        return names;
    }
}
