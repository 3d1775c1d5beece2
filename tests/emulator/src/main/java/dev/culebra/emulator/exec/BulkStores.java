package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.Allocation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Bulk copies and reductions from a block's shared memory to global memory. */
final class BulkStores extends Op {

    private final Place to;
    private final Place from;
    private final int size;
    private final BulkCopies.Reduction reduction;

    BulkStores(Place to, Place from, int size, BulkCopies.Reduction reduction) {
        this.to = to;
        this.from = from;
        this.size = size;
        this.reduction = reduction;
    }

    @Override
    void execute(Warp w, int mask) {
        w.acted = true;
        long[] targets = new long[32];
        to.compute(w, targets);
        from.compute(w, w.address);
        for (int l = 0; l < 32; l++) {
            if ((mask >>> l & 1) == 0) {
                continue;
            }
            int bytes = BulkCopies.size(w, size, l);
            int at = BulkCopies.shared(w.block, l, w.address[l], bytes);
            BulkCopies.global(w, l, targets[l], bytes);
            if (w.block.dependence != null) {
                w.block.dependence.copiedTo(w, l, targets[l], bytes);
            }
            if (w.block.proxyWrites != null) {
                w.block.proxyWrites.refuseUnfenced(l, w.block.window, at, bytes);
            }
            if (w.agent != null && bytes > 0) {
                w.block.watch.cells.borrow(w.agent, l, at, bytes, line);
            }
            if (w.block.meter != null) {
                w.block.meter.sharedRun(at, bytes, MemoryAccess.Use.READ);
                w.block.meter.globalRun(targets[l], bytes,
                        reduction == null ? MemoryAccess.Use.WRITE : MemoryAccess.Use.ATOMIC);
            }
            w.bulkGroups.add(l, new Store(w, l, at, targets[l], bytes));
        }
    }

    private final class Store implements BulkGroups.Store {
        private final Warp w;
        private final int lane;
        private final int from;
        private final long to;
        private final int bytes;
        private byte[] content;
        /** Which of the content has been written; null where that is not looked at. */
        private byte[] written;

        Store(Warp w, int lane, int from, long to, int bytes) {
            this.w = w;
            this.lane = lane;
            this.from = from;
            this.to = to;
            this.bytes = bytes;
        }

        @Override
        public void read() {
            content = Arrays.copyOfRange(w.block.shared, from, from + bytes);
            Watch watch = w.block.watch;
            if (watch != null && watch.written != null) {
                written = Arrays.copyOfRange(watch.written, from, from + bytes);
                if (reduction != null) {
                    Unwritten.check(watch.written, lane, from, bytes);
                }
            }
            if (w.agent != null && bytes > 0) {
                watch.cells.giveBack(w.agent, lane, from, bytes, line);
            }
        }

        @Override
        public void write() {
            if (bytes == 0) {
                return;
            }
            Allocation a = MemoryAccess.global(w, lane, to, bytes);
            long at = to - a.base;
            if (written != null && reduction == null) {
                Unwritten.carry(written, a, at);
            } else if (written != null) {
                Unwritten.check(a, lane, to, bytes);
            }
            if (reduction == null) {
                MemorySegment.copy(content, 0, a.bytes, ValueLayout.JAVA_BYTE, at, bytes);
                return;
            }
            int n = reduction.bytes();
            for (int i = 0; i < bytes; i += n) {
                AtomicOps.update(a.bytes, at + i, n, reduction.update(), MemoryOps.read(content, i, n), 0);
            }
        }

        @Override
        public String name() { return "the bulk copy of " + bytes + " bytes at ptx line " + line; }
    }
}
