package dev.culebra.emulator.exec;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.exec.Split.State;
import dev.culebra.emulator.memory.Poison;
import java.util.ArrayList;
import java.util.List;

/** Thirty-two threads: their splits, the banks of the frame being run, and scratch arrays that instructions use. */
final class Warp {

    /** What {@link #run} ended with. */
    enum Outcome {
        /** All threads have exited. */
        DONE,
        /** No split can go on before another warp does something. */
        BLOCKED,
        /** The budget is spent. */
        PAUSED
    }

    /** Turns (of some ten thousand instructions) that lanes may wait at a meeting place for others. */
    private static final int RESTLESS_TURNS = 4;

    final Block block;
    final int index;
    /** Lanes that are threads of the block. */
    final int threads;
    /** Lanes that have not exited. */
    int alive;

    /** The current frame's banks. */
    int[][] r;
    long[][] q;
    int[] p;
    Frame frame;

    /** The split being run; null when it has ended or waits. */
    Split current;
    private final List<Split> leaves = new ArrayList<>();

    /** Instructions executed, for clocks. */
    long steps;
    private long clockReads;
    /** Turns since the last {@link #relax}; returning from a call or meeting inside a loop is no progress of a spinning lane. */
    private int restless;
    /** An op sets this to have the warp give way to others after it. */
    boolean yield;
    /** Whether something was done in this turn that others can notice, or that depends on more than this cluster. */
    boolean acted;
    /** Turns one after the other in which nothing was done but to find a wait not over, and the last of these waits. */
    int fruitless;
    MbarrierWaits.Wait fruitlessWait;
    /** An op sets this when it found that what it waits for has not come. */
    MbarrierWaits.Wait unfinishedWait;

    /** Lanes that have arrived at the cluster's barrier and not waited, and in which of its phases. */
    int arrivedAtCluster;
    final int[] clusterPhase = new int[32];
    /** What each lane last waited for. */
    final Mbarrier[] waitedFor = new Mbarrier[32];
    /** Lanes that have fenced since they last arrived at the cluster's barrier. */
    int fenced;

    /** Its part in the order of the block's events; null when races are not looked for. */
    Agent agent;
    /** The member masks with which lanes came to the warp's barrier; kept where there is an agent. */
    final int[] named = new int[32];

    /** Local memory: {@code lane * stackBytes + offset}. */
    final byte[] local;
    /** Which of it has been written, in the same layout; null where that is not looked at. */
    final byte[] localWritten;
    final int stackBytes;
    final AsyncCopies copies = new AsyncCopies();
    final BulkGroups bulkGroups = new BulkGroups();

    final int[] t0 = new int[32];
    final int[] t1 = new int[32];
    final int[] t2 = new int[32];
    final int[] t3 = new int[32];
    final long[] u0 = new long[32];
    final long[] u1 = new long[32];
    /** Which element of a fragment is being moved. */
    int slot;
    /** Addresses of the memory instruction being executed. */
    final long[] address = new long[32];
    /** Fragments of a matrix product, and its sums. */
    final double[] matrix = new double[16 * 16 + 16 * 8];
    final double[] sums = new double[16 * 8];

    private final Frame root;

    Warp(Block block, int index, int threads) {
        this.block = block;
        this.index = index;
        this.threads = threads;
        this.stackBytes = block.launch.code.localBytes();
        this.local = new byte[32 * stackBytes];
        this.localWritten = block.launch.spec.checks().contains(Check.UNWRITTEN) ? new byte[local.length] : null;
        this.root = new Frame(block.launch.code.main(), block.launch.constants(block.launch.code.main(), block.rank));
        root.profile = block.meter == null ? null : block.meter.profile(root.program);
    }

    /** Makes it ready for a block's first instruction. */
    void start() {
        root.reset();
        Poison.fill(local, 0, local.length);
        if (localWritten != null) {
            java.util.Arrays.fill(localWritten, (byte) 0);
        }
        copies.clear();
        bulkGroups.clear();
        fruitless = 0;
        arrivedAtCluster = 0;
        fenced = 0;
        alive = threads;
        leaves.clear();
        Split first = new Split(null, root, alive, 0);
        leaves.add(first);
        current = first;
        bind(root);
    }

    void bind(Frame f) {
        frame = f;
        r = f.r;
        q = f.q;
        p = f.p;
    }

    /**
     * Runs.
     *
     * @param budget instructions at most
     * @return why it stopped
     * @throws DeviceFault when a thread did what is not allowed
     */
    Outcome run(int budget) throws DeviceFault {
        int left = budget;
        Op op = null;
        yield = false;
        acted = false;
        unfinishedWait = null;
        try {
            while (left > 0 && !yield) {
                if (current == null && !chooseOrRelax()) {
                    steps += budget - left;
                    fruitless = left == budget ? fruitless : 0;
                    return alive == 0 ? Outcome.DONE : Outcome.BLOCKED;
                }
                bind(current.frame);
                Op[] code = frame.program.ops;
                int[] predicates = p;
                Profile profile = frame.profile;
                int mask = current.mask;
                int pc = current.pc;
                do {
                    op = code[pc];
                    left--;
                    int active = op.guard < 0 ? mask : mask & (predicates[op.guard] ^ op.guardFlip);
                    if (profile != null) {
                        profile.count(pc, active);
                    }
                    if (op.control) {
                        current.pc = pc;
                        op.execute(this, active);
                        if (current == null) {
                            break;
                        }
                        if (frame != current.frame) {
                            bind(current.frame);
                            code = frame.program.ops;
                            predicates = p;
                            profile = frame.profile;
                        }
                        mask = current.mask;
                        pc = current.pc;
                    } else {
                        if (active != 0) {
                            op.execute(this, active);
                        }
                        pc++;
                    }
                } while (left > 0 && !yield);
                if (current != null) {
                    current.pc = pc;
                }
            }
        } catch (Fault f) {
            throw fault(f, op);
        } catch (RuntimeException e) {
            throw new DeviceFault(DeviceFault.LAUNCH_FAILED, "the emulator failed with " + e + " at '" + op.text + "'",
                    block.launch.kernelName, op.line, block.index, null);
        }
        steps += budget - left;
        if (unfinishedWait != null && !acted) {
            fruitlessWait = unfinishedWait;
            if (++fruitless % MbarrierWaits.PATIENCE == 0) {
                relax(); // those that others of the warp wait for at a meeting place may be the ones to bring it
            }
        } else if (!yield || acted) {
            fruitless = 0; // neither does a pause between two looks bring it nearer
        }
        if (unfinishedWait == null && ++restless >= RESTLESS_TURNS) {
            relax();
        }
        if (current != null && leaves.size() > 1) { // others' turn: a lane may be spinning on what they will do
            leaves.remove(current);
            leaves.add(0, current);
            current = null;
        }
        return Outcome.PAUSED;
    }

    private DeviceFault fault(Fault f, Op executed) {
        Op op = f.op == null ? executed : f.op;
        Dim thread = f.lane < 0 ? null : threadOf(f.lane);
        return new DeviceFault(f.cudaError, f.getMessage() + " at '" + op.text + "'", block.launch.kernelName, op.line,
                block.index,
                thread);
    }

    /** A clock that moves with the instructions executed and with each reading. */
    long clock(int lane) {
        acted = true; // who looks at the time may give up waiting
        clockReads += lane == 0 ? 1 : 0;
        return steps + clockReads;
    }

    Dim threadOf(int lane) { return block.launch.block.at(index * 32L + lane); }

    /** Before a warp is said to wait for others, lanes that only wait to meet the rest of their warp go on without it. */
    private boolean chooseOrRelax() {
        if (choose()) {
            return true;
        }
        if (block.strictBarriers) {
            AlignedBarriers.refusePassed(this);
        }
        relax();
        return choose();
    }

    private boolean choose() {
        for (int i = leaves.size() - 1; i >= 0; i--) {
            if (leaves.get(i).state == State.READY) {
                current = leaves.get(i);
                return true;
            }
        }
        return false;
    }

    /** The splits that wait, for a diagnostic; the lanes in none of them have parted and wait to meet again. */
    List<Split> waiting() {
        return leaves;
    }

    // ---- divergence and calls ----

    /** Sends lanes of the current split two ways, to meet at {@code rejoin} (or, when that is -1, never). */
    void diverge(int rejoin, int taken, int target, int fallThrough) {
        Split s = current;
        int rest = s.mask & ~taken;
        Split node = nodeFor(rejoin);
        countDivergence();
        addChild(node, taken, target);
        addChild(node, rest, fallThrough);
        settle(node);
    }

    /** Sends lanes as many ways as there are targets. */
    void scatter(int rejoin, int[] masks, int[] targets) {
        Split node = nodeFor(rejoin);
        countDivergence();
        for (int i = 0; i < masks.length; i++) {
            if (masks[i] != 0) {
                addChild(node, masks[i], targets[i]);
            }
        }
        settle(node);
    }

    private void countDivergence() {
        if (block.meter != null) {
            block.meter.divergences++;
        }
    }

    private Split nodeFor(int rejoin) {
        Split s = current;
        leaves.remove(s);
        if (rejoin >= 0 && s.parent != null && s.parent.rejoin == rejoin && s.parent.frame == s.frame) {
            s.parent.children--; // a loop's next turn: who leaves it waits with who left before
            return s.parent;
        }
        s.rejoin = rejoin;
        s.resume = rejoin;
        s.arrived = 0;
        s.children = 0;
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
            current = last != null && last.state == State.READY ? last : null;
        }
    }

    /** The current split stands at a place where lanes may meet. */
    void join() {
        Split s = current;
        Split node = s.parent;
        if (node == null || node.rejoin != s.pc || node.frame != s.frame) {
            s.pc++;
            return;
        }
        node.arrived |= s.mask;
        leaves.remove(s);
        current = null;
        if (--node.children == 0) {
            complete(node);
        }
    }

    /**
     * Lets lanes that wait for others at a meeting place, or behind a call for those still in it, go on without them: those
     * others may be spinning on what these will do next. Meeting again is a matter of speed only; what needs lanes together
     * waits for them itself.
     */
    private void relax() {
        restless = 0;
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
        current = n;
    }

    /** Enters a function with the current split's lanes. */
    Frame call(Program callee, int resume) {
        Split s = current;
        Frame f = new Frame(callee, block.launch.constants(callee, block.rank));
        f.localBase = s.frame.baseOfCallee(s.mask);
        if (f.localBase + callee.localBytes > stackBytes) {
            throw new Fault(DeviceFault.STACK_ERROR, Integer.numberOfTrailingZeros(s.mask),
                    "stack overflow: calls nest deeper than " + stackBytes + " bytes of local memory");
        }
        f.call = s;
        f.profile = block.meter == null ? null : block.meter.profile(callee);
        leaves.remove(s);
        s.rejoin = -1;
        s.resume = resume;
        s.arrived = 0;
        s.children = 1;
        Split body = new Split(s, f, s.mask, 0);
        leaves.add(body);
        current = body;
        return f;
    }

    /** Poisons the frame of a function that lanes have entered. */
    void freshLocals(int mask, Frame f) {
        for (int m = f.program.localBytes == 0 ? 0 : mask; m != 0; m &= m - 1) {
            freshLocals(Integer.numberOfTrailingZeros(m), f.localBase, f.program.localBytes);
        }
    }

    /** Poisons a piece of a lane's local memory that starts at an even offset. */
    void freshLocals(int lane, int offset, int bytes) {
        int from = lane * stackBytes + offset;
        Poison.fill(local, from, from + bytes);
        if (localWritten != null) {
            java.util.Arrays.fill(localWritten, from, from + bytes, (byte) 0);
        }
    }

    /** Lanes of the current split return from their function, or exit when it is the kernel. */
    void ret(int mask) {
        if (frame.call == null) {
            exit(mask);
            return;
        }
        frame.call.arrived |= mask;
        drop(mask);
    }

    /** Lanes of the current split end. */
    void exit(int mask) {
        alive &= ~mask;
        if (agent != null) {
            agent.exit(mask);
        }
        copies.drop(this, mask);
        drop(mask);
        block.exited(Integer.bitCount(mask));
        block.cluster.barrier.exited(this, mask);
        resolve();
    }

    private void drop(int mask) {
        Split s = current;
        s.mask &= ~mask;
        if (s.mask != 0) {
            s.pc++;
            return;
        }
        leaves.remove(s);
        current = null;
        if (s.parent != null && --s.parent.children == 0) {
            complete(s.parent);
        }
    }

    // ---- waiting ----

    /** The current split waits, before its instruction, for other lanes of the warp. */
    void awaitLanes(int wanted) {
        current.state = State.AT_WARP_SYNC;
        current.wanted = wanted;
        current = null;
        resolve();
    }

    /** The current split waits for the block, behind its instruction. */
    Split awaitBarrier() {
        Split s = current;
        s.pc++;
        s.state = State.AT_BARRIER;
        current = null;
        return s;
    }

    /** Lets those go on whose wanted lanes have all come. */
    private void resolve() {
        for (int i = 0; i < leaves.size(); i++) {
            Split s = leaves.get(i);
            if (s.state == State.AT_WARP_SYNC) {
                resolve(s);
            }
        }
    }

    private void resolve(Split s) {
        if (s.frame.program.ops[s.pc] instanceof BarrierOps.BarOp bar) {
            AlignedBarriers.resolve(this, bar);
            return;
        }
        WarpSync op = (WarpSync) s.frame.program.ops[s.pc];
        int here = 0;
        int wanted = 0;
        for (Split o : leaves) {
            if (meets(s, op, o)) {
                here |= o.mask;
                wanted |= o.wanted;
            }
        }
        if ((wanted & alive & ~here) != 0) {
            return;
        }
        Frame before = frame;
        bind(s.frame);
        try {
            op.perform(this, here);
        } catch (Fault f) { // what is being executed, if anything, is another lane's end
            throw f.op != null ? f : new Fault(f.cudaError, f.lane, f.getMessage(), op);
        }
        bind(before);
        for (Split o : leaves) {
            if (o != s && meets(s, op, o)) {
                o.state = State.READY;
                o.pc++;
            }
        }
        s.state = State.READY;
        s.pc++;
    }

    private static boolean meets(Split s, WarpSync op, Split o) {
        if (o.state != State.AT_WARP_SYNC) {
            return false;
        }
        boolean sameInstruction = o.frame == s.frame && o.pc == s.pc;
        return sameInstruction || op.pureBarrier() && ((WarpSync) o.frame.program.ops[o.pc]).pureBarrier();
    }
}
