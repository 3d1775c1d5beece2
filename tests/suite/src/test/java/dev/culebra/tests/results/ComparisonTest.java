package dev.culebra.tests.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.jmh.results.Change;
import dev.culebra.jmh.results.Change.Verdict;
import dev.culebra.jmh.results.Comparison;
import dev.culebra.jmh.results.Results;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.RowBuilder;
import dev.culebra.jmh.results.RowKey;
import dev.culebra.jmh.results.Samples;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which rows are the same measurement, and from which difference on they differ. */
class ComparisonTest {

    private static Row row(String by, int n, double us, double spread) {
        return Row.of("gpu", "multiply", by).shape(64, 64, n).weights("tiled-csl", 0.7).l2("cold")
                .build(new Samples(us, spread, 9));
    }

    /** Spreads are shares of each row's own median; where they are small, 3% of the smaller median counts. */
    @ParameterizedTest
    @CsvSource({
        "100, 0,    102.9, 0,    SAME",
        "100, 0,    103.1, 0,    SLOWER",
        "103.1, 0,  100,   0,    FASTER",
        "102.9, 0,  100,   0,    SAME",
        "100, 0.05, 109.9, 0.05, SAME", // 5 + 5.495
        "100, 0.05, 110.4, 0.05, SAME",
        "100, 0.05, 110.6, 0.05, SLOWER", // 5 + 5.53 is less than 10.6
        "110.6, 0.05, 100, 0.05, FASTER",
        "100, 0,    120,   0.2,  SAME", // 24
        "100, 0.5,  151,   0,    SLOWER",
        "100, 0.5,  149,   0,    SAME",
    })
    void whatLiesFurtherApartThanBothSpreadsChanged(double before, double spreadBefore, double after,
            double spreadAfter, Verdict verdict) {
        Row old = row("culebra", 8, before, spreadBefore);
        var change = new Change(RowKey.of(old), old, row("culebra", 8, after, spreadAfter));
        assertEquals(verdict, change.verdict(), () -> change.ratio() + " against " + change.tolerance());
        // Exchanging the runs exchanges slower and faster.
        var back = new Change(change.key(), change.after(), change.before());
        assertEquals(switch (verdict) {
            case SLOWER -> Verdict.FASTER;
            case FASTER -> Verdict.SLOWER;
            case SAME -> Verdict.SAME;
        }, back.verdict());
    }

    @Test
    void slowerAndFasterAreNamedWorstAndBestFirst() {
        var comparison = Comparison.of(
                List.of(row("culebra", 1, 10, 0), row("culebra", 2, 10, 0), row("culebra", 4, 10, 0),
                        row("culebra", 8, 10, 0), row("culebra", 16, 10, 0), row("culebra", 32, 10, 0)),
                List.of(row("culebra", 64, 1, 0), row("culebra", 1, 11, 0), row("culebra", 2, 20, 0),
                        row("culebra", 4, 9, 0), row("culebra", 8, 5, 0), row("culebra", 16, 10.1, 0)));
        assertEquals(List.of(2L, 1L), tokens(comparison.slower()));
        assertEquals(List.of(8L, 4L), tokens(comparison.faster()));
        assertEquals(List.of(32L), comparison.onlyBefore().stream().map(r -> r.shape().n()).toList());
        assertEquals(List.of(64L), comparison.onlyAfter().stream().map(r -> r.shape().n()).toList());
        assertEquals(5, comparison.changes().size());
        assertTrue(comparison.regressed());
    }

    private static List<Long> tokens(List<Change> changes) {
        return changes.stream().map(c -> c.key().shape().n()).toList();
    }

    @Test
    void whatOthersLostIsNoRegression() {
        var comparison = Comparison.of(List.of(row("cublaslt", 1, 10, 0)), List.of(row("cublaslt", 1, 20, 0)));
        assertEquals(1, comparison.slower().size());
        assertFalse(comparison.regressed());
    }

    /** As Row's comment says. */
    @Test
    void kernelAndFiguresAreNoPartOfWhatARowIs() {
        Row row = all().kernel("a").bytes(5).limit(2).cublas(3).openblas(4).allocated(6).build(new Samples(1, 0, 1));
        assertEquals(RowKey.of(row), RowKey.of(all().kernel("b").checked().build(new Samples(2, 0.5, 1))));
        List<Row> others = List.of(all().driver("no-op").build(new Samples(1, 0, 1)),
                all().shape(1, 2, 4).build(new Samples(1, 0, 1)), all().weights("csr", 0.7).build(new Samples(1, 0, 1)),
                all().weights("tiled-csl", 0.6).build(new Samples(1, 0, 1)),
                all().l2("warm").build(new Samples(1, 0, 1)),
                all().threads(3).build(new Samples(1, 0, 1)), all().size(8).build(new Samples(1, 0, 1)),
                Row.of("cpu", "multiply", "culebra").build(new Samples(1, 0, 1)));
        others.forEach(other -> assertNotEquals(RowKey.of(row), RowKey.of(other)));
        assertEquals("gpu multiply culebra on cuda 1x2x3 70% tiled-csl cold 2 threads 7 B", RowKey.of(row).toString());
    }

    private static RowBuilder all() {
        return Row.of("gpu", "multiply", "culebra").driver("cuda").shape(1, 2, 3).weights("tiled-csl", 0.7).l2("cold")
                .threads(2).size(7);
    }

    /** The first with the first, the second with the second. */
    @Test
    void rowsOfOneKeyGoTogetherInTheirOrder() {
        var comparison = Comparison.of(List.of(row("culebra", 1, 10, 0), row("culebra", 1, 20, 0)),
                List.of(row("culebra", 1, 10, 0), row("culebra", 1, 20, 0), row("culebra", 1, 30, 0)));
        assertEquals(List.of(1.0, 1.0), comparison.changes().stream().map(Change::ratio).toList());
        assertEquals(30, comparison.onlyAfter().getFirst().timeUs());
    }

    @Test
    void machinesThatDifferAreSaid() {
        var one = results("a", 2, null, "22", false);
        assertEquals(List.of(), Comparison.machineDifferences(one, results("a", 2, null, "25", true)));
        assertEquals(List.of("JDK 22 and 25", "run full and quick"),
                Comparison.otherDifferences(one, results("a", 2, null, "25", true)));
        assertEquals(List.of("machine a and b", "cores 2 and 4", "GPU none and x"),
                Comparison.machineDifferences(one, results("b", 4, "x", "22", false)));
    }

    private static Results results(String machine, int cores, String gpu, String jdk, boolean quick) {
        return new Results(machine, cores, gpu, null, null, jdk, "2026-11-20T10:00:00Z", "c", "v", null, quick,
                List.of(), List.of());
    }
}
