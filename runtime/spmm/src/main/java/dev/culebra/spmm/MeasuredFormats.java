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
 * 70, 80 and 90% of zeros. A test holds the choice against them: within 5% of the fastest format on each shape, at 1 to 512 tokens.
 */
public final class MeasuredFormats {

    /**
     * Bitmap from here on. Up to 16 tokens it is faster than dense on each shape at 50%, the least that was measured; a little below, since
     * a matrix of 50% has some draws more.
     */
    private static final double BITMAP_FROM = .48;
    /** Pairs from here on: at 70% they take longer than a bitmap, at 80% less; lines between the two cross at 77%. */
    private static final double PAIRS_FROM = .78;
    /** Tokens from which on small matrices are faster dense than as a bitmap, one tile of them; of two tiles they are not. */
    private static final int FROM = 33, TO = 64;
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
            boolean dense = n >= FROM && n <= TO && (long) m * k < SMALL && zeros < PAIRS_FROM;
            if (dense) {
                return Format.DENSE;
            }
            return zeros >= PAIRS_FROM ? Format.PAIRS : zeros >= BITMAP_FROM ? Format.BITMAP : Format.DENSE;
        };
    }
}
