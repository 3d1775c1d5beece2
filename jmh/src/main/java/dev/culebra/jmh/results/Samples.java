package dev.culebra.jmh.results;

import java.util.Arrays;

/**
 * Times of one thing measured several times.
 *
 * @param medianUs median in microseconds
 * @param spread distance of the quartiles over the median: 0.02 says that half of the samples lie within 2% of each other
 * @param count samples
 */
public record Samples(double medianUs, double spread, int count) {

    /**
     * From raw times.
     *
     * @param microseconds at least one, positive; left as they are
     * @return their median and spread
     */
    public static Samples of(double... microseconds) {
        if (microseconds.length == 0) throw new IllegalArgumentException("no samples");
        double[] sorted = microseconds.clone();
        Arrays.sort(sorted);
        double median = quantile(sorted, 0.5);
        return new Samples(median, (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / median, sorted.length);
    }

    /** Between neighbours in proportion, as numpy and R do by default (Hyndman and Fan's type 7). */
    private static double quantile(double[] sorted, double p) {
        double at = p * (sorted.length - 1);
        int below = (int) at;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
