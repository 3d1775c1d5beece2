package dev.culebra.jmh.run;

import dev.culebra.jmh.results.Samples;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What JMH measured of one method with one value for each parameter.
 *
 * @param benchmark the class's simple name
 * @param method the method
 * @param params values of all parameters, by name
 * @param samples microseconds per operation, one sample for each measured iteration of all forks
 * @param allocatedBytes Java heap that one operation allocates, the median over iterations; empty if it was not asked for
 * @param secondary the median of each further result by name, in JMH's unit: of an {@code @AuxCounters} of operations, microseconds for
 *     each that was counted
 */
public record JmhRun(String benchmark, String method, Map<String, String> params, Samples samples,
        OptionalDouble allocatedBytes, Map<String, Double> secondary) {

    /**
     * A parameter's value.
     *
     * @param name of the parameter
     * @return its value
     * @throws IllegalArgumentException where there is no such parameter
     */
    public String param(String name) {
        String value = params.get(name);
        if (value == null) {
            throw new IllegalArgumentException(benchmark + " has the parameters " + params.keySet() + ", not " + name);
        }
        return value;
    }
}
