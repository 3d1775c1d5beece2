/** Products on the CPU, beside OpenBLAS and a plain read. */
package dev.culebra.jmh.cpu;
