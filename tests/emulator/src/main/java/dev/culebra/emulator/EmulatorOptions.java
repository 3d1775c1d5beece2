package dev.culebra.emulator;

import dev.culebra.emulator.check.Check;
import java.util.Set;

/**
 * What machine the emulator pretends to be. All devices are alike.
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
 */
public record EmulatorOptions(int devices, int computeMajor, int computeMinor, int multiprocessors, long memoryBytes,
        int workers, long stepLimit, Set<Check> checks) {

    /** Prefix of the system properties that {@link #fromSystemProperties} reads. */
    public static final String PREFIX = "culebra.emulator.";

    /**
     * One device of compute capability 9.0 with the 132 multiprocessors of an H200, 4 GiB of memory, and 2^32 instructions
     * before a launch counts as hung: two to four minutes on one core of 2025.
     */
    public static final EmulatorOptions DEFAULT = new EmulatorOptions(1, 9, 0, 132, 4L << 30,
            Math.max(1, Runtime.getRuntime().availableProcessors()), 1L << 32, Check.ALL);

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
    }

    private static void check(boolean good, String name, Object value, String accepted) {
        if (!good) {
            throw new IllegalArgumentException(PREFIX + name + " is " + value + "; accepted: " + accepted);
        }
    }

    /**
     * Reads {@code culebra.emulator.devices}, {@code .computeCapability} ({@code 9.0}), {@code .multiprocessors},
     * {@code .checks} (as {@link Check#parse} reads them), {@code .memory} (bytes, or a number with {@code k}, {@code m} or {@code g}: 2^10, 2^20, 2^30), {@code .workers} and
     * {@code .stepLimit} (a number, likewise); what is not set is as in {@link #DEFAULT}.
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
                scaled("stepLimit", DEFAULT.stepLimit), checksProperty());
    }

    private static Set<Check> checksProperty() {
        String text = System.getProperty(PREFIX + "checks");
        try {
            return text == null ? DEFAULT.checks : Check.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(PREFIX + "checks is " + e.getMessage(), e);
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
                checks);
    }

    /**
     * The same with another compute capability.
     *
     * @param major major number
     * @param minor minor number
     * @return changed options
     */
    public EmulatorOptions withComputeCapability(int major, int minor) {
        return new EmulatorOptions(devices, major, minor, multiprocessors, memoryBytes, workers, stepLimit, checks);
    }

    /**
     * The same with another number of multiprocessors.
     *
     * @param count multiprocessors of each device
     * @return changed options
     */
    public EmulatorOptions withMultiprocessors(int count) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, count, memoryBytes, workers, stepLimit, checks);
    }

    /**
     * The same with another size of memory.
     *
     * @param bytes memory of each device
     * @return changed options
     */
    public EmulatorOptions withMemory(long bytes) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, multiprocessors, bytes, workers, stepLimit,
                checks);
    }

    /**
     * The same with another number of host threads.
     *
     * @param count host threads that run the blocks of one launch
     * @return changed options
     */
    public EmulatorOptions withWorkers(int count) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, multiprocessors, memoryBytes, count, stepLimit,
                checks);
    }

    /**
     * The same with another limit for launches that hang.
     *
     * @param instructions instructions of a warp, as in {@link #stepLimit()}
     * @return changed options
     */
    public EmulatorOptions withStepLimit(long instructions) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, multiprocessors, memoryBytes, workers,
                instructions, checks);
    }

    /**
     * The same with other checks.
     *
     * @param chosen what to look for beyond what hardware finds; {@code Set.of()} for nothing
     * @return changed options
     */
    public EmulatorOptions withChecks(Set<Check> chosen) {
        return new EmulatorOptions(devices, computeMajor, computeMinor, multiprocessors, memoryBytes, workers,
                stepLimit,
                chosen);
    }
}
