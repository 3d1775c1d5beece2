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
 * @param segment k-tiles of a segment, for the formats that have them ({@link LaneLists}): 1, 2, 4, 8 or 16; 0 for what suits
 *        the shape, see {@link LaneLists#defaultSegment}. Short ones let more warps share a matrix, long ones save bytes
 * @param progress told how many of the M * K elements are done, rising, the last time M * K; called by one thread at a
 *        time, though not always the same; null for nobody
 */
public record EncodeOptions(FormatChoice format, boolean keepNegativeZero, int threads, int segment,
        LongConsumer progress) {

    /** The format of fewer bytes, -0.0 as zero, every processor, segments that suit the shape, no progress. */
    public static final EncodeOptions DEFAULT = new EncodeOptions(FormatChoice.FEWEST_BYTES, false, 0, 0, null);

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if threads is negative, or segment none of those that there are
     * @throws NullPointerException if there is no format
     */
    public EncodeOptions {
        Objects.requireNonNull(format, "format");
        if (threads < 0) {
            throw new IllegalArgumentException("threads is " + threads + "; give 1 or more, or 0 for every processor");
        }
        if (segment != 0 && !LaneLists.isSegment(segment)) {
            throw new IllegalArgumentException(
                    "segment is " + segment + "; give 1, 2, 4, 8 or 16 k-tiles, or 0 for what suits the shape");
        }
    }

    /**
     * The same with another format.
     *
     * @param format the format, or what chooses one
     * @return new options
     */
    public EncodeOptions withFormat(FormatChoice format) {
        return new EncodeOptions(format, keepNegativeZero, threads, segment, progress);
    }

    /**
     * The same with another rule for -0.0.
     *
     * @param keep whether -0.0 is stored
     * @return new options
     */
    public EncodeOptions withNegativeZeroKept(boolean keep) {
        return new EncodeOptions(format, keep, threads, segment, progress);
    }

    /**
     * The same with another number of threads.
     *
     * @param threads 1 or more, or 0 for every processor
     * @return new options
     */
    public EncodeOptions withThreads(int threads) {
        return new EncodeOptions(format, keepNegativeZero, threads, segment, progress);
    }

    /**
     * The same with another listener.
     *
     * @param progress told how many elements are done, or null
     * @return new options
     */
    public EncodeOptions withProgress(LongConsumer progress) {
        return new EncodeOptions(format, keepNegativeZero, threads, segment, progress);
    }

    /**
     * The same with segments of another length.
     *
     * @param segment 1, 2, 4, 8 or 16 k-tiles, or 0 for what suits the shape
     * @return new options
     */
    public EncodeOptions withSegment(int segment) {
        return new EncodeOptions(format, keepNegativeZero, threads, segment, progress);
    }

    /** The k-tiles of a segment of a matrix in bitmap or pairs. */
    int segment(Format lists, int m, int k) {
        return segment == 0 ? LaneLists.defaultSegment(lists, m, k) : segment;
    }

    /** The number of threads to start. */
    int effectiveThreads() {
        return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }
}
