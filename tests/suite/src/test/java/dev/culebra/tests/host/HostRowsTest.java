package dev.culebra.tests.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.jmh.host.HostRows;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.Samples;
import dev.culebra.jmh.run.JmhRun;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** What is measured gets the same name whoever measured it, and says what was checked. */
class HostRowsTest {

    private static JmhRun run(String method, String... params) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < params.length; i += 2) map.put(params[i], params[i + 1]);
        return new JmhRun("Benchmark", method, map, Samples.of(2.0), OptionalDouble.of(16), Map.of());
    }

    @Test
    void aCallHasItsMethodsName() {
        Row row = HostRows.call(run("preparedLaunch"), "jcuda", "cuda");
        assertEquals("host prepared-launch jcuda cuda",
                row.group() + " " + row.benchmark() + " " + row.by() + " " + row.driver());
        assertEquals(2.0, row.timeUs());
        assertEquals(16.0, row.allocatedBytes());
        assertFalse(row.checked(), "a launch has no result");
        assertEquals(row.benchmark(), HostRows.ofC("prepared-launch", 0, "cuda", List.of(1.0)).benchmark());
    }

    @Test
    void aCopyIsCheckedWhereBytesMove() {
        String[] params = {"direction", "in", "memory", "pageable", "size", "4096"};
        Row cuda = HostRows.copy(run("copy", params), "culebra", "cuda");
        Row c = HostRows.ofC("copy-in-pageable", 4096, "cuda", List.of(1.0, 3.0));
        assertEquals(cuda.benchmark(), c.benchmark());
        for (Row row : List.of(cuda, c)) {
            assertEquals(4096L, row.size());
            assertEquals(4096L, row.bytes());
            assertEquals(2.048, row.gbPerS(), 1e-12);
            assertTrue(row.checked());
        }
        Row nothing = HostRows.copy(run("copy", params), "culebra", "no-op");
        assertEquals(4096L, nothing.size());
        assertNull(nothing.bytes());
        assertFalse(nothing.checked());
    }

    @Test
    void aRoundTripIsCheckedWhereTheDriverWorks() {
        assertTrue(HostRows.roundTrip(run("roundTrip"), "culebra", "cuda").checked());
        assertTrue(HostRows.ofC("round-trip", 0, "cuda", List.of(1.0)).checked());
        assertFalse(HostRows.roundTrip(run("roundTrip"), "culebra", "no-op").checked());
        assertFalse(HostRows.ofC("round-trip", 0, "no-op", List.of(1.0)).checked());
    }

    @Test
    void aLoadSaysWhetherTheCacheKnewIt() {
        JmhRun run = run("load", "text", "product", "cache", "cold");
        assertEquals("module-load-product-cold", HostRows.module(run, "cuda").benchmark());
        assertEquals("module-load-product", HostRows.module(run, "no-op").benchmark());
    }

    @Test
    void encodingCountsDenseBytes() {
        Row row = HostRows.encoding(
                run("encode", "shape", "300x100", "threads", "2", "format", "tiled-csl", "sparsity", "0.7"));
        assertEquals(60_000L, row.bytes());
        assertEquals(30.0, row.gbPerS(), 1e-12);
        assertEquals(2, row.threads());
        assertEquals(0.7, row.sparsity());
        assertTrue(row.checked());
    }

    @Test
    void aFileThatIsOpenedMovesNoBytes() {
        assertNull(HostRows.file(run("open", "size", "1000")).bytes());
        assertEquals(0.5, HostRows.file(run("read", "size", "1000")).gbPerS(), 1e-12);
    }
}
