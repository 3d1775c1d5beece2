package dev.culebra.cli;

import dev.culebra.sparse.DenseType;
import dev.culebra.spmm.SpmmWeights;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** A product, timed as a caller sees it: from host memory to host memory, everything between included. */
final class Product {
    /** Runs whose median is reported, where they are quick: the first pays for compiling and paging in. */
    private static final int RUNS = 5;

    /** Once this much time has passed no further run begins: somebody waits for the result. */
    private static final double ENOUGH_MILLISECONDS = 1000;

    private Product() {
    }

    /**
     * Multiplies up to 5 times within about a second, at least once.
     *
     * @return the median of the runs but the first, or the first's where it is the only one, in milliseconds
     */
    static double milliseconds(SpmmWeights weights, MemorySegment x, DenseType type, int n, MemorySegment y) {
        var times = new double[RUNS];
        double total = 0;
        int runs = 0;
        do {
            long started = System.nanoTime();
            weights.multiply(x, type, n, y);
            times[runs] = (System.nanoTime() - started) / 1e6;
            total += times[runs++];
        } while (runs < RUNS && total < ENOUGH_MILLISECONDS);
        if (runs == 1) return times[0];
        var later = Arrays.copyOfRange(times, 1, runs);
        Arrays.sort(later);
        return later[later.length / 2];
    }
}
