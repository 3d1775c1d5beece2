/** One page from files of results. */
package dev.culebra.jmh.report;
