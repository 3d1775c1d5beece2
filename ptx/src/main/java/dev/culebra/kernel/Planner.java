package dev.culebra.kernel;

import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;

/**
 * Chooses kernel, split of K and shared memory for a product. Nothing is measured on the device at hand: the choice comes
 * from a model of each format's kernel, {@link TiledCslCost} and {@link DenseCost}.
 */
public final class Planner {

    /** The most blocks in y and z. */
    private static final int GRID_LIMIT = 65535;
    /** Partial sums are written and read once more for each split; past this the sum costs more than it can bring. */
    private static final int MOST_SPLITS = 32;
    /** More shared memory a block is taken only if it gains 2%: copies that memory can not serve yet crowd its queues. */
    private static final double WORTH = 0.98;

    private Planner() {}

    /**
     * Plans a product of an encoded matrix.
     *
     * @param a the matrix
     * @param n tokens, 1 or more
     * @param target the device
     * @return the plan
     * @throws IllegalArgumentException if a size is out of range, or no kernel serves; the message says why
     */
    public static LaunchPlan plan(SparseMatrix a, int n, Target target) { return plan(a, n, target, null, 0); }

    /**
     * Plans a product of an encoded matrix with parts of the choice made by the caller.
     *
     * @param a the matrix
     * @param n tokens, 1 or more
     * @param target the device
     * @param forced the kernel to take, or null for the planner's choice
     * @param splits in how many parts to take K, up to 65535; 0 for the planner's choice. With lanes' own lists some as many crews
     *        for each group of rows share the work
     * @return the plan
     * @throws IllegalArgumentException if a size is out of range, no kernel serves, or the forced one does not; the message
     *         says why
     */
    public static LaunchPlan plan(SparseMatrix a, int n, Target target, KernelInstance forced, int splits) {
        if (!a.format().hasLaneLists()) {
            return plan(a.format(), a.valueType(), a.m(), a.k(), a.nonzeros(), n, target, forced, splits);
        }
        check(a.m(), a.k(), a.nonzeros(), n, splits);
        refuseOther(forced, a.format(), a.valueType());
        return LanesPlanner.plan(a, n, target, forced, splits);
    }

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
        check(m, k, nonzeros, n, splits);
        if (format.hasLaneLists()) {
            throw new IllegalArgumentException(
                    "a plan for " + format.id() + " needs the matrix, whose lists have parameters of their own");
        }
        KernelInstance kernel = forced == null
                ? kernel(format, values, n, target, KernelInstance::sharedBytes)
                : forced;
        refuseOther(kernel, format, values);
        refuseUnlessFits(kernel, kernel.sharedBytes(), target);
        Work work = Work.of(kernel, m, k, nonzeros, n);
        Launch best = choose(kernel, work, splits, target);
        String why = sentence(kernel, forced != null, splits > 0, best, work);
        boolean whole = best.splits() == 1;
        long tileBytes = (long) kernel.tileM() * kernel.tileN() * Float.BYTES;
        if (!whole && work.blocks() > Long.MAX_VALUE / tileBytes / best.splits()) {
            throw new IllegalArgumentException(
                    best.splits() + " partial sums of " + n + " x " + m + " pass 2^63 bytes");
        }
        return new LaunchPlan(kernel, best.splits(), work.gridX(), Math.min(work.rowBlocks(), GRID_LIMIT),
                best.splits(), kernel.threads(), best.sharedBytes(),
                whole ? 0 : work.blocks() * tileBytes * best.splits(),
                whole ? 0 : work.blocks() * Integer.BYTES, why);
    }

    private static void check(int m, int k, long nonzeros, int n, int splits) {
        if (m < 1 || k < 1 || n < 1 || nonzeros < 0) {
            throw new IllegalArgumentException("M " + m + ", K " + k + ", N " + n + ", nonzeros " + nonzeros
                    + "; M, K and N must be 1 or more, nonzeros 0 or more");
        }
        if (splits < 0 || splits > GRID_LIMIT) {
            throw new IllegalArgumentException(
                    "splits " + splits + "; give 1 to " + GRID_LIMIT + ", or 0 for the planner's choice");
        }
    }

    private static void refuseOther(KernelInstance kernel, Format format, ValueType values) {
        if (kernel != null && (kernel.format() != format || kernel.values() != values)) {
            throw new IllegalArgumentException("kernel '" + kernel.name() + "' is not for " + format.id()
                    + " weights of " + values.id());
        }
    }

    /**
     * The narrowest kernel that takes all tokens at once, or the widest that the device can hold; of two as wide the one for the newer
     * devices. Shared memory is what a launch of a kernel asks for at least.
     */
    static KernelInstance kernel(Format format, ValueType values, int n, Target target,
            ToIntFunction<KernelInstance> sharedBytes) {
        List<KernelInstance> candidates = KernelCatalog.products(format, values);
        if (candidates.isEmpty()) {
            throw new IllegalArgumentException("no kernel for " + format.id() + " weights of " + values.id());
        }
        KernelInstance best = null;
        for (KernelInstance i : candidates) {
            boolean fits = i.compute().runsOn(target.compute())
                    && sharedBytes.applyAsInt(i) <= target.sharedPerBlockOptIn();
            if (fits && (best == null || best.tileN() == i.tileN() || best.tileN() < n)) {
                best = i;
            }
        }
        return best == null ? candidates.getFirst() : best; // which is then refused
    }

    static void refuseUnlessFits(KernelInstance kernel, int sharedBytes, Target target) {
        if (!kernel.compute().runsOn(target.compute())) {
            throw new IllegalArgumentException("kernel '" + kernel.name() + "' needs " + kernel.compute()
                    + (kernel.compute().specific() ? " and no other" : " or later") + "; the device is "
                    + target.compute());
        }
        if (sharedBytes > target.sharedPerBlockOptIn()) {
            throw new IllegalArgumentException("kernel '" + kernel.name() + "' needs " + sharedBytes
                    + " bytes of shared memory a block; the device gives " + target.sharedPerBlockOptIn());
        }
    }

    /** The beginning of a plan's sentence: which kernel, and why. */
    static String why(KernelInstance kernel, boolean forced, int n) {
        if (forced) {
            return kernel.name() + " as asked";
        }
        return kernel.name() + " since " + (n <= kernel.tileN()
                ? n + " tokens fit its " + kernel.tileN()
                : "it is the widest for " + n + " tokens");
    }

    /** The cheapest; of equals the one of fewer splits. A caller's number of splits stands. */
    private static Launch choose(KernelInstance kernel, Work work, int splits, Target target) {
        Launch best = null;
        double least = Double.MAX_VALUE;
        int last = splits > 0 ? splits : Math.min(work.steps(), MOST_SPLITS);
        for (int s = splits > 0 ? splits : 1; s <= last; s++) {
            Launch launch = launch(s, kernel.sharedBytes(), target);
            double cost = cost(kernel, work, launch, target);
            if (kernel.mostSharedBytes() > kernel.sharedBytes()
                    && kernel.mostSharedBytes() <= target.sharedPerBlockOptIn()) {
                Launch more = launch(s, kernel.mostSharedBytes(), target);
                double moreCost = cost(kernel, work, more, target);
                if (moreCost < WORTH * cost) {
                    launch = more;
                    cost = moreCost;
                }
            }
            if (cost < least) {
                least = cost;
                best = launch;
            }
        }
        return best;
    }

    private static double cost(KernelInstance kernel, Work work, Launch launch, Target target) {
        return switch (kernel.format()) {
            case TILED_CSL -> TiledCslCost.of(work, launch);
            case DENSE -> DenseCost.of(work, launch, target.multiprocessors());
            case BITMAP, PAIRS -> throw new IllegalArgumentException("no kernel for " + kernel.format().id());
        };
    }

    private static Launch launch(int splits, int sharedBytes, Target target) {
        return new Launch(splits, sharedBytes,
                (long) target.multiprocessors() * target.blocksPerMultiprocessor(sharedBytes));
    }

    private static String sentence(KernelInstance kernel, boolean forced, boolean splitsForced, Launch launch,
            Work work) {
        String tokens = why(kernel, forced, work.n());
        int splits = launch.splits();
        String parts = splitsForced
                ? "K in " + splits + " as asked"
                : splits == 1 ? "K whole" : "K in " + splits + " of its " + work.steps() + " tiles";
        String depth = launch.sharedBytes() > kernel.sharedBytes()
                ? " with " + launch.sharedBytes() / 1024 + " KB each, to have more on its way"
                : "";
        return String.format(Locale.ROOT, "%s; %s, so that %d blocks make %.2f waves of the %d that fit%s", tokens,
                parts, work.blocks() * splits, (double) work.blocks() * splits / launch.slots(), launch.slots(), depth);
    }
}
