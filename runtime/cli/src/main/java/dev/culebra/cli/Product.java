package dev.culebra.cli;

import dev.culebra.sparse.DenseType;
import dev.culebra.spmm.SpmmWeights;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** A product, timed as a caller sees it: from host memory to host memory, everything between included. */
final class Product {
    /** Enough for a median; small products are through with it long before the time is up. */
    private static final int MOST_RUNS = 1000;

    /**
     * Once this much time has passed no further run begins: somebody waits for the result. The JVM's compiler is through
     * with a small product after about a second.
     */
    private static final double ENOUGH_MILLISECONDS = 1500;

    /**
     * A first run up to this long is followed by a second all the same. On a CPU the first one is mostly the JVM's
     * compiler: 28672 x 7168 at 70% with N = 8 took 1.8 s at first and 0.06 s from then on (two cores).
     */
    private static final double COLD_MILLISECONDS = 10_000;

    private Product() {}

    /**
     * Multiplies again and again, at least twice unless that takes long.
     *
     * @return the median of the later half of the runs, in milliseconds
     */
    static double milliseconds(SpmmWeights weights, MemorySegment x, DenseType type, int n, MemorySegment y) {
        return milliseconds(weights, x, type, n, y, () -> {});
    }

    /**
     * The same.
     *
     * @param afterFirst done once, after the first run, in nobody's time
     */
    static double milliseconds(SpmmWeights weights, MemorySegment x, DenseType type, int n, MemorySegment y,
            Runnable afterFirst) {
        var times = new double[MOST_RUNS];
        double total = 0;
        int runs = 0;
        do {
            long started = System.nanoTime();
            weights.multiply(x, type, n, y);
            times[runs] = (System.nanoTime() - started) / 1e6;
            total += times[runs++];
            if (runs == 1) afterFirst.run();
        } while (runs < MOST_RUNS && total < (runs == 1 ? COLD_MILLISECONDS : ENOUGH_MILLISECONDS));
        var later = Arrays.copyOfRange(times, runs / 2, runs);
        Arrays.sort(later);
        return later[later.length / 2];
    }
}
