package dev.culebra.emulator.exec;

import java.util.ArrayList;
import java.util.List;

/** One of a block's sixteen barriers. */
final class Barrier {

    /** Who waits, and what it wants of the reduction. */
    private record Waiter(Warp warp, Split split, BarrierOps.Reduction reduction) {}

    private final List<Waiter> waiters = new ArrayList<>();
    private int arrived;
    private int expected;
    private int trues;
    private int voters;
    /** Of the last who came: the line, and whether it brings a predicate. */
    private int line;
    private boolean reduces;
    private final Block block;
    /** What those who came know, or null. */
    private final Rendezvous rendezvous;

    Barrier(Block block) {
        this.block = block;
        this.rendezvous = block.watch == null || block.watch.timeline == null
                ? null
                : new Rendezvous(block.watch.timeline);
    }

    void reset() {
        waiters.clear();
        arrived = 0;
        expected = 0;
        trues = 0;
        voters = 0;
        if (rendezvous != null) {
            rendezvous.clear();
        }
    }

    /**
     * Counts a warp's lanes.
     *
     * @param w the warp; its current split waits, unless this completes the barrier
     * @param mask lanes that arrive
     * @param ptxLine of the instruction
     * @param threads threads expected, or 0: all of the block that have not exited
     * @param wait whether they wait
     * @param reduction what is done with the result, or null
     * @param ayes lanes whose predicate is true
     */
    void arrive(Warp w, int mask, int ptxLine, int threads, boolean wait, BarrierOps.Reduction reduction, int ayes) {
        if (block.strictBarriers && arrived > 0) {
            agree(w, mask, threads, reduction != null);
        }
        line = ptxLine;
        reduces = reduction != null;
        // A barrier counts whole warps: lanes that do not exist or have exited come with the first of the others.
        boolean first = (mask & Integer.lowestOneBit(w.alive)) != 0;
        arrived += Integer.bitCount(mask) + (threads > 0 && first ? 32 - Integer.bitCount(w.alive) : 0);
        expected = threads;
        if (rendezvous != null) {
            w.agent.arrive(rendezvous, mask);
        }
        trues += Integer.bitCount(ayes & mask);
        voters += reduction == null ? 0 : Integer.bitCount(mask);
        if (wait) {
            waiters.add(new Waiter(w, w.splits.awaitBarrier(), reduction));
        } else {
            w.current.pc++;
        }
        check(w.block.live);
    }

    /** Who comes must expect as many as those who have come, and bring a predicate if they did. */
    private void agree(Warp w, int mask, int threads, boolean reducing) {
        int all = 32 * block.warps.length;
        int here = threads == 0 ? all : threads;
        int before = expected == 0 ? all : expected;
        if (here != before || reducing != reduces) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, Integer.numberOfTrailingZeros(mask),
                    "barrier: this thread comes to one for " + here + " threads"
                            + (reducing ? ", with a predicate," : "")
                            + " at which others are that came for " + before + (reduces ? ", with a predicate," : "")
                            + " from ptx line " + line + "; all must agree");
        }
    }

    /** The line of the last arrival that nobody ever waited for, or 0. */
    int leftOver() {
        return arrived == 0 ? 0 : line;
    }

    /** Threads that have come. */
    int arrived() { return arrived; }

    /** Lets all go when enough have come. */
    void check(int live) {
        if (arrived == 0 || arrived < (expected == 0 ? live : expected)) {
            return;
        }
        if (rendezvous != null) {
            handOver();
        }
        for (Waiter waiter : waiters) {
            if (waiter.reduction != null) {
                waiter.reduction.deliver(waiter.split, trues, voters);
            }
            waiter.split.state = Split.State.READY;
        }
        reset();
    }

    /** What all have done that came is known to those who waited; a thread that has exited counts as one that came. */
    private void handOver() {
        for (Warp w : block.warps) {
            if (expected == 0 && w.alive != w.threads) {
                w.agent.arrive(rendezvous, 0);
            }
        }
        Clock clock = rendezvous.clock();
        for (Waiter waiter : waiters) {
            waiter.warp.agent.adopt(waiter.split.mask, clock);
        }
    }
}
