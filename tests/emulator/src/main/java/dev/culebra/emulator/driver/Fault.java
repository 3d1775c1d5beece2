package dev.culebra.emulator.driver;

/**
 * What went wrong in a context for good.
 *
 * @param code the CUresult that every later call gives
 * @param diagnostic what happened, and where
 */
record Fault(int code, String diagnostic) {}
