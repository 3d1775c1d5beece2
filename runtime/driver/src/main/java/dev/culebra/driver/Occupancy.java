package dev.culebra.driver;

/**
 * The launch that fills a device best, by the driver's reckoning.
 *
 * @param minGrid blocks that are needed to fill the device
 * @param blockThreads threads a block
 */
public record Occupancy(int minGrid, int blockThreads) {}
