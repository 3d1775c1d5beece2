package dev.culebra.tests.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.jmh.host.CopyBenchmark;
import dev.culebra.jmh.host.EncodeBenchmark;
import dev.culebra.jmh.host.NoOpDriver;
import dev.culebra.jmh.host.RoundTripBenchmark;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.annotation.Annotation;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Each benchmark of the host path runs: set up, called, checked and torn down in JMH's order, without its JVM and its
 * clock. On the no-op driver, and on the emulator, where results are compared as they will be on a GPU.
 */
class HostBenchmarksTest {

    private static final String PACKAGE = "dev.culebra.jmh.host.";

    /** Instead of the sizes that are measured, which take their time. */
    private static final Map<String, List<String>> SMALL = Map.of("size", List.of("131072"), "shape", List.of("96x80"),
            "threads", List.of("1", "2"), "sparsity", List.of("0.7"), "text", List.of("small"));

    private record Case(Class<?> type, String method, Map<String, String> params) {

        @Override
        public String toString() { return type.getSimpleName() + "." + method + " " + params; }
    }

    static List<Case> cases() throws IOException, ReflectiveOperationException {
        List<Case> cases = new ArrayList<>();
        for (Class<?> type : benchmarks()) {
            for (Method method : type.getMethods()) {
                if (!method.isAnnotationPresent(Benchmark.class)) continue;
                for (Map<String, String> params : combinations(type)) {
                    cases.add(new Case(type, method.getName(), params));
                }
            }
        }
        return cases;
    }

    /** As JMH's processor listed them; those of JCuda need a GPU. */
    private static List<Class<?>> benchmarks() throws IOException, ReflectiveOperationException {
        TreeSet<String> names = new TreeSet<>();
        try (BufferedReader list = new BufferedReader(new InputStreamReader(
                HostBenchmarksTest.class.getResourceAsStream("/META-INF/BenchmarkList"), StandardCharsets.UTF_8))) {
            for (String word : list.lines().flatMap(line -> Stream.of(line.split(" "))).toList()) {
                if (word.startsWith(PACKAGE) && !word.contains("Jcuda") && !word.contains("jmh_generated")) {
                    names.add(word);
                }
            }
        }
        List<Class<?>> types = new ArrayList<>();
        for (String name : names) types.add(Class.forName(name));
        return types;
    }

    private static List<Map<String, String>> combinations(Class<?> type) {
        List<Map<String, String>> all = List.of(Map.of());
        for (Field field : type.getFields()) {
            if (!field.isAnnotationPresent(Param.class)) continue;
            List<String> values = field.getName().equals("driver")
                    ? List.of(NoOpDriver.NAME, "emulator")
                    : SMALL.getOrDefault(field.getName(), List.of(field.getAnnotation(Param.class).value()));
            all = all.stream().flatMap(before -> values.stream().map(value -> with(before, field.getName(), value)))
                    .toList();
        }
        return all;
    }

    private static Map<String, String> with(Map<String, String> before, String name, String value) {
        Map<String, String> more = new TreeMap<>(before);
        more.put(name, value);
        return more;
    }

    @Test
    void allAreFound() throws Exception {
        assertEquals(List.of("CallBenchmark", "CopyBenchmark", "EncodeBenchmark", "LaunchBenchmark", "ModuleBenchmark",
                "PoolBenchmark", "RoundTripBenchmark", "SafetensorsBenchmark"),
                benchmarks().stream().map(Class::getSimpleName).toList());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void runs(Case wanted) throws Exception {
        assumeNoOp(wanted.params);
        Object benchmark = make(wanted.type, wanted.params);
        all(benchmark, Setup.class, Level.Trial);
        try {
            all(benchmark, Setup.class, Level.Iteration);
            for (int i = 0; i < 2; i++) {
                all(benchmark, Setup.class, Level.Invocation);
                call(wanted.type.getMethod(wanted.method), benchmark);
                all(benchmark, TearDown.class, Level.Invocation);
            }
            all(benchmark, TearDown.class, Level.Iteration);
        } finally {
            all(benchmark, TearDown.class, Level.Trial);
        }
    }

    private static void assumeNoOp(Map<String, String> params) {
        assumeTrue(!NoOpDriver.NAME.equals(params.get("driver")) || NoOpDriver.missing().isEmpty(),
                () -> NoOpDriver.missing().orElseThrow());
    }

    /** A round that never ran left zeros. */
    @Test
    void aWrongRoundTripIsFound() {
        RoundTripBenchmark benchmark = new RoundTripBenchmark();
        benchmark.driver = "emulator";
        benchmark.open();
        try {
            benchmark.clear();
            String message = assertThrows(IllegalStateException.class, benchmark::check).getMessage();
            assertEquals("round trip: value 0 is 0, not 1", message);
            benchmark.roundTrip();
            benchmark.check();
        } finally {
            benchmark.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"in", "out"})
    void aCopyThatDoesNothingIsFound(String direction) {
        CopyBenchmark benchmark = new CopyBenchmark();
        benchmark.driver = "emulator";
        benchmark.direction = direction;
        benchmark.memory = "pinned";
        benchmark.size = 4096;
        benchmark.open();
        try {
            benchmark.clear();
            benchmark.copy();
            benchmark.check();
            benchmark.clear();
            assertEquals("copy of 4096 bytes: wrong at byte 0",
                    assertThrows(IllegalStateException.class, benchmark::check).getMessage());
        } finally {
            benchmark.close();
        }
    }

    @Test
    void aWrongDecodingIsFound() {
        EncodeBenchmark benchmark = new EncodeBenchmark();
        benchmark.shape = "96x80";
        benchmark.format = "tiled-csl";
        benchmark.sparsity = 0.5;
        benchmark.threads = 1;
        benchmark.prepare();
        benchmark.clear();
        benchmark.check();
        short[] decoded = benchmark.decode();
        benchmark.check();
        decoded[81] ^= 0x100;
        String message = assertThrows(IllegalStateException.class, benchmark::check).getMessage();
        assertTrue(message.startsWith("row 1, column 1 came back as "), message);
    }

    private static Object make(Class<?> type, Map<String, String> params) throws ReflectiveOperationException {
        Object made = type.getConstructor().newInstance();
        for (Map.Entry<String, String> param : params.entrySet()) {
            Field field = type.getField(param.getKey());
            String value = param.getValue();
            if (field.getType() == long.class) field.setLong(made, Long.parseLong(value));
            else if (field.getType() == int.class) field.setInt(made, Integer.parseInt(value));
            else if (field.getType() == double.class) field.setDouble(made, Double.parseDouble(value));
            else
                field.set(made, value);
        }
        return made;
    }

    private static void all(Object benchmark, Class<? extends Annotation> kind, Level level) throws Exception {
        for (Method method : benchmark.getClass().getMethods()) {
            Level of = kind == Setup.class
                    ? method.isAnnotationPresent(Setup.class) ? method.getAnnotation(Setup.class).value() : null
                    : method.isAnnotationPresent(TearDown.class) ? method.getAnnotation(TearDown.class).value() : null;
            if (of == level) call(method, benchmark);
        }
    }

    private static void call(Method method, Object benchmark) throws Exception {
        try {
            method.invoke(benchmark);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exception cause) throw cause;
            throw e;
        }
    }
}
