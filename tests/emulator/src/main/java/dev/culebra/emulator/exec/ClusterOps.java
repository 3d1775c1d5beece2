package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.PtxType;

/** What blocks of a cluster do together: the cluster's barrier, and addresses in each other's shared memory. */
final class ClusterOps {

    private ClusterOps() {}

    static void register(Families f) {
        f.add("mapa", ClusterOps::map);
        f.add("getctarank", ClusterOps::rank);
    }

    /** {@code barrier.cluster}; the opcode and the first modifier have been taken. */
    static void barrier(Decoding x) {
        String action = x.takeAny("arrive", "wait");
        if (action == null) {
            throw x.refuse("arrive or wait is wanted");
        }
        boolean arrive = action.equals("arrive");
        String order = arrive ? x.takeAny("release", "relaxed") : x.takeAny("acquire");
        boolean release = !"relaxed".equals(order);
        x.take("aligned");
        x.done(0);
        x.require(90, order == null ? 78 : 80);
        x.emitSplit(new Op.Control() {
            @Override
            void execute(Warp w, int mask) {
                if (arrive) {
                    w.block.cluster.barrier.arrive(w, mask, release);
                    w.current.pc++;
                } else {
                    w.block.cluster.barrier.await(w, mask);
                }
            }
        });
    }

    private static PtxType width(Decoding x) {
        PtxType t = x.type();
        if (t != U32 && t != U64) {
            throw x.refuse(".u32 or .u64 is wanted");
        }
        x.require(90, 78);
        return t;
    }

    private static void requireWide(Decoding x, boolean shared, PtxType t) {
        if (!shared && t != U64) {
            throw x.refuse("generic addresses have 64 bits: .u64 is wanted");
        }
    }

    private static void map(Decoding x) {
        boolean shared = x.take("shared::cluster");
        PtxType t = width(x);
        x.done(3);
        requireWide(x, shared, t);
        int a = x.src(1, t);
        int b = x.src(2, U32);
        int d = x.dst(0, t);
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) == 0) {
                        continue;
                    }
                    int rank = w.r[b][l];
                    if (rank < 0 || rank >= w.block.cluster.blocks.length) {
                        throw new Fault(DeviceFault.LAUNCH_FAILED, l, "mapa to rank " + Integer.toUnsignedString(rank)
                                + ": the cluster has ranks 0 to " + (w.block.cluster.blocks.length - 1));
                    }
                    if (t == U32) {
                        w.r[d][l] = (int) SharedWindow.map(w.r[a][l], rank);
                    } else {
                        long window = shared ? 0 : window(w, l, w.q[a][l]);
                        w.q[d][l] = SharedWindow.map(w.q[a][l], rank) + window;
                    }
                }
            }
        });
    }

    private static void rank(Decoding x) {
        boolean shared = x.take("shared::cluster");
        PtxType t = width(x);
        x.done(2);
        requireWide(x, shared, t);
        int a = x.src(1, t);
        int d = x.dst(0, U32);
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) != 0) {
                        long at = t == U32 ? w.r[a][l] & 0xffffffffL : w.q[a][l];
                        w.r[d][l] = (int) SharedWindow.rank(shared ? at : at - window(w, l, at));
                    }
                }
            }
        });
    }

    /** The window of a generic address, which must be that of shared memory. */
    private static long window(Warp w, int lane, long generic) {
        if ((generic & MoveOps.WINDOW_BITS) != MoveOps.SHARED_WINDOW) {
            throw new Fault(DeviceFault.INVALID_ADDRESS_SPACE, lane, "generic address 0x" + Long.toHexString(generic)
                    + " does not point to shared memory");
        }
        return MoveOps.SHARED_WINDOW;
    }
}
