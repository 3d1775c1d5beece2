package dev.culebra.tests.mutation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.tests.mutation.Study.Outcome;
import dev.culebra.tests.mutation.Study.Verdict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Kernels with one slip in them are found out: by a fault, by a check, by never ending, or by their results. All of it takes
 * minutes and runs with {@code -Dculebra.mutations=all}; its tables are in MUTATIONS.md.
 */
class MutationTest {

    /** What is asked for. */
    private static final double CAUGHT = 0.95;

    /**
     * What the kernels of bitmap and pairs are held to so far: many of their mutants are alike to the original (places copied twice, edges of
     * the guard, a poison of 0 added), which {@link Equivalence} has no rules for yet; and some wait for a part of a sum too short, which
     * shows only where blocks run at the same time.
     */
    private static final double CAUGHT_OF_LISTS = 0.80;

    /** About 15 s of one core. */
    private static final int SAMPLE = 600;

    /** Their products are larger: as long. */
    private static final int SAMPLE_OF_LISTS = 150;

    private static List<Subject> subjects() {
        List<Subject> all = new ArrayList<>(CatalogSubjects.all());
        all.addAll(TextbookSubjects.all());
        return all;
    }

    /** The same mutants each time. */
    @Test
    void ofASampleNearlyAllAreFoundOut() throws Exception {
        sample(subjects().stream().filter(s -> !hasLaneLists(s.name())).toList(), SAMPLE, CAUGHT);
    }

    /** Of kernels that unpack in the lane that needs a value, with its copies ahead and its sums of blocks' parts. */
    @Test
    void ofASampleOfKernelsWithListsMostAreFoundOut() throws Exception {
        sample(subjects().stream().filter(s -> hasLaneLists(s.name())).toList(), SAMPLE_OF_LISTS, CAUGHT_OF_LISTS);
    }

    private static boolean hasLaneLists(String kernel) {
        return kernel.startsWith("bitmap") || kernel.startsWith("pairs");
    }

    private static void sample(List<Subject> subjects, int size, double caught) throws Exception {
        Study study = new Study(2);
        study.checkSound(subjects);
        List<Study.Candidate> candidates = Study.candidates(subjects);
        assertTrue(candidates.size() > 5000, candidates.size() + " mutants are too few to draw from");
        Collections.shuffle(candidates, new Random(1));
        study.run(candidates.subList(0, size));
        check(study.outcomes(), caught);
    }

    @Test
    void ofAllNearlyAllAreFoundOut() throws Exception {
        assumeTrue("all".equals(System.getProperty("culebra.mutations")), "takes minutes: -Dculebra.mutations=all");
        Study study = new Study(Runtime.getRuntime().availableProcessors());
        study.checkSound(subjects());
        study.run(Study.candidates(subjects()));
        Report.write(Path.of("MUTATIONS.md"), study.outcomes());
        check(study.outcomes().stream().filter(o -> !hasLaneLists(o.subject().name())).toList(), CAUGHT);
        check(study.outcomes().stream().filter(o -> hasLaneLists(o.subject().name())).toList(), CAUGHT_OF_LISTS);
    }

    private static void check(List<Outcome> outcomes, double bound) {
        Map<Verdict, Integer> tally = Study.tally(outcomes);
        List<Outcome> survivors = outcomes.stream().filter(o -> o.verdict() == Verdict.SURVIVED).toList();
        assertTrue(Study.caught(outcomes) > bound, () -> tally + ", and these survived: " + survivors);
        // Sharp in itself: what is written off must be the smaller part, and what is caught is caught in more than one way.
        assertTrue(10 * tally.getOrDefault(Verdict.EQUIVALENT, 0) < outcomes.size(), () -> tally.toString());
        for (Verdict v : List.of(Verdict.FAULT, Verdict.FINDING, Verdict.RESULT)) {
            assertTrue(tally.getOrDefault(v, 0) > outcomes.size() / 10, () -> tally.toString());
        }
        // Where a rule says that there is nothing to find, nothing may be found.
        assertEquals(List.of(), outcomes.stream().filter(o -> o.reason() != null && o.verdict() != Verdict.EQUIVALENT
                && o.verdict() != Verdict.UNREACHED).toList());
    }
}
