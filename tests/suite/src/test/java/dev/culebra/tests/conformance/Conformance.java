package dev.culebra.tests.conformance;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** A chapter of the ISA: one test a case. */
abstract class Conformance {

    /** The chapter's cases, each with a name of its own. */
    abstract List<Case> cases();

    @TestFactory
    Stream<DynamicTest> programs() {
        Set<String> names = new HashSet<>();
        for (Case c : cases()) if (!names.add(c.name())) throw new IllegalStateException("twice: " + c.name());
        return cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> Bench.check(c)));
    }

    @AfterAll
    static void save() { Recording.save(); }
}
