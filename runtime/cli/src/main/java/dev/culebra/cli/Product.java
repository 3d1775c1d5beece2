package dev.culebra.cli;

import dev.culebra.sparse.DenseType;
import dev.culebra.spmm.SpmmWeights;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** A product, timed as a caller sees it: from host memory to host memory, everything between included. */
final class Product {
    /** Enough for a median. */
    private static final int MOST_RUNS = 200;

    /** Once this much time has passed no further run begins: somebody waits for the result. */
    private static final double ENOUGH_MILLISECONDS = 500;

    /**
     * A first run up to this long is followed by a second all the same. On a CPU the first ones are mostly the JVM's
     * compiler: 28672 x 7168 at 70% takes 1.8 to 5 s at first and 0.06 to 0.2 s from then on (two cores, in use by others
     * as well).
     */
    private static final double COLD_MILLISECONDS = 10_000;

    private Product() {}

    /**
     * Multiplies again and again for about half a second, at least twice unless that takes long.
     *
     * @return the median of the later half of the runs, in milliseconds
     */
    static double milliseconds(SpmmWeights weights, MemorySegment x, DenseType type, int n, MemorySegment y) {
        var times = new double[MOST_RUNS];
        double total = 0;
        int runs = 0;
        do {
            long started = System.nanoTime();
            weights.multiply(x, type, n, y);
            times[runs] = (System.nanoTime() - started) / 1e6;
            total += times[runs++];
        } while (runs < MOST_RUNS && total < (runs == 1 ? COLD_MILLISECONDS : ENOUGH_MILLISECONDS));
        var later = Arrays.copyOfRange(times, runs / 2, runs);
        Arrays.sort(later);
        return later[later.length / 2];
    }
}
