package dev.culebra.emulator.exec;

import java.util.Arrays;

/** A block being run: its warps, shared memory and barriers. One thread at a time works on it. */
final class Block {

    /** Instructions of one warp before the next has its turn. */
    private static final int TURN = 1 << 14;

    final Launch launch;
    Dim index;
    final byte[] shared;
    final Warp[] warps;
    private final Barrier[] barriers = new Barrier[16];
    /** Threads that have not exited. */
    int live;
    private long steps;
    /** What counts its instructions, or null. */
    final Meter meter;

    Block(Launch launch) {
        this.launch = launch;
        this.meter = launch.counting == null ? null : launch.counting.newMeter();
        this.shared = new byte[launch.sharedBytes];
        int threads = (int) launch.block.count();
        warps = new Warp[(threads + 31) / 32];
        for (int i = 0; i < warps.length; i++) {
            int n = Math.min(32, threads - 32 * i);
            warps[i] = new Warp(this, i, n == 32 ? -1 : (1 << n) - 1);
        }
        for (int i = 0; i < barriers.length; i++) {
            barriers[i] = new Barrier();
        }
    }

    /** Makes it the block of an index, at its first instruction. */
    void start(Dim at) {
        index = at;
        steps = 0;
        live = (int) launch.block.count();
        Arrays.fill(shared, (byte) 0);
        for (Barrier b : barriers) {
            b.reset();
        }
        for (Warp w : warps) {
            w.start();
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
                if (launch.cancelled) {
                    return true;
                }
            }
            if (live == 0) {
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

    private DeviceFault deadlock() {
        for (Warp w : warps) {
            Split s = w.alive == 0 ? null : w.waiting();
            if (s != null) {
                Op op = s.frame.program.ops[s.state == Split.State.AT_BARRIER ? s.pc - 1 : s.pc];
                int lane = Integer.numberOfTrailingZeros(s.mask);
                return new DeviceFault(DeviceFault.LAUNCH_TIMEOUT,
                        "deadlock: " + live + " threads wait and none can go on; this one at '"
                                + op.text + "' for threads that never come",
                        launch.kernelName, op.line, index, w.threadOf(lane));
            }
        }
        throw new IllegalStateException("no warp waits");
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
