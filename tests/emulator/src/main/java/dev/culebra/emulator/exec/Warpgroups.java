package dev.culebra.emulator.exec;

/** The warpgroups of a block: four warps each, the first one's number a multiple of four, that multiply matrices together. */
final class Warpgroups {

    /** Warps of a warpgroup. */
    static final int WARPS = 4;

    private final Block block;
    private final WarpgroupProducts[] products;
    /** A warp's 16 rows of A, and behind them B by blocks of eight columns, each by rows of eight: the most there can be. */
    final double[] matrix = new double[16 * 16 + 16 * 256];
    /** Sums of 16 rows and eight columns. */
    final double[] sums = new double[16 * 8];

    Warpgroups(Block block) {
        this.block = block;
        products = new WarpgroupProducts[block.warps.length];
        for (int i = 0; i < products.length; i++) {
            products[i] = new WarpgroupProducts(block.warps[i]);
        }
    }

    void clear() {
        for (WarpgroupProducts p : products) {
            p.clear();
        }
    }

    /** What a warp has asked for. */
    WarpgroupProducts of(Warp w) { return products[w.index]; }

    /** A warp is here for its warpgroup: all 128 threads of that must exist. */
    void requireWhole(Warp w, String what) {
        int first = w.index / WARPS * WARPS;
        if (first + WARPS > block.warps.length || block.warps[first + WARPS - 1].threads != -1) {
            throw new Fault(DeviceFault.ILLEGAL_INSTRUCTION, 0, what + " by a warpgroup that is not whole: warps "
                    + first + " to " + (first + WARPS - 1) + " must execute it, and the block has "
                    + block.launch.block.count() + " threads, not a multiple of 128");
        }
    }
}
