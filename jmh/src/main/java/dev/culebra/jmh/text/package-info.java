/** Tokens and text. JMH benchmarks; each carries its JVM's flags in {@code @Fork}. */
package dev.culebra.jmh.text;
