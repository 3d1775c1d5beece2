package dev.culebra.sparse;

import java.util.Objects;
import java.util.function.LongConsumer;

/**
 * How to encode. Immutable; start from {@link #DEFAULT}.
 *
 * @param format a {@link Format}, or what chooses one when the nonzeros have been counted: {@link FormatChoice#FEWEST_BYTES}
 *        unless told otherwise, which is not what a CPU multiplies fastest; see {@code Spmm.fastestFormat()}
 * @param keepNegativeZero whether -0.0 is stored; otherwise it counts as zero, since checkpoints masked by multiplication
 *        are full of it
 * @param threads how many threads encode; 0 for as many as the machine has processors. The result does not depend on it
 * @param progress told how many of the M * K elements are done, rising, the last time M * K; called by one thread at a
 *        time, though not always the same; null for nobody
 */
public record EncodeOptions(FormatChoice format, boolean keepNegativeZero, int threads, LongConsumer progress) {

    /** The format of fewer bytes, -0.0 as zero, every processor, no progress. */
    public static final EncodeOptions DEFAULT = new EncodeOptions(FormatChoice.FEWEST_BYTES, false, 0, null);

    /**
     * Checks the number of threads.
     *
     * @throws IllegalArgumentException if threads is negative
     * @throws NullPointerException if there is no format
     */
    public EncodeOptions {
        Objects.requireNonNull(format, "format");
        if (threads < 0) {
            throw new IllegalArgumentException("threads is " + threads + "; give 1 or more, or 0 for every processor");
        }
    }

    /**
     * The same with another format.
     *
     * @param format the format, or what chooses one
     * @return new options
     */
    public EncodeOptions withFormat(FormatChoice format) {
        return new EncodeOptions(format, keepNegativeZero, threads, progress);
    }

    /**
     * The same with another rule for -0.0.
     *
     * @param keep whether -0.0 is stored
     * @return new options
     */
    public EncodeOptions withNegativeZeroKept(boolean keep) {
        return new EncodeOptions(format, keep, threads, progress);
    }

    /**
     * The same with another number of threads.
     *
     * @param threads 1 or more, or 0 for every processor
     * @return new options
     */
    public EncodeOptions withThreads(int threads) {
        return new EncodeOptions(format, keepNegativeZero, threads, progress);
    }

    /**
     * The same with another listener.
     *
     * @param progress told how many elements are done, or null
     * @return new options
     */
    public EncodeOptions withProgress(LongConsumer progress) {
        return new EncodeOptions(format, keepNegativeZero, threads, progress);
    }

    /** The number of threads to start. */
    int effectiveThreads() {
        return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }
}
