package dev.culebra.emulator.exec;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.memory.Poison;
import java.util.List;

/** A block being run: its warps, shared memory and barriers. One thread at a time works on it, and on its whole cluster. */
final class Block {

    final Launch launch;
    final Cluster cluster;
    /** Its number in the cluster, and its place there. */
    final int rank;
    final Dim place;
    /** Where its shared memory begins among the cluster's addresses. */
    final long window;
    Dim index;
    final byte[] shared;
    final Mbarriers mbarriers;
    /** Null where neither bulk copies nor products of warpgroups read shared memory. */
    final ProxyWrites proxyWrites;
    final Warp[] warps;
    /** Null where no warpgroup multiplies. */
    final Warpgroups warpgroups;
    private final Barrier[] barriers = new Barrier[16];
    /** Threads that have not exited. */
    int live;
    /** Whether barriers are looked at. */
    final boolean strictBarriers;
    /** What its accesses are looked at for, or null. */
    final Watch watch;
    /** Its part in what the grid has to do with others, or null. */
    final Dependence dependence;
    /** Whether somebody wants to know of its accesses of global memory. */
    final boolean globalObserved;
    /** Whether it is a cluster by itself. */
    final boolean single;
    /** Whether somebody wants to know of accesses of its shared memory, or other blocks may make some. */
    final boolean observed;
    /** Whether another block has accessed its shared memory. */
    boolean reached;
    /** Threads' asynchronous copies that have not landed. */
    int copiesInFlight;
    /** What counts its instructions, or null. */
    final Meter meter;

    Block(Cluster cluster, int rank) {
        this.launch = cluster.launch;
        this.cluster = cluster;
        this.rank = rank;
        this.place = launch.cluster.at(rank);
        this.window = SharedWindow.base(rank);
        this.strictBarriers = launch.spec.checks().contains(Check.BARRIERS);
        this.meter = launch.counting == null ? null : launch.counting.newMeter();
        this.shared = new byte[launch.sharedEnd()];
        this.mbarriers = new Mbarriers(this);
        this.proxyWrites = cluster.asyncFences == null ? null : new ProxyWrites(this);
        int threads = (int) launch.block.count();
        warps = new Warp[(threads + 31) / 32];
        for (int i = 0; i < warps.length; i++) {
            int n = Math.min(32, threads - 32 * i);
            warps[i] = new Warp(this, i, n == 32 ? -1 : (1 << n) - 1);
        }
        warpgroups = launch.code.warpgroups() ? new Warpgroups(this) : null;
        watch = Watch.of(this);
        dependence = Dependence.of(this);
        globalObserved = watch != null || dependence != null;
        single = launch.cluster.count() == 1;
        observed = !single || watch != null || meter != null || proxyWrites != null;
        for (int i = 0; i < barriers.length; i++) {
            barriers[i] = new Barrier(this);
        }
    }

    /** Makes it the block of an index, at its first instruction. */
    void start(Dim at) {
        index = at;
        live = (int) launch.block.count();
        Poison.fill(shared, 0, shared.length);
        copiesInFlight = 0;
        reached = false;
        mbarriers.clear();
        if (proxyWrites != null) {
            proxyWrites.clear();
        }
        if (dependence != null) {
            dependence.start();
        }
        if (warpgroups != null) {
            warpgroups.clear();
        }
        for (Barrier b : barriers) {
            b.reset();
        }
        for (Warp w : warps) {
            w.start();
        }
    }

    /** Arrivals that nobody has waited for. */
    void checkLeftOver() throws DeviceFault {
        for (int i = 0; strictBarriers && i < barriers.length; i++) {
            if (barriers[i].leftOver() != 0) {
                throw new DeviceFault(DeviceFault.LAUNCH_FAILED,
                        "barrier: at the end of the block " + barriers[i].arrived()
                                + " threads have arrived at barrier " + i + " and nobody has waited for them",
                        launch.kernelName,
                        barriers[i].leftOver(), index, null);
            }
        }
        DeviceFault f = warpgroups == null ? null : warpgroups.leftOver();
        if (f != null) {
            throw f;
        }
    }

    /** What is said when all threads of the cluster wait at barriers; null when none of this block waits. */
    DeviceFault deadlock() {
        for (Warp w : warps) {
            for (Split s : w.alive == 0 ? List.<Split>of() : w.splits.leaves()) {
                Op op = awaited(s);
                String others = elsewhere(op);
                if (s.state == Split.State.AT_WARP_SYNC && op instanceof BarrierOps.BarOp) {
                    return new DeviceFault(DeviceFault.LAUNCH_FAILED,
                            "barrier: '" + op.text + "' is for whole warps, and of this warp not all threads come to it"
                                    + others,
                            launch.kernelName, op.line, index, w.threadOf(Integer.numberOfTrailingZeros(s.mask)));
                }
                return new DeviceFault(DeviceFault.LAUNCH_TIMEOUT,
                        "deadlock: " + cluster.live() + " threads wait and none can go on; this one at '" + op.text
                                + "' for threads that never come" + others,
                        launch.kernelName, op.line, index, w.threadOf(Integer.numberOfTrailingZeros(s.mask)));
            }
        }
        return null;
    }

    private static Op awaited(Split s) {
        return s.frame.program.ops[s.state == Split.State.AT_BARRIER ? s.pc - 1 : s.pc];
    }

    /** Where threads are that are not at an instruction, by one of them. */
    private String elsewhere(Op op) {
        for (Warp w : warps) {
            int parted = w.alive;
            for (Split s : w.splits.leaves()) {
                parted &= ~s.mask;
                if (awaited(s) != op) {
                    return ": thread " + w.threadOf(Integer.numberOfTrailingZeros(s.mask)) + " waits at '"
                            + awaited(s).text + "', ptx line " + awaited(s).line;
                }
            }
            if (parted != 0) {
                return ": thread " + w.threadOf(Integer.numberOfTrailingZeros(parted))
                        + " parted from it at a branch and waits where they meet again";
            }
        }
        return "";
    }

    void exited(int threads) {
        live -= threads;
        for (Barrier b : barriers) {
            b.check(live);
        }
        if (live == 0) {
            if (dependence != null) {
                dependence.end();
            }
            cluster.ended(this);
        }
    }

    Barrier barrier(int number, int lane) {
        if (number < 0 || number >= barriers.length) {
            throw new Fault(DeviceFault.ILLEGAL_INSTRUCTION, lane,
                    "barrier " + number + " does not exist: there are 16");
        }
        return barriers[number];
    }
}
