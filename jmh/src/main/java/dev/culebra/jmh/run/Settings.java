package dev.culebra.jmh.run;

/**
 * How much to measure.
 *
 * @param quick a look: all groups together in less than five minutes on two cores; else everything
 */
public record Settings(boolean quick) {}
