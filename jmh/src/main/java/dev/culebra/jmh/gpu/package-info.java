/** Products on a GPU by its own clock, beside NVIDIA's libraries, a copy and a pure read. */
package dev.culebra.jmh.gpu;
