package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.Allocation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Bulk copies and reductions into shared memory of a block of the cluster, or of several, which tell an mbarrier there. */
final class BulkLoads extends Op {

    private final Place to;
    /** Whether the destination may be another block's. */
    private final boolean cluster;
    private final Place from;
    private final boolean fromGlobal;
    private final int size;
    private final Place barrier;
    /** Register of the mask of blocks that all get a copy, or -1. */
    private final int blocks;
    private final BulkCopies.Reduction reduction;

    BulkLoads(Place to, boolean cluster, Place from, boolean fromGlobal, int size,
            Place barrier, int blocks, BulkCopies.Reduction reduction) {
        this.to = to;
        this.cluster = cluster;
        this.from = from;
        this.fromGlobal = fromGlobal;
        this.size = size;
        this.barrier = barrier;
        this.blocks = blocks;
        this.reduction = reduction;
    }

    @Override
    void execute(Warp w, int mask) {
        w.acted = true;
        long[] sources = new long[32];
        long[] tells = new long[32];
        from.compute(w, sources);
        barrier.compute(w, tells);
        to.compute(w, w.address);
        for (int l = 0; l < 32; l++) {
            if ((mask >>> l & 1) != 0) {
                lane(w, l, w.address[l], sources[l], tells[l], BulkCopies.size(w, size, l));
            }
        }
    }

    private void lane(Warp w, int l, long target, long source, long tell, int bytes) {
        Block holder = cluster ? SharedWindow.holder(w, l, target) : w.block;
        if (fromGlobal) {
            BulkCopies.global(w, l, source, bytes);
            if (w.block.dependence != null) {
                w.block.dependence.copiedFrom(w, l, source, bytes);
            }
            if (w.block.meter != null) { // once, however many blocks get a copy
                w.block.meter.globalRun(source, bytes, MemoryAccess.Use.READ);
            }
        } else {
            int at = BulkCopies.shared(w.block, l, source, bytes);
            if (w.block.meter != null) {
                w.block.meter.sharedRun(at, bytes, MemoryAccess.Use.READ);
            }
            if (holder == w.block) {
                throw new Fault(DeviceFault.LAUNCH_FAILED, l,
                        "a bulk copy from the block's own shared memory to itself: the destination must be another block's");
            }
            if (w.block.proxyWrites != null) {
                w.block.proxyWrites.refuseUnfenced(l, w.block.window, at, bytes);
            }
            if (w.agent != null && bytes > 0) {
                w.block.watch.cells.borrow(w.agent, l, at, bytes, line);
            }
        }
        if (blocks < 0) {
            start(w, l, holder, target, source, tell, bytes);
            return;
        }
        Block[] all = w.block.cluster.blocks;
        int chosen = w.r[blocks][l] & 0xffff;
        if (chosen >>> all.length != 0) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, l, "a bulk copy to blocks 0b" + Integer.toBinaryString(chosen)
                    + ": the cluster has ranks 0 to " + (all.length - 1));
        }
        for (int rank = 0; rank < all.length; rank++) {
            if ((chosen >>> rank & 1) != 0) {
                long there = SharedWindow.map(target, rank);
                start(w, l, SharedWindow.holder(w, l, there), there, source, SharedWindow.map(tell, rank), bytes);
            }
        }
    }

    private void start(Warp w, int l, Block holder, long target, long source, long tell, int bytes) {
        int at = BulkCopies.shared(holder, l, target, bytes);
        if (SharedWindow.rank(tell) != holder.rank) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, l, "a bulk copy into shared memory of block " + holder.index
                    + " that tells an mbarrier of rank " + SharedWindow.rank(tell)
                    + ": it must be the destination's block");
        }
        Mbarrier b = holder.mbarriers.get(w, SharedWindow.offset(holder, l, tell, 8, 8, "an mbarrier"), l);
        if (holder.proxyWrites != null) {
            holder.proxyWrites.refuseWrite(l, at, bytes);
        }
        if (w.agent != null && bytes > 0) {
            if (reduction == null) {
                holder.watch.cells.claim(w.agent, l, at, bytes, line);
            } else {
                holder.watch.cells.update(w.agent, l, at, bytes);
            }
        }
        if (w.block.meter != null) {
            w.block.meter.sharedRun(at, bytes, reduction == null ? MemoryAccess.Use.WRITE : MemoryAccess.Use.ATOMIC);
        }
        w.block.cluster.bulkLoadsInFlight += fromGlobal ? 1 : 0;
        b.coming().add(new Copy(w, l, holder, at, source, bytes));
    }

    /** Checks that no copy in flight of the cluster will read what a warp is about to store at {@code w.address}. */
    static void checkSources(Warp w, int mask, int bytes) {
        for (Block block : w.block.cluster.blocks) {
            block.mbarriers.forEachComing(c -> {
                if (c instanceof Copy copy) {
                    copy.checkSource(w, mask, bytes);
                }
            });
        }
    }

    private final class Copy implements Mbarrier.Coming {
        private final Warp w;
        private final int lane;
        private final Block holder;
        private final int to;
        private final long from;
        private final int bytes;

        Copy(Warp w, int lane, Block holder, int to, long from, int bytes) {
            this.w = w;
            this.lane = lane;
            this.holder = holder;
            this.to = to;
            this.from = from;
            this.bytes = bytes;
        }

        void checkSource(Warp writer, int mask, int stored) {
            for (int m = fromGlobal ? mask : 0; m != 0; m &= m - 1) {
                int l = Integer.numberOfTrailingZeros(m);
                long at = writer.address[l];
                if (at < from + bytes && from < at + stored) {
                    throw new Fault(DeviceFault.LAUNCH_FAILED, l, "race: global address 0x" + Long.toHexString(at)
                            + " is written while " + name() + " may still read it; wait for the copy first");
                }
            }
        }

        @Override
        public int arrivals() { return 0; }

        @Override
        public int bytes() { return bytes; }

        @Override
        public Block source() { return fromGlobal ? null : w.block; }

        @Override
        public void land(Mbarrier.Landing landing) {
            if (bytes == 0) {
                w.block.cluster.bulkLoadsInFlight -= fromGlobal ? 1 : 0;
                return;
            }
            if (landing.channel() >= 0) {
                order(landing);
            }
            int source = fromGlobal ? 0 : (int) (from - w.block.window);
            Watch watch = holder.watch;
            boolean marks = watch != null && watch.written != null;
            if (fromGlobal) {
                w.block.cluster.bulkLoadsInFlight--;
                Allocation a = MemoryAccess.global(w, lane, from, bytes);
                if (marks) {
                    Unwritten.carry(a, from - a.base, watch.written, to, bytes);
                }
                MemorySegment.copy(a.bytes, ValueLayout.JAVA_BYTE, from - a.base, holder.shared, to, bytes);
            } else if (reduction == null) {
                if (marks) {
                    System.arraycopy(w.block.watch.written, source, watch.written, to, bytes);
                }
                System.arraycopy(w.block.shared, source, holder.shared, to, bytes);
            } else {
                if (marks) {
                    Unwritten.check(w.block.watch.written, lane, source, bytes);
                    Unwritten.check(watch.written, lane, to, bytes);
                }
                int n = reduction.bytes();
                for (int i = 0; i < bytes; i += n) {
                    long old = MemoryOps.read(holder.shared, to + i, n);
                    long v = MemoryOps.read(w.block.shared, source + i, n);
                    MemoryOps.write(holder.shared, to + i, n, reduction.update().apply(old, v, 0));
                }
            }
            if (holder.proxyWrites != null) {
                holder.proxyWrites.replaced(to, bytes);
            }
        }

        /** Those who wait know that the destination has been written and the source read. */
        private void order(Mbarrier.Landing landing) {
            if (reduction == null) {
                holder.watch.cells.landByChannel(landing.channel(), landing.time(), to, bytes);
            } else {
                holder.watch.cells.updateByChannel(w.agent, landing.channel(), landing.time(), to, bytes, line);
            }
            if (!fromGlobal) {
                w.block.watch.cells.giveBackByChannel(w.agent, lane, landing.channel(), landing.time(),
                        (int) (from - w.block.window), bytes, line);
            }
        }

        @Override
        public String name() { return "the bulk copy of " + bytes + " bytes at ptx line " + line; }
    }
}
