package dev.culebra.tests.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/** The file of what hardware answered: whole, of this suite, and with a reason for each number that is not as the ISA says. */
class RecordedAnswersTest {

    /** All chapters. */
    static List<Conformance> chapters() {
        return List.of(new IntegerArithmeticTest(), new BitFieldTest(), new ExtendedPrecisionTest(),
                new FloatingPointTest(),
                new ApproximationTest(), new HalfPrecisionTest(), new ComparisonTest(), new LogicAndShiftTest(),
                new DataMovementTest(), new ConversionTest(), new AsyncCopyTest(), new ControlFlowTest(),
                new BarrierTest(),
                new AtomicTest(), new WarpTest(), new MatrixTest(), new IdiomTest(), new HopperTest(),
                new SmallMatrixTest(), new WarpgroupMatrixTest(), new VideoTest(), new EightBitTest());
    }

    @Test
    void saysWhereAndWhen() {
        Map<String, String> head = new HashMap<>();
        for (String l : Recording.resource(Recording.HARDWARE)) {
            if (l.startsWith("# ")) head.put(l.split(" ")[1], l.substring(l.indexOf(' ', 2) + 1));
        }
        assertEquals(Set.of("device", "compute", "driver", "cuda", "date"), head.keySet());
        assertTrue(head.get("date").matches("\\d{4}-\\d\\d-\\d\\d"), head.get("date"));
        assertTrue(head.get("driver").matches("[\\d.]+"), head.get("driver"));
    }

    /** A case that was taken away or changed since leaves a line that nobody compares: record again, or take the line out. */
    @Test
    void hasNoLineOfAnotherSuite(TestReporter reporter) {
        Set<String> changed = new TreeSet<>(Recording.recorded().keySet());
        List<String> missing = new ArrayList<>();
        for (Conformance chapter : chapters()) {
            for (Case c : chapter.cases()) {
                if (Recording.knows(c)) {
                    changed.remove(c.name());
                } else {
                    missing.add(c.name());
                }
            }
        }
        reporter.publishEntry("recorded", Recording.recorded().size() + " cases; not recorded: " + missing);
        assertEquals(Set.of(), changed);
    }

    @Test
    void explainsEveryDifference() {
        Set<String> explained = new HashSet<>();
        for (String l : Recording.resource("differences.txt")) {
            if (l.isBlank() || l.startsWith("#")) continue;
            String[] parts = l.split("\\|", 2);
            assertTrue(parts.length == 2 && parts[1].strip().length() > 20, () -> "name|reason is wanted: " + l);
            assertTrue(explained.add(parts[0].strip()), () -> "twice: " + l);
        }
        Set<String> different = new HashSet<>();
        Recording.recorded().values().stream().filter(l -> !l.different().isEmpty())
                .forEach(l -> different.add(l.name()));
        assertFalse(Recording.recorded().isEmpty(), "nothing is recorded");
        assertEquals(different, explained, "cases with numbers that are not as the ISA says, and cases with a reason");
    }
}
