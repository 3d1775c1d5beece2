package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.Space;

/**
 * mbarrier.test_wait and try_wait. Both look once and have their warp give way when the answer is no: the program asks again.
 * Where nobody does anything but ask in vain, nobody can be helped.
 */
final class MbarrierWaits {

    /**
     * Turns in which a warp only asked in vain, before it counts as hopeless: fewer than that may be a program's own way of
     * giving up after some tries.
     */
    static final int HOPELESS = 1 << 13;
    /** Turns asked in vain after which lanes that wait for others of their warp are let go. */
    static final int PATIENCE = 64;

    private MbarrierWaits() {}

    /**
     * An answer no.
     *
     * @param op who asked
     * @param lane for which lane
     * @param barrier what was asked
     * @param phase which phase it asked for
     */
    record Wait(Op op, int lane, Mbarrier barrier, long phase) {

        DeviceFault deadlock(Warp w, int live) {
            return new DeviceFault(DeviceFault.LAUNCH_TIMEOUT,
                    "deadlock: " + live + " threads wait and none can go on; this one at '" + op.text + "' for phase "
                            + phase
                            + " of " + barrier.name() + ", where " + barrier.lacks(),
                    w.block.launch.kernelName, op.line, w.block.index, w.threadOf(lane));
        }
    }

    static void decode(Decoding x, boolean blocking) {
        boolean parity = x.take("parity");
        boolean acquire = !x.has("relaxed");
        boolean ordered = MbarrierOps.order(x, "acquire");
        Space space = Place.space(x);
        MbarrierOps.type(x);
        x.done();
        x.operands(3, blocking ? 4 : 3);
        x.require(blocking ? 90 : 80, ordered ? 80 : blocking ? 78 : parity ? 71 : 70);
        Place place = MbarrierOps.place(x, 1, space, false);
        int wanted = parity ? x.src(2, U32) : x.src(2, B64);
        if (x.operandCount() == 4) {
            x.src(3, U32); // how long it may sleep: here it never does
        }
        x.emit(new WaitOp(place, x.predicateOut(0), wanted, parity, acquire));
    }

    private static final class WaitOp extends MbarrierOps.BarrierOp {
        private final int p;
        private final int wanted;
        private final boolean parity;
        private final boolean acquire;

        WaitOp(Place place, int p, int wanted, boolean parity, boolean acquire) {
            super(place, false);
            this.acquire = acquire;
            this.p = p;
            this.wanted = wanted;
            this.parity = parity;
        }

        @Override
        void execute(Warp w, int mask) {
            w.p[p] &= ~mask;
            if (!alike(w, mask) || !once(w, mask)) {
                super.execute(w, mask);
            } else {
                spread(w, mask);
            }
            if ((w.p[p] & mask) == 0) {
                w.yield = true;
            } else {
                w.acted = true;
                if (acquire && w.agent != null) {
                    acquire(w, w.p[p] & mask);
                }
            }
        }

        /** Whether all lanes wait for the same phase. */
        private boolean alike(Warp w, int mask) {
            int first = Integer.numberOfTrailingZeros(mask);
            for (int m = mask; m != 0; m &= m - 1) {
                int l = Integer.numberOfTrailingZeros(m);
                if (parity
                        ? w.r[wanted][l] != w.r[wanted][first]
                        : !Mbarrier.samePhase(w.q[wanted][l], w.q[wanted][first])) {
                    return false;
                }
            }
            return true;
        }

        /** What the first lane has been told holds for all. */
        private void spread(Warp w, int mask) {
            int first = Integer.numberOfTrailingZeros(mask);
            Mbarrier b = w.waitedFor[first];
            for (int m = mask; m != 0; m &= m - 1) {
                int l = Integer.numberOfTrailingZeros(m);
                b.refuseUnseen(w, l);
                w.waitedFor[l] = b;
            }
            w.p[p] |= (w.p[p] >>> first & 1) != 0 ? mask : 0;
        }

        private static void acquire(Warp w, int lanes) {
            int left = lanes;
            while (left != 0) {
                Mbarrier b = w.waitedFor[Integer.numberOfTrailingZeros(left)];
                int same = 0;
                for (int m = left; m != 0; m &= m - 1) {
                    same |= w.waitedFor[Integer.numberOfTrailingZeros(m)] == b ? Integer.lowestOneBit(m) : 0;
                }
                b.acquire(w, same);
                left &= ~same;
            }
        }

        @Override
        void act(Warp w, int lane, Mbarriers barriers, int offset) {
            Mbarrier b = barriers.get(w, offset, lane);
            long phase = parity ? phase(b, lane, w.r[wanted][lane]) : b.phaseOf(lane, w.q[wanted][lane]);
            w.waitedFor[lane] = b;
            if (b.over(phase)) {
                w.p[p] |= 1 << lane;
            } else {
                w.unfinishedWait = new Wait(this, lane, b, phase);
            }
        }

        /** The phase of that parity among the current one and the one before. */
        private static long phase(Mbarrier b, int lane, int parity) {
            if (parity != 0 && parity != 1) {
                throw b.misuse(lane, "a wait for parity " + parity + ": 0 and 1 are accepted");
            }
            return (b.phase() & 1) == parity ? b.phase() : b.phase() - 1;
        }
    }
}
