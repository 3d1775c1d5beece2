package dev.culebra.emulator.exec;

import dev.culebra.emulator.check.Check;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What a kernel can notice of the device it runs on.
 *
 * @param ccMajor compute capability, major
 * @param ccMinor compute capability, minor
 * @param multiprocessors their number; with the block's size it bounds how many blocks are resident at a time
 * @param sharedPerBlock largest shared memory of a block, static and dynamic together, in bytes (the opt-in limit)
 * @param sharedPerMultiprocessor shared memory of a multiprocessor in bytes
 * @param clockKilohertz what {@code %clock64} and {@code %globaltimer} are derived from
 * @param stepLimit warp instructions that one block may execute, and all blocks together while none of them ends, before the
 *        launch counts as hung (CUDA error 702)
 * @param checks what is looked for beyond what hardware finds
 * @param output takes what kernels print, a grid's text at a time when the grid has ended; called from the thread that runs the
 *        launch
 */
public record DeviceSpec(int ccMajor, int ccMinor, int multiprocessors, int sharedPerBlock, int sharedPerMultiprocessor,
        int clockKilohertz, long stepLimit, Set<Check> checks, Consumer<String> output) {

    /** What the emulator's options have by default. */
    private static final long DEFAULT_STEP_LIMIT = 1L << 32;

    /**
     * A device of a given compute capability with an H200's proportions.
     *
     * @param ccMajor compute capability, major
     * @param ccMinor compute capability, minor
     * @return the description
     */
    public static DeviceSpec of(int ccMajor, int ccMinor) {
        return new DeviceSpec(ccMajor, ccMinor, 132, 227 * 1024, 228 * 1024, 1_980_000, DEFAULT_STEP_LIMIT, Check.ALL,
                DeviceSpec::print);
    }

    /**
     * The same device with another limit.
     *
     * @param steps warp instructions, as in {@link #stepLimit()}
     * @return the description
     */
    public DeviceSpec withStepLimit(long steps) {
        return new DeviceSpec(ccMajor, ccMinor, multiprocessors, sharedPerBlock, sharedPerMultiprocessor,
                clockKilohertz, steps, checks, output);
    }

    /**
     * The same device with other checks.
     *
     * @param chosen what to look for
     * @return the description
     */
    public DeviceSpec withChecks(Set<Check> chosen) {
        return new DeviceSpec(ccMajor, ccMinor, multiprocessors, sharedPerBlock, sharedPerMultiprocessor,
                clockKilohertz, stepLimit, chosen, output);
    }

    /**
     * The same device with another place for what kernels print.
     *
     * @param to takes a grid's text when the grid has ended
     * @return the description
     */
    public DeviceSpec withOutput(Consumer<String> to) {
        return new DeviceSpec(ccMajor, ccMinor, multiprocessors, sharedPerBlock, sharedPerMultiprocessor,
                clockKilohertz, stepLimit, checks, to);
    }

    /**
     * Prints to {@link System#out}, which is where what kernels print goes unless somebody wants it.
     *
     * @param text a grid's text
     */
    public static void print(String text) {
        System.out.print(text);
        System.out.flush();
    }
}
