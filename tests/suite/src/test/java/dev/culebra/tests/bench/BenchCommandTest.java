package dev.culebra.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.cli.Culebra;
import dev.culebra.cli.MoreCommands;
import dev.culebra.jmh.results.ResultFiles;
import dev.culebra.jmh.results.Results;
import dev.culebra.jmh.results.Results.Skipped;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.Samples;
import dev.culebra.jmh.run.BenchCommand;
import dev.culebra.jmh.run.Checkout;
import dev.culebra.jmh.run.Group;
import dev.culebra.jmh.run.Recorder;
import dev.culebra.jmh.run.Settings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code culebra bench} with made-up groups: what it says, its exit codes, the file. */
class BenchCommandTest {

    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    interface Body {
        void run(Settings settings, Recorder recorder) throws Exception;
    }

    private record MadeUp(String name, String description, Supplier<Optional<String>> skip, Body body)
            implements
                Group {
        @Override
        public Optional<String> skipReason() { return skip.get(); }

        @Override
        public void run(Settings settings, Recorder recorder) throws Exception { body.run(settings, recorder); }
    }

    private static Group group(String name, Body body) {
        return new MadeUp(name, "what " + name + " does", Optional::empty, body);
    }

    private static Group skipped(String name, String why) {
        return new MadeUp(name, "what " + name + " does", () -> Optional.of(why), (s, r) -> {
            throw new AssertionError("ran, and should have been skipped");
        });
    }

    private int bench(List<Group> groups, Object... arguments) {
        MoreCommands more = console -> List.of(new BenchCommand(console, () -> groups));
        String[] all = Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new);
        return Culebra.run(all, new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8), List.of(more));
    }

    private String out() { return out.toString(StandardCharsets.UTF_8); }

    /** What was said, but that the machine that runs the tests is busy, which it may be. */
    private List<String> err() {
        return err.toString(StandardCharsets.UTF_8).lines().filter(l -> !l.contains("this machine is busy")).toList();
    }

    private static Row copy(String group, double us) {
        return Row.of(group, "copy", "culebra").driver("no-op").size(1 << 20).bytes(1 << 20).allocated(0).checked()
                .build(Samples.of(us));
    }

    @AfterEach
    void forget() { System.clearProperty(Checkout.ROOT); }

    @Test
    void rowsAreShownAlignedAndWritten() throws IOException {
        Path file = folder.resolve("r.json");
        Group two = group("two", (settings, recorder) -> {
            assertTrue(settings.quick());
            recorder.progress(0, 2, "copy");
            recorder.row(copy("two", 1048.576)); // 1 GB/s
            recorder.skipped("cuSPARSE", "libcusparse.so.12 was not found");
            recorder.row(Row.of("two", "multiply", "openblas").shape(4096, 1024, 8).weights("tiled-csl", 0.7)
                    .threads(12).build(Samples.of(2, 2.5, 3)));
        });
        int code = bench(List.of(group("one", (s, r) -> r.row(copy("one", 2))), two), "bench", "--quick", "two",
                "--out", file);
        assertEquals(List.of(), err());
        assertEquals(Culebra.OK, code);
        List<String> lines = out().lines().toList();
        int title = lines.indexOf("two: what two does");
        assertTrue(title > 0, out());
        assertEquals(List.of(
                "  what      by        driver  M x K x N    zeros  format     threads   size       us  spread   GB/s  B/op  checked",
                "  copy      culebra   no-op                                           1 MiB  1,048.6    0.0%  1.000     0  yes",
                "  multiply  openblas          4096x1024x8    70%  tiled-csl       12           2.500   20.0%",
                "  skipped: cuSPARSE: libcusparse.so.12 was not found"), lines.subList(title + 1, title + 5));
        assertTrue(out().endsWith(file + ": 2 rows\n"), out());
        assertFalse(out().contains("one"), "a group that was not asked for ran");

        Results read = ResultFiles.read(file);
        assertEquals("bench --quick two", read.command(), "without the place of the file");
        assertTrue(read.quick());
        assertEquals(Runtime.getRuntime().availableProcessors(), read.cores());
        assertTrue(read.machine().contains(read.cores() + " core"), read.machine());
        assertTrue(read.machine().contains(System.getProperty("os.name")), read.machine());
        assertTrue(read.jdk().startsWith(Runtime.version().toString()), read.jdk());
        assertEquals(Culebra.version(), read.version());
        assertEquals(Checkout.UNKNOWN, read.commit());
        OffsetDateTime date = OffsetDateTime.parse(read.date());
        assertTrue(date.isAfter(OffsetDateTime.now().minusMinutes(2))
                && date.isBefore(OffsetDateTime.now().plusMinutes(1)));
        assertEquals(List.of(new Skipped("two", "cuSPARSE", "libcusparse.so.12 was not found")), read.skipped());
        assertEquals(List.of("copy", "multiply"), read.rows().stream().map(Row::benchmark).toList());
        assertEquals(0.7, read.rows().get(1).sparsity());
    }

    @Test
    void aSkippedGroupIsSaidAndNoFailure() throws IOException {
        Path file = folder.resolve("r.json");
        List<Group> groups = List.of(skipped("gpu", "no driver here"), group("fine", (s, r) -> r.row(copy("fine", 2))));
        assertEquals(Culebra.OK, bench(groups, "bench", "--out", file));
        assertEquals(List.of(), err());
        assertTrue(out().contains("\ngpu: skipped: no driver here\n"), out());
        assertEquals(List.of(new Skipped("gpu", "the whole group", "no driver here")),
                ResultFiles.read(file).skipped());
        assertFalse(ResultFiles.read(file).quick());

        bench(List.of(groups.get(1), groups.get(0)), "bench", "--out", file);
        assertEquals(List.of(new Skipped("gpu", "the whole group", "no driver here")),
                ResultFiles.read(file).skipped(), "the last group");

        out.reset();
        assertEquals(Culebra.OK, bench(groups, "bench", "gpu", "--out", folder.resolve("none.json")));
        assertTrue(out().endsWith("gpu: skipped: no driver here\n\nnothing was measured, so there is no file\n"),
                out());
        assertFalse(Files.exists(folder.resolve("none.json")));
    }

    @Test
    void aGroupThatFailsKeepsItsRowsAndTheOthersRun() throws IOException {
        Path file = folder.resolve("r.json");
        List<Group> groups = List.of(group("wrong", (s, r) -> {
            r.row(copy("wrong", 2));
            throw new AssertionError("y[3][5] is 1.5, expected 2.0");
        }), group("fine", (s, r) -> r.row(copy("fine", 2))));
        assertEquals(Culebra.FAILED, bench(groups, "bench", "--out", file));
        assertEquals(1, err().size(), err().toString());
        assertTrue(err().getFirst().startsWith("culebra: group wrong failed: ")
                && err().getFirst().contains("y[3][5] is 1.5, expected 2.0"), err().toString());
        Results read = ResultFiles.read(file);
        assertEquals(List.of("wrong", "fine"), read.rows().stream().map(Row::group).toList());
        assertEquals(1, read.skipped().size());
        Skipped failure = read.skipped().getFirst();
        assertEquals("wrong", failure.group());
        assertEquals("the rest of the group", failure.what());
        assertTrue(failure.why().startsWith("failed: ") && failure.why().contains("y[3][5]"), failure.why());

        err.reset();
        assertEquals(Culebra.FAILED, bench(groups, "bench", "wrong", "--verbose", "--out", file));
        assertTrue(err().stream().anyMatch(l -> l.startsWith("\tat ")), err().toString());
    }

    @Test
    void aGroupThatCanNotTellWhetherItRunsIsSkipped() {
        Group broken = new MadeUp("broken", "-", () -> {
            throw new UnsatisfiedLinkError("libx.so: wrong ELF class");
        }, (s, r) -> r.row(copy("broken", 2)));
        assertEquals(Culebra.OK, bench(List.of(broken), "bench", "--out", folder.resolve("r.json")));
        assertTrue(out().contains("broken: skipped: ") && out().contains("wrong ELF class"), out());
    }

    /** What is killed leaves this. */
    @Test
    void theFileIsWholeAndTrueWhileAGroupRuns() throws IOException {
        Path file = folder.resolve("r.json");
        bench(List.of(group("long", (s, r) -> {
            r.row(copy("long", 2));
            Results now = ResultFiles.read(file);
            assertEquals(1, now.rows().size());
            assertEquals(List.of(new Skipped("long", "the rest of the group", "the run was interrupted")),
                    now.skipped());
            r.row(copy("long", 3));
        })), "bench", "--out", file);
        assertEquals(List.of(), err());
        assertEquals(2, ResultFiles.read(file).rows().size());
        assertEquals(List.of(), ResultFiles.read(file).skipped());
        try (var files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    /** As on a full disk: what was measured is seen, the others run, and the next group's end writes all of it. */
    @Test
    void whereTheFileCanNotBeWrittenForAWhileNothingIsLost() throws IOException {
        Path file = folder.resolve("gone/r.json");
        Files.createDirectory(file.getParent());
        List<Group> groups = List.of(group("a", (s, r) -> {
            Files.delete(file.getParent());
            r.row(copy("a", 2));
            r.row(copy("a", 3));
        }), group("b", (s, r) -> {
            Files.createDirectory(file.getParent());
            r.row(copy("b", 4));
        }));
        assertEquals(Culebra.FAILED, bench(groups, "bench", "--out", file));
        assertEquals(1, err().size(), err().toString());
        assertTrue(err().getFirst().startsWith("culebra: " + file + " can not be written: "), err().toString());
        assertEquals(3, out().lines().filter(l -> l.startsWith("  copy ")).count(), out());
        assertTrue(out().endsWith(file + ": 3 rows\n"), out());
        assertEquals(3, ResultFiles.read(file).rows().size());
        assertEquals(List.of(), ResultFiles.read(file).skipped());

        out.reset();
        Group breaks = group("c", (s, r) -> {
            Files.delete(file);
            Files.delete(file.getParent());
            r.row(copy("c", 2));
        });
        assertEquals(Culebra.FAILED, bench(List.of(breaks), "bench", "--out", file));
        assertFalse(out().contains(file + ": 1 row"), out());
    }

    @Test
    void aRowOfAnotherGroupIsRefused() {
        assertEquals(Culebra.FAILED,
                bench(List.of(group("one", (s, r) -> r.row(copy("other", 2)))), "bench", "--out",
                        folder.resolve("r.json")));
        assertTrue(err().getFirst().contains("a row of group other came from group one"), err().toString());
    }

    @Test
    void whatMakesNoSenseIsRefusedBeforeAnythingRuns() {
        List<Group> groups = List.of(group("a", (s, r) -> r.row(copy("a", 1))),
                group("b", (s, r) -> r.row(copy("b", 1))));
        assertEquals(Culebra.USAGE, bench(groups, "bench", "a", "c"));
        assertEquals(List.of("culebra: no group 'c'; there are a, b (see 'culebra bench --help')"), err());
        err.reset();
        assertEquals(Culebra.FAILED, bench(groups, "bench", "--out", folder.resolve("nowhere/r.json")));
        assertTrue(err().getFirst().contains("no folder"), err().toString());
        assertFalse(out().contains("what a does"), out());
    }

    @Test
    void groupsAreListed() {
        assertEquals(Culebra.OK, bench(List.of(group("a", null), skipped("bb", "no driver here")), "bench", "--list"));
        assertEquals("""
                a         what a does
                bb        what bb does
                          skipped here: no driver here
                """, out());
    }

    /** In a checkout results have their folder, the run of a day and machine a number, and the file its commit. */
    @Test
    void inACheckout() throws Exception {
        Files.createDirectory(folder.resolve("jmh"));
        System.setProperty(Checkout.ROOT, folder.toString());
        List<Group> groups = List.of(group("one", (s, r) -> r.row(copy("one", 2))));
        for (int i = 0; i < 2; i++) {
            assertEquals(Culebra.OK, bench(groups, "bench", "--quick"));
        }
        List<String> names;
        try (var files = Files.list(folder.resolve("jmh/results"))) {
            names = files.map(f -> f.getFileName().toString()).sorted(Comparator.comparing(String::length)).toList();
        }
        assertEquals(2, names.size());
        assertTrue(names.getFirst().matches("\\d{4}-\\d\\d-\\d\\d-[a-z0-9]+(-[a-z0-9]+)*-quick\\.json"),
                names.toString());
        assertEquals(names.getFirst().replace(".json", "-2.json"), names.get(1));

        assertEquals(Checkout.UNKNOWN, Checkout.commit(), "there is no git yet");
        assumeTrue(git("init", "-q"), "no git here");
        Files.writeString(folder.resolve("jmh/a"), "a");
        assertTrue(git("add", "jmh/a") && git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"));
        // The two files of results are not part of it, and make no difference.
        assertTrue(Checkout.commit().matches("[0-9a-f]{12}"), Checkout.commit());
        Files.writeString(folder.resolve("jmh/b"), "b");
        assertTrue(Checkout.commit().matches("[0-9a-f]{12}\\+"), Checkout.commit());
    }

    private boolean git(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("git", "-C", folder.toString()));
        command.addAll(List.of(arguments));
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void theRealGroupsAreInTheirOrder() {
        assertEquals(Culebra.OK,
                Culebra.run(new String[]{"bench", "--list"}, new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8)));
        assertEquals(List.of("host", "cpu", "gpu", "text", "emulator"),
                out().lines().filter(l -> !l.startsWith(" ")).map(l -> l.split(" ")[0]).toList());
    }
}
