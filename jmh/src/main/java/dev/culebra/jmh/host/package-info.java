/**
 * What the host pays: calls, launches, events, copies, pools, modules, encoding, reading files. JMH benchmarks; each
 * carries its JVM's flags in {@code @Fork}.
 */
package dev.culebra.jmh.host;
