package dev.culebra.emulator.exec;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.memory.Poison;
import java.util.List;

/** A block being run: its warps, shared memory and barriers. One thread at a time works on it. */
final class Block {

    /** Instructions of one warp before the next has its turn. */
    private static final int TURN = 1 << 14;

    final Launch launch;
    Dim index;
    /** Its index as one number: blocks start in this order. */
    long number;
    final byte[] shared;
    final Warp[] warps;
    private final Barrier[] barriers = new Barrier[16];
    /** Threads that have not exited. */
    int live;
    /** Whether barriers are looked at. */
    final boolean strictBarriers;
    /** What its accesses are looked at for, or null. */
    final Watch watch;
    /** Threads' asynchronous copies that have not landed. */
    int copiesInFlight;
    private long steps;
    /** What counts its instructions, or null. */
    final Meter meter;

    Block(Launch launch) {
        this.launch = launch;
        this.strictBarriers = launch.spec.checks().contains(Check.BARRIERS);
        this.meter = launch.counting == null ? null : launch.counting.newMeter();
        this.shared = new byte[launch.sharedBytes];
        int threads = (int) launch.block.count();
        warps = new Warp[(threads + 31) / 32];
        for (int i = 0; i < warps.length; i++) {
            int n = Math.min(32, threads - 32 * i);
            warps[i] = new Warp(this, i, n == 32 ? -1 : (1 << n) - 1);
        }
        watch = Watch.of(this);
        for (int i = 0; i < barriers.length; i++) {
            barriers[i] = new Barrier(this);
        }
    }

    /** Makes it the block of an index, at its first instruction. */
    void start(long at) {
        number = at;
        index = launch.grid.at(at);
        steps = 0;
        live = (int) launch.block.count();
        Poison.fill(shared, 0, shared.length);
        copiesInFlight = 0;
        for (Barrier b : barriers) {
            b.reset();
        }
        for (Warp w : warps) {
            w.start();
        }
        if (watch != null) {
            watch.start();
        }
    }

    /**
     * Runs on.
     *
     * @param quantum instructions after which it may stop
     * @return true when all threads have exited
     * @throws DeviceFault when a thread did what is not allowed
     */
    boolean run(long quantum) throws DeviceFault {
        long until = steps + quantum;
        while (steps < until) {
            long before = steps;
            boolean yielded = true;
            for (Warp w : warps) {
                if (w.alive == 0) {
                    continue;
                }
                long s = w.steps;
                Warp.Outcome outcome = w.run(TURN);
                steps += w.steps - s;
                yielded &= w.yield || outcome != Warp.Outcome.PAUSED;
                if (number > launch.lowestFailed) {
                    return true;
                }
            }
            if (live == 0) {
                checkLeftOver();
                return true;
            }
            if (steps == before) {
                throw deadlock();
            }
            if (steps > launch.spec.stepLimit()) {
                throw hung(steps, "of one block");
            }
            if (yielded) {
                return false;
            }
        }
        return false;
    }

    /** Instructions that its warps have executed. */
    long steps() { return steps; }

    /** The fault of a launch that does not end. */
    DeviceFault hung(long instructions, String whose) {
        return new DeviceFault(DeviceFault.LAUNCH_TIMEOUT,
                "no end after " + instructions + " warp instructions " + whose + " (the limit is "
                        + launch.spec.stepLimit() + "): it hangs, or culebra.emulator.stepLimit is too low",
                launch.kernelName, 0, index, null);
    }

    /** Arrivals that nobody has waited for. */
    private void checkLeftOver() throws DeviceFault {
        for (int i = 0; strictBarriers && i < barriers.length; i++) {
            if (barriers[i].leftOver() != 0) {
                throw new DeviceFault(DeviceFault.LAUNCH_FAILED, "barrier: at the end of the block " + barriers[i].arrived()
                        + " threads have arrived at barrier " + i + " and nobody has waited for them", launch.kernelName,
                        barriers[i].leftOver(), index, null);
            }
        }
    }

    private DeviceFault deadlock() {
        for (Warp w : warps) {
            for (Split s : w.alive == 0 ? List.<Split>of() : w.waiting()) {
                Op op = awaited(s);
                String others = elsewhere(op);
                if (s.state == Split.State.AT_WARP_SYNC && op instanceof BarrierOps.BarOp) {
                    return new DeviceFault(DeviceFault.LAUNCH_FAILED,
                            "barrier: '" + op.text + "' is for whole warps, and of this warp not all threads come to it"
                                    + others,
                            launch.kernelName, op.line, index, w.threadOf(Integer.numberOfTrailingZeros(s.mask)));
                }
                return new DeviceFault(DeviceFault.LAUNCH_TIMEOUT,
                        "deadlock: " + live + " threads wait and none can go on; this one at '" + op.text
                                + "' for threads that never come" + others,
                        launch.kernelName, op.line, index, w.threadOf(Integer.numberOfTrailingZeros(s.mask)));
            }
        }
        throw new IllegalStateException("no warp waits");
    }

    private static Op awaited(Split s) {
        return s.frame.program.ops[s.state == Split.State.AT_BARRIER ? s.pc - 1 : s.pc];
    }

    /** Where threads are that are not at an instruction, by one of them. */
    private String elsewhere(Op op) {
        for (Warp w : warps) {
            int parted = w.alive;
            for (Split s : w.waiting()) {
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
    }

    Barrier barrier(int number, int lane) {
        if (number < 0 || number >= barriers.length) {
            throw new Fault(DeviceFault.ILLEGAL_INSTRUCTION, lane,
                    "barrier " + number + " does not exist: there are 16");
        }
        return barriers[number];
    }
}
