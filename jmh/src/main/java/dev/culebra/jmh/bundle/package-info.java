/** One archive that runs benchmarks and tests on a machine with a driver and nothing else. */
package dev.culebra.jmh.bundle;
