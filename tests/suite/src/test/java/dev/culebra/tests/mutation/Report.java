package dev.culebra.tests.mutation;

import dev.culebra.tests.mutation.Study.Outcome;
import dev.culebra.tests.mutation.Study.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The study as a page: what is between two marks in it is written anew, the rest stays. */
final class Report {

    private static final String BEGIN = "<!-- study -->\n";
    private static final String END = "<!-- /study -->";

    private Report() {}

    static void write(Path page, List<Outcome> outcomes) throws IOException {
        String text = Files.readString(page);
        int begin = text.indexOf(BEGIN) + BEGIN.length();
        int end = text.indexOf(END);
        Files.writeString(page, text.substring(0, begin) + study(outcomes) + text.substring(end));
    }

    private static String study(List<Outcome> outcomes) {
        StringBuilder s = new StringBuilder();
        Map<Verdict, Integer> all = Study.tally(outcomes);
        int executed = outcomes.size() - count(all, Verdict.UNREACHED);
        s.append(LocalDate.now()).append(", ").append(Runtime.getRuntime().availableProcessors())
                .append(" processors, JDK ").append(Runtime.version().feature()).append(": ").append(number(executed))
                .append(" mutants of instructions that are executed. ")
                .append(number(executed - count(all, Verdict.EQUIVALENT)))
                .append(" of them are another program; **").append(percent(Study.caught(outcomes)))
                .append("** of these are found out. Of all that are executed, the equivalent ones with them, it is ")
                .append(percent(
                        1 - (double) (count(all, Verdict.EQUIVALENT) + count(all, Verdict.SURVIVED)) / executed))
                .append(".\n\n");
        s.append(
                "| mutation | mutants | caught | refused | fault | finding | hung | wrong result | survived | equivalent |\n")
                .append("| --- |").append(" ---: |".repeat(9)).append("\n");
        rows(s, outcomes, o -> o.mutant().kind(), kind -> kind.words);
        row(s, "all", outcomes);
        s.append(
                "\n| kernel | mutants | caught | refused | fault | finding | hung | wrong result | survived | equivalent |\n")
                .append("| --- |").append(" ---: |".repeat(9)).append("\n");
        rows(s, outcomes, o -> o.subject().name(), name -> name);
        s.append("\nEquivalent, and why:\n\n| reason | mutants | such as |\n| --- | ---: | --- |\n");
        Map<String, List<Outcome>> reasons = outcomes.stream().filter(o -> o.verdict() == Verdict.EQUIVALENT)
                .collect(Collectors.groupingBy(Outcome::reason, TreeMap::new, Collectors.toList()));
        reasons.forEach(
                (reason, those) -> s.append("| ").append(reason).append(" | ").append(those.size()).append(" | `")
                        .append(those.getFirst().mutant()).append("` in ").append(those.getFirst().subject().name())
                        .append(" |\n"));
        List<Outcome> survivors = outcomes.stream().filter(o -> o.verdict() == Verdict.SURVIVED).toList();
        s.append("\nSurvivors: ").append(survivors.isEmpty() ? "none.\n" : "\n\n");
        survivors.forEach(o -> s.append("- ").append(o).append("\n"));
        return s.toString();
    }

    private static <K extends Comparable<K>> void rows(StringBuilder s, List<Outcome> outcomes,
            Function<Outcome, K> order,
            Function<K, String> name) {
        outcomes.stream().collect(Collectors.groupingBy(order, TreeMap::new, Collectors.toList()))
                .forEach((key, those) -> row(s, name.apply(key), those));
    }

    private static void row(StringBuilder s, String name, List<Outcome> those) {
        Map<Verdict, Integer> tally = Study.tally(those);
        s.append("| ").append(name).append(" | ").append(number(those.size() - count(tally, Verdict.UNREACHED)))
                .append(" | ").append(percent(Study.caught(those)));
        for (Verdict v : List.of(Verdict.REFUSED, Verdict.FAULT, Verdict.FINDING, Verdict.HANG, Verdict.RESULT,
                Verdict.SURVIVED, Verdict.EQUIVALENT)) {
            s.append(" | ").append(number(count(tally, v)));
        }
        s.append(" |\n");
    }

    private static int count(Map<Verdict, Integer> tally, Verdict v) { return tally.getOrDefault(v, 0); }

    private static String number(int n) { return String.format(Locale.ROOT, "%,d", n); }

    private static String percent(double share) { return String.format(Locale.ROOT, "%.2f%%", 100 * share); }
}
