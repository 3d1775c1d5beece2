package dev.culebra.kernel;

/**
 * What is free in a launch.
 *
 * @param splits parts of K
 * @param sharedBytes shared memory of a block
 * @param slots blocks that the device then holds at once
 */
record Launch(int splits, int sharedBytes, long slots) {}
