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
 * @param programmatic whether it may begin while the kernel before it in the stream still runs: see
 *        {@link #withProgrammatic(boolean)}
 */
public record LaunchConfig(Dim3 grid, Dim3 block, int sharedBytes, Dim3 cluster, boolean cooperative,
        boolean programmatic) {

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
    public static LaunchConfig of(Dim3 grid, Dim3 block) {
        return new LaunchConfig(grid, block, 0, null, false, false);
    }

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
    public LaunchConfig withShared(int bytes) {
        return new LaunchConfig(grid, block, bytes, cluster, cooperative, programmatic);
    }

    /**
     * In clusters.
     *
     * @param blocks blocks a cluster, null for none
     * @return the changed shape
     */
    public LaunchConfig withCluster(Dim3 blocks) {
        return new LaunchConfig(grid, block, sharedBytes, blocks, cooperative, programmatic);
    }

    /**
     * With all blocks running at once.
     *
     * @param together whether they must
     * @return the changed shape
     */
    public LaunchConfig withCooperative(boolean together) {
        return new LaunchConfig(grid, block, sharedBytes, cluster, together, programmatic);
    }

    /**
     * As a <em>programmatic dependent launch</em>: it may begin as soon as every block of the kernel before it in the stream
     * has executed {@code griddepcontrol.launch_dependents} or has ended, while that one still runs and what it wrote can not
     * be seen yet. So the kernel must execute {@code griddepcontrol.wait} before it writes to global memory and before it
     * reads there what earlier work writes; what that leaves for the time before is to set up, and to read what
     * nobody writes (weights). Every thread that touches such memory must wait, or be behind a barrier with one that has. A
     * kernel without a wait is wrong, even where it touches nothing itself: it may end before the kernels before it have, and the
     * next one would take its end for theirs.
     *
     * <p>
     * It is a permission: the launch may begin later, too. Nothing else in the stream changes its order: copies, fills,
     * events, and kernels launched without this wait for all that is before them, and a launch with this waits for whatever is
     * before it that is no kernel.
     *
     * <p>
     * GPUs have this from compute capability 9.0 on, and {@code griddepcontrol} is in PTX for {@code sm_90} and later. A kernel
     * of an earlier target ({@link Kernel#ptxVersion()} below 90), which is every kernel that runs on an earlier device, can
     * not wait; it is launched as if this were not set: later, never wrong. So one shape serves all variants of a kernel.
     * With clusters and cooperative launches it goes together. Where work is {@linkplain Stream#capture captured} the
     * graph keeps it, as a programmatic dependency of a kernel on the one before.
     *
     * @param overlapping whether it may begin early
     * @return the changed shape
     */
    public LaunchConfig withProgrammatic(boolean overlapping) {
        return new LaunchConfig(grid, block, sharedBytes, cluster, cooperative, overlapping);
    }
}
