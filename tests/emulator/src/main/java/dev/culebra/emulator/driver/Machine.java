package dev.culebra.emulator.driver;

import dev.culebra.emulator.check.Check;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The machine that a driver drives, as the provider was asked for it; checked there.
 *
 * @param devices number of devices
 * @param computeMajor major number of their compute capability
 * @param computeMinor minor number of it
 * @param multiprocessors multiprocessors of each
 * @param memoryBytes memory of each
 * @param workers host threads that run the blocks of one launch
 * @param stepLimit instructions of a warp, after which a launch counts as hung
 * @param checks what it looks for beyond what hardware finds
 * @param output takes what kernels print, a grid's text at a time
 */
public record Machine(int devices, int computeMajor, int computeMinor, int multiprocessors, long memoryBytes,
        int workers, long stepLimit, Set<Check> checks, Consumer<String> output) {}
