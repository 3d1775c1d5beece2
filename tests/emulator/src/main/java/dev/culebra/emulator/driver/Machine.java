package dev.culebra.emulator.driver;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.fault.FaultPlan;
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
 * @param holdMillis for how long at most work is held back while nothing waits for it
 * @param faults what goes wrong on order
 * @param failOnLeaks whether a context's release reports what was not freed
 * @param recovers whether a device works again once its failed context was released
 * @param output takes what kernels print, a grid's text at a time
 */
public record Machine(int devices, int computeMajor, int computeMinor, int multiprocessors, long memoryBytes,
        int workers, long stepLimit, Set<Check> checks, int holdMillis, FaultPlan faults, boolean failOnLeaks,
        boolean recovers, Consumer<String> output) {}
