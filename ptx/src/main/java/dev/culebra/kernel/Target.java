package dev.culebra.kernel;

/**
 * What a plan needs to know of a device.
 *
 * @param ccMajor compute capability, major
 * @param ccMinor compute capability, minor
 * @param multiprocessors how many multiprocessors it has
 * @param sharedPerBlockOptIn the most shared memory that a block can have, in bytes, when it asks for it
 *        ({@code CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN})
 */
public record Target(int ccMajor, int ccMinor, int multiprocessors, int sharedPerBlockOptIn) {

    /** Shared memory that the driver keeps for itself from each block's, since sm_80. */
    private static final int RESERVED = 1024;

    /**
     * Checks the number of multiprocessors.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Target {
        if (multiprocessors < 1) {
            throw new IllegalArgumentException(multiprocessors + " multiprocessors; a device has 1 or more");
        }
    }

    /**
     * The compute capability.
     *
     * @return as a comparable pair
     */
    public ComputeTarget compute() { return new ComputeTarget(ccMajor, ccMinor); }

    /**
     * How many blocks a multiprocessor can hold, by shared memory: it has what one block can have and 1 KB (164, 100 and 228
     * KB against 163, 99 and 227 on sm_80, 86 and 90).
     */
    int blocksPerMultiprocessor(int sharedBytes) {
        return Math.max(1, (sharedPerBlockOptIn + RESERVED) / (sharedBytes + RESERVED));
    }
}
