package dev.culebra.emulator.exec;

import dev.culebra.emulator.exec.Split.State;
import java.util.List;

/**
 * An instruction that a set of lanes executes together. The lanes of the current split do it at once when no other is wanted;
 * else they wait until the rest have come to the same instruction.
 */
abstract class WarpSync extends Op.Control {

    /** Register of the mask of lanes that take part, or -1: all that have not exited. */
    int members = -1;
    /** The mask when it is a constant, else 0. */
    int constantMembers;

    @Override
    final void execute(Warp w, int mask) {
        if (members >= 0 && w.block.strictBarriers) {
            checkMembers(w, mask);
        }
        if (w.agent != null && pureBarrier()) {
            for (int m = mask; m != 0; m &= m - 1) {
                int l = Integer.numberOfTrailingZeros(m);
                w.named[l] = w.r[members][l];
            }
        }
        int wanted = members < 0 ? -1 : constantMembers != 0 ? constantMembers : wantedBy(w, mask);
        if ((wanted & w.alive & ~mask) == 0) {
            perform(w, mask);
            w.current.pc++;
        } else {
            await(w, wanted);
        }
    }

    /** Every lane must be named by its own mask, and agree with those it names that are here. */
    private void checkMembers(Warp w, int mask) {
        int[] named = w.r[members];
        int first = named[Integer.numberOfTrailingZeros(mask)];
        int other = mask & ~first;
        for (int l = 0; l < 32; l++) {
            other |= (named[l] ^ first) & mask << 31 - l >> 31; // of lanes that are here
        }
        if (other == 0) {
            return; // all give one mask, and it names them all
        }
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            if ((named[l] >>> l & 1) == 0) {
                throw new Fault(DeviceFault.LAUNCH_FAILED, l, "barrier: the member mask 0x"
                        + Integer.toHexString(named[l]) + " does not name the lane that executes, " + l);
            }
            int others = constantMembers != 0 ? 0 : named[l] & mask;
            for (; others != 0; others &= others - 1) {
                int o = Integer.numberOfTrailingZeros(others);
                if (named[o] != named[l]) {
                    throw new Fault(DeviceFault.LAUNCH_FAILED, l, "barrier: the member mask 0x"
                            + Integer.toHexString(named[l]) + " of lane " + l + " names lane " + o
                            + ", whose own is 0x" + Integer.toHexString(named[o]) + "; all named must give the same");
                }
            }
        }
    }

    private int wantedBy(Warp w, int mask) {
        int wanted = 0;
        int[] m = w.r[members];
        for (int l = 0; l < 32; l++) {
            wanted |= (mask >>> l & 1) != 0 ? m[l] : 0;
        }
        return wanted;
    }

    /** Whether it only waits: then any two such instructions meet. */
    boolean pureBarrier() { return false; }

    /** Does it for lanes that have all come. */
    abstract void perform(Warp w, int mask);

    /** The current split waits, before its instruction, for other lanes of its warp. */
    static void await(Warp w, int wanted) {
        w.splits.awaitLanes(wanted);
        resolveAll(w);
    }

    /** Lets those go on whose wanted lanes have all come, or ended. */
    static void resolveAll(Warp w) {
        List<Split> leaves = w.splits.leaves();
        for (int i = 0; i < leaves.size(); i++) {
            Split s = leaves.get(i);
            if (s.state == State.AT_WARP_SYNC) {
                switch (s.frame.program.ops[s.pc]) {
                    case BarrierOps.BarOp bar -> AlignedBarriers.resolve(w, bar);
                    case WarpSync op -> op.resolve(w, s);
                    default -> throw new IllegalStateException("nobody waits here");
                }
            }
        }
    }

    private void resolve(Warp w, Split s) {
        int here = 0;
        int wanted = 0;
        for (Split o : w.splits.leaves()) {
            if (meets(s, o)) {
                here |= o.mask;
                wanted |= o.wanted;
            }
        }
        if ((wanted & w.alive & ~here) != 0) {
            return;
        }
        Frame before = w.frame;
        w.bind(s.frame);
        try {
            perform(w, here);
        } catch (Fault f) { // what is being executed, if anything, is another lane's end
            throw f.op != null ? f : new Fault(f.cudaError, f.lane, f.getMessage(), this);
        }
        w.bind(before);
        for (Split o : w.splits.leaves()) {
            if (o != s && meets(s, o)) {
                o.state = State.READY;
                o.pc++;
            }
        }
        s.state = State.READY;
        s.pc++;
    }

    /** Whether a split waits where one does that stands before this. */
    private boolean meets(Split s, Split o) {
        if (o.state != State.AT_WARP_SYNC) {
            return false;
        }
        boolean sameInstruction = o.frame == s.frame && o.pc == s.pc;
        return sameInstruction || pureBarrier() && o.frame.program.ops[o.pc] instanceof WarpSync other
                && other.pureBarrier();
    }
}
