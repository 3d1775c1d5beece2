package dev.culebra.cli;

import dev.culebra.driver.CudaUnavailableException;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Why there is no driver, for people who did not ask for the loader's own words. */
public final class DriverReason {
    /** How loaders say that a library is not installed. */
    private static final String NOT_THERE = "no such file";

    private DriverReason() {}

    /**
     * What a command that wanted a driver fails with.
     *
     * @param e what it got
     * @param instead the option that needs no driver
     */
    static String sentence(CudaUnavailableException e, String instead) {
        // An emulator that is set up wrong says which property it is and what that may be.
        if (e.reason().startsWith("culebra.emulator.")) return e.reason();
        return "no CUDA driver: " + brief(e.reason()) + "; 'culebra info' shows what there is, " + instead
                + " needs none";
    }

    /**
     * Shortens a reason. Libraries that are not there are the usual case and are only named; what else is wrong with one
     * that is there (another architecture, too old) is what the reader must know, and stays as it is.
     *
     * @param reason the driver layer's: for each library that was tried what the loader said, joined by "; "
     * @return a part of a sentence, such as {@code not installed (looked for libcuda.so.1, libcuda.so)}
     */
    public static String brief(String reason) {
        var tried = reason.split("; ");
        var others = Arrays.stream(tried).filter(t -> !isMissing(t)).collect(Collectors.joining("; "));
        if (!others.isEmpty()) return others;
        return "not installed (looked for "
                + Arrays.stream(tried).map(DriverReason::library).collect(Collectors.joining(", ")) + ")";
    }

    private static boolean isMissing(String tried) {
        return tried.contains(": ") && tried.toLowerCase(Locale.ROOT).contains(NOT_THERE);
    }

    private static String library(String tried) { return tried.substring(0, tried.indexOf(": ")); }
}
