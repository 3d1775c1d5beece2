package dev.culebra.kernel;

import dev.culebra.sparse.Format;
import dev.culebra.sparse.LaneLists;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.util.List;
import java.util.Locale;

/** Plans for formats of lanes' own lists: as many blocks as the device holds at once share all of the work alike. */
final class LanesPlanner {

    private static final int WARPS = 4;
    /** As in ring.cuh: rows that stand once more behind a ring's end. */
    private static final int GUARD_ROWS = 17;
    private static final int ROW_BYTES = 128;
    private static final int GRID_LIMIT = 65535;
    /**
     * Blocks of a multiprocessor, though registers and short rings allow a fourth: an H200 was never slower with three (2026-11-20, 80%
     * of zeros, 8 tokens: 9216 x 9216 28.5 us instead of 36.8, 28672 x 7168 50.3 instead of 50.9).
     */
    private static final int MOST_RESIDENT = 3;
    /** From this tile on the parts that blocks leave to be added up weigh as much as what they multiply. */
    private static final int WIDE_TILE = 32;

    private LanesPlanner() {}

    /** As Space in lanes.cuh: sums of 4 x 64 rows, a row of 16 bytes more a token; words; barriers; up to a line's begin. */
    static int fixedBytes(int tileN) {
        int sums = tileN * (WARPS * LaneLists.ROWS + 4) * Float.BYTES;
        return (sums + 16 + WARPS * 16 + ROW_BYTES - 1) / ROW_BYTES * ROW_BYTES;
    }

    /** A warp's ring with the rows that a lane looks at beyond what it takes, and its guard. */
    static int ringBytes(int rows) {
        return (rows + LaneLists.END_ROWS + GUARD_ROWS) * ROW_BYTES;
    }

    static LaunchPlan plan(SparseMatrix a, int n, Target target, KernelInstance forced, int blocks) {
        LaneLists lists = LaneLists.of(a);
        int rings = WARPS * ringBytes(lists.ring());
        KernelInstance kernel = forced == null ? kernel(a.format(), a.valueType(), n, rings, target) : forced;
        int shared = fixedBytes(kernel.tileN()) + rings;
        if (kernel.minimum().compareTo(target.compute()) > 0) {
            throw new IllegalArgumentException("kernel '" + kernel.name() + "' needs " + kernel.minimum()
                    + " or later; the device is " + target.compute());
        }
        if (shared > target.sharedPerBlockOptIn()) {
            throw new IllegalArgumentException("kernel '" + kernel.name() + "' needs " + shared
                    + " bytes of shared memory a block for rings of " + lists.ring() + " rows; the device gives "
                    + target.sharedPerBlockOptIn());
        }
        int gridX = (n - 1) / kernel.tileN() + 1;
        int groups = (lists.rowBlocks() - 1) / WARPS + 1;
        long units = (long) groups * lists.segments();
        int resident = Math.min(target.blocksPerMultiprocessor(shared), MOST_RESIDENT);
        long slots = (long) resident * target.multiprocessors();
        long y = Math.clamp(blocks > 0 ? (long) blocks * groups : share(kernel, units, Math.max(1, slots / gridX)), 1,
                Math.min(units, GRID_LIMIT));
        int splits = splits(groups, lists.segments(), y);
        long tiles = (long) gridX * groups;
        long workspace = splits == 1
                ? 0
                : Math.multiplyExact(gridX * (y + groups), (long) kernel.tileN() * kernel.tileM() * Float.BYTES);
        String tokens = forced != null
                ? kernel.name() + " as asked"
                : kernel.name() + " since "
                        + (n <= kernel.tileN()
                                ? n + " tokens fit its " + kernel.tileN()
                                : "it is the widest for " + n + " tokens");
        String why = String.format(Locale.ROOT,
                "%s; %d blocks%s share %d segments of %d k-tiles of %d groups of rows, at most %d a group", tokens, y,
                blocks > 0 ? " as asked" : " of the " + slots + " that fit", units, lists.segment(), groups, splits);
        return new LaunchPlan(kernel, splits, gridX, (int) y, 1, shared, workspace, splits == 1 ? 0 : 4 * tiles, why);
    }

    /**
     * How many blocks share the units. Where they would have one or two each, wide tiles take half as many, with two each: fewer
     * parts to add up (7168 x 7168, 32 tokens, 60%: 34.8 us with 196 blocks, 40.1 with 264).
     */
    private static long share(KernelInstance kernel, long units, long slots) {
        return kernel.tileN() >= WIDE_TILE && slots < units && units < 2 * slots ? (units + 1) / 2 : slots;
    }

    /** The most blocks that have units of one group. */
    private static int splits(int groups, int segments, long blocks) {
        long units = (long) groups * segments;
        long most = 1;
        for (long g = 0; g < groups; g++) {
            long head = ((g * segments + 1) * blocks - 1) / units;
            long tail = ((g + 1) * segments * blocks - 1) / units;
            most = Math.max(most, tail - head + 1);
        }
        return (int) most;
    }

    /** The narrowest that takes all tokens at once, or the widest that the device can hold; for the newest device that this is. */
    private static KernelInstance kernel(Format format, ValueType values, int n, int rings, Target target) {
        List<KernelInstance> candidates = KernelCatalog.products(format, values);
        KernelInstance best = null;
        for (KernelInstance i : candidates) {
            if (i.minimum().compareTo(target.compute()) > 0
                    || fixedBytes(i.tileN()) + rings > target.sharedPerBlockOptIn()) {
                continue;
            }
            if (best == null || best.tileN() == i.tileN() || best.tileN() < n) {
                best = i;
            }
        }
        return best == null ? candidates.getFirst() : best;
    }
}
