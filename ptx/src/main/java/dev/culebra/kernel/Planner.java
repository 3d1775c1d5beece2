package dev.culebra.kernel;

import dev.culebra.sparse.Format;
import dev.culebra.sparse.TiledCsl;
import dev.culebra.sparse.TiledDense;
import dev.culebra.sparse.ValueType;
import java.util.List;

/**
 * Chooses kernel and split of K for a product. Nothing is measured: the split comes from a model, which counts the steps (a
 * k-tile each) of the busiest multiprocessor.
 */
public final class Planner {

    /** The most blocks in y and z. */
    private static final int GRID_LIMIT = 65535;
    /** What a block costs beside its steps, in steps: first copies that nothing hides, and writing the result. */
    private static final int BLOCK_OVERHEAD = 2;
    /** Partial sums are written and read once more for each split; past this the sum costs more than it can bring. */
    private static final int MOST_SPLITS = 32;

    private Planner() {}

    /**
     * Plans a product.
     *
     * @param format the weights' format
     * @param values the type of weights and activations
     * @param m rows of A, 1 or more
     * @param k columns of A, 1 or more
     * @param nonzeros nonzeros of A, 0 or more
     * @param n tokens, 1 or more
     * @param target the device
     * @return the plan
     * @throws IllegalArgumentException if a size is out of range, or no kernel serves; the message says why
     */
    public static LaunchPlan plan(Format format, ValueType values, int m, int k, long nonzeros, int n, Target target) {
        return plan(format, values, m, k, nonzeros, n, target, null, 0);
    }

    /**
     * Plans a product with parts of the choice made by the caller.
     *
     * @param format the weights' format
     * @param values the type of weights and activations
     * @param m rows of A, 1 or more
     * @param k columns of A, 1 or more
     * @param nonzeros nonzeros of A, 0 or more
     * @param n tokens, 1 or more
     * @param target the device
     * @param forced the kernel to take, or null for the planner's choice
     * @param splits the number of splits, up to 65535; 0 for the planner's choice
     * @return the plan
     * @throws IllegalArgumentException if a size is out of range, no kernel serves, or the forced one does not; the message
     *         says why
     */
    public static LaunchPlan plan(Format format, ValueType values, int m, int k, long nonzeros, int n, Target target,
            KernelInstance forced, int splits) {
        if (m < 1 || k < 1 || n < 1 || nonzeros < 0) {
            throw new IllegalArgumentException("M " + m + ", K " + k + ", N " + n + ", nonzeros " + nonzeros
                    + "; M, K and N must be 1 or more, nonzeros 0 or more");
        }
        if (splits < 0 || splits > GRID_LIMIT) {
            throw new IllegalArgumentException(
                    "splits " + splits + "; give 1 to " + GRID_LIMIT + ", or 0 for the planner's choice");
        }
        KernelInstance kernel = forced == null ? choose(format, values, n, target) : forced;
        if (kernel.format() != format || kernel.values() != values) {
            throw new IllegalArgumentException("kernel '" + kernel.name() + "' is not for " + format.id()
                    + " weights of " + values.id());
        }
        refuseUnlessFits(kernel, target);
        int gridX = (n - 1) / kernel.tileN() + 1;
        int rowBlocks = (m - 1) / kernel.tileM() + 1;
        int steps = (k - 1) / kernel.tileK() + 1;
        long blocks = (long) gridX * rowBlocks;
        long slots = (long) target.multiprocessors() * target.blocksPerMultiprocessor(kernel.sharedBytes());
        int chosen = splits > 0 ? splits : split(m, steps, stepBytes(kernel, m, k, nonzeros), n, blocks, slots);
        String why = sentence(kernel, forced != null, splits > 0, n, chosen, blocks, slots, steps);
        if (chosen > 1 && (long) n * m > Long.MAX_VALUE / Float.BYTES / chosen) {
            throw new IllegalArgumentException(chosen + " partial sums of " + n + " x " + m + " pass 2^63 bytes");
        }
        long workspace = chosen == 1 ? 0 : (long) n * m * chosen * Float.BYTES;
        return new LaunchPlan(kernel, chosen, gridX, Math.min(rowBlocks, GRID_LIMIT), chosen,
                kernel.sharedBytes(), workspace, chosen == 1 ? null : KernelCatalog.sumSplits(), why);
    }

    /** The narrowest kernel that takes all tokens at once, or the widest that the device can hold. */
    private static KernelInstance choose(Format format, ValueType values, int n, Target target) {
        List<KernelInstance> candidates = KernelCatalog.products(format, values);
        KernelInstance best = null;
        for (KernelInstance i : candidates) {
            boolean fits = i.minimum().compareTo(target.compute()) <= 0
                    && i.sharedBytes() <= target.sharedPerBlockOptIn();
            if (fits && (best == null || best.tileN() < n)) {
                best = i;
            }
        }
        if (best == null) {
            refuseUnlessFits(candidates.getFirst(), target);
        }
        return best;
    }

    private static void refuseUnlessFits(KernelInstance kernel, Target target) {
        if (kernel.minimum().compareTo(target.compute()) > 0) {
            throw new IllegalArgumentException("kernel '" + kernel.name() + "' needs " + kernel.minimum()
                    + " or later; the device is " + target.compute());
        }
        if (kernel.sharedBytes() > target.sharedPerBlockOptIn()) {
            throw new IllegalArgumentException("kernel '" + kernel.name() + "' needs " + kernel.sharedBytes()
                    + " bytes of shared memory a block; the device gives " + target.sharedPerBlockOptIn());
        }
    }

    /** What a block reads in a step: its tiles, and its part of X, which each block reads again. */
    private static double stepBytes(KernelInstance kernel, int m, int k, long nonzeros) {
        double tile = switch (kernel.format()) {
            case TILED_CSL -> TiledCsl.OFFSET_BYTES
                    + (double) nonzeros * TiledCsl.ENTRY_BYTES / new TiledCsl(m, k).tiles();
            case DENSE -> TiledDense.TILE_BYTES;
        };
        return tile * kernel.tileM() / TiledCsl.TILE_ROWS + (double) kernel.tileN() * kernel.tileK() * Short.BYTES;
    }

    /**
     * The number of splits with the least cost: waves of blocks times the steps of a block, and the traffic of partial sums
     * in the same unit. Ties go to fewer splits.
     */
    private static int split(int m, int steps, double stepBytes, int n, long blocks, long slots) {
        int best = 1;
        double least = Double.MAX_VALUE;
        for (int s = 1; s <= Math.min(steps, MOST_SPLITS); s++) {
            long waves = (blocks * s - 1) / slots + 1;
            double cost = waves * ((steps - 1) / s + 1 + BLOCK_OVERHEAD);
            if (s > 1) {
                double moved = (2.0 * s + 1) * n * m * Float.BYTES; // written, read, the sum written
                cost += moved / (stepBytes * slots) + BLOCK_OVERHEAD; // and a second launch
            }
            if (cost < least) {
                least = cost;
                best = s;
            }
        }
        return best;
    }

    private static String sentence(KernelInstance kernel, boolean forced, boolean splitsForced, int n, int splits,
            long blocks, long slots, int steps) {
        String tokens = forced
                ? kernel.name() + " as asked"
                : kernel.name() + " since " + (n <= kernel.tileN()
                        ? n + " tokens fit its " + kernel.tileN()
                        : "it is the widest for " + n + " tokens");
        String parts = splitsForced
                ? "K in " + splits + " as asked"
                : splits == 1 ? "K whole" : "K in " + splits + " of its " + steps + " tiles";
        return String.format(java.util.Locale.ROOT, "%s; %s, so that %d blocks make %.2f waves of the %d that fit",
                tokens, parts, blocks * splits, (double) blocks * splits / slots, slots);
    }
}
