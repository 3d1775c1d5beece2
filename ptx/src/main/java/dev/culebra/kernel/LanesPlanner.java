package dev.culebra.kernel;

import dev.culebra.sparse.Format;
import dev.culebra.sparse.LaneLists;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.util.Locale;

/**
 * Plans for formats of lanes' own lists. Crews of four warps share all of the work alike; a block has as many of them as find room
 * on a multiprocessor, and each multiprocessor has one block, so that a block's crews add up what they have of one tile on chip.
 */
final class LanesPlanner {

    private static final int WARPS = 4;
    /** As in ring.cuh: bytes that stand once more behind a ring's end. */
    private static final int GUARD_BYTES = 17 * 128;
    /** Bulk copies are slow to places that no line begins at. */
    private static final int LINE_BYTES = 128;
    private static final int GRID_LIMIT = 65535;
    /** As in products.cuh: what comes of X together is a k-tile or, where that is less, so many bytes; twice. */
    private static final int STAGE_BYTES = 4096;
    /** Columns of a part of X; of 64 tokens there are four such parts of X, and three where a k-tile has two. */
    private static final int PART_COLUMNS = 64;
    /** Of X's 128-byte swizzle, eight tokens of 64 columns, at which wgmma wants X to begin. */
    private static final int SWIZZLED_BYTES = 1024;

    private LanesPlanner() {}

    /** As Space in lanes.cuh: X; barriers; two times 16 bytes; up to a line's begin. */
    private static int fixedBytes(Format format, int tileN) {
        return toMultiple(xBytes(tileN, LaneLists.columns(format)) + WARPS * 16 + 32, LINE_BYTES);
    }

    private static int xBytes(int tileN, int columns) {
        int part = tileN * PART_COLUMNS * Short.BYTES;
        int partsOfTile = columns / PART_COLUMNS;
        return tileN < 64 ? 2 * Math.max(STAGE_BYTES, part * partsOfTile) : part * (partsOfTile == 1 ? 4 : 3);
    }

    /** What a crew hands to others of its block at the end, in the place of its rings. */
    private static int outboxBytes(int tileN) {
        return WARPS * LaneLists.ROWS * tileN * Float.BYTES;
    }

    /** A crew's shared memory for rings of so many storage rows. */
    static int crewBytes(Format format, ValueType values, int tileN, boolean warpgroups, int ring) {
        int row = new LaneLists(format, 1, 1, 1, LaneLists.RING_STEP).storageRowBytes(values);
        int looked = format == Format.BITMAP ? LaneLists.END_ROWS : 0; // what a lane looks at beyond what it takes
        int rings = WARPS * toMultiple((ring + looked) * row + GUARD_BYTES, LINE_BYTES);
        return toMultiple(fixedBytes(format, tileN) + Math.max(rings, outboxBytes(tileN)),
                warpgroups ? SWIZZLED_BYTES : LINE_BYTES);
    }

    private static int toMultiple(int bytes, int of) { return (bytes + of - 1) / of * of; }

    static LaunchPlan plan(SparseMatrix a, int n, Target target, KernelInstance forced, int splits) {
        LaneLists lists = LaneLists.of(a);
        KernelInstance kernel = forced == null
                ? Planner.kernel(a.format(), a.valueType(), n, target, i -> crewBytes(i, lists))
                : forced;
        int bytes = crewBytes(kernel, lists);
        Planner.refuseUnlessFits(kernel, bytes, target);
        int gridX = (n - 1) / kernel.tileN() + 1;
        int groups = (lists.rowBlocks() - 1) / WARPS + 1;
        long units = (long) groups * lists.segments();
        int fit = Math.min(target.sharedPerBlockOptIn() / bytes, kernel.mostCrews());
        // where there are few units, they go to as many multiprocessors as there are; no more crews than units: every one has work
        int crews = (int) Math.clamp(Math.round((double) units * gridX / target.multiprocessors()), 1L,
                Math.min(fit, units));
        long wanted = splits > 0 ? ((long) splits * groups - 1) / crews + 1 : target.multiprocessors() / gridX;
        int gridY = (int) Math.clamp(wanted, 1, Math.min(units / crews, GRID_LIMIT));
        long intervals = (long) gridY * crews;
        int most = most(groups, lists.segments(), gridY, crews);
        long parts = most == 1
                ? 0
                : Math.multiplyExact(gridX * (intervals + groups), (long) outboxBytes(kernel.tileN()));
        String why = String.format(Locale.ROOT,
                "%s; %d blocks%s of %d crews share %d segments of %d k-tiles of %d groups of rows, at most %d a group",
                Planner.why(kernel, forced != null, n), gridY,
                splits > 0 ? " as asked" : " of the " + target.multiprocessors() + " that fit", crews, units,
                lists.segment(), groups, most);
        return new LaunchPlan(kernel, most, gridX, gridY, 1, crews * kernel.threads(), crews * bytes, 0, parts, why);
    }

    /** The most crews that have units of one group. */
    private static int most(int groups, int segments, int blocks, int crews) {
        long most = 1;
        for (long g = 0; g < groups; g++) {
            long units = (long) groups * segments;
            long head = interval(g * segments, units, blocks, crews);
            long tail = interval((g + 1) * segments - 1, units, blocks, crews);
            most = Math.max(most, tail - head + 1);
        }
        return (int) most;
    }

    /** As Shares in lanes.cuh: who has a unit. */
    private static long interval(long unit, long units, int blocks, int crews) {
        long each = units / blocks;
        long more = units % blocks;
        long block = unit < more * (each + 1) ? unit / (each + 1) : more + (unit - more * (each + 1)) / each;
        long first = block * each + Math.min(block, more);
        return block * crews + ((unit - first + 1) * crews - 1) / (each + (block < more ? 1 : 0));
    }

    private static int crewBytes(KernelInstance kernel, LaneLists lists) {
        return crewBytes(kernel.format(), kernel.values(), kernel.tileN(), kernel.compute().specific(), lists.ring());
    }
}
