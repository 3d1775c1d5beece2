package dev.culebra.llm.prune;

import java.util.Arrays;

/**
 * Where the smallest of some scores end.
 *
 * @param threshold the largest score that goes
 * @param ties how many of those that equal it go, the first ones
 */
record Cut(double threshold, int ties) {
    /**
     * Finds it.
     *
     * @param scores none of them NaN, none of them -0
     * @param count how many go, 0 to all
     */
    static Cut of(double[] scores, int count) {
        if (count == 0) return new Cut(Double.NEGATIVE_INFINITY, 0);
        var sorted = scores.clone();
        Arrays.parallelSort(sorted);
        double threshold = sorted[count - 1];
        int first = count - 1;
        while (first > 0 && sorted[first - 1] == threshold) first--;
        return new Cut(threshold, count - first);
    }
}
