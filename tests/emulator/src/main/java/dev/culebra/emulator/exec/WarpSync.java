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
        int wanted = members < 0 ? -1 : constantMembers != 0 ? constantMembers : wantedBy(w, mask);
        if ((wanted & w.alive & ~mask) == 0) {
            perform(w, mask);
            w.current.pc++;
        } else {
            w.awaitLanes(wanted);
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
