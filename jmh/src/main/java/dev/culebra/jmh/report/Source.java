package dev.culebra.jmh.report;

import dev.culebra.jmh.results.Results;

/**
 * A file of results with its name.
 *
 * @param name of the file, without folders
 * @param results what it holds
 */
record Source(String name, Results results) {}
