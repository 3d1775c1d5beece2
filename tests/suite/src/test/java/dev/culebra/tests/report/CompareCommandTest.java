package dev.culebra.tests.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.culebra.cli.Culebra;
import dev.culebra.jmh.results.ResultFiles;
import dev.culebra.jmh.results.Results;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The regression check: what it says, and with what it exits. */
class CompareCommandTest {

    @TempDir
    private Path folder;

    private Path file(String name, String machine, double ours, double theirs) throws IOException {
        Path file = folder.resolve(name + ".json");
        ResultFiles.write(file, new Results(machine, 2, null, null, null, "25", "2026-11-20T10:00:00Z", "c", "v", null,
                false,
                List.of(),
                List.of(Row.of("cpu", "multiply", "culebra").shape(64, 32, 8).kernel("k" + ours)
                        .build(new Samples(ours, 0.01, 5)),
                        Row.of("cpu", "multiply", "openblas").shape(64, 32, 8).build(new Samples(theirs, 0.01, 5)),
                        Row.of("cpu", "only-" + name, "culebra").build(new Samples(1, 0, 5)))));
        return file;
    }

    @Test
    void somethingSlowerFails() throws IOException {
        Path before = file("before", "m", 100, 100);
        Path after = file("after", "m", 150, 100);
        Command slower = Command.of("compare", before, after);
        assertEquals(Culebra.FAILED, slower.code());
        assertEquals("", slower.err());
        assertTrue(slower.out().contains("1.50x"), slower.out());
        assertTrue(slower.out().contains("cpu multiply culebra 64x32x8"), slower.out());
        assertTrue(slower.out().contains("[k100.0 -> k150.0]"), slower.out());
        assertTrue(slower.out().contains("cpu only-before culebra") && slower.out().contains("cpu only-after culebra"),
                slower.out());
        assertTrue(slower.out().contains("2 measurements in both: 1 slower, 0 faster, 1 the same"), slower.out());

        Command faster = Command.of("compare", after, before);
        assertEquals(Culebra.OK, faster.code());
        assertTrue(faster.out().contains("0 slower, 1 faster"), faster.out());
    }

    @Test
    void aPeerThatGotSlowerIsSaidAndDoesNotFail() throws IOException {
        Command run = Command.of("compare", file("before", "m", 100, 100), file("after", "m", 100, 200));
        assertEquals(Culebra.OK, run.code());
        assertTrue(run.out().contains("not Culebra's"), run.out());
    }

    @Test
    void asJson() throws IOException {
        Command run = Command.of("compare", "--json", file("before", "m", 100, 100), file("after", "m", 150, 50));
        assertEquals(Culebra.FAILED, run.code());
        assertEquals(1, run.out().lines().count());
        var json = new ObjectMapper().readTree(run.out());
        assertTrue(json.get("regressed").asBoolean());
        assertEquals(2, json.get("compared").asInt());
        assertEquals(1.5, json.at("/slower/0/ratio").asDouble(), 1e-9);
        assertEquals(100, json.at("/slower/0/before_us").asDouble());
        assertEquals(0.025, json.at("/slower/0/tolerance").asDouble() - 0.0, 0.006);
        assertFalse(json.at("/faster/0/ours").asBoolean());
        assertEquals("cpu only-before culebra", json.at("/only_before/0").asText());
    }

    @Test
    void runsOfDifferentMachinesAreRefused() throws IOException {
        Path before = file("before", "m", 100, 100);
        Path after = file("after", "other", 200, 100);
        Command.of("compare", before, after).failed(Culebra.FAILED, "machine m and other");
        Command insisted = Command.of("compare", "--other-machine", before, after);
        assertEquals(Culebra.FAILED, insisted.code());
        assertTrue(insisted.out().startsWith("different: machine m and other"), insisted.out());
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        Path good = file("good", "m", 100, 100);
        Command.of("compare", good).failed(Culebra.USAGE, "NEW");
        Command.of("compare", good, folder.resolve("missing.json")).failed(Culebra.FAILED,
                "missing.json: no such file");
        Path bad = folder.resolve("bad.json");
        Files.writeString(bad, Files.readString(good).replace("\"time_us\":1,", "\"time_us\":-1,"));
        Command.of("compare", good, bad).failed(Culebra.FAILED, "bad.json: row 3: time_us is -1");
        Path empty = folder.resolve("empty.json");
        ResultFiles.write(empty, new Results("m", 2, null, null, null, "25", "2026-11-20T10:00:00Z", "c", "v", null,
                false, List.of(), List.of()));
        Command.of("compare", good, empty).failed(Culebra.FAILED, "no measurement in common");
    }
}
