package dev.culebra.tests.hardware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.culebra.driver.Cuda;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.launcher.core.LauncherFactory;

/** What runs the tests where there is no Maven: finds them, counts right, and takes no silence for success. */
class HardwareTestsTest {

    private static final int PATIENCE_SECONDS = 120;
    /** What a class of tests reads to know where to run. */
    private static final String PROVIDER = "culebra.tests.provider";

    @TempDir
    Path folder;

    private record Run(int code, String out, String log) {}

    private Run run(String... arguments) throws IOException, InterruptedException {
        Path log = folder.resolve("log");
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector", "-cp",
                System.getProperty("java.class.path"), HardwareTests.class.getName(), "--log", log.toString()));
        command.addAll(List.of(arguments));
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        p.getOutputStream().close();
        String out = new String(p.getInputStream().readAllBytes());
        assertTrue(p.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "did not end");
        return new Run(p.exitValue(), out, Files.exists(log) ? Files.readString(log) : "");
    }

    private static void contains(String text, String... pieces) {
        for (String piece : pieces) assertTrue(text.contains(piece), () -> "'" + piece + "' is not in: " + text);
    }

    @Test
    void everySuiteHasTestsAndEveryClassOfItsExists() throws Exception {
        for (Suite suite : Suite.ALL) {
            for (String provider : List.of("cuda", "emulator")) {
                assertFalse(classes(suite, provider).isEmpty(), () -> suite.name() + " has no tests for " + provider);
            }
            for (String name : suite.classes()) Class.forName(name, false, getClass().getClassLoader());
            for (String name : suite.emulated()) Class.forName(name, false, getClass().getClassLoader());
            assertEquals(suite, Suite.named(suite.name()).orElseThrow());
        }
        assertEquals(Suite.ALL.size(), Suite.ALL.stream().map(Suite::name).distinct().count());
    }

    /** The top classes that JUnit finds for it. */
    private static Set<String> classes(Suite suite, String provider) {
        var plan = LauncherFactory.create().discover(SuiteRun.request(suite, provider));
        var found = new HashSet<String>();
        for (var root : plan.getRoots()) {
            for (var test : plan.getDescendants(root)) {
                if (test.getSource().orElse(null) instanceof ClassSource s) found.add(s.getClassName());
            }
        }
        return found;
    }

    /** A package whose tests can run on a GPU is in a suite, so that a new one is not forgotten. */
    @Test
    void whatCanRunOnAGpuIsInASuite() throws IOException {
        var packages = new TreeSet<String>();
        Path root = Path.of("src/test/java/dev/culebra/tests");
        try (var files = Files.walk(root)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                if (!file.startsWith(root.resolve("hardware"))
                        && Files.readString(file).contains('"' + PROVIDER + '"')) {
                    packages.add("dev.culebra.tests." + root.relativize(file.getParent()).toString().replace('/', '.'));
                }
            }
        }
        assertTrue(packages.size() >= 5, packages::toString);
        var run = new TreeSet<String>();
        for (Suite suite : Suite.ALL) {
            run.addAll(suite.packages());
            for (String c : suite.classes()) run.add(c.substring(0, c.lastIndexOf('.')));
        }
        assertTrue(run.containsAll(packages), () -> packages + " are not all among " + run);
    }

    @Test
    void everyEndOfATestIsCounted() throws Exception {
        Run run = run("--emulator", "hardware.Outcomes");
        assertEquals(1, run.code, run.out);
        contains(run.out, "tests on the emulator", folder + "/log",
                "FAILED dev.culebra.tests.hardware.Outcomes.fails", "AssertionFailedError: on; purpose\n",
                "  hardware.Outcomes                            4 passed    1 failed    2 skipped",
                "4 passed, 1 failed, 2 skipped on the emulator in ");
        assertFalse(run.out.contains("something said") || run.out.contains("\tat "), run.out);
        contains(run.log, "something said\n", "\tat dev.culebra.tests.hardware.Outcomes.fails", "isNotTried: ",
                "never here",
                "isDisabled: ", "switched off", "4 passed, 1 failed, 2 skipped");
    }

    @Test
    void aJvmThatEndsAndASuiteWithoutTestsAreFailures() throws Exception {
        Run run = run("--emulator", "hardware.Outcomes$Deadly", "hardware.Outcomes$Empty");
        assertEquals(1, run.code, run.out);
        contains(run.out, "FAILED: the JVM of 'hardware.Outcomes$Deadly' ended with code 3 before its tests did",
                "FAILED: 'hardware.Outcomes$Empty' has no tests", "2 suites not run to the end");
    }

    @Test
    void aSuiteIsRunByItsName() throws Exception {
        Run run = run("--emulator", "models");
        assertEquals(0, run.code, run.out);
        contains(run.out, "opt.EmulatorTest                             1 passed    0 failed    0 skipped",
                "1 passed, 0 failed, 0 skipped on the emulator");
    }

    @Test
    void listsAndRefuses() throws Exception {
        Run list = run("--list");
        assertEquals(0, list.code);
        for (Suite suite : Suite.ALL) contains(list.out, suite.name() + " ", suite.what());
        Run unknown = run("--emulator", "drivr");
        assertEquals(2, unknown.code);
        contains(unknown.out, "'drivr'", "--list");
        assertEquals("", unknown.log);
    }

    @Test
    void withoutAGpuNothingIsRunUnlessAskedSo() throws Exception {
        assumeFalse(Cuda.available().available(), "there is a GPU");
        Run run = run("models");
        assertEquals(1, run.code);
        contains(run.out, "no test was run", Cuda.available().reason(), "--emulator");
        assertEquals(1, run.out.lines().filter(l -> !l.startsWith("WARNING: Using incubator")).count(), run.out);
        assertEquals("", run.log);
    }
}
