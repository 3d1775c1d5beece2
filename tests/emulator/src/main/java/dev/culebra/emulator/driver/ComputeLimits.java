package dev.culebra.emulator.driver;

/**
 * What a multiprocessor of a compute capability has; from the table "Technical Specifications per Compute Capability" of
 * the CUDA C++ Programming Guide. Clocks, cache and bus are those of a typical board.
 *
 * @param sharedPerBlock largest shared memory of a block in bytes, with the kernel's consent
 * @param sharedPerMultiprocessor shared memory of a multiprocessor in bytes
 * @param threads most resident threads of a multiprocessor
 * @param blocks most resident blocks of a multiprocessor
 * @param doubleRatio fp32 operations in the time of one in fp64
 * @param l2Bytes second-level cache in bytes
 * @param clockKilohertz clock of the multiprocessors
 * @param memoryKilohertz clock of the memory
 * @param busBits width of the memory bus
 */
record ComputeLimits(int sharedPerBlock, int sharedPerMultiprocessor, int threads, int blocks, int doubleRatio,
        int l2Bytes, int clockKilohertz, int memoryKilohertz, int busBits) {

    private static final int KB = 1024;
    private static final int MB = 1024 * 1024;

    /** The limits of the highest known compute capability that is no higher than the one given. */
    static ComputeLimits of(int major, int minor) {
        int compute = major * 10 + minor;
        if (compute >= 120) {
            return new ComputeLimits(99 * KB, 100 * KB, 1536, 24, 64, 96 * MB, 2_407_000, 14_001_000, 512);
        } else if (compute >= 100) {
            return new ComputeLimits(227 * KB, 228 * KB, 2048, 32, 2, 126 * MB, 1_965_000, 3_996_000, 8192);
        } else if (compute >= 90) {
            return new ComputeLimits(227 * KB, 228 * KB, 2048, 32, 2, 60 * MB, 1_980_000, 3_201_000, 6144);
        } else if (compute >= 89) {
            return new ComputeLimits(99 * KB, 100 * KB, 1536, 24, 64, 72 * MB, 2_520_000, 10_501_000, 384);
        } else if (compute >= 87) {
            return new ComputeLimits(163 * KB, 164 * KB, 1536, 16, 32, 4 * MB, 1_300_000, 3_200_000, 256);
        } else if (compute >= 86) {
            return new ComputeLimits(99 * KB, 100 * KB, 1536, 16, 32, 6 * MB, 1_695_000, 9_751_000, 384);
        } else if (compute >= 80) {
            return new ComputeLimits(163 * KB, 164 * KB, 2048, 32, 2, 40 * MB, 1_410_000, 1_593_000, 5120);
        } else if (compute >= 75) {
            return new ComputeLimits(64 * KB, 64 * KB, 1024, 16, 32, 4 * MB, 1_590_000, 5_001_000, 256);
        }
        return new ComputeLimits(96 * KB, 96 * KB, 2048, 32, 2, 6 * MB, 1_530_000, 877_000, 4096);
    }
}
