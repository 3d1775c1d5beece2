package dev.culebra.tests.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.jmh.bundle.Bundle;
import dev.culebra.jmh.bundle.Parts;
import dev.culebra.tests.bundle.MadeUp.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code run.sh} with a made-up Java that prints what it was asked, a word a line. */
class RunScriptTest {

    private static final String JAVA = """
            #!/bin/sh
            echo "cwd $(pwd -P)"
            echo "loading ${CUDA_MODULE_LOADING:-}"
            echo "language ${LC_ALL:-}"
            for word; do printf 'word [%s]\\n' "$word"; done
            echo 'WARNING: Using incubator modules: jdk.incubator.vector' >&2
            echo 'said on standard error' >&2
            exit ${CODE:-0}
            """;

    @TempDir
    Path temporary;

    private Path bundle;
    private Path here;
    private Path script;

    @BeforeEach
    void unpack() throws IOException {
        Path temp = temporary.toRealPath();
        Path checkout = temp.resolve("checkout");
        jar(checkout.resolve("jmh/target/benchmarks.jar"));
        jar(checkout.resolve("tests/suite/target/bundle/junit.jar"));
        for (String folder : List.of("tests/suite/target/test-classes", "runtime/examples/target/classes",
                "bindings")) {
            Files.createDirectories(checkout.resolve(folder));
        }
        Files.writeString(checkout.resolve("bindings/functions.args"), "");
        Files.writeString(checkout.resolve("LICENSE"), "");
        Path java = temp.resolve("made-up/bin/java");
        Files.createDirectories(java.getParent());
        Files.writeString(java, JAVA);
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        bundle = temp.resolve("un packed/culebra $HOME");
        MadeUp.unpack(Bundle.files(new Parts(checkout), java.getParent().getParent(), "9.8.7", "abc123+"), bundle);
        here = Files.createDirectories(temp.resolve("here and there"));
        script = bundle.resolve("run.sh");
    }

    private static void jar(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        new ZipOutputStream(Files.newOutputStream(file)).close();
    }

    private Run run(Object... command) throws Exception { return MadeUp.run(here, Map.of(), command); }

    private static List<String> words(Run run) {
        return run.out().lines().filter(l -> l.startsWith("word [")).map(l -> l.substring(6, l.length() - 1)).toList();
    }

    /** Behind the JVM's own options. */
    private static List<String> asked(Run run) {
        var words = words(run);
        return words.subList(words.indexOf("-cp"), words.size());
    }

    private static void contains(Run run, String... pieces) {
        for (String piece : pieces)
            assertTrue(run.out().contains(piece), () -> "'" + piece + "' is not in: " + run.out());
    }

    @Test
    void aCommandIsCulebrasFromTheCurrentFolder() throws Exception {
        Run run = run(script, "bench", "--quick", "--out", "a b.json");
        assertEquals(0, run.code());
        assertEquals(
                List.of("-cp", bundle + "/lib/benchmarks.jar", "dev.culebra.cli.Culebra", "bench", "--quick", "--out",
                        "a b.json"),
                asked(run));
        contains(run, "cwd " + here + "\n", "word [--enable-native-access=ALL-UNNAMED]",
                "word [-Dculebra.commit=abc123+]",
                "word [--add-modules=jdk.incubator.vector]", "language C.UTF-8\n");
        assertTrue(words(run).contains("-Xbatch"), "products are measured in this JVM, as the command runs them");
        assertEquals("report", asked(run(script, "report")).get(3));
        assertEquals(List.of("compare", "x", "y"), asked(run(script, "compare", "x", "y")).subList(3, 6));
    }

    @Test
    void culebraTakesWhateverComes() throws Exception {
        Run run = run(script, "culebra", "generate", "", "*", "a  b", "--prompt", "It's \"so\" $HOME\n\\");
        assertTrue(words(run).contains("-Xbatch"));
        contains(run,
                "word [generate]\nword []\nword [*]\nword [a  b]\nword [--prompt]\nword [It's \"so\" $HOME\n\\]\n");
        assertEquals(3, asked(run(script, "culebra")).size());
    }

    @Test
    void testsRunInTheSuitesFolderAndLogInTheCurrentOne() throws Exception {
        Run run = run(script, "test", "--emulator", "driver");
        contains(run, "cwd " + bundle + "/tests/suite\n", "loading EAGER\n");
        var asked = asked(run);
        assertEquals(bundle + "/tests/suite/lib/*:" + bundle + "/lib/benchmarks.jar", asked.get(1));
        assertEquals(List.of("dev.culebra.tests.hardware.HardwareTests", "--log"), asked.subList(2, 4));
        assertTrue(asked.get(4).matches("\\Q" + here + "\\E/culebra-test-\\d{8}-\\d{6}\\.log"), asked.get(4));
        assertEquals(List.of("--emulator", "driver"), asked.subList(5, asked.size()));
        assertTrue(Files.exists(bundle.resolve("tests/suite/../../bindings/functions.args")));
    }

    @Test
    void itIsFoundThroughLinksOnThePathAndByAnyShell() throws Exception {
        Path links = Files.createDirectories(temporary.toRealPath().resolve("links/deep"));
        Files.createSymbolicLink(links.resolve("one"), links.relativize(script));
        Files.createSymbolicLink(links.resolveSibling("two"), Path.of("deep/one"));
        Files.createSymbolicLink(here.resolve("three"), links.resolveSibling("two"));
        String jar = "word [" + bundle + "/lib/benchmarks.jar]";
        contains(run(here.resolve("three"), "culebra"), jar);
        contains(run("/bin/sh", "three", "culebra"), jar);
        contains(MadeUp.run(bundle, Map.of(), "./run.sh", "culebra"), jar);
        contains(MadeUp.run(here, Map.of("PATH", here + ":/usr/bin:/bin"), "/bin/sh", "-c", "three culebra"), jar);
        // cd would print where it went, and go elsewhere.
        contains(MadeUp.run(here, Map.of("CDPATH", "/:/usr"), "./three", "culebra"), jar);
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash --posix", "busybox sh"})
    void shells(String shell) throws Exception {
        String[] words = shell.split(" ");
        assumeTrue(Files.exists(Path.of("/bin", words[0])), words[0] + " is not installed");
        Object[] command = new Object[words.length + 3];
        System.arraycopy(words, 0, command, 0, words.length);
        command[words.length] = script;
        command[words.length + 1] = "culebra";
        command[words.length + 2] = "a  b";
        Run run = run(command);
        assertEquals(List.of("-cp", bundle + "/lib/benchmarks.jar", "dev.culebra.cli.Culebra", "a  b"), asked(run),
                run.out());
    }

    /** What the JVM says of its incubator modules is of no use to anybody; all else arrives. */
    @Test
    void standardErrorIsClean() throws Exception {
        assumeTrue(Files.exists(Path.of("/bin/bash")), "no bash, and so no filter");
        for (String command : List.of("bench", "test")) {
            Run run = MadeUp.run(here, Map.of("POSIXLY_CORRECT", "1"), script, command);
            assertFalse(run.out().contains("incubator modules"), run.out());
            contains(run, "said on standard error\n");
        }
        assertTrue(words(run(script, "bench")).contains("-Dculebra.stderr=3"), "Culebra takes the filter away");
        assertFalse(words(run(script, "test")).contains("-Dculebra.stderr=3"), "what tests start has no descriptor 3");
    }

    /** A shell that has nothing to filter with still runs it. */
    @Test
    void withoutBashItRunsAllTheSame() throws Exception {
        Path tools = Files.createDirectories(temporary.toRealPath().resolve("tools"));
        for (String tool : List.of("uname", "dirname", "sed", "date")) {
            Path file = Files.writeString(tools.resolve(tool),
                    "#!/bin/sh\nPATH=/usr/bin:/bin\nexec " + tool + " \"$@\"\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        Run run = MadeUp.run(here, Map.of("PATH", tools.toString()), "/bin/sh", script, "bench");
        assertEquals(List.of("bench"), asked(run).subList(3, 4), run.out());
        contains(run, "said on standard error\n");
    }

    @Test
    void optionsOfTheEnvironmentAreDividedAtBlanksAndNoPatterns() throws Exception {
        Files.writeString(here.resolve("-Da=b"), "");
        var words = words(MadeUp.run(here, Map.of("CULEBRA_JAVA_OPTIONS", " -Xmx1g  -D* "), script, "bench"));
        assertEquals(List.of("-Xmx1g", "-D*", "-cp"),
                words.subList(words.indexOf("-cp") - 2, words.indexOf("-cp") + 1));
        assertFalse(words.contains(""));
        contains(MadeUp.run(here, Map.of("LC_ALL", "de_DE.UTF-8"), script, "bench"), "language de_DE.UTF-8\n");
    }

    @Test
    void nativeMemoryMayBeNineTenthsOfTheMachines() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/meminfo")), "no Linux");
        String option = words(run(script, "bench")).stream().filter(w -> w.startsWith("-XX:MaxDirectMemorySize="))
                .findFirst()
                .orElseThrow();
        long bytes = Long.parseLong(option.substring(option.indexOf('=') + 1));
        long machine = ((com.sun.management.OperatingSystemMXBean) java.lang.management.ManagementFactory
                .getOperatingSystemMXBean()).getTotalMemorySize();
        assertTrue(bytes > 0.89 * machine && bytes <= 0.9 * machine, bytes + " of " + machine);
    }

    @Test
    void exitCodesAreJavas() throws Exception {
        assertEquals(7, MadeUp.run(here, Map.of("CODE", "7"), script, "bench").code());
    }

    @Test
    void helpAndMistakes() throws Exception {
        for (Object[] command : new Object[][]{{script}, {script, "help"}, {script, "--help"}}) {
            Run help = run(command);
            assertEquals(0, help.code());
            contains(help, "Culebra 9.8.7 (abc123+)", "bench", "test --emulator", "report");
        }
        Run wrong = run(script, "benhc");
        assertEquals(2, wrong.code());
        assertEquals(
                "run.sh: no 'benhc'; there are bench, report, compare, test, culebra, help (see './run.sh help')\n",
                wrong.out());
    }

    @Test
    void whatCanNotRunSaysWhy() throws Exception {
        Path fakes = Files.createDirectories(temporary.toRealPath().resolve("fakes"));
        Files.writeString(fakes.resolve("uname"), "#!/bin/sh\necho Plan9 mips\n");
        Files.setPosixFilePermissions(fakes.resolve("uname"), PosixFilePermissions.fromString("rwxr-xr-x"));
        refused(MadeUp.run(here, Map.of("PATH", fakes + ":/usr/bin:/bin"), script, "bench"), Bundle.system(),
                "Plan9 mips");
        Path colon = temporary.toRealPath().resolve("a:b");
        Files.move(bundle, colon);
        refused(run(colon.resolve("run.sh"), "bench"), "':'", "another folder");
        Files.move(colon, bundle);
        Files.delete(bundle.resolve("java/bin/java"));
        refused(run(script, "bench"), bundle + "/java/bin/java", "unpack");
    }

    private static void refused(Run run, String... pieces) {
        assertEquals(1, run.code(), run.out());
        assertTrue(run.out().startsWith("run.sh: "), run.out());
        assertEquals(1, run.out().lines().count(), run.out());
        contains(run, pieces);
    }
}
