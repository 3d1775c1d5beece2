package dev.culebra.tests.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.jmh.results.ResultFiles;
import dev.culebra.jmh.results.Results;
import dev.culebra.jmh.results.ResultsException;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.Samples;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of results: what is written comes back, and what can not be is refused in one line that says where it is. */
class ResultFilesTest {

    @TempDir
    private Path folder;
    private Path file;

    @BeforeEach
    void name() { file = folder.resolve("results.json"); }

    private static Results results() {
        Row product = Row.of("gpu", "multiply", "culebra").driver("cuda").shape(4096, 1024, 8)
                .weights("tiled-csl", 0.7).kernel("t64x64 x2").l2("cold").bytes(5_033_164).limit(4321.0).cublas(30.25)
                .checked().build(Samples.of(10.1, 10.2, 10.3, 10.4));
        Row copy = Row.of("host", "copy", "culebra").driver("no-op").size(1 << 20).threads(2).allocated(0)
                .build(new Samples(1 / 3.0, 0, 1));
        return new Results("made-up machine \"<x>\" é", 2, null, null, 0.25, "25", "2026-11-20T10:00:00Z", "abc+",
                "0.1.0",
                "bench --quick", true,
                List.of(new Results.Skipped("gpu", "all", "there is no\n  driver")), List.of(product, copy));
    }

    @Test
    void whatIsWrittenComesBack() throws IOException {
        ResultFiles.write(file, results());
        Results read = ResultFiles.read(file);
        assertEquals("made-up machine \"<x>\" é", read.machine());
        assertEquals(0.25, read.loadAverage());
        assertEquals("there is no driver", read.skipped().getFirst().why());
        assertEquals(results().rows().getFirst().shape(), read.rows().getFirst().shape());
        // Six digits are kept, so the last one is off by half at most.
        assertEquals(1 / 3.0, read.rows().get(1).timeUs(), 5e-7);
        assertEquals(30.25 / 10.25, read.rows().getFirst().ratioToCublas(), 5e-6);
        assertTrue(read.rows().getFirst().checked());
        String first = Files.readString(file);
        ResultFiles.write(file, read);
        assertEquals(first, Files.readString(file), "reading and writing again changes nothing");
    }

    @Test
    void aRowIsALine() throws IOException {
        ResultFiles.write(file, results());
        List<String> lines = Files.readAllLines(file);
        assertEquals(1,
                lines.stream().filter(l -> l.contains("\"multiply\"") && l.contains("\"checked\":true")).count());
        assertEquals(1,
                lines.stream().filter(l -> l.contains("\"copy\"") && l.contains("\"time_us\":0.333333,")).count());
        try (var all = Files.list(folder)) {
            assertEquals(List.of(file), all.toList(), "and nothing is left beside it");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "\"time_us\":0.333333 | \"time_us\":-1 | row 2: time_us is -1.0; it must be a positive number",
        "\"time_us\":0.333333 | \"time_us\":0 | row 2: time_us",
        "\"time_us\":0.333333 | \"time_us\":1e999 | row 2: time_us",
        "\"time_us\":0.333333 | \"time_us\":\"1\" | row 2: time_us must be a number",
        "\"time_us\":0.333333, | '' | row 2: time_us is missing",
        "\"time_us\":0.333333 | \"time_us\":NaN | is not valid JSON at line",
        "\"spread\":0, | \"spread\":-0.1, | row 2: spread",
        "\"l2\":\"cold\" | \"l2\":\"tepid\" | row 1: l2 is 'tepid'; it must be cold or warm",
        "\"sparsity\":0.7 | \"sparsity\":70 | row 1: sparsity is 70.0; it must be a number from 0 to 1",
        "\"m\":4096 | \"m\":0 | row 1: shape.m",
        "\"m\":4096 | \"m\":40.5 | row 1: m must be a whole number",
        "\"m\":4096, | '' | row 1: shape.m is missing",
        "\"threads\":2 | \"threads\":99999999999 | row 2: threads must be a whole number",
        "\"size\":1048576 | \"size\":99999999999999999999 | row 2: size must be a whole number",
        "\"checked\":true | \"checked\":1 | row 1: checked must be true or false",
        "\"by\":\"culebra\",\"driver\":\"cuda\" | \"by\":\"a\\nb\",\"driver\":\"cuda\" | row 1: by has control characters",
        "\"group\":\"host\" | \"group\":7 | row 2: group must be a text",
        "\"group\":\"host\" | \"group\":\"host\",\"group\":\"cpu\" | is not valid JSON",
        "\"rows\" | \"lines\" | rows is missing",
        "\"cores\": 2 | \"cores\": 0 | cores is 0",
        "2026-11-20T10:00:00Z | yesterday | date is 'yesterday'; it must be a time with its zone",
        "\"quick\": true, | '' | quick is missing",
        "\"why\": | \"what_for\": | skipped 1: why is missing",
    })
    void aBadValueIsNamed(String good, String bad, String message) throws IOException {
        ResultFiles.write(file, results());
        String text = Files.readString(file).replace("\"why\":\"", "\"why\": \"");
        assertTrue(text.contains(good), good);
        Files.writeString(file, text.replace(good, bad));
        refused(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "7", "{}", "{", "{\"rows\":[]}", "{} {}", "\"x\""})
    void whatIsNoFileOfResultsIsRefused(String text) throws IOException {
        Files.writeString(file, text);
        refused("");
    }

    @Test
    void bytesThatAreNoTextAreRefused() throws IOException {
        Files.write(file, new byte[]{'{', '"', (byte) 0xff, '"', '}'});
        refused("is not UTF-8");
        Files.writeString(file, "[".repeat(100_000));
        refused("is not valid JSON");
    }

    @Test
    void aFileTooLargeIsNotRead() throws IOException {
        try (var huge = new RandomAccessFile(file.toFile(), "rw")) {
            huge.setLength((64L << 20) + 1);
        }
        refused("has 67108865 bytes; a file of results has at most 67108864");
    }

    /** Such as a pipe, whose other end nobody may ever open. */
    @Test
    void whatIsNoFileIsRefused() {
        file = folder;
        refused("is no regular file");
    }

    /** A file of a later version. */
    @Test
    void fieldsThatAreNotKnownArePassedOver() throws IOException {
        ResultFiles.write(file, results());
        Files.writeString(file,
                Files.readString(file).replace("\"group\":\"host\"", "\"group\":\"host\",\"watts\":{\"a\":[1]}")
                        .replace("\"cores\": 2", "\"cores\": 2, \"weather\": null"));
        assertEquals(2, ResultFiles.read(file).rows().size());
    }

    /** Before it is in a file: a benchmark's mistake shows where it is made. */
    @Test
    void aRowThatCanNotBeIsNotMade() {
        var row = Row.of("cpu", "multiply", "culebra");
        var refused = assertThrows(IllegalArgumentException.class, () -> row.build(new Samples(Double.NaN, 0, 1)));
        assertTrue(refused.getMessage().startsWith("time_us is NaN"), refused.getMessage());
    }

    @Test
    void aFileThatCanNotBeWrittenLeavesTheOldOne() throws IOException {
        ResultFiles.write(file, results());
        String before = Files.readString(file);
        assertThrows(IOException.class, () -> ResultFiles.write(folder.resolve("missing/x.json"), results()));
        assertThrows(IOException.class, () -> ResultFiles.write(folder, results()));
        assertEquals(before, Files.readString(file, StandardCharsets.UTF_8));
    }

    private void refused(String message) {
        var refused = assertThrows(ResultsException.class, () -> ResultFiles.read(file));
        assertTrue(refused.getMessage().startsWith(file + ": "), refused.getMessage());
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
        assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
    }
}
