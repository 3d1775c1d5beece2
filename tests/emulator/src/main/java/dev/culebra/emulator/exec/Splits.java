package dev.culebra.emulator.exec;

import dev.culebra.emulator.exec.Split.State;
import java.util.ArrayList;
import java.util.List;

/**
 * The lanes of a warp that have parted, and where they meet again: a tree of {@link Split}s, of which the leaves run or wait. All
 * here works on {@link Warp#current}, the leaf being run, and says which comes after it.
 */
final class Splits {

    private final Warp warp;
    private final List<Split> leaves = new ArrayList<>();

    Splits(Warp warp) { this.warp = warp; }

    /** All lanes stand together before a kernel's first instruction. */
    void start(Frame frame, int mask) {
        leaves.clear();
        Split first = new Split(null, frame, mask, 0);
        leaves.add(first);
        warp.current = first;
    }

    /** Those that can run or wait; the lanes in none of them have parted and wait to meet again. */
    List<Split> leaves() {
        return leaves;
    }

    /** Makes one that can run the current one; false when there is none. */
    boolean choose() {
        for (int i = leaves.size() - 1; i >= 0; i--) {
            if (leaves.get(i).state == State.READY) {
                warp.current = leaves.get(i);
                return true;
            }
        }
        return false;
    }

    /** Others' turn, if there are any: a lane may be spinning on what they will do. */
    void giveWay() {
        if (warp.current != null && leaves.size() > 1) {
            leaves.remove(warp.current);
            leaves.add(0, warp.current);
            warp.current = null;
        }
    }

    /** Sends lanes of the current split two ways, to meet at {@code rejoin} (or, when that is -1, never). */
    void diverge(int rejoin, int taken, int target, int fallThrough) {
        int rest = warp.current.mask & ~taken;
        Split node = part(rejoin);
        addChild(node, taken, target);
        addChild(node, rest, fallThrough);
        settle(node);
    }

    /** Sends lanes as many ways as there are targets. */
    void scatter(int rejoin, int[] masks, int[] targets) {
        Split node = part(rejoin);
        for (int i = 0; i < masks.length; i++) {
            if (masks[i] != 0) {
                addChild(node, masks[i], targets[i]);
            }
        }
        settle(node);
    }

    /** Takes the current split off; gives the node at which its lanes will meet. */
    private Split part(int rejoin) {
        if (warp.block.meter != null) {
            warp.block.meter.divergences++;
        }
        Split s = warp.current;
        leaves.remove(s);
        if (rejoin >= 0 && s.parent != null && s.parent.rejoin == rejoin && s.parent.frame == s.frame) {
            s.parent.children--; // a loop's next turn: who leaves it waits with who left before
            return s.parent;
        }
        s.becomeNode(rejoin, rejoin);
        return s;
    }

    private void addChild(Split node, int mask, int pc) {
        if (pc == node.rejoin) {
            node.arrived |= mask;
        } else {
            leaves.add(new Split(node, node.frame, mask, pc));
            node.children++;
        }
    }

    private void settle(Split node) {
        if (node.children == 0) {
            complete(node);
        } else {
            Split last = leaves.isEmpty() ? null : leaves.get(leaves.size() - 1);
            warp.current = last != null && last.state == State.READY ? last : null;
        }
    }

    /** The current split stands at a place where lanes may meet. */
    void join() {
        Split s = warp.current;
        Split node = s.parent;
        if (node == null || node.rejoin != s.pc || node.frame != s.frame) {
            s.pc++;
            return;
        }
        node.arrived |= s.mask;
        remove(s);
    }

    /** Some of the current split's lanes are no longer in it; the others go on behind its instruction. */
    void drop(int mask) {
        Split s = warp.current;
        s.mask &= ~mask;
        if (s.mask != 0) {
            s.pc++;
        } else {
            remove(s);
        }
    }

    /** The current split is no more; if it was the last that its node waits for, that goes on. */
    private void remove(Split s) {
        leaves.remove(s);
        warp.current = null;
        if (s.parent != null && --s.parent.children == 0) {
            complete(s.parent);
        }
    }

    private void complete(Split node) {
        Split n = node;
        while (n.arrived == 0) { // all its lanes have exited or returned
            n = n.parent;
            if (n == null || --n.children > 0) {
                return;
            }
        }
        n.mask = n.arrived;
        n.pc = n.resume;
        n.rejoin = -1;
        n.arrived = 0;
        leaves.add(n);
        warp.current = n;
    }

    /** The current split's lanes enter a function: the split waits at {@code resume} for those that return. */
    void enter(Frame callee, int resume) {
        Split s = warp.current;
        leaves.remove(s);
        s.becomeNode(-1, resume);
        s.children = 1;
        Split body = new Split(s, callee, s.mask, 0);
        leaves.add(body);
        warp.current = body;
    }

    /**
     * Lets lanes that wait for others at a meeting place, or behind a call for those still in it, go on without them: those
     * others may be spinning on what these will do next. Meeting again is a matter of speed only; what needs lanes together
     * waits for them itself.
     */
    void relax() {
        for (Split leaf : List.copyOf(leaves)) {
            for (Split n = leaf.parent; n != null; n = n.parent) {
                if (n.arrived != 0) {
                    leaves.add(0, new Split(n.parent, n.frame, n.arrived, n.resume));
                    n.arrived = 0;
                    if (n.parent != null) {
                        n.parent.children++;
                    }
                }
            }
        }
    }

    /** The current split waits, before its instruction, for other lanes of the warp. */
    void awaitLanes(int wanted) {
        Split s = warp.current;
        s.state = State.AT_WARP_SYNC;
        s.wanted = wanted;
        warp.current = null;
    }

    /** The current split waits for the block, behind its instruction. */
    Split awaitBarrier() {
        Split s = warp.current;
        s.pc++;
        s.state = State.AT_BARRIER;
        warp.current = null;
        return s;
    }
}
