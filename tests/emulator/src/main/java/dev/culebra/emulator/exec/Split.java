package dev.culebra.emulator.exec;

/**
 * Lanes of a warp that share a program counter (a leaf), or a place where such lanes will meet again (a node with children).
 * A warp's splits form a tree: a branch that lanes disagree on turns a leaf into a node, whose children are the two ways; a
 * call turns it into one whose child is the function's body. When the last child has arrived or died, the node is a leaf
 * again, with the lanes that arrived. Leaves may be run in any order, which is what independent thread scheduling promises:
 * a lane that waits for another of its warp does not wait for ever.
 */
final class Split {

    /** What a leaf is doing. */
    enum State {
        /** It can run. */
        READY,
        /** It stands before an instruction that other lanes of the warp must come to. */
        AT_WARP_SYNC,
        /** It stands behind a barrier of the block. */
        AT_BARRIER
    }

    final Split parent;
    final Frame frame;
    int mask;
    int pc;
    State state = State.READY;
    /** Lanes that an instruction waits for, when {@link State#AT_WARP_SYNC}. */
    int wanted;

    /** As a node: living children, lanes that have arrived, and where these go on. */
    int children;
    int arrived;
    int resume;
    /** The program counter that is the children's arrival, or -1 (a call: they return). */
    int rejoin = -1;

    Split(Split parent, Frame frame, int mask, int pc) {
        this.parent = parent;
        this.frame = frame;
        this.mask = mask;
        this.pc = pc;
    }

    /** Turns a leaf into a node without children: who has arrived at {@code at}, or returned where that is -1, goes on later. */
    void becomeNode(int at, int resumeAt) {
        rejoin = at;
        resume = resumeAt;
        arrived = 0;
        children = 0;
    }
}
