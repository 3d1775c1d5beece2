package dev.culebra.emulator.exec;

import dev.culebra.driver.spi.LaunchCounters;

/**
 * What a grid's run came to.
 *
 * @param warpInstructions steps of the interpreter: PTX instructions executed, each counted once a warp whatever its active
 *        lanes, and the places where lanes that parted meet again. The counters leave the latter out
 * @param counters what was counted, or null where counting was not asked for
 */
public record RunStatistics(long warpInstructions, LaunchCounters counters) {

    /**
     * The same in lanes.
     *
     * @return 32 for each warp instruction
     */
    public long laneInstructions() { return 32 * warpInstructions; }
}
