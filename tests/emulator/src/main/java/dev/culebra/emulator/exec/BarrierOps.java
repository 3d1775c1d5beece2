package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.PtxType;

/** Barriers of a block, and fences. */
final class BarrierOps {

    private BarrierOps() {}

    /** What becomes of the predicates that arrive at {@code bar.red}. */
    interface Reduction {
        /**
         * Gives waiting lanes their result.
         *
         * @param s the lanes
         * @param trues threads whose predicate was true
         * @param voters threads that came
         */
        void deliver(Split s, int trues, int voters);
    }

    /** A barrier instruction; an aligned one is for all of a warp's threads at once. */
    static final class BarOp extends Op.Control {
        private final boolean aligned;
        private final int number;
        private final int threads;
        private final boolean wait;
        private final int predicate;
        private final Reduction reduction;

        BarOp(boolean aligned, int number, int threads, boolean wait, int predicate, Reduction reduction) {
            this.aligned = aligned;
            this.number = number;
            this.threads = threads;
            this.wait = wait;
            this.predicate = predicate;
            this.reduction = reduction;
        }

        @Override
        void execute(Warp w, int mask) {
            int lane = Integer.numberOfTrailingZeros(mask);
            int count = threads < 0 ? 0 : w.r[threads][lane];
            if (threads >= 0 && (count <= 0 || count % 32 != 0)) {
                throw new Fault(DeviceFault.ILLEGAL_INSTRUCTION, lane,
                        "a barrier for " + count + " threads: it must be a multiple of 32");
            }
            w.acted = true;
            Barrier b = w.block.barrier(w.r[number][lane], lane);
            if (aligned && w.block.strictBarriers && mask != w.alive) {
                WarpSync.await(w, -1);
            } else {
                arrive(w, mask, b, count);
            }
        }

        /** The current split arrives where it has waited for the rest of its warp. */
        void arrive(Warp w, int mask) {
            int lane = Integer.numberOfTrailingZeros(mask);
            arrive(w, mask, w.block.barrier(w.r[number][lane], lane), threads < 0 ? 0 : w.r[threads][lane]);
        }

        private void arrive(Warp w, int mask, Barrier b, int count) {
            if (w.block.meter != null) {
                w.block.meter.barriers++;
            }
            b.arrive(w, mask, line, count, wait, reduction, predicate < 0 ? 0 : w.p[predicate]);
        }
    }

    private static final class Fence extends Op {
        @Override
        void execute(Warp w, int mask) {
            java.lang.invoke.VarHandle.fullFence();
            w.fenced |= mask;
            if (w.agent != null) {
                w.agent.fence();
            }
        }
    }

    static void register(Families f) {
        f.add("bar", BarrierOps::bar);
        f.add("barrier", BarrierOps::bar);
        f.add("membar", BarrierOps::fence);
        f.add("fence", BarrierOps::fence);
    }

    private static void fence(Decoding x) {
        if (x.take("proxy") || x.has("mbarrier_init")) {
            ProxyFences.decode(x);
            return;
        }
        if (x.takeAny("sync_restrict::shared::cta", "sync_restrict::shared::cluster") != null) {
            x.require(90, 86);
        }
        x.takeAny("sc", "acq_rel", "acquire", "release");
        if (x.takeAny("cta", "gl", "sys", "gpu", "cluster") == null) {
            throw x.refuse("a scope is missing");
        }
        x.done(0);
        x.emit(new Fence());
    }

    private static void bar(Decoding x) {
        if (x.take("warp")) {
            WarpOps.warpBarrier(x);
            return;
        }
        if (x.take("cluster")) {
            ClusterOps.barrier(x);
            return;
        }
        boolean aligned = x.instruction.opcode().equals("bar");
        x.take("cta");
        aligned |= x.take("aligned");
        String kind = x.takeAny("sync", "arrive", "red");
        if (kind == null) {
            throw x.refuse("sync, arrive or red is wanted");
        }
        aligned |= x.take("aligned");
        if (!kind.equals("red")) {
            x.done();
            x.operands(kind.equals("sync") ? 1 : 2, 2);
            int number = x.src(0, PtxType.B32);
            int threads = x.operandCount() > 1 ? x.src(1, PtxType.B32) : -1;
            x.emitSplit(new BarOp(aligned, number, threads, kind.equals("sync"), -1, null));
            return;
        }
        String op = x.takeAny("popc", "and", "or");
        aligned |= x.take("aligned");
        PtxType type = x.type();
        x.done();
        x.operands(3, 4);
        boolean counted = x.operandCount() == 4;
        int number = x.src(1, PtxType.B32);
        int threads = counted ? x.src(2, PtxType.B32) : -1;
        int predicate = x.predicate(counted ? 3 : 2);
        Reduction reduction;
        if ("popc".equals(op) && type == PtxType.U32) {
            int d = x.dst(0, type);
            reduction = (s, trues, voters) -> {
                for (int l = 0; l < 32; l++) {
                    s.frame.r[d][l] = (s.mask >>> l & 1) != 0 ? trues : s.frame.r[d][l];
                }
            };
        } else if (op != null && type == PtxType.PRED) {
            int d = x.predicateOut(0);
            boolean and = op.equals("and");
            reduction = (s, trues, voters) -> {
                boolean yes = and ? trues == voters : trues > 0;
                s.frame.p[d] = yes ? s.frame.p[d] | s.mask : s.frame.p[d] & ~s.mask;
            };
        } else {
            throw x.refuse("popc.u32, and.pred or or.pred is wanted");
        }
        x.emitSplit(new BarOp(aligned, number, threads, true, predicate, reduction));
    }
}
