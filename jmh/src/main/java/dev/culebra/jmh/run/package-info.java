/** What every group of benchmarks has in common: the interface, the settings of a run, made-up layers. */
package dev.culebra.jmh.run;
