package dev.culebra.tests.hardware;

import static org.junit.platform.engine.discovery.ClassNameFilter.excludeClassNamePatterns;
import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * One suite in this JVM. Prints for {@link HardwareTests}: lines that begin with {@link #CLASS} and {@link #FAILED}, and, for the log,
 * whatever else there is to say.
 */
final class SuiteRun implements TestExecutionListener {

    /** Then class, passed, failed, skipped and milliseconds, divided by blanks. */
    static final String CLASS = "@class ";
    /** Then what failed and why, in a line. */
    static final String FAILED = "@failed ";
    /** Nothing more: all tests ran to their ends. */
    static final String DONE = "@done";

    /** They want a compiler and the sources, and no GPU. */
    private static final String COMPILING = ".*BuildTest";

    private static final class Counts {
        private final long start = System.nanoTime();
        private int passed;
        private int failed;
        private int skipped;
    }

    private final PrintStream out = System.out; // some tests give standard output another place for a while
    private final Map<String, Counts> classes = new LinkedHashMap<>();

    /** @param args {@code emulator} or {@code cuda}, and a suite's name */
    public static void main(String[] args) {
        var request = request(Suite.named(args[1]).orElseThrow(), args[0]);
        var run = new SuiteRun();
        LauncherFactory.create().execute(request, run);
        run.out.println(DONE);
        run.out.flush();
        System.exit(0); // whatever threads a test left
    }

    /** What JUnit is asked for. */
    static LauncherDiscoveryRequest request(Suite suite, String provider) {
        List<DiscoverySelector> selectors = new ArrayList<>();
        for (String p : suite.packages()) selectors.add(DiscoverySelectors.selectPackage(p));
        for (String c : provider.equals("emulator") ? suite.emulated() : suite.classes()) {
            selectors.add(DiscoverySelectors.selectClass(c));
        }
        var request = LauncherDiscoveryRequestBuilder.request().selectors(selectors);
        if (!suite.packages().isEmpty()) {
            request.filters(includeClassNamePatterns(".*Tests?"), excludeClassNamePatterns(COMPILING));
        }
        return request.build();
    }

    @Override
    public void executionStarted(TestIdentifier test) { if (isClass(test)) classes.put(name(test), new Counts()); }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        out.println("SKIPPED " + title(test) + ": " + reason);
        of(test).skipped++;
        if (isClass(test)) print(name(test));
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        switch (result.getStatus()) {
            case SUCCESSFUL -> of(test).passed += test.isTest() ? 1 : 0;
            case ABORTED -> {
                out.println(
                        "SKIPPED " + title(test) + ": " + result.getThrowable().map(Throwable::getMessage).orElse(""));
                of(test).skipped++;
            }
            case FAILED -> {
                var e = result.getThrowable().orElseGet(() -> new AssertionError("no reason was given"));
                out.println(FAILED + title(test) + ": " + String.valueOf(e).replaceAll("\\s*\\R\\s*", "; "));
                e.printStackTrace(out);
                of(test).failed++;
            }
        }
        if (isClass(test)) print(name(test));
    }

    private void print(String className) {
        Counts c = classes.get(className);
        out.println(CLASS + String.join(" ", className, "" + c.passed, "" + c.failed, "" + c.skipped,
                "" + (System.nanoTime() - c.start) / 1_000_000));
        out.flush();
    }

    private Counts of(TestIdentifier test) { return classes.computeIfAbsent(name(test), name -> new Counts()); }

    /** A top class; what is nested in one counts as its own. */
    private static boolean isClass(TestIdentifier test) {
        return test.getSource().orElse(null) instanceof ClassSource source && !source.getClassName().contains("$");
    }

    private static String name(TestIdentifier test) {
        String name = switch (test.getSource().orElse(null)) {
            case ClassSource source -> source.getClassName();
            case MethodSource source -> source.getClassName();
            case null, default -> test.getDisplayName().replace(' ', '-');
        };
        int nested = name.indexOf('$');
        return nested < 0 ? name : name.substring(0, nested);
    }

    private static String title(TestIdentifier test) {
        return test.getSource().orElse(null) instanceof MethodSource source
                ? name(test) + "." + source.getMethodName()
                        + (test.getDisplayName().startsWith(source.getMethodName()) ? "" : " " + test.getDisplayName())
                : name(test);
    }
}
