package dev.culebra.emulator.exec;

import dev.culebra.emulator.exec.Split.State;
import java.util.List;

/** Barriers that are for all of a warp's threads at once, where that is looked at: its lanes wait for each other before they arrive. */
final class AlignedBarriers {

    private AlignedBarriers() {}

    /** Lanes that wait at a barrier for whole warps, while others have gone round it and wait where the ways meet or behind a call. */
    static void refusePassed(Warp w) {
        for (Split leaf : w.splits.leaves()) {
            Op at = leaf.frame.program.ops[leaf.pc];
            if (leaf.state != State.AT_WARP_SYNC || !(at instanceof BarrierOps.BarOp)) {
                continue;
            }
            for (Split n = leaf.parent; n != null; n = n.parent) {
                if (n.arrived != 0) {
                    throw new Fault(DeviceFault.LAUNCH_FAILED, Integer.numberOfTrailingZeros(leaf.mask),
                            "barrier: it is for whole warps, and this warp's thread "
                                    + w.threadOf(Integer.numberOfTrailingZeros(n.arrived))
                                    + " has gone round it, to ptx line "
                                    + n.frame.program.ops[n.resume].line
                                    + "; a barrier must not stand in code that only some of a warp's threads come to",
                            at);
                }
            }
        }
    }

    /** Lets lanes arrive at a barrier for whole warps when all have come to the same one. */
    static void resolve(Warp w, BarrierOps.BarOp bar) {
        int here = 0;
        Split elsewhere = null;
        int stuck = 0;
        for (Split o : w.splits.leaves()) {
            Op at = o.frame.program.ops[o.pc];
            boolean waits = o.state == State.AT_WARP_SYNC && at instanceof BarrierOps.BarOp;
            here |= waits && at == bar ? o.mask : 0;
            stuck |= waits ? o.mask : 0;
            elsewhere = waits && at != bar ? o : elsewhere;
        }
        if ((w.alive & ~here) == 0) {
            Split running = w.current;
            Frame before = w.frame;
            for (Split o : List.copyOf(w.splits.leaves())) {
                if (o.state == State.AT_WARP_SYNC) {
                    w.current = o;
                    w.bind(o.frame);
                    bar.arrive(w, o.mask);
                    o.state = o.state == State.AT_WARP_SYNC ? State.READY : o.state;
                }
            }
            w.current = running;
            w.bind(before);
        } else if ((w.alive & ~stuck) == 0) {
            Op other = elsewhere.frame.program.ops[elsewhere.pc];
            throw new Fault(DeviceFault.LAUNCH_FAILED, Integer.numberOfTrailingZeros(here),
                    "barrier: it is for whole warps, and this warp's thread "
                            + w.threadOf(Integer.numberOfTrailingZeros(elsewhere.mask)) + " has come to '" + other.text
                            + "' at ptx line " + other.line
                            + " instead; a barrier must not stand in code that a warp's threads"
                            + " come to by different ways",
                    bar);
        }
    }
}
