package dev.culebra.emulator.exec;

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
            w.awaitLanes(wanted);
        }
    }

    /** Every lane must be named by its own mask, and agree with those it names that are here. */
    private void checkMembers(Warp w, int mask) {
        int[] named = w.r[members];
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
}
