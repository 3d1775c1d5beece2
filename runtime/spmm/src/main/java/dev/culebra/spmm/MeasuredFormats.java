package dev.culebra.spmm;

import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatChoice;

/**
 * Which format a GPU multiplies fastest, where that was measured: also for those who encode for a device that is elsewhere. What is
 * fastest depends on how much memory a multiprocessor reads in a clock, so a device that was not measured, even of the same compute
 * capability, gets the format of fewer bytes.
 *
 * <p>
 * <b>H200</b>: by the runs in {@code jmh/results/2026-11-21-h200-3.json} and {@code wide/2026-11-21-h200-3.json} there, twelve shapes at 50, 60,
 * 70, 80 and 90% of zeros. A test holds the choice against them: within 5% of the fastest format on each shape, at 1 to 512 tokens. More tokens
 * than that get what 512 get, unmeasured.
 */
public final class MeasuredFormats {

    /**
     * Bitmap from here on. Up to 16 tokens it is faster than dense on each shape at 50%, the least that was measured; a little below, since
     * a matrix of 50% has some draws more.
     */
    private static final double BITMAP_FROM = .48;
    /**
     * Pairs from here on: at 70% they take longer than a bitmap, at 80% as long with up to 8 tokens and less with more. Lines between the
     * two cross at 79% and more with 8 tokens, at 77.5% with 16 and 76% with 32; with more tokens a multiprocessor has room for two crews of
     * them from 79% on, as their rings are shorter, and pairs of one crew are slower than a bitmap.
     */
    private static final double PAIRS_FROM = .79;
    /** A small matrix is faster dense than as a bitmap where it has more tokens than this, */
    private static final int DENSE_ABOVE = 32;
    /** and no more than that, a bitmap's widest tile: of two tiles it is not. */
    private static final int DENSE_UP_TO = 64;
    /** Elements below which a matrix is small: 7168 x 7168 has fewer, 9216 x 9216 more. */
    private static final long SMALL = 60_000_000;

    private MeasuredFormats() {}

    /**
     * The choice for a device.
     *
     * @param device its name, as {@code Device.name()} gives it, such as "NVIDIA H200"
     * @param n tokens of the products, 1 or more
     * @return the choice; {@link FormatChoice#FEWEST_BYTES} for a device that was not measured
     * @throws IllegalArgumentException if n is under 1
     */
    public static FormatChoice of(String device, int n) {
        if (n < 1) {
            throw new IllegalArgumentException("n is " + n + "; give 1 token or more");
        }
        if (!device.contains("H200")) {
            return FormatChoice.FEWEST_BYTES;
        }
        return (m, k, nonzeros) -> {
            double zeros = 1 - (double) nonzeros / m / k;
            if (zeros >= PAIRS_FROM) {
                return Format.PAIRS;
            }
            boolean dense = n > DENSE_ABOVE && n <= DENSE_UP_TO && (long) m * k < SMALL;
            return dense || zeros < BITMAP_FROM ? Format.DENSE : Format.BITMAP;
        };
    }
}
