package dev.culebra.jmh.cpu;

import dev.culebra.jmh.run.Settings;
import java.util.List;

/**
 * What the CPU group measures, and for how long.
 *
 * @param layers M x K, such as "3072x768"
 * @param tokens N of each product
 * @param sparsities shares of zeros of Tiled-CSL
 * @param rounds how often each one's turn comes
 * @param blockMillis how long a turn lasts, or three calls where they last longer
 * @param cacheBytes of the last cache: what is to be cold rotates through four times as many, and what is to be warm has at
 *        most half of them as fp32
 */
public record CpuPlan(List<String> layers, List<Integer> tokens, List<Double> sparsities, int rounds, int blockMillis,
        long cacheBytes) {

    /** Keeps copies of the lists. */
    public CpuPlan {
        layers = List.copyOf(layers);
        tokens = List.copyOf(tokens);
        sparsities = List.copyOf(sparsities);
    }

    /** Attention, and both halves of the feed-forward part, of OPT-125M, 1.3B and 6.7B. */
    private static final List<String> OPT = List.of("768x768", "3072x768", "768x3072", "2048x2048", "8192x2048",
            "2048x8192", "4096x4096", "16384x4096", "4096x16384");

    /**
     * The plan of a run on this machine.
     *
     * @param settings how much to measure
     * @return the plan
     */
    public static CpuPlan of(Settings settings) {
        long cache = LastCache.bytes();
        return settings.quick()
                ? new CpuPlan(List.of("768x768", "768x3072", "4096x4096"), List.of(1, 4, 16), List.of(.6, .8), 5, 15,
                        cache)
                : new CpuPlan(OPT, List.of(1, 2, 4, 8, 16, 32, 64), List.of(.5, .6, .7, .8, .9), 7, 25, cache);
    }

    /** How many bytes the copies of what is to be cold have together, at least. */
    long coldBytes() {
        return 4 * cacheBytes;
    }

    /** Whether a layer is measured warm too: where half of the last cache holds the largest of its forms, fp32. */
    boolean warmToo(int m, int k) {
        return (long) m * k * Float.BYTES <= cacheBytes / 2;
    }
}
