/** What the benchmarks add to the {@code culebra} command. Knows every package below; none of them knows it. */
package dev.culebra.jmh;
