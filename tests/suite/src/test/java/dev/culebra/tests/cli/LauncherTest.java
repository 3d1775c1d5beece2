package dev.culebra.tests.cli;

import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The script in the repository's root, as a process: finds Java, builds once, keeps standard error clean. */
class LauncherTest {
    private static Path root;
    private static Path jar;

    @TempDir
    Path folder;

    private record Result(int code, String out, String err) {}

    @BeforeAll
    static void packaged() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")) || Files.isExecutable(Path.of("/usr/bin/bash")),
                "no bash here");
        root = Path.of("").toAbsolutePath();
        while (root != null && !Files.exists(root.resolve("culebra"))) root = root.getParent();
        assumeTrue(root != null, "not in a checkout");
        var target = root.resolve("runtime/cli/target");
        assumeTrue(Files.isDirectory(target), "the command is not packaged; run the tests by 'mvn verify'");
        try (var files = Files.list(target)) {
            jar = files.filter(f -> f.getFileName().toString().matches("culebra-cli-.*-all\\.jar")).findFirst()
                    .orElse(null);
        }
        assumeTrue(jar != null, "the command is not packaged; run the tests by 'mvn verify'");
    }

    private Result run(Map<String, String> environment, Path workingFolder, String... command) throws Exception {
        var out = Files.createTempFile(folder, "out", "");
        var err = Files.createTempFile(folder, "err", "");
        var builder = new ProcessBuilder(command).directory(workingFolder.toFile()).redirectOutput(out.toFile())
                .redirectError(err.toFile());
        // Whatever happens, a test starts no build in the checkout it runs in.
        builder.environment().put("CULEBRA_NO_BUILD", "1");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        // The launcher has the JVM wait for its compiler, and what starts a hundred times here gains nothing of that: half the time.
        builder.environment().put("CULEBRA_JAVA_OPTIONS", "-XX:+BackgroundCompilation");
        environment.forEach((name, value) -> {
            if (value == null) builder.environment().remove(name);
            else builder.environment().put(name, value);
        });
        var process = builder.start();
        process.getOutputStream().close();
        assertTrue(process.waitFor(120, TimeUnit.SECONDS), "did not end");
        return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private Result culebra(String... args) throws Exception {
        var command = new ArrayList<>(List.of(root.resolve("culebra").toString()));
        command.addAll(List.of(args));
        return run(Map.of(), folder, command.toArray(String[]::new));
    }

    private Result bash(Map<String, String> environment, String script) throws Exception {
        return run(environment, folder, "bash", "-c", script.replace("CULEBRA", "'" + root.resolve("culebra") + "'"));
    }

    @Test
    void runsTheCommandAndStandardErrorIsClean() throws Exception {
        var version = culebra("--version");
        assertEquals("", version.err);
        assertEquals(0, version.code);
        assertTrue(version.out.matches("culebra \\d+\\.\\d+\\.\\d+\\S*\\R"), version.out);
        var info = culebra("info", "--json");
        assertEquals("", info.err);
        var vectors = new com.fasterxml.jackson.databind.ObjectMapper().readTree(info.out).at("/cpu/vector_api");
        assertEquals(ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent() || hasVectors(),
                vectors.asBoolean());
    }

    private static boolean hasVectors() {
        return java.lang.module.ModuleFinder.ofSystem().find("jdk.incubator.vector").isPresent();
    }

    @Test
    void synthThenProduct() throws Exception {
        assertEquals(0, culebra("synth", "w x.safetensors", "--shape", "100,60", "--sparsity", "0.7").code);
        assertEquals(0, culebra("synth", "x.safetensors", "--shape", "60,5", "--sparsity", "0").code);
        var product = culebra("spmm", "--weights", "w x.safetensors", "--input", "x.safetensors", "--output",
                "y.safetensors", "--device", "cpu", "--json");
        assertEquals("", product.err);
        assertEquals(0, product.code);
        assertEquals(1800,
                new com.fasterxml.jackson.databind.ObjectMapper().readTree(product.out).get("nonzeros").asInt());
        assertTrue(Files.size(folder.resolve("y.safetensors")) > 4 * 500);
    }

    @Test
    void failuresAreOneLineWhereverStandardErrorGoes() throws Exception {
        var failed = culebra("decode", "missing", "y");
        assertEquals(1, failed.code);
        assertEquals("culebra: missing: no such file or folder\n", failed.err);
        assertEquals("", failed.out);
        assertEquals(2, culebra("decode").code);
        // Through a pipe it ends, with everything; to one file in order; appended; to nowhere.
        assertEquals("culebra: missing: no such file or folder\n",
                bash(Map.of(), "CULEBRA decode missing y 2>&1 | cat").out);
        assertEquals("before\nculebra: missing: no such file or folder\nculebra: other: no such file or folder\n",
                bash(Map.of(),
                        "{ echo before; CULEBRA decode missing y; CULEBRA decode other y; } > log 2>&1; cat log").out);
        assertEquals("culebra: missing: no such file or folder\n",
                bash(Map.of(), "echo longer than the line that follows, much longer > log;"
                        + " CULEBRA decode missing y 2> log; cat log").out);
        assertEquals(1, bash(Map.of(), "CULEBRA decode missing y 2>&-").code);
        assertEquals(1, bash(Map.of(), "CULEBRA --version >&-").code);
    }

    @Test
    void whatTheJvmHasToSayComesThroughButForItsHabits() throws Exception {
        var heap = bash(Map.of("CULEBRA_JAVA_OPTIONS", "-Xmx1k"),
                "CULEBRA --version 2>&1 | cat; exit ${PIPESTATUS[0]}");
        assertTrue(heap.out.contains("Too small maximum heap"), heap.out);
        assertEquals(1, heap.code);
        var options = bash(Map.of("JAVA_TOOL_OPTIONS", "-Dsome=thing"), "CULEBRA --version");
        assertEquals("", options.err);
    }

    /** Encoded models lie outside the heap: what the JVM gives them by itself, a quarter, is not enough for a large one. */
    @Test
    void mostOfTheMemoryIsThereForWeights() throws Exception {
        var flags = bash(Map.of("CULEBRA_JAVA_OPTIONS", "-XX:+PrintFlagsFinal"), "CULEBRA --version");
        var flag = flags.out.lines().filter(l -> l.contains(" MaxDirectMemorySize ")).findFirst().orElseThrow();
        long bytes = Long.parseLong(flag.replaceAll(".*= *(\\d+).*", "$1"));
        var system = (com.sun.management.OperatingSystemMXBean) java.lang.management.ManagementFactory
                .getOperatingSystemMXBean();
        // What the JVM knows of containers' limits the launcher knows too.
        assertEquals(0.9, (double) bytes / system.getTotalMemorySize(), 0.01);
        // Whoever knows better is heard.
        assertTrue(bash(Map.of("CULEBRA_JAVA_OPTIONS", "-XX:+PrintFlagsFinal -XX:MaxDirectMemorySize=12345678"),
                "CULEBRA --version").out.contains("12345678"));
    }

    /** On a terminal, too, text alone goes to standard output; ended by the reader, it ends with a line that says so. */
    @Test
    void textIsWrittenAndAClosedPipeIsSaid() throws Exception {
        var model = Models.folder(Models.KJV);
        var text = culebra("generate", model.toString(), "--prompt", "And God said");
        assertEquals("", text.err);
        assertTrue(text.out.startsWith("And God said unto him, Thou shalt not"), text.out);
        var watched = bash(Map.of("CULEBRA_JAVA_OPTIONS", "-Dculebra.terminal=true"),
                "CULEBRA generate '" + model + "' --prompt 'And God said'");
        assertEquals(text.out, watched.out);
        // Bars, where this machine is slow, are gone again.
        assertTrue(
                watched.err.substring(watched.err.lastIndexOf('\r') + 1)
                        .matches("\\d+ tokens, [\\d.]+ a second, after 4 of the prompt in .*, on .*\\R"),
                watched.err);
        // What could move the cursor is shown on a terminal; elsewhere it is what it is (GenerateCommandTest).
        var escaping = bash(Map.of("CULEBRA_JAVA_OPTIONS", "-Dculebra.terminal.output=true"),
                "CULEBRA generate '" + model + "' --prompt $'a\\e[2Jb\\tc\\xc2\\x85\\n' --max-new-tokens 1");
        assertTrue(escaping.out.startsWith("a\ufffd[2Jb\tc\ufffd\n"), escaping.out);
        var closed = bash(Map.of(),
                "CULEBRA generate '" + model
                        + "' --prompt 'And God said' --max-new-tokens 250 | head -c 5; exit ${PIPESTATUS[0]}");
        assertEquals("And G", closed.out);
        assertEquals(1, closed.code);
        assertEquals("culebra: standard output can not be written to\n", closed.err);
    }

    @Test
    void outOfMemoryIsALine() throws Exception {
        // The bundled model alone takes 5 MB.
        var demo = bash(Map.of("CULEBRA_JAVA_OPTIONS", "-Xmx8m -XX:+UseSerialGC"), "CULEBRA demo");
        assertEquals(1, demo.code, demo.err);
        assertTrue(demo.err.startsWith("culebra: out of memory while") && demo.err.contains("-Xmx"), demo.err);
        assertFalse(demo.err.contains("\tat "), demo.err);
    }

    /** A limit on the size of files fails writes as a full disk does. */
    @Test
    void aFailedWriteIsALineAndLeavesNothing() throws Exception {
        assertEquals(0, culebra("synth", "w", "--shape", "300,300", "--sparsity", "0.1").code);
        assertEquals(0, culebra("encode", "w", "e").code);
        var model = "'" + Models.folder(Models.KJV) + "'";
        // In blocks of 1 KB; the files would be of 176 KB and more.
        for (var command : List.of("synth out --shape 300,300 --sparsity 0.1", "encode w out", "decode e out",
                "logits " + model + " --ids 3" + ",3".repeat(99) + " --output out", "encode " + model + " out",
                "prune " + model + " out --sparsity 0.5 --method magnitude")) {
            var result = bash(Map.of(),
                    "ulimit -f 100; CULEBRA " + command + "; code=$?; ls -A | grep -v '^out[0-9]\\|^err' ; exit $code");
            assertEquals(1, result.code, result.err);
            assertEquals(1, result.err.lines().count(), result.err);
            // Of a folder not all of the work is writing.
            assertTrue(
                    result.err.matches("culebra: .* while (writing out|encoding \\S+|pruning): File too large\\R"),
                    result.err);
            assertEquals(List.of("e", "w"), result.out.lines().toList());
        }
    }

    /** What is closed would be taken by the next file that is opened. */
    @ParameterizedTest
    @ValueSource(strings = {"<&- 2>&-", "<&- >&- 2>&-"})
    void standardDescriptorsMayBeClosed(String closed) throws Exception {
        assertEquals(0, culebra("synth", "w", "--shape", "30,20", "--sparsity", "0.5").code);
        // Results that nobody gets are a failure, after the work.
        assertEquals(closed.contains(" >&-") ? 1 : 0, bash(Map.of(), "CULEBRA encode w e " + closed).code);
        assertEquals(0, culebra("decode", "e", "d").code);
    }

    @Test
    void aFolderThatIsGoneIsOneLine() throws Exception {
        var gone = bash(Map.of(), "mkdir gone; cd gone; rmdir ../gone; CULEBRA --version");
        assertEquals(1, gone.code);
        assertTrue(gone.err.endsWith("culebra: the current folder does not exist any more: change to another one\n"),
                gone.err);
        assertFalse(gone.err.contains("java"), gone.err);
    }

    /** In the locale "C" Java alone can not open a file whose name is not ASCII. */
    @ParameterizedTest
    @ValueSource(strings = {"C", ""})
    void fileNamesAreWhatTheyAreInAnyLocale(String locale) throws Exception {
        var environment = Map.of("LC_ALL", locale, "LC_CTYPE", "", "LANG", "");
        var name = "$(printf 'w \\303\\274')";
        var made = bash(environment, "CULEBRA synth \"" + name + "\" --shape 3,3 --sparsity 0 --json && cat \"" + name
                + "\" | wc -c");
        assertEquals(0, made.code, made.err);
        assertTrue(made.out.startsWith("{\"output\":\"w \\u00FC\""), made.out);
    }

    /** Short for people, in full for who asks; what is wrong with a driver that is there is always said. */
    @Test
    void whyThereIsNoDriver() throws Exception {
        var nowhere = Map.of("CULEBRA_CUDA_DRIVER", "/nowhere/libcuda.so.1");
        var info = bash(nowhere, "CULEBRA info").out;
        assertTrue(info.contains("cuda      none: not installed (looked for /nowhere/libcuda.so.1)\n"), info);
        var system = "cannot open shared object file";
        if (System.getProperty("os.name").equals("Linux")) {
            assertFalse(info.contains(system), info);
            assertTrue(bash(nowhere, "CULEBRA info --verbose").out.contains(system));
            assertTrue(bash(nowhere, "CULEBRA info --json").out.contains(system));
        }
        assertEquals(0, culebra("synth", "w", "--shape", "3,3", "--sparsity", "0.5").code);
        var spmm = bash(nowhere, "CULEBRA spmm --weights w --input w --output y --device cuda");
        assertEquals(1, spmm.code);
        assertEquals("culebra: no CUDA driver: not installed (looked for /nowhere/libcuda.so.1);"
                + " 'culebra info' shows what there is, --device cpu needs none\n", spmm.err);
        // An emulator that is set up wrong is no missing driver: what is said is which property, and what that may be.
        spmm = bash(Map.of("CULEBRA_JAVA_OPTIONS", "-Dculebra.emulator.checks=racing"),
                "CULEBRA spmm --weights w --input w --output y --device emulator");
        assertEquals(1, spmm.code);
        assertEquals(
                "culebra: culebra.emulator.checks: \"racing\" is no list of checks; accepted: all, none, or some of"
                        + " unwritten,races,barriers,host-buffers\n",
                spmm.err);
        Files.writeString(folder.resolve("text"), "no library");
        info = bash(Map.of("CULEBRA_CUDA_DRIVER", folder.resolve("text").toString()), "CULEBRA info").out;
        assertTrue(info.contains("cuda      none: " + folder.resolve("text") + ": "), info);
    }

    @Test
    void worksThroughLinksFromAnywhere() throws Exception {
        Files.createSymbolicLink(folder.resolve("direct"), root.resolve("culebra"));
        Files.createDirectory(folder.resolve("bin"));
        Files.createSymbolicLink(folder.resolve("bin/culebra"), Path.of("../direct"));
        assertEquals(0, run(Map.of(), Path.of("/"), folder.resolve("bin/culebra").toString(), "--version").code);
        Files.delete(folder.resolve("direct"));
    }

    /** Encoding 300 MB takes a second, writing them as long: time to be seen. */
    @ParameterizedTest
    @ValueSource(strings = {"synth big.safetensors --shape 40000,20000 --sparsity 0.5", "encode w big.culebra",
        "prune MODEL big --sparsity 0.6 --method sparsegpt --calibration MODEL/calibration.txt"})
    void anInterruptedCommandLeavesNothing(String line) throws Exception {
        var command = line.replace("MODEL", Models.folder(Models.KJV).toString());
        if (command.startsWith("encode"))
            assertEquals(0, culebra("synth", "w", "--shape", "10000,8000", "--sparsity", "0.05").code);
        var result = bash(Map.of(), "CULEBRA " + command + " > log & p=$!;"
                + " for i in $(seq 1500); do n=$(ls -a | grep -c '^[.].*part'); [ $n != 0 ] && break; sleep 0.02; done; echo $n;"
                + " kill -TERM $p; wait $p; echo $?; ls -A | grep -c '^[.]\\|^big'");
        assertEquals(List.of("1", "143", "0"), result.out.lines().toList(), result.err);
    }

    /** Another jar, from more modules; and the tests, too, where they are packed. What the JVM is told is seen from a Java that tells it. */
    @Test
    void benchmarksAreBuiltAndRunByTheSameScript() throws Exception {
        var checkout = emptyCheckout(Files.readString(root.resolve("culebra")));
        for (var source : List.of("jmh/src", "tests/suite/src/test", "runtime/examples/src"))
            Files.createDirectories(checkout.resolve(source));
        script(folder.resolve("tools/mvn"), "echo \"$*\" >> '" + folder + "/calls'\n"
                + "touch '" + checkout + "/jmh/target/benchmarks.jar'");
        var java = Files.createDirectories(folder.resolve("jdk/bin"));
        script(java.resolve("java"), "echo \"$*\"");
        script(java.resolve("javac"), "");
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
        var environment = firstUse();
        environment.put("JAVA_HOME", folder.resolve("jdk").toString());
        for (var line : List.of("bench --quick cpu", "report", "--verbose compare a b", "help bench", "bundle o.tar.xz",
                "bundle o.tar.xz")) {
            var words = new ArrayList<>(List.of(checkout.resolve("culebra").toString()));
            words.addAll(List.of(line.split(" ")));
            var result = run(environment, folder, words.toArray(String[]::new));
            assertEquals(0, result.code, result.err);
            assertTrue(result.out.endsWith(
                    " -cp " + checkout + "/jmh/target/benchmarks.jar dev.culebra.cli.Culebra " + line + "\n"),
                    result.out);
            assertTrue(result.out.contains(" -Dculebra.checkout=" + checkout + " "), result.out);
            assertTrue(result.out.contains(" --sun-misc-unsafe-memory-access=allow "), result.out);
        }
        var calls = Files.readAllLines(folder.resolve("calls"));
        assertEquals(2, calls.size(), calls.toString());
        assertTrue(calls.get(0).endsWith(" -pl jmh -am package"), calls.get(0));
        assertTrue(calls.get(1).endsWith(" -pl jmh,tests/suite -am package"), calls.get(1));
    }

    /** A checkout with nothing in it but what the launcher looks at, and a Maven that only counts its calls. */
    private Path emptyCheckout(String launcher) throws IOException {
        var checkout = Files.createDirectory(folder.resolve("checkout"));
        Files.writeString(checkout.resolve("culebra"), launcher);
        assertTrue(checkout.resolve("culebra").toFile().setExecutable(true));
        Files.writeString(checkout.resolve("pom.xml"), "");
        for (var module : List.of("bindings", "ptx", "runtime/driver", "runtime/spmm", "runtime/llm", "runtime/cli",
                "tests/emulator")) {
            Files.createDirectories(checkout.resolve(module).resolve("src/main/java"));
            Files.writeString(checkout.resolve(module).resolve("pom.xml"), "");
        }
        var tools = Files.createDirectory(folder.resolve("tools"));
        for (var tool : List.of("bash", "env", "sed", "grep", "find", "head", "dirname", "readlink", "uname", "cat",
                "mkdir", "rm", "mv", "touch", "tee",
                "sleep", "cp", "flock")) {
            for (var bin : List.of("/bin", "/usr/bin")) {
                var file = Path.of(bin, tool);
                // No links: JUnit warns of each that leads out of its folder.
                if (Files.exists(file) && Files.notExists(tools.resolve(tool))) {
                    script(tools.resolve(tool), "exec " + file + " \"$@\"");
                }
            }
        }
        return checkout;
    }

    private static void script(Path path, String text) throws IOException {
        Files.writeString(path, "#!/bin/bash\n" + text + "\n");
        assertTrue(path.toFile().setExecutable(true));
    }

    private void fakeMaven(Path checkout, String work) throws IOException {
        script(folder.resolve("tools/mvn"), "echo call >> '" + folder + "/calls'\n"
                + "echo '[INFO] Building Culebra PTX 0.1.0        [2/8]'\n"
                + work.replace("TARGET", checkout + "/runtime/cli/target"));
    }

    private Map<String, String> firstUse() {
        var environment = new java.util.HashMap<String, String>();
        environment.put("PATH", folder.resolve("tools").toString());
        environment.put("CULEBRA_NO_BUILD", null);
        return environment;
    }

    /** macOS has no flock. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void buildsOnFirstUseOnceAndAgainWhenSourcesChange(boolean flock) throws Exception {
        var checkout = emptyCheckout(Files.readString(root.resolve("culebra")));
        if (!flock) Files.deleteIfExists(folder.resolve("tools/flock"));
        fakeMaven(checkout, "sleep 2; cp '" + jar + "' TARGET/culebra-cli-0.1.0-all.jar\n");
        var launcher = checkout.resolve("culebra");
        var two = run(firstUse(), folder, "bash", "-c", launcher + " --version & " + launcher + " --version & wait");
        assertEquals(2, two.out.lines().count(), two.err);
        assertEquals(List.of("call"), Files.readAllLines(folder.resolve("calls")), "two first uses, one build");
        assertTrue(two.err.contains("culebra: building, because it was never built or its sources changed\n"), two.err);
        assertTrue(two.err.contains("culebra:   Culebra PTX 0.1.0 [2/8]\n"), two.err);

        assertEquals("", run(firstUse(), folder, launcher.toString(), "--version").err);
        // The times of files may be no finer than a second.
        Thread.sleep(1100);
        Files.writeString(checkout.resolve("ptx/src/main/java/New.java"), "");
        assertTrue(run(firstUse(), folder, launcher.toString(), "--version").err.contains("building"));
        assertEquals(2, Files.readAllLines(folder.resolve("calls")).size());
    }

    /** A build that leaves the jar as it was, because only a comment changed, is not repeated for ever. */
    @Test
    void aBuildThatChangesNothingIsRemembered() throws Exception {
        var checkout = emptyCheckout(Files.readString(root.resolve("culebra")));
        fakeMaven(checkout,
                "[ -e TARGET/culebra-cli-0.1.0-all.jar ] || cp -p '" + jar + "' TARGET/culebra-cli-0.1.0-all.jar\n");
        for (int i = 0; i < 3; i++)
            assertEquals(0, run(firstUse(), folder, checkout.resolve("culebra").toString(), "--version").code);
        assertEquals(1, Files.readAllLines(folder.resolve("calls")).size());
    }

    @Test
    void aFailedBuildSaysSoAndWhere() throws Exception {
        var checkout = emptyCheckout(Files.readString(root.resolve("culebra")));
        fakeMaven(checkout, "echo '[ERROR] no such thing'; exit 1\n");
        var failed = run(firstUse(), folder, checkout.resolve("culebra").toString(), "--version");
        assertEquals(1, failed.code);
        assertTrue(failed.err.contains("[ERROR] no such thing\n") && failed.err.contains("build.log"), failed.err);
    }

    @Test
    void aMissingMavenOrJavaIsOneSentence() throws Exception {
        var text = Files.readString(root.resolve("culebra"));
        var checkout = emptyCheckout(text);
        var noMaven = run(firstUse(), folder, checkout.resolve("culebra").toString(), "--version");
        assertEquals(1, noMaven.code);
        assertEquals(1, noMaven.err.lines().count(), noMaven.err);
        assertTrue(noMaven.err.contains("Maven is missing"), noMaven.err);
        // No machine has a Java 99 yet.
        assertTrue(text.contains("LEAST_JAVA=22"));
        Files.writeString(checkout.resolve("culebra"), text.replace("LEAST_JAVA=22", "LEAST_JAVA=99"));
        var noJava = run(firstUse(), folder, checkout.resolve("culebra").toString(), "--version");
        assertEquals(1, noJava.code);
        assertEquals(1, noJava.err.lines().count(), noJava.err);
        assertTrue(noJava.err.startsWith("culebra: no Java 99 or newer was found"), noJava.err);
    }

    /** JAVA_HOME wins if it is new enough; an old one is passed over without a word. */
    @Test
    void theRightJavaIsFound() throws Exception {
        var fake = Files.createDirectories(folder.resolve("old/bin"));
        script(fake.resolve("java"), "echo old");
        Files.writeString(folder.resolve("old/release"), "JAVA_VERSION=\"17.0.1\"\n");
        var passed = run(
                Map.of("JAVA_HOME", folder.resolve("old").toString(), "PATH",
                        Path.of(System.getProperty("java.home"), "bin") + ":" + System.getenv("PATH")),
                folder, root.resolve("culebra").toString(), "--version");
        assertTrue(passed.out.startsWith("culebra "), passed.out + passed.err);
        Files.writeString(folder.resolve("old/release"), "JAVA_VERSION=\"22\"\n");
        var taken = run(Map.of("JAVA_HOME", folder.resolve("old").toString()), folder,
                root.resolve("culebra").toString(), "--version");
        assertEquals("old", taken.out.strip());
    }
}
