/** Microbenchmarks. Each carries its JVM's flags in {@code @Fork}, so that {@code org.openjdk.jmh.Main} needs none. */
package dev.culebra.jmh;
