package dev.culebra.emulator.exec;

/**
 * What a grid's run came to. Counters of classes of instructions will stand beside it.
 *
 * @param warpInstructions PTX instructions executed, each counted once a warp whatever its active lanes
 */
public record RunStatistics(long warpInstructions) {

    /**
     * The same in lanes.
     *
     * @return 32 for each warp instruction
     */
    public long laneInstructions() { return 32 * warpInstructions; }
}
