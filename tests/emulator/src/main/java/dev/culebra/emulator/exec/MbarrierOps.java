package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.Space;

/** Instructions on mbarriers; {@link Mbarrier} tells what one is. */
final class MbarrierOps {

    private MbarrierOps() {}

    static void register(Families f) { f.add("mbarrier", MbarrierOps::decode); }

    /** An instruction on an mbarrier: for each lane finds the block and the place that its address means. */
    abstract static class BarrierOp extends Op {
        private final Place place;
        /** Whether it may be another block's. */
        private final boolean remote;

        BarrierOp(Place place, boolean remote) {
            this.place = place;
            this.remote = remote;
        }

        @Override
        void execute(Warp w, int mask) {
            place.compute(w, w.address);
            for (int l = 0; l < 32; l++) {
                if ((mask >>> l & 1) != 0) {
                    lane(w, l);
                }
            }
        }

        private void lane(Warp w, int l) {
            long at = shared(l, w.address[l], place.space);
            Block holder = SharedWindow.holder(w, l, at);
            if (holder != w.block && !remote) {
                throw new Fault(DeviceFault.LAUNCH_FAILED, l, "an mbarrier of block " + holder.index
                        + ": only arrivals without a returned state, expect_tx and complete_tx reach other blocks");
            }
            act(w, l, holder.mbarriers, SharedWindow.offset(holder, l, at, 8, 8, "an mbarrier"));
        }

        /** Does it for the first lane alone where all lanes have the same address; false where they have not. */
        final boolean once(Warp w, int mask) {
            place.compute(w, w.address);
            int first = Integer.numberOfTrailingZeros(mask);
            for (int m = mask; m != 0; m &= m - 1) {
                if (w.address[Integer.numberOfTrailingZeros(m)] != w.address[first]) {
                    return false;
                }
            }
            lane(w, first);
            return true;
        }

        /** Does it for a lane. */
        abstract void act(Warp w, int lane, Mbarriers barriers, int offset);
    }

    /** A generic address without its window, which must be that of shared memory; others as they are. */
    static long shared(int lane, long address, Space space) {
        if (space != Space.GENERIC) {
            return address;
        }
        if ((address & MoveOps.WINDOW_BITS) != MoveOps.SHARED_WINDOW) {
            throw new Fault(DeviceFault.INVALID_ADDRESS_SPACE, lane, "generic address 0x" + Long.toHexString(address)
                    + " does not point to shared memory");
        }
        return address - MoveOps.SHARED_WINDOW;
    }

    /** Takes order and scope, which need PTX 8.0; true when there are any. */
    static boolean order(Decoding x, String strong) {
        String order = x.takeAny(strong, "relaxed");
        String scope = x.takeAny("cta", "cluster");
        if (order != null && scope == null) {
            throw x.refuse("." + order + " needs a scope, .cta or .cluster");
        }
        if ("relaxed".equals(order)) {
            x.require(80, 86);
        }
        if ("cluster".equals(scope)) {
            x.require(90, 80);
        }
        return scope != null;
    }

    static void type(Decoding x) {
        if (x.typeOrNull() != B64) {
            throw x.refuse("an mbarrier is .b64");
        }
    }

    static Place place(Decoding x, int operand, Space space, boolean remote) {
        Place p = Place.of(x, x.operand(operand), space);
        if (p.space != Space.SHARED && p.space != Space.GENERIC) {
            throw x.refuse("an mbarrier lies in shared memory");
        }
        if (p.cluster && !remote) {
            throw x.refuse(
                    "only arrivals without a returned state, expect_tx and complete_tx reach other blocks' mbarriers");
        }
        if (p.cluster) {
            x.require(90, 80);
        }
        return p;
    }

    private static void decode(Decoding x) {
        String action = x.takeAny("init", "inval", "arrive", "arrive_drop", "test_wait", "try_wait", "pending_count");
        switch (action) {
            case "init" -> {
                Space space = Place.space(x);
                type(x);
                x.done(2);
                x.require(80, 70);
                int count = x.src(1, U32);
                x.emit(new BarrierOp(place(x, 0, space, false), false) {
                    @Override
                    void act(Warp w, int lane, Mbarriers barriers, int offset) {
                        w.acted = true;
                        barriers.init(w, offset, lane, w.r[count][lane], line);
                    }
                });
            }
            case "inval" -> {
                Space space = Place.space(x);
                type(x);
                x.done(1);
                x.require(80, 70);
                x.emit(new BarrierOp(place(x, 0, space, false), false) {
                    @Override
                    void act(Warp w, int lane, Mbarriers barriers, int offset) {
                        w.acted = true;
                        barriers.invalidate(w, offset, lane, line);
                    }
                });
            }
            case "arrive", "arrive_drop" -> arrive(x, action.equals("arrive_drop"));
            case "test_wait", "try_wait" -> MbarrierWaits.decode(x, action.equals("try_wait"));
            case "pending_count" -> pendingCount(x);
            case null -> transactions(x);
            default -> throw x.refuse("unknown instruction");
        }
    }

    private static void transactions(Decoding x) {
        String action = x.takeAny("expect_tx", "complete_tx");
        if (action == null) {
            throw x.refuse("unknown instruction");
        }
        x.take("relaxed");
        x.takeAny("cta", "cluster");
        Space space = Place.space(x);
        type(x);
        x.done(2);
        x.require(90, 80);
        int bytes = x.src(1, U32);
        boolean expect = action.equals("expect_tx");
        x.emit(new BarrierOp(place(x, 0, space, true), true) {
            @Override
            void act(Warp w, int lane, Mbarriers barriers, int offset) {
                w.acted = true;
                if (expect) {
                    barriers.get(w, offset, lane).expect(lane, w.r[bytes][lane]);
                } else {
                    barriers.get(w, offset, lane).complete(lane, w.r[bytes][lane]);
                }
            }
        });
    }

    private static void arrive(Decoding x, boolean drop) {
        boolean incomplete = x.take("noComplete");
        boolean expect = x.take("expect_tx");
        boolean release = !x.has("relaxed");
        boolean ordered = order(x, "release");
        Space space = Place.space(x);
        type(x);
        x.done();
        x.operands(expect || incomplete ? 3 : 2, 3);
        boolean counted = x.operandCount() == 3;
        x.require(80, ordered ? 80 : 70);
        if (expect) {
            x.require(90, 80);
        } else if (counted && !incomplete) {
            x.require(90, 78);
        }
        boolean returns = !(x.operand(0) instanceof Operand.Sink);
        if (!returns) {
            x.require(80, 71);
        }
        boolean remote = !returns && !incomplete;
        Place place = place(x, 1, space, remote);
        int number = counted ? x.src(2, U32) : -1;
        int d = returns ? x.dst(0, B64) : -1;
        x.emit(new BarrierOp(place, remote) {
            @Override
            void act(Warp w, int lane, Mbarriers barriers, int offset) {
                w.acted = true;
                Mbarrier b = barriers.get(w, offset, lane);
                if (release || (w.fenced >>> lane & 1) != 0) {
                    b.release(w, 1 << lane);
                }
                if (expect) {
                    b.expect(lane, w.r[number][lane]);
                }
                if (returns) {
                    w.q[d][lane] = b.state(incomplete);
                }
                b.arrive(lane, expect || !counted ? 1 : w.r[number][lane], drop, incomplete);
            }
        });
    }

    private static void pendingCount(Decoding x) {
        type(x);
        x.done(2);
        x.require(80, 70);
        int state = x.src(1, B64);
        int d = x.dst(0, U32);
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) != 0) {
                        w.r[d][l] = Mbarrier.pending(l, w.q[state][l]);
                    }
                }
            }
        });
    }
}
