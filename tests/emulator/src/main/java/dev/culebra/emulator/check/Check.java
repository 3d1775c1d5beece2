package dev.culebra.emulator.check;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the emulator looks for beyond what hardware finds. All are on unless they are turned off.
 *
 * <p>
 * A finding in a kernel ends its launch as a fault does, with {@code CUDA_ERROR_LAUNCH_FAILED} (719) and a diagnostic that names
 * kernel, line of the PTX, block, thread and what to do; it is in the message of the {@code CudaException} that the next wait
 * throws. What exactly is reported, what is not and why is in {@code tests/emulator/STRICT.md}.
 */
public enum Check {
    /**
     * A kernel reads a byte that nobody has written: in global memory no copy, fill or kernel, in shared memory no thread of the
     * block, in local memory not the thread. With the check off fresh memory is poisoned all the same.
     */
    UNWRITTEN,
    /**
     * Two threads reach for the same byte of shared memory, one of them to write, and no barrier, flag or lock orders the two; or
     * an asynchronous copy's bytes are touched before it has been waited for; or a kernel that may begin before the one in front
     * of it has ended touches global memory before it has executed {@code griddepcontrol.wait}.
     */
    RACES,
    /**
     * A barrier that not all the threads it is for come to, or not in the same way: a part of a warp, counts that disagree,
     * arrivals that nobody waits for, member masks that do not name the lane itself.
     */
    BARRIERS,
    /** Host memory changed or freed while a copy from or to it is in flight. */
    HOST_BUFFERS;

    /** Every check, which is what an emulator does by default. */
    public static final Set<Check> ALL = Set.copyOf(EnumSet.allOf(Check.class));

    /**
     * Reads a list of checks.
     *
     * @param text {@code all}, {@code none}, or names with commas between them, such as {@code unwritten,host-buffers}
     * @return the checks
     * @throws IllegalArgumentException for a name that is none; the message says what is accepted
     */
    public static Set<Check> parse(String text) {
        String trimmed = text.trim().toLowerCase(Locale.ROOT);
        if (trimmed.equals("all")) {
            return ALL;
        }
        if (trimmed.equals("none")) {
            return Set.of();
        }
        EnumSet<Check> checks = EnumSet.noneOf(Check.class);
        for (String name : trimmed.split(",", -1)) {
            checks.add(Arrays.stream(values()).filter(c -> c.word().equals(name.trim())).findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "\"" + text + "\" is no list of checks; accepted: all, none, or some of "
                                    + Arrays.stream(values()).map(Check::word).collect(Collectors.joining(",")))));
        }
        return Set.copyOf(checks);
    }

    /**
     * The name as it is written in options.
     *
     * @return such as {@code host-buffers}
     */
    public String word() { return name().toLowerCase(Locale.ROOT).replace('_', '-'); }
}
