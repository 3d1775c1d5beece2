package dev.culebra.emulator.exec;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A warp's part in the products that its warpgroup has asked for. They are done when a {@code wgmma.wait_group} wants them and not
 * before, the latest that the rules allow, so that a missing wait shows. What nobody waits for is never done.
 */
final class WarpgroupProducts {

    /**
     * A product in flight.
     *
     * @param op the instruction
     * @param frame whose registers it has
     * @param a places of the warp's rows of A in shared memory; null where they are in registers
     * @param b places of B in shared memory
     * @param adds whether the accumulators count
     * @param group the group it was committed with, or will be
     */
    record Pending(WarpgroupProduct op, Frame frame, int[] a, int[] b, boolean adds, int group) {}

    private final Warp warp;
    private final Deque<Pending> pending = new ArrayDeque<>();
    private int committed;
    /** How many {@code wgmma.fence} there have been. */
    int fences;

    WarpgroupProducts(Warp warp) { this.warp = warp; }

    void clear() {
        pending.clear();
        committed = 0;
        fences = 0;
    }

    void add(WarpgroupProduct op, int[] a, int[] b, boolean adds) {
        if (warp.frame.warpgroupRegisters != null) {
            warp.frame.warpgroupRegisters.take(op, fences);
        }
        pending.add(new Pending(op, warp.frame, a, b, adds, committed));
        ProxyWrites memory = warp.block.proxyWrites;
        if (memory != null) {
            memory.borrow(a, 1);
            memory.borrow(b, 1);
        }
    }

    /** The first that reads 16 bytes of shared memory, or null. */
    Pending reader(int offset) {
        for (Pending p : pending) {
            if (reads(p.a, offset) || reads(p.b, offset)) {
                return p;
            }
        }
        return null;
    }

    private static boolean reads(int[] pieces, int offset) {
        for (int i = 0; pieces != null && i < pieces.length; i++) {
            if (pieces[i] == offset) {
                return true;
            }
        }
        return false;
    }

    void commit() { committed++; }

    /** Does all but what the last {@code keep} groups have, and what is in none. */
    void await(int keep) {
        while (!pending.isEmpty() && pending.peek().group < committed - keep) {
            Pending p = pending.remove();
            p.op.land(warp, p);
            ProxyWrites memory = warp.block.proxyWrites;
            if (memory != null) {
                memory.borrow(p.a, -1);
                memory.borrow(p.b, -1);
            }
            if (p.frame.warpgroupRegisters != null) {
                p.frame.warpgroupRegisters.giveBack(p.op);
            }
        }
    }
}
