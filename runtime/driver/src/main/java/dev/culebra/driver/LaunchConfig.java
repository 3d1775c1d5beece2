package dev.culebra.driver;

/**
 * The shape of a launch.
 *
 * @param grid blocks
 * @param block threads a block
 * @param sharedBytes dynamic shared memory a block, 0 for none. Above the 48 KiB that every kernel may use, the kernel is
 *        opted in when it is launched, up to {@link Device#sharedMemoryPerBlockOptIn()}.
 * @param cluster blocks a cluster, more than one from compute capability 9.0 on; null for none
 * @param cooperative whether all blocks must run at once, so that they can wait for each other
 */
public record LaunchConfig(Dim3 grid, Dim3 block, int sharedBytes, Dim3 cluster, boolean cooperative) {

    /** Blocks along y and z: of all compute capabilities so far, by the programming guide's table. */
    private static final int MOST_BLOCKS_YZ = 65535;

    /** Threads along z: likewise. */
    private static final int MOST_THREADS_Z = 64;

    /**
     * Checks what can be known without a device.
     *
     * @throws IllegalArgumentException where an extent is more than a device takes, shared memory is negative, or the
     *         grid is not whole clusters
     */
    public LaunchConfig {
        if (grid == null || block == null) throw new IllegalArgumentException("a launch needs a grid and a block");
        // The driver says "invalid argument" to these, and not which.
        if (grid.y() > MOST_BLOCKS_YZ || grid.z() > MOST_BLOCKS_YZ) {
            throw new IllegalArgumentException(
                    "a grid has up to " + MOST_BLOCKS_YZ + " blocks along y and z, got " + grid
                            + ": put the longest extent along x");
        }
        if (block.z() > MOST_THREADS_Z) {
            throw new IllegalArgumentException(
                    "a block has up to " + MOST_THREADS_Z + " threads along z, got " + block);
        }
        if (sharedBytes < 0) throw new IllegalArgumentException("shared memory is 0 or more bytes, got " + sharedBytes);
        if (cluster != null
                && (grid.x() % cluster.x() != 0 || grid.y() % cluster.y() != 0 || grid.z() % cluster.z() != 0)) {
            throw new IllegalArgumentException("a grid is whole clusters: got " + grid + " blocks in clusters of "
                    + cluster);
        }
    }

    /**
     * A line of blocks.
     *
     * @param grid how many blocks
     * @param block how many threads a block
     * @return the shape, without dynamic shared memory
     */
    public static LaunchConfig of(int grid, int block) { return of(Dim3.of(grid), Dim3.of(block)); }

    /**
     * A grid of blocks.
     *
     * @param grid blocks
     * @param block threads a block
     * @return the shape, without dynamic shared memory
     */
    public static LaunchConfig of(Dim3 grid, Dim3 block) { return new LaunchConfig(grid, block, 0, null, false); }

    /**
     * As many blocks as it takes to give each element a thread.
     *
     * @param elements how many threads are wanted, 1 or more
     * @param block how many threads a block
     * @return the shape; its last block may have threads to spare
     * @throws IllegalArgumentException where that is more blocks than a grid can have
     */
    public static LaunchConfig covering(long elements, int block) {
        long blocks = (elements + block - 1) / block;
        if (blocks < 1 || blocks > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(elements + " elements in blocks of " + block
                    + " threads: a grid has 1 to " + Integer.MAX_VALUE + " blocks, let a thread take several elements");
        }
        return of((int) blocks, block);
    }

    /**
     * With dynamic shared memory.
     *
     * @param bytes bytes a block
     * @return the changed shape
     */
    public LaunchConfig withShared(int bytes) { return new LaunchConfig(grid, block, bytes, cluster, cooperative); }

    /**
     * In clusters.
     *
     * @param blocks blocks a cluster, null for none
     * @return the changed shape
     */
    public LaunchConfig withCluster(Dim3 blocks) {
        return new LaunchConfig(grid, block, sharedBytes, blocks, cooperative);
    }

    /**
     * With all blocks running at once.
     *
     * @param together whether they must
     * @return the changed shape
     */
    public LaunchConfig withCooperative(boolean together) {
        return new LaunchConfig(grid, block, sharedBytes, cluster, together);
    }
}
