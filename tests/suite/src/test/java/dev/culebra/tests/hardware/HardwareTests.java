package dev.culebra.tests.hardware;

import dev.culebra.driver.Cuda;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The tests that a GPU has a say in, on one or, asked so, on the emulator: each suite in a JVM of its own, a line for each class as it ends,
 * failures in full in a log. A main class, not a test: {@code ./run.sh test} of a bundle.
 */
final class HardwareTests {

    private static final String TESTS = "dev.culebra.tests.";

    private final PrintStream log;
    private int passed;
    private int failed;
    private int skipped;
    /** Suites that ended before their tests did, or had none. */
    private int broken;

    private HardwareTests(PrintStream log) { this.log = log; }

    public static void main(String[] args) throws Exception {
        Path log = Path.of("culebra-test.log");
        boolean emulated = false;
        List<Suite> suites = new ArrayList<>();
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--log" -> log = Path.of(args[++i]); // from run.sh alone
                case "--emulator" -> emulated = true;
                case "--list" -> {
                    for (Suite s : Suite.ALL) System.out.printf("%-12s %s%n", s.name(), s.what());
                    return;
                }
                default -> {
                    String name = args[i];
                    suites.add(Suite.named(name).orElseGet(() -> exit(2, "no suite or class of tests '" + name
                            + "'; './run.sh test --list' names the suites")));
                }
            }
        }
        if (suites.isEmpty()) suites = Suite.ALL;
        String where = emulated ? "on the emulator" : "on " + device();
        try (var to = new PrintStream(Files.newOutputStream(log), true)) {
            System.out.println("tests " + where + "; all that they say: " + log);
            System.exit(new HardwareTests(to).run(suites, emulated ? "emulator" : "cuda", where));
        } catch (IOException e) {
            exit(1, "the log " + log + " can not be written: " + e + "; run it from another folder");
        }
    }

    /** The GPU in words. Without one nothing runs: who wants the emulator says so. */
    private static String device() {
        var found = Cuda.available("cuda");
        if (!found.available()) {
            exit(1, "no test was run, since there is no GPU to run them on: " + found.reason()
                    + "; './run.sh test --emulator' runs them without one");
        }
        var device = Cuda.open("cuda").device(0);
        return device.name();
    }

    private static <T> T exit(int code, String message) {
        System.err.println("run.sh: " + message);
        System.exit(code);
        throw new AssertionError();
    }

    private int run(List<Suite> suites, String provider, String where) throws IOException, InterruptedException {
        long start = System.nanoTime();
        for (Suite suite : suites) run(suite, provider);
        String summary = String.format(Locale.ROOT, "%d passed, %d failed, %d skipped%s %s in %.0f s", passed, failed,
                skipped, broken == 0 ? "" : ", " + broken + " suites not run to the end,", where,
                (System.nanoTime() - start) / 1e9);
        say(summary);
        return failed + broken == 0 && passed > 0 ? 0 : 1;
    }

    private void run(Suite suite, String provider) throws IOException, InterruptedException {
        say(suite.name() + ": " + suite.what());
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-Dculebra.tests.provider=" + provider, "-cp", System.getProperty("java.class.path"),
                SuiteRun.class.getName(), provider, suite.name()));
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        Thread end = new Thread(p::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(end);
        int before = passed + failed + skipped;
        boolean done = false;
        try (var lines = p.inputReader()) {
            for (String line; (line = lines.readLine()) != null;) {
                done |= line.equals(SuiteRun.DONE);
                take(line);
            }
        }
        int code = p.waitFor();
        Runtime.getRuntime().removeShutdownHook(end);
        if (!done || code != 0) {
            broken++;
            say("    FAILED: the JVM of '" + suite.name() + "' ended with code " + code
                    + " before its tests did; the log says more");
        } else if (passed + failed + skipped == before) {
            broken++;
            say("    FAILED: '" + suite.name() + "' has no tests");
        }
    }

    private void take(String line) {
        if (line.startsWith(SuiteRun.CLASS)) {
            count(line.substring(SuiteRun.CLASS.length()).split(" "));
        } else if (line.startsWith(SuiteRun.FAILED)) {
            say("    FAILED " + shortened(line.substring(SuiteRun.FAILED.length())));
        } else {
            log.println(line);
        }
    }

    private void count(String[] counts) {
        int[] n = new int[4];
        for (int i = 0; i < 4; i++) n[i] = Integer.parseInt(counts[i + 1]);
        passed += n[0];
        failed += n[1];
        skipped += n[2];
        say(String.format(Locale.ROOT, "  %-40s %5d passed %4d failed %4d skipped %6.1f s",
                counts[0].replace(TESTS, ""), n[0], n[1],
                n[2], n[3] / 1e3));
    }

    private void say(String line) {
        System.out.println(line);
        log.println(line);
    }

    private static String shortened(String line) {
        return line.length() <= 300 ? line : line.substring(0, 300) + "...";
    }
}
