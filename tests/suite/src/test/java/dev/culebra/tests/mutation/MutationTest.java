package dev.culebra.tests.mutation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Kernels with one slip in them: almost every one is found out. */
public class MutationTest {

    @Test
    void probe() throws Exception { main(new String[]{"300"}); }

    public static void main(String[] args) throws Exception {
        List<Subject> subjects = new ArrayList<>(CatalogSubjects.all());
        subjects.addAll(TextbookSubjects.all());
        if (args.length > 1) subjects.removeIf(x -> !x.name().matches(args[1]));
        Study study = new Study(2);
        long t = System.nanoTime();
        study.checkSound(subjects);
        System.out.println("sound " + (System.nanoTime() - t) / 1e9);
        List<Study.Candidate> all = new ArrayList<>(Study.candidates(subjects));
        System.out.println(all.size() + " candidates");
        Collections.shuffle(all, new Random(1));
        t = System.nanoTime();
        study.run(all.subList(0, Math.min(all.size(), Integer.parseInt(args[0]))));
        System.out.println("run " + (System.nanoTime() - t) / 1e9);
        List<Study.Outcome> outcomes = study.outcomes();
        System.out.println(Study.tally(outcomes) + " " + Study.caught(outcomes));
        for (Study.Outcome o : outcomes) {
            if (o.verdict() == Study.Verdict.SURVIVED) System.out.println(o);
            if (o.reason() != null && o.verdict() != Study.Verdict.EQUIVALENT && o.verdict() != Study.Verdict.UNREACHED)
                System.out.println("WRONG RULE " + o.reason() + ": " + o.verdict() + " " + o);
        }
    }
}
