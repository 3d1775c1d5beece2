package dev.culebra.jmh.run;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * Which methods of a JMH benchmark to run, with which parameters, and how long. Immutable. What is not said here is as the
 * benchmark's annotations have it, and its JVM's flags always are.
 */
public final class JmhPlan {

    /** What JMH measures in: time per call over an iteration, or each call by itself. */
    enum Mode {
        AVERAGE, SINGLE
    }

    private final Class<?> benchmark;
    private final List<String> methods;
    private final Map<String, List<String>> params;
    private final Mode mode;
    private final boolean allocation;
    private final Integer forks;

    private JmhPlan(Class<?> benchmark, List<String> methods, Map<String, List<String>> params, Mode mode,
            boolean allocation, Integer forks) {
        this.benchmark = benchmark;
        this.methods = methods;
        this.params = params;
        this.mode = mode;
        this.allocation = allocation;
        this.forks = forks;
    }

    /**
     * All parameters at their defaults.
     *
     * @param benchmark a class with methods that are {@code @Benchmark}
     * @param methods names of some of them; none for all
     * @return the plan
     * @throws IllegalArgumentException where there is no such method
     */
    public static JmhPlan of(Class<?> benchmark, String... methods) {
        List<String> there = Arrays.stream(benchmark.getMethods()).filter(m -> m.isAnnotationPresent(Benchmark.class))
                .map(m -> m.getName()).sorted().toList();
        List<String> chosen = methods.length == 0 ? there : List.of(methods);
        if (there.isEmpty() || !there.containsAll(chosen)) {
            throw new IllegalArgumentException(
                    benchmark.getName() + " has the benchmarks " + there + ", not " + chosen);
        }
        return new JmhPlan(benchmark, chosen, Map.of(), Mode.AVERAGE, false, null);
    }

    /**
     * Values instead of a parameter's defaults. Every combination of all parameters is run.
     *
     * @param name a field that is {@code @Param}
     * @param values one or more
     * @return another plan
     * @throws IllegalArgumentException where there is no such parameter, or no value
     */
    public JmhPlan param(String name, Object... values) {
        if (!defaults().containsKey(name) || values.length == 0) {
            throw new IllegalArgumentException(benchmark.getName() + " has the parameters " + defaults().keySet()
                    + ", not " + name + " with values " + Arrays.toString(values));
        }
        Map<String, List<String>> all = new LinkedHashMap<>(params);
        all.put(name, Arrays.stream(values).map(String::valueOf).toList());
        return new JmhPlan(benchmark, methods, all, mode, allocation, forks);
    }

    /**
     * Each call timed by itself, one an iteration, for what is slow or must be cold: {@code @Measurement(iterations)} calls after
     * {@code @Warmup(iterations)} others.
     *
     * @return another plan
     */
    public JmhPlan singleShot() { return new JmhPlan(benchmark, methods, params, Mode.SINGLE, allocation, forks); }

    /**
     * Counts the Java heap that an operation allocates, too.
     *
     * @return another plan
     */
    public JmhPlan allocation() { return new JmhPlan(benchmark, methods, params, mode, true, forks); }

    /**
     * How many JVMs are measured in, one after another.
     *
     * @param count 0 for this one, which is for tests: its flags are not the benchmark's
     * @return another plan
     */
    public JmhPlan forks(int count) { return new JmhPlan(benchmark, methods, params, mode, allocation, count); }

    /** One method with one value for each parameter. */
    record Step(Class<?> benchmark, String method, Map<String, String> params) {

        /** For a progress line, which is short. */
        String brief() {
            return method + " " + String.join(" ", params.values());
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder(benchmark.getSimpleName()).append('.').append(method);
            params.forEach((name, value) -> text.append(' ').append(name).append('=').append(value));
            return text.toString();
        }
    }

    Mode mode() { return mode; }

    boolean countsAllocation() { return allocation; }

    Integer forks() { return forks; }

    /** Method by method; of the parameters the last changes fastest. */
    List<Step> steps() {
        List<Map<String, String>> combinations = List.of(Map.of());
        Map<String, List<String>> all = defaults();
        all.putAll(params);
        for (Map.Entry<String, List<String>> parameter : all.entrySet()) {
            List<Map<String, String>> next = new ArrayList<>();
            for (Map<String, String> before : combinations) {
                for (String value : parameter.getValue()) {
                    Map<String, String> one = new LinkedHashMap<>(before);
                    one.put(parameter.getKey(), value);
                    next.add(one);
                }
            }
            combinations = next;
        }
        List<Step> steps = new ArrayList<>();
        for (String method : methods) {
            for (Map<String, String> values : combinations) {
                steps.add(new Step(benchmark, method, values));
            }
        }
        return steps;
    }

    private Map<String, List<String>> defaults() {
        Map<String, List<String>> values = new LinkedHashMap<>();
        for (Field field : benchmark.getFields()) {
            if (field.isAnnotationPresent(Param.class)) {
                values.put(field.getName(), List.of(field.getAnnotation(Param.class).value()));
            }
        }
        return values;
    }
}
