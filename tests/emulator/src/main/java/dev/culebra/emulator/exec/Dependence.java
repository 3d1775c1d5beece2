package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.Allocation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A block's part in an {@link Overlap}: which of its threads have executed {@code griddepcontrol.wait}, or come behind one of the
 * cluster that has by what orders memory within it.
 */
final class Dependence {

    private final Block block;
    private final Overlap overlap;
    /** For each warp the lanes that are known to come behind a wait. */
    private final int[] behind;
    /** Who has waited, each an agent's interval and its lanes. */
    private final List<Long> waits = new ArrayList<>();
    /** Whether a thread has let the next grid begin, as far as this block goes. */
    private boolean triggered;

    private Dependence(Block block, Overlap overlap) {
        this.block = block;
        this.overlap = overlap;
        behind = new int[block.warps.length];
    }

    /** That of a block whose warps have been made, or null. */
    static Dependence of(Block block) {
        return block.launch.overlap == null ? null : new Dependence(block, block.launch.overlap);
    }

    /** Makes it ready for a block's first instruction. */
    void start() {
        Arrays.fill(behind, 0);
        waits.clear();
        triggered = false;
    }

    /** Lanes wait for the grids before. */
    void await(Warp w, int mask) {
        if (overlap.early()) {
            overlap.waited();
            behind[w.index] |= mask;
            waits.add((long) w.agent.interval() << 32 | mask & 0xffff_ffffL);
        }
    }

    /** Lanes let the next grid begin; the first of the block count. */
    void trigger(Warp w, int mask) {
        if (!triggered && early(w, mask) == 0) {
            overlap.settle();
        }
        triggered = true;
    }

    /** The block's last thread has ended, which lets the next grid begin, too. */
    void end() {
        if (!triggered && !waits.isEmpty()) {
            overlap.settle();
        }
    }

    /** Lanes are about to access global memory at {@code w.address}. */
    void global(Warp w, int mask, Allocation a, MemoryAccess op) {
        if (a.base == block.launch.workspaceAddress()) {
            return; // where a cooperative grid's own blocks meet
        }
        boolean reads = op.use == MemoryAccess.Use.READ;
        for (int m = early(w, mask); m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            if (reads) {
                overlap.read(l, w.address[l], op.bytes);
            } else {
                overlap.write(l, w.address[l]);
            }
        }
        for (int m = reads ? 0 : mask; m != 0; m &= m - 1) {
            overlap.wrote(w.address[Integer.numberOfTrailingZeros(m)], op.bytes);
        }
    }

    /** A lane asks for a copy from global memory. */
    void copiedFrom(Warp w, int lane, long at, int bytes) {
        if (early(w, 1 << lane) != 0) {
            overlap.read(lane, at, bytes);
        }
    }

    /** A lane asks for a copy to global memory. */
    void copiedTo(Warp w, int lane, long at, int bytes) {
        if (bytes > 0 && early(w, 1 << lane) != 0) {
            overlap.write(lane, at);
        }
        overlap.wrote(at, bytes);
    }

    /** Those of some lanes that may be running while grids before do. */
    private int early(Warp w, int mask) {
        int open = overlap.early() ? mask & ~behind[w.index] : 0;
        for (Block b : open == 0 ? new Block[0] : block.cluster.blocks) {
            for (long wait : b.dependence.waits) {
                for (int m = open; m != 0; m &= m - 1) {
                    int l = Integer.numberOfTrailingZeros(m);
                    if (w.agent.unordered(l, wait) != (int) wait) {
                        behind[w.index] |= 1 << l;
                    }
                }
                open &= ~behind[w.index];
            }
        }
        return open;
    }
}
