package dev.culebra.emulator;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.fault.FaultPlan;
import java.util.Objects;
import java.util.Set;

/**
 * What machine the emulator pretends to be, what it looks for, and what goes wrong on order. All devices are alike.
 *
 * @param devices number of devices, at least 1
 * @param computeMajor major number of the compute capability, such as 9
 * @param computeMinor minor number of the compute capability, such as 0
 * @param multiprocessors streaming multiprocessors of each device, at least 1; occupancy and grid limits follow from it,
 *        the speed of the emulation does not
 * @param memoryBytes memory of each device in bytes; host memory is taken as it is touched
 * @param workers host threads that run the blocks of one launch, at least 1
 * @param stepLimit instructions of a warp, after which a launch counts as hung and ends in
 *        {@code CUDA_ERROR_LAUNCH_TIMEOUT}: so many may one block execute, and all together while none of them ends; at
 *        least 1. Instructions and not seconds, so that the same launch ends the same way on a slower machine
 * @param checks what it looks for beyond what hardware finds
 * @param holdMillis for how long at most work that was put on a stream is held back while nothing waits for it, 0 to 60000
 *        milliseconds; 0 starts it at once. Work lands as late as the rules allow, so that whoever forgets to wait sees so;
 *        it starts when something waits for it, asks about it, or is called back behind it, and at last after this time, for
 *        programs that watch memory instead
 * @param faults what goes wrong on order
 * @param failOnLeaks whether the release of a context reports what was not freed, as {@code CUDA_ERROR_ILLEGAL_STATE}
 *        (the context is released all the same); otherwise it is a warning in the log
 * @param recovers whether a device works again once its failed context was released; an H200 does not give a process
 *        another context then. A device that a plan loses never comes back
 */
public record EmulatorOptions(int devices, int computeMajor, int computeMinor, int multiprocessors, long memoryBytes,
        int workers, long stepLimit, Set<Check> checks, int holdMillis, FaultPlan faults, boolean failOnLeaks,
        boolean recovers) {

    /** Prefix of the system properties that {@link #fromSystemProperties} reads. */
    public static final String PREFIX = "culebra.emulator.";

    /**
     * How long work is held back by default. Longer than a busy machine keeps a program from its next line (a collection of
     * garbage, a thread's turn among dozens: 20 ms or so), or work would now and then land before a wait that is missing is
     * missed; and no longer, because a program that watches memory pays it once for each batch of work.
     */
    private static final int HOLD_MILLIS = 50;

    /**
     * One device of compute capability 9.0 with the 132 multiprocessors of an H200, 4 GiB of memory, and 2^32 instructions
     * before a launch counts as hung: two to four minutes on one core of 2025. All checks, work held back for 50 ms, no
     * faults on order, leaks logged, devices that recover.
     */
    public static final EmulatorOptions DEFAULT = new EmulatorOptions(1, 9, 0, 132, 4L << 30,
            Math.max(1, Runtime.getRuntime().availableProcessors()), 1L << 32, Check.ALL, HOLD_MILLIS,
            FaultPlan.NONE, false, true);

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException for a value out of range
     */
    public EmulatorOptions {
        checks = Set.copyOf(checks);
        check(devices >= 1 && devices <= 64, "devices", devices, "1 to 64");
        check(computeMajor >= 7 && computeMajor <= 12, "computeCapability", computeMajor + "." + computeMinor,
                "7.0 to 12.9, such as 9.0");
        check(computeMinor >= 0 && computeMinor <= 9, "computeCapability", computeMajor + "." + computeMinor,
                "7.0 to 12.9, such as 9.0");
        check(multiprocessors >= 1 && multiprocessors <= 4096, "multiprocessors", multiprocessors, "1 to 4096");
        check(memoryBytes >= 1 << 20, "memory", memoryBytes, "at least 1 MiB, such as 512m or 4g");
        check(workers >= 1 && workers <= 1024, "workers", workers, "1 to 1024");
        check(stepLimit >= 1, "stepLimit", stepLimit, "1 or more, such as 100m");
        check(holdMillis >= 0 && holdMillis <= 60_000, "holdMillis", holdMillis, "0 to 60000");
        Objects.requireNonNull(faults, "faults");
    }

    private static void check(boolean good, String name, Object value, String accepted) {
        if (!good) {
            throw new IllegalArgumentException(PREFIX + name + " is " + value + "; accepted: " + accepted);
        }
    }

    /**
     * Reads {@code culebra.emulator.devices}, {@code .computeCapability} ({@code 9.0}), {@code .multiprocessors},
     * {@code .memory} (bytes, or a number with {@code k}, {@code m} or {@code g}: 2^10, 2^20, 2^30), {@code .workers},
     * {@code .stepLimit} (a number, likewise), {@code .checks} (as {@link Check#parse} reads them), {@code .holdMillis},
     * {@code .faults} (as {@link FaultPlan#parse} reads them), {@code .leaks} ({@code warn} or {@code fail}) and
     * {@code .recovery} ({@code true} or {@code false}); what is not set is as in {@link #DEFAULT}.
     *
     * @return the options
     * @throws IllegalArgumentException for a value that is no number or out of range; the message names the property
     */
    public static EmulatorOptions fromSystemProperties() {
        String compute = System.getProperty(PREFIX + "computeCapability",
                DEFAULT.computeMajor + "." + DEFAULT.computeMinor);
        String[] parts = compute.split("\\.", -1);
        check(parts.length == 2, "computeCapability", compute, "7.0 to 12.9, such as 9.0");
        return new EmulatorOptions(integer("devices", DEFAULT.devices), number("computeCapability", parts[0]),
                number("computeCapability", parts[1]), integer("multiprocessors", DEFAULT.multiprocessors),
                scaled("memory", DEFAULT.memoryBytes), integer("workers", DEFAULT.workers),
                scaled("stepLimit", DEFAULT.stepLimit), checksProperty(),
                integer("holdMillis", DEFAULT.holdMillis), faultsProperty(),
                oneOf("leaks", "fail", "warn", DEFAULT.failOnLeaks),
                oneOf("recovery", "true", "false", DEFAULT.recovers));
    }

    private static FaultPlan faultsProperty() {
        String text = System.getProperty(PREFIX + "faults");
        try {
            return text == null ? DEFAULT.faults : FaultPlan.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(PREFIX + "faults: " + e.getMessage(), e);
        }
    }

    private static boolean oneOf(String name, String yes, String no, boolean otherwise) {
        String text = System.getProperty(PREFIX + name, otherwise ? yes : no).trim();
        check(text.equals(yes) || text.equals(no), name, "\"" + text + "\"", yes + " or " + no);
        return text.equals(yes);
    }

    private static Set<Check> checksProperty() {
        String text = System.getProperty(PREFIX + "checks");
        try {
            return text == null ? DEFAULT.checks : Check.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(PREFIX + "checks: " + e.getMessage(), e);
        }
    }

    private static int integer(String name, int otherwise) {
        String text = System.getProperty(PREFIX + name);
        return text == null ? otherwise : number(name, text);
    }

    private static int number(String name, String text) {
        try {
            return Integer.parseInt(text.trim());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(PREFIX + name + " is \"" + text + "\"; accepted: a whole number", e);
        }
    }

    private static long scaled(String name, long otherwise) {
        String text = System.getProperty(PREFIX + name);
        if (text == null) {
            return otherwise;
        }
        String trimmed = text.trim().toLowerCase(java.util.Locale.ROOT);
        int shift = trimmed.endsWith("k") ? 10 : trimmed.endsWith("m") ? 20 : trimmed.endsWith("g") ? 30 : 0;
        String digits = shift == 0 ? trimmed : trimmed.substring(0, trimmed.length() - 1);
        try {
            return Math.multiplyExact(Long.parseLong(digits), 1L << shift);
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException(
                    PREFIX + name + " is \"" + text + "\"; accepted: a whole number, or one with k, m or g, such as 4g",
                    e);
        }
    }

    /**
     * The same with another number of devices.
     *
     * @param count number of devices
     * @return changed options
     */
    public EmulatorOptions withDevices(int count) {
        return new EmulatorOptions(count, computeMajor, computeMinor, multiprocessors, memoryBytes, workers, stepLimit,
                checks, holdMillis, faults, failOnLeaks, recovers);
    }

    /**
     * The same with another compute capability.
     *
     * @param major major number
     * @param minor minor number
     * @return changed options
     */
    public EmulatorOptions withComputeCapability(int major, int minor) {
        return new EmulatorOptions(devices, major, minor, multiprocessors, memoryBytes, workers, stepLimit, checks,
                holdMillis, faults, failOnLeaks, recovers);
    }

    /**
     * The same with another number of multiprocessors.
     *
     * @param count multiprocessors of each device
     * @return changed options
     */
    public EmulatorOptions withMultiprocessors(int count) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, count, memoryBytes, workers, stepLimit, checks,
                holdMillis, faults, failOnLeaks, recovers);
    }

    /**
     * The same with another size of memory.
     *
     * @param bytes memory of each device
     * @return changed options
     */
    public EmulatorOptions withMemory(long bytes) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, multiprocessors, bytes, workers, stepLimit,
                checks, holdMillis, faults, failOnLeaks, recovers);
    }

    /**
     * The same with another number of host threads.
     *
     * @param count host threads that run the blocks of one launch
     * @return changed options
     */
    public EmulatorOptions withWorkers(int count) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, multiprocessors, memoryBytes, count, stepLimit,
                checks, holdMillis, faults, failOnLeaks, recovers);
    }

    /**
     * The same with another limit for launches that hang.
     *
     * @param instructions instructions of a warp, as in {@link #stepLimit()}
     * @return changed options
     */
    public EmulatorOptions withStepLimit(long instructions) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, multiprocessors, memoryBytes, workers,
                instructions, checks, holdMillis, faults, failOnLeaks, recovers);
    }

    /**
     * The same with other checks.
     *
     * @param chosen what to look for beyond what hardware finds; {@code Set.of()} for nothing
     * @return changed options
     */
    public EmulatorOptions withChecks(Set<Check> chosen) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, multiprocessors, memoryBytes, workers,
                stepLimit, chosen, holdMillis, faults, failOnLeaks, recovers);
    }

    /**
     * The same with work held back for another time.
     *
     * @param millis milliseconds, as in {@link #holdMillis()}; 0 for work that starts at once
     * @return changed options
     */
    public EmulatorOptions withHoldMillis(int millis) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, multiprocessors, memoryBytes, workers,
                stepLimit, checks, millis, faults, failOnLeaks, recovers);
    }

    /**
     * The same with faults on order.
     *
     * @param plan what goes wrong, and when
     * @return changed options
     */
    public EmulatorOptions withFaults(FaultPlan plan) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, multiprocessors, memoryBytes, workers,
                stepLimit, checks, holdMillis, plan, failOnLeaks, recovers);
    }

    /**
     * The same, strict or not about what is left when a context goes.
     *
     * @param fail as in {@link #failOnLeaks()}
     * @return changed options
     */
    public EmulatorOptions withFailOnLeaks(boolean fail) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, multiprocessors, memoryBytes, workers,
                stepLimit, checks, holdMillis, faults, fail, recovers);
    }

    /**
     * The same with devices that do or do not recover from a kernel's fault.
     *
     * @param recover as in {@link #recovers()}
     * @return changed options
     */
    public EmulatorOptions withRecovery(boolean recover) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, multiprocessors, memoryBytes, workers,
                stepLimit, checks, holdMillis, faults, failOnLeaks, recover);
    }
}
