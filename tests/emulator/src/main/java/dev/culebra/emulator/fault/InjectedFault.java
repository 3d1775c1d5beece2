package dev.culebra.emulator.fault;

import dev.culebra.bindings.CudaApi;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One thing that can be made to go wrong. Immutable. */
public final class InjectedFault {

    /** How it shows. */
    public enum Manner {
        /** The call returns the code and does nothing; what comes after is unharmed. */
        REFUSED,
        /** The call succeeds; when its work runs, that fails and takes the context with it. */
        FAILS_LATER,
        /** The call fails, and so does every later one on the device, for the life of the driver. */
        DEVICE_LOST,
        /** The work takes longer; nothing fails. */
        SLOW
    }

    /** The call returns {@code CUDA_ERROR_OUT_OF_MEMORY}. */
    public static final InjectedFault OUT_OF_MEMORY = new InjectedFault("out-of-memory", Manner.REFUSED,
            CudaApi.CUDA_ERROR_OUT_OF_MEMORY(), Duration.ZERO);

    /** The work fails with {@code CUDA_ERROR_LAUNCH_FAILED} (719) when it runs. */
    public static final InjectedFault LAUNCH_FAILED = new InjectedFault("launch-failed", Manner.FAILS_LATER,
            CudaApi.CUDA_ERROR_LAUNCH_FAILED(), Duration.ZERO);

    /** The work fails with {@code CUDA_ERROR_ILLEGAL_ADDRESS} (700) when it runs. */
    public static final InjectedFault ILLEGAL_ADDRESS = new InjectedFault("illegal-address", Manner.FAILS_LATER,
            CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), Duration.ZERO);

    /** The work meets memory whose error correction gives up, {@code CUDA_ERROR_ECC_UNCORRECTABLE} (214), when it runs. */
    public static final InjectedFault UNCORRECTABLE = new InjectedFault("uncorrectable", Manner.FAILS_LATER,
            CudaApi.CUDA_ERROR_ECC_UNCORRECTABLE(), Duration.ZERO);

    /**
     * The device is gone, as one that has "fallen off the bus" (Xid 79 in the kernel's log) is. The driver has no code of
     * its own for it; programs were seen to get {@code CUDA_ERROR_UNKNOWN} (999).
     */
    public static final InjectedFault DEVICE_LOST = new InjectedFault("device-lost", Manner.DEVICE_LOST,
            CudaApi.CUDA_ERROR_UNKNOWN(), Duration.ZERO);

    private static final List<InjectedFault> NAMED = List.of(OUT_OF_MEMORY, LAUNCH_FAILED, ILLEGAL_ADDRESS,
            UNCORRECTABLE, DEVICE_LOST);

    /** A minute: a stream that is held up for longer looks like a test that hangs. */
    private static final Duration LONGEST = Duration.ofMinutes(1);

    private static final Pattern SLOW = Pattern.compile("slow\\s+(\\d{1,9})\\s*(ms|s)");

    private final String word;
    private final Manner manner;
    private final int code;
    private final Duration delay;

    private InjectedFault(String word, Manner manner, int code, Duration delay) {
        this.word = word;
        this.manner = manner;
        this.code = code;
        this.delay = delay;
    }

    /**
     * The work takes longer, and holds up what is behind it on its stream.
     *
     * @param delay how much longer, up to a minute
     * @return the fault
     * @throws IllegalArgumentException for a delay that is negative or longer
     */
    public static InjectedFault slow(Duration delay) {
        if (delay.isNegative() || delay.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("a delay of " + delay + "; accepted: 0ms to 60s");
        }
        return new InjectedFault("slow " + delay.toMillis() + "ms", Manner.SLOW, 0,
                Duration.ofMillis(delay.toMillis()));
    }

    /**
     * The call returns a code and does nothing else.
     *
     * @param codeName the code's name, such as {@code CUDA_ERROR_INVALID_IMAGE}
     * @return the fault
     * @throws IllegalArgumentException for a name that is no error of the driver
     */
    public static InjectedFault refused(String codeName) {
        String name = codeName.trim().toUpperCase(Locale.ROOT);
        try {
            if (name.startsWith("CUDA_ERROR_")) {
                int code = (int) CudaApi.class.getMethod(name).invoke(null);
                return new InjectedFault(name, Manner.REFUSED, code, Duration.ZERO);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(
                    "\"" + codeName + "\" is no error of the driver's; accepted: names as in "
                            + "cuda.h, such as CUDA_ERROR_INVALID_IMAGE",
                    e);
        }
        throw new IllegalArgumentException("\"" + codeName + "\" is no error of the driver's; accepted: names as in "
                + "cuda.h, such as CUDA_ERROR_INVALID_IMAGE");
    }

    /** Reads one as {@link #toString()} writes it. */
    static InjectedFault parse(String text) {
        String trimmed = text.trim();
        String word = trimmed.toLowerCase(Locale.ROOT);
        for (InjectedFault fault : NAMED) {
            if (fault.word.equals(word)) {
                return fault;
            }
        }
        Matcher slow = SLOW.matcher(word);
        if (slow.matches()) {
            long number = Long.parseLong(slow.group(1));
            return slow(slow.group(2).equals("s") ? Duration.ofSeconds(number) : Duration.ofMillis(number));
        }
        if (word.startsWith("cuda_error_")) {
            return refused(trimmed);
        }
        throw new IllegalArgumentException("\"" + trimmed + "\" is no fault; accepted: out-of-memory, launch-failed, "
                + "illegal-address, uncorrectable, device-lost, slow 200ms, slow 2s, or a code's name such as "
                + "CUDA_ERROR_INVALID_IMAGE");
    }

    /**
     * How it shows.
     *
     * @return the manner
     */
    public Manner manner() { return manner; }

    /**
     * The CUresult that is given, sooner or later.
     *
     * @return the code; 0 for what is only slow
     */
    public int code() { return code; }

    /**
     * How much longer the work takes.
     *
     * @return the delay, zero for anything but what is slow
     */
    public Duration delay() { return delay; }

    @Override
    public boolean equals(Object other) { return other instanceof InjectedFault f && f.word.equals(word); }

    @Override
    public int hashCode() { return Objects.hash(word); }

    /** As a plan has it, such as {@code slow 200ms}. */
    @Override
    public String toString() { return word; }
}
