/** What was measured: samples, rows, files of them, and one file against another. */
package dev.culebra.jmh.results;
