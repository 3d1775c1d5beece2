package dev.culebra.tests.cpubench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.jmh.cpu.CpuGroup;
import dev.culebra.jmh.cpu.CpuPlan;
import dev.culebra.jmh.peer.OpenBlas;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.run.Recorder;
import dev.culebra.jmh.run.Settings;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A plan so small that it takes a moment; the times mean nothing. */
class CpuGroupTest {

    /** 70 x 66 fp32 are 18 KB: warm too with a cache of 64 KB, of which 128 x 130 fill more than half. */
    private static final CpuPlan PLAN = new CpuPlan(List.of("70x66", "128x130"), List.of(1, 5), List.of(.6, .95), 2,
            1,
            64 << 10);

    private static final class Kept implements Recorder {

        private final List<Row> rows = new ArrayList<>();
        private final List<String> skipped = new ArrayList<>();
        private int done = -1;
        private int steps;

        @Override
        public void row(Row row) { rows.add(row); }

        @Override
        public void skipped(String what, String why) { skipped.add(what + ": " + why); }

        @Override
        public void progress(int now, int all, String what) {
            assertTrue(now > done, now + " after " + done);
            done = now;
            steps = all;
        }

        List<Row> of(String benchmark, String by) {
            return rows.stream().filter(r -> r.benchmark().equals(benchmark) && r.by().equals(by)).toList();
        }
    }

    @Test
    void rowsHaveTheirFields() throws Exception {
        try {
            OpenBlas.load();
        } catch (OpenBlas.MissingException e) {
            assumeTrue(false, e.getMessage());
        }
        Kept kept = new Kept();
        new CpuGroup(PLAN).run(new Settings(true), kept);
        assertEquals(List.of(), kept.skipped);
        assertEquals(kept.steps, kept.done);
        // three states of layers, two N; the dense format and Tiled-CSL of two sparsities
        assertEquals(3 * 2 * 3, kept.of("multiply", "culebra").size());
        assertEquals(3 * 2, kept.of("multiply", "openblas").size());
        assertEquals(3 * 4, kept.of("read", "memory").size());
        assertEquals(kept.rows.size(), kept.rows.stream().map(Row::toString).distinct().count());
        for (Row r : kept.rows) {
            assertEquals("cpu", r.group());
            assertTrue(r.checked(), r.toString());
            assertEquals(Runtime.getRuntime().availableProcessors(), r.threads());
            assertTrue(r.l2().equals("cold") || r.shape() == null || r.shape().m() == 70, r.toString());
            assertEquals(r.bytes() / r.timeUs() / 1e3, r.gbPerS(), 1e-9 * r.gbPerS());
            if (r.benchmark().equals("read")) assertEquals(r.bytes(), r.size());
        }
        for (Row r : kept.of("multiply", "culebra")) {
            Row blas = kept.of("multiply", "openblas").stream()
                    .filter(o -> o.shape().equals(r.shape()) && o.l2().equals(r.l2())).findFirst().orElseThrow();
            assertEquals(4 * r.shape().m() * r.shape().k(), blas.bytes());
            assertEquals(blas.timeUs() / r.timeUs(), r.ratioToOpenblas(), 1e-9);
            assertTrue(r.kernel().contains(r.format().replace('-', '_')), r.kernel());
            assertEquals(r.format().equals("dense"), r.sparsity() == null);
            assertLimit(kept, r, r.format().equals("dense") ? r.bytes() : -1);
            assertLimit(kept, blas, blas.bytes());
            assertNull(blas.ratioToOpenblas());
        }
    }

    /** The read is of all but the offsets: known for dense ones, and next smaller for Tiled-CSL. */
    private static void assertLimit(Kept kept, Row r, long bytes) {
        Row read = kept.of("read", "memory").stream().filter(m -> m.l2().equals(r.l2()))
                .filter(m -> bytes < 0 ? m.bytes() <= r.bytes() : m.bytes() == bytes)
                .max((a, b) -> Long.compare(a.bytes(), b.bytes())).orElseThrow();
        assertEquals(r.gbPerS() / read.gbPerS(), r.shareOfLimit(), 1e-9 * r.shareOfLimit());
    }

    @Test
    void withoutTheLibraryTheRestIsMeasured() throws Exception {
        String before = System.getProperty(OpenBlas.PROPERTY);
        System.setProperty(OpenBlas.PROPERTY, "/nowhere/libopenblas.so");
        Kept kept = new Kept();
        try {
            new CpuGroup(new CpuPlan(List.of("64x64"), List.of(2), List.of(.5), 1, 1, 1 << 10)).run(new Settings(true),
                    kept);
        } finally {
            if (before == null) System.clearProperty(OpenBlas.PROPERTY);
            else System.setProperty(OpenBlas.PROPERTY, before);
        }
        assertEquals(1, kept.skipped.size());
        assertTrue(kept.skipped.getFirst().startsWith("OpenBLAS: -Dculebra.openblas=/nowhere"),
                kept.skipped.getFirst());
        assertEquals(2, kept.of("multiply", "culebra").size());
        for (Row r : kept.of("multiply", "culebra")) {
            assertNull(r.ratioToOpenblas());
            assertTrue(r.shareOfLimit() > 0);
        }
        assertFalse(kept.rows.stream().anyMatch(r -> r.by().equals("openblas")));
    }

    @Test
    void aLookIsASmallPartOfAll() {
        CpuPlan look = CpuPlan.of(new Settings(true));
        CpuPlan all = CpuPlan.of(new Settings(false));
        assertTrue(all.layers().containsAll(look.layers()));
        assertTrue(all.tokens().containsAll(look.tokens()));
        assertTrue(all.sparsities().containsAll(look.sparsities()));
        assertEquals(List.of(.5, .6, .7, .8, .9), all.sparsities());
        assertEquals(List.of(1, 2, 4, 8, 16, 32, 64), all.tokens());
        assertTrue(all.cacheBytes() > 0);
    }
}
