package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.Space;

/** Fences between ways to memory (proxies), and the one that makes fresh mbarriers known. */
final class ProxyFences {

    private ProxyFences() {}

    private static final class AsyncFence extends Op {
        @Override
        void execute(Warp w, int mask) {
            if (w.block.cluster.asyncFences != null) {
                w.block.cluster.asyncFences.fence(w.agent, mask);
            }
        }
    }

    private static final class Nothing extends Op {
        @Override
        void execute(Warp w, int mask) {
            // no other proxy is here whose view could differ
        }
    }

    /** {@code fence.proxy}, of which the second modifier has been taken, and {@code fence.mbarrier_init}. */
    static void decode(Decoding x) {
        if (x.take("mbarrier_init")) {
            boolean known = x.take("release") & x.take("cluster");
            x.done(0);
            x.require(90, 80);
            if (!known) {
                throw x.refuse("fence.mbarrier_init.release.cluster is wanted");
            }
            x.emit(new Op() {
                @Override
                void execute(Warp w, int mask) { w.block.mbarriers.announce(w, mask); }
            });
        } else if (x.take("alias")) {
            x.done(0);
            x.require(70, 75);
            x.emit(new Nothing());
        } else if (x.take("async")) {
            String space = x.takeAny("global", "shared::cta", "shared::cluster");
            x.done(0);
            x.require(90, 80);
            x.emit("global".equals(space) ? new Nothing() : new AsyncFence());
        } else if (x.take("async::generic")) {
            boolean known = x.takeAny("acquire", "release") != null
                    & x.takeAny("sync_restrict::shared::cta", "sync_restrict::shared::cluster") != null
                    & x.take("cluster");
            x.done(0);
            x.require(90, 86);
            if (!known) {
                throw x.refuse("acquire or release, sync_restrict and .cluster are wanted");
            }
            x.emit(new AsyncFence());
        } else if (x.take("tensormap::generic")) {
            String order = x.takeAny("acquire", "release");
            boolean scope = x.takeAny("cta", "cluster", "gpu", "sys") != null;
            x.done("acquire".equals(order) ? 2 : 0);
            x.require(90, 83);
            if (order == null || !scope) {
                throw x.refuse("acquire or release and a scope are wanted");
            }
            if (order.equals("acquire")) {
                Place.of(x, x.operand(0), Space.GENERIC);
                if (!(x.operand(1) instanceof Operand.Immediate n) || n.bits() != 128) {
                    throw x.refuse("a size of 128 is wanted");
                }
            }
            x.emit(new Nothing());
        } else {
            throw x.refuse("unknown instruction: alias, async or tensormap::generic is wanted");
        }
    }
}
