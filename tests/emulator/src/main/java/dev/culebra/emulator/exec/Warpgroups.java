package dev.culebra.emulator.exec;

import dev.culebra.emulator.check.Check;
import java.util.ArrayList;
import java.util.List;

/**
 * The warpgroups of a block: four warps each, the first one's number a multiple of four, that multiply matrices together. A warp
 * does its part without waiting for the other three; that all four execute the same is looked at afterwards.
 */
final class Warpgroups {

    /** Warps of a warpgroup. */
    static final int WARPS = 4;

    /**
     * What the first warp to come to it executed.
     *
     * @param op the instruction
     * @param a the descriptor of A, or 0
     * @param b the descriptor of B, or 0
     * @param adds whether the accumulators count
     */
    private record Executed(Op op, long a, long b, boolean adds) {}

    private final Block block;
    private final WarpgroupProducts[] products;
    /** For each warpgroup, from the {@code dropped}-th on, what some of its warps have executed and perhaps not all. */
    private final List<List<Executed>> executed = new ArrayList<>();
    private final int[] dropped;
    /** For each warp, how many. */
    private final int[] count;
    private final boolean races;
    /** A warp's 16 rows of A, one after the other. */
    final double[] left = new double[16 * 16];
    /** B by rows, as long as they can be. */
    final double[][] right = new double[16][256];
    /** Sums by rows. */
    final double[][] sums = new double[16][256];

    Warpgroups(Block block) {
        this.block = block;
        races = block.launch.spec.checks().contains(Check.RACES);
        products = new WarpgroupProducts[block.warps.length];
        count = new int[products.length];
        dropped = new int[products.length / WARPS];
        for (int i = 0; i < products.length; i++) {
            products[i] = new WarpgroupProducts(block.warps[i]);
        }
        for (int i = 0; i < dropped.length; i++) {
            executed.add(new ArrayList<>());
        }
    }

    void clear() {
        for (int i = 0; i < products.length; i++) {
            products[i].clear();
            count[i] = 0;
        }
        for (int i = 0; i < dropped.length; i++) {
            executed.get(i).clear();
            dropped[i] = 0;
        }
    }

    /** What a warp has asked for. */
    WarpgroupProducts of(Warp w) { return products[w.index]; }

    /** Who has the registers of a frame of a program; null where that is not looked at. */
    WarpgroupRegisters registers(Program p) {
        return races && p.warpgroups ? new WarpgroupRegisters(p.ints.length) : null;
    }

    /** A product in flight that reads 16 bytes of shared memory. */
    WarpgroupProducts.Pending reader(int offset) {
        for (WarpgroupProducts p : products) {
            WarpgroupProducts.Pending found = p.reader(offset);
            if (found != null) {
                return found;
            }
        }
        throw new IllegalStateException("nobody reads " + offset);
    }

    /**
     * A warp executes something that its whole warpgroup must.
     *
     * @param w the warp
     * @param op the instruction
     * @param a a matrix descriptor, or 0
     * @param b another, or 0
     * @param adds whether a product's accumulators count
     */
    void execute(Warp w, Op op, long a, long b, boolean adds) {
        int group = w.index / WARPS;
        int first = group * WARPS;
        if (first + WARPS > block.warps.length || block.warps[first + WARPS - 1].threads != -1) {
            throw new Fault(DeviceFault.ILLEGAL_INSTRUCTION, 0, "wgmma by a warpgroup that is not whole: warps " + first
                    + " to " + (first + WARPS - 1) + " must execute it, and the block has "
                    + block.launch.block.count() + " threads, not a multiple of 128");
        }
        if (!block.strictBarriers) {
            return;
        }
        List<Executed> all = executed.get(group);
        int at = count[w.index]++ - dropped[group];
        if (at == all.size()) {
            all.add(new Executed(op, a, b, adds));
        } else {
            agree(w, first, all.get(at), op, a, b, adds);
        }
        int least = Integer.MAX_VALUE;
        for (int i = first; i < first + WARPS; i++) {
            least = Math.min(least, count[i]);
        }
        if (least - dropped[group] == all.size()) {
            all.clear();
            dropped[group] = least;
        }
    }

    private static void agree(Warp w, int first, Executed before, Op op, long a, long b, boolean adds) {
        String differs = before.op != op
                ? "another warp of its warpgroup executed '" + before.op.text + "' at ptx line " + before.op.line
                : before.a != a || before.b != b
                        ? "with matrix descriptor 0x" + Long.toHexString(before.a != a ? a : b)
                                + " where another warp of its warpgroup had 0x"
                                + Long.toHexString(before.a != a ? before.a : before.b)
                        : before.adds != adds ? "with another scale-d than another warp of its warpgroup" : null;
        if (differs != null) {
            throw new Fault(DeviceFault.ILLEGAL_INSTRUCTION, 0,
                    "wgmma by warp " + w.index + (before.op != op ? ", and " : " ")
                            + differs + ": warps " + first + " to " + (first + WARPS - 1) + " must execute the same");
        }
    }

    /** At the end: what a warp has executed and another of its warpgroup has not; null where there is none. */
    DeviceFault leftOver() {
        for (int group = 0; group < dropped.length; group++) {
            for (int i = group * WARPS; !executed.get(group).isEmpty() && i < group * WARPS + WARPS; i++) {
                int at = count[i] - dropped[group];
                if (at < executed.get(group).size()) {
                    Op op = executed.get(group).get(at).op;
                    return new DeviceFault(DeviceFault.ILLEGAL_INSTRUCTION, "wgmma by a part of a warpgroup: warp " + i
                            + " has ended without '" + op.text + "', which another of warps " + group * WARPS + " to "
                            + (group * WARPS + WARPS - 1) + " executed", block.launch.kernelName, op.line, block.index,
                            block.warps[i].threadOf(0));
                }
            }
        }
        return null;
    }
}
