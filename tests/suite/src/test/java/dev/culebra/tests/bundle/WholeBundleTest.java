package dev.culebra.tests.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.cli.Culebra;
import dev.culebra.jmh.bundle.Bundle;
import dev.culebra.jmh.bundle.JavaRuntime;
import dev.culebra.jmh.bundle.Parts;
import dev.culebra.jmh.run.Checkout;
import dev.culebra.tests.bundle.MadeUp.Run;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What './culebra bundle' packs of this build: a Java of jlink, the benchmarks' jar, the tests. */
class WholeBundleTest {

    private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();

    @TempDir
    Path folder;

    /** As it is once unpacked: no Java but its own is in reach. */
    @Test
    void runsWithItsOwnJavaAndNothingElse() throws Exception {
        assumeTrue(Files.exists(ROOT.resolve("jmh/target/benchmarks.jar")),
                "jmh/target/benchmarks.jar was not built: 'mvn verify' and 'package' do, 'test' does not");
        Path java = folder.resolve("linked");
        JavaRuntime.link(java, JavaRuntime.MODULES);
        Path bundle = folder.resolve("a b");
        MadeUp.unpack(Bundle.files(new Parts(ROOT), java, Culebra.version(), "abc"), bundle);
        Path here = Files.createDirectory(folder.resolve("here"));

        Run info = MadeUp.run(here, Map.of(), bundle.resolve("run.sh"), "culebra", "info");
        assertEquals(0, info.code(), info.out());
        assertTrue(info.out().contains("java      " + Runtime.version()), info.out());
        assertTrue(info.out().contains("emulator"), info.out());

        // A package, so that JUnit must find its tests in the jar; the file of functions, by its place.
        Run tests = MadeUp.run(here, Map.of(), bundle.resolve("run.sh"), "test", "--emulator",
                "driver.EveryFunctionTest",
                "textbook");
        assertEquals(0, tests.code(), tests.out());
        assertTrue(
                tests.out().contains("driver.EveryFunctionTest")
                        && tests.out().contains("textbook.ReductionAndScanTest"),
                tests.out());
        assertTrue(tests.out().contains(" 0 failed, 0 skipped on the emulator"), tests.out());
        try (var written = Files.list(here)) {
            assertEquals(1, written.filter(f -> f.toString().endsWith(".log")).count());
        }

        Run groups = MadeUp.run(here, Map.of(), bundle.resolve("run.sh"), "bench", "--list");
        assertEquals(0, groups.code(), groups.out());
        assertTrue(groups.out().contains("emulator  "), groups.out());
    }

    @Test
    void isLessThanFortyMegabytes() throws Exception {
        assumeTrue("all".equals(System.getProperty("culebra.bundle")),
                "xz takes a minute for all of it: -Dculebra.bundle=all");
        Path output = folder.resolve("bundle.tar.xz");
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        String before = System.setProperty(Checkout.ROOT, ROOT.toString());
        try {
            assertEquals(Culebra.OK, Culebra.run(new String[]{"bundle", output.toString()}, new PrintStream(out, true),
                    new PrintStream(err, true)), err::toString);
        } finally {
            if (before == null) System.clearProperty(Checkout.ROOT);
        }
        long bytes = Files.size(output);
        assertTrue(bytes > 20_000_000 && bytes < Bundle.MOST_BYTES, bytes + " bytes");
        assertTrue(out.toString().startsWith(output + ": ") && out.toString().contains(" MB"), out::toString);
    }

    @Test
    void isMadeOfACheckoutThatWasBuilt() {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = Culebra.run(new String[]{"bundle", folder.resolve("x.tar.xz").toString()},
                new PrintStream(out, true),
                new PrintStream(err, true));
        assertEquals(Culebra.FAILED, code);
        assertEquals("culebra: a bundle is made of a checkout: run './culebra bundle OUT.tar.xz' in one\n",
                err.toString());
        assertEquals(0, folder.toFile().list().length);
    }
}
