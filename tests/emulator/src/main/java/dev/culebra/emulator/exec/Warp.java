package dev.culebra.emulator.exec;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.memory.Poison;
import java.util.Arrays;

/** Thirty-two threads: their {@link Splits}, the banks of the frame being run, and scratch arrays that instructions use. */
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
    final Splits splits = new Splits(this);

    /** Instructions executed, for clocks. */
    long steps;
    private long clockReads;
    /** Turns since lanes were last let go on without others: for a spinning lane calls and inner loops are no progress. */
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
    /** Fragments of a matrix product, A's 16 x 16 and B's (32 rows where A is sparse), and its sums. */
    final double[] matrix = new double[16 * 16 + 32 * 8];
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
        if (block.warpgroups != null && root.warpgroupRegisters == null) {
            root.warpgroupRegisters = block.warpgroups.registers(root.program);
        }
        root.reset();
        Poison.fill(local, 0, local.length);
        if (localWritten != null) {
            Arrays.fill(localWritten, (byte) 0);
        }
        copies.clear();
        bulkGroups.clear();
        fruitless = 0;
        arrivedAtCluster = 0;
        fenced = 0;
        alive = threads;
        splits.start(root, alive);
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
                letGo(); // those that others of the warp wait for at a meeting place may be the ones to bring it
            }
        } else if (!yield || acted) {
            fruitless = 0; // neither does a pause between two looks bring it nearer
        }
        if (unfinishedWait == null && ++restless >= RESTLESS_TURNS) {
            letGo();
        }
        splits.giveWay();
        return Outcome.PAUSED;
    }

    private DeviceFault fault(Fault f, Op executed) {
        Op op = f.op == null ? executed : f.op;
        Dim thread = f.lane < 0 ? null : threadOf(f.lane);
        return new DeviceFault(f.cudaError, f.getMessage() + ", at '" + op.text + "'", block.launch.kernelName, op.line,
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
        if (splits.choose()) {
            return true;
        }
        if (block.strictBarriers) {
            AlignedBarriers.refusePassed(this);
        }
        letGo();
        return splits.choose();
    }

    /** Lanes at meeting places go on without the rest of their warp. */
    private void letGo() {
        restless = 0;
        splits.relax();
    }

    /** Enters a function with the current split's lanes. */
    Frame call(Program callee, int resume) {
        Split caller = current;
        Frame f = new Frame(callee, block.launch.constants(callee, block.rank));
        f.localBase = caller.frame.baseOfCallee(caller.mask);
        if (f.localBase + callee.localBytes > stackBytes) {
            throw new Fault(DeviceFault.STACK_ERROR, Integer.numberOfTrailingZeros(caller.mask),
                    "stack overflow: calls nest deeper than " + stackBytes + " bytes of local memory");
        }
        f.call = caller;
        f.profile = block.meter == null ? null : block.meter.profile(callee);
        f.warpgroupRegisters = block.warpgroups == null ? null : block.warpgroups.registers(callee);
        splits.enter(f, resume);
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
            Arrays.fill(localWritten, from, from + bytes, (byte) 0);
        }
    }

    /** Lanes of the current split return from their function, or exit when it is the kernel. */
    void ret(int mask) {
        if (frame.call == null) {
            exit(mask);
            return;
        }
        frame.call.arrived |= mask;
        splits.drop(mask);
    }

    /** Lanes of the current split end. */
    void exit(int mask) {
        alive &= ~mask;
        if (agent != null) {
            agent.exit(mask);
        }
        copies.drop(this, mask);
        splits.drop(mask);
        block.exited(Integer.bitCount(mask));
        block.cluster.barrier.exited(this, mask);
        WarpSync.resolveAll(this);
    }
}
