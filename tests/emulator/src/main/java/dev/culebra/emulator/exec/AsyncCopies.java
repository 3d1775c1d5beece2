package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.Space;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * cp.async: a warp's copies from global to shared memory that have been asked for. They land when their thread waits for their
 * group and not before, the latest that the rules allow, so that a missing wait shows. Copies nobody waits for never land.
 */
final class AsyncCopies {

    /** A warp's copies of one instruction, lane by lane. */
    private static final class Pending {
        int lanes;
        /** Lanes whose copies an mbarrier waits for. */
        int followed;
        final long[] from = new long[32];
        final int[] to = new int[32];
        final int[] filled = new int[32];
        final int[] group = new int[32];
        int size;
        /** Lanes that copy the same to the same place as the lane before them, as those beyond the end of a tile may do. */
        int repeated;
        /** Within which all sources lie. */
        long least = Long.MAX_VALUE;
        long end;
        CpAsync op;

        void checkSource(Warp asking, int lane, long at, int bytes) {
            for (int m = lanes; m != 0; m &= m - 1) {
                int l = Integer.numberOfTrailingZeros(m);
                if (at < from[l] + filled[l] && from[l] < at + bytes) {
                    throw new Fault(DeviceFault.LAUNCH_FAILED, lane, "race: global address 0x" + Long.toHexString(at)
                            + " is written while the copy that thread " + asking.threadOf(l) + " asked for at ptx line "
                            + op.line + " may still read it; wait for the copy first");
                }
            }
        }
    }

    private final List<Pending> pending = new ArrayList<>();
    /** For each lane, how many groups it has committed. */
    private final int[] committed = new int[32];

    /** Forgets everything, for the next block. */
    void clear() {
        pending.clear();
        Arrays.fill(committed, 0);
    }

    /** Forgets what lanes that exit have asked for. */
    void drop(Warp w, int mask) {
        for (Pending p : pending) {
            w.block.copiesInFlight -= Integer.bitCount(p.lanes & mask & ~p.followed);
        }
        pending.removeIf(p -> (p.lanes &= ~(mask & ~p.followed)) == 0); // those an mbarrier follows land all the same
    }

    private void commit(int mask) {
        for (int l = 0; l < 32; l++) {
            committed[l] += mask >>> l & 1;
        }
    }

    /** Lands what lanes have asked for, but for their last {@code keep} committed groups; with -1 uncommitted copies too. */
    private void await(Warp w, int mask, int keep) {
        for (Pending p : pending) {
            int lanes = p.lanes & mask;
            for (int l = 0; l < 32; l++) {
                if ((lanes >>> l & 1) != 0 && (keep < 0 || p.group[l] < committed[l] - keep)) {
                    p.op.land(w, l, p, null);
                    p.lanes &= ~(1 << l);
                    w.block.copiesInFlight--;
                }
            }
        }
        pending.removeIf(p -> p.lanes == 0);
    }

    /** Checks that no copy in flight of the block will read what a warp is about to store at {@code w.address}. */
    static void checkSources(Warp w, int mask, int bytes) {
        for (Warp other : w.block.warps) {
            for (Pending p : other.copies.pending) {
                for (int m = mask; m != 0; m &= m - 1) {
                    int l = Integer.numberOfTrailingZeros(m);
                    if (w.address[l] < p.end && p.least < w.address[l] + bytes) {
                        p.checkSource(other, l, w.address[l], bytes);
                    }
                }
            }
        }
    }

    static void register(Families f) { f.add("cp", AsyncCopies::decode); }

    private static void decode(Decoding x) {
        boolean reduce = x.take("reduce");
        if (!x.take("async") || reduce && !x.has("bulk")) {
            throw x.refuse("unknown instruction");
        }
        if (x.has("bulk")) {
            BulkCopies.decode(x, reduce);
            return;
        }
        x.require(80, 70);
        if (x.take("mbarrier")) {
            follow(x);
        } else if (x.take("commit_group")) {
            x.done(0);
            x.emit(new Op() {
                @Override
                void execute(Warp w, int mask) { w.copies.commit(mask); }
            });
        } else if (x.take("wait_all")) {
            x.done(0);
            x.emit(new Wait(-1));
        } else if (x.take("wait_group")) {
            x.done(1);
            if (!(x.operand(0) instanceof Operand.Immediate n) || n.bits() < 0) {
                throw x.refuse("a constant number of groups is wanted");
            }
            x.emit(new Wait((int) n.bits()));
        } else {
            copy(x);
        }
    }

    private static final class Wait extends Op {
        private final int keep;

        Wait(int keep) { this.keep = keep; }

        @Override
        void execute(Warp w, int mask) { w.copies.await(w, mask, keep); }
    }

    /** An arrival at an mbarrier that follows the thread's copies so far. */
    private static void follow(Decoding x) {
        boolean known = x.take("arrive");
        boolean counted = x.take("noinc");
        Space space = Place.space(x);
        MbarrierOps.type(x);
        x.done(1);
        if (!known) {
            throw x.refuse("unknown instruction");
        }
        x.emit(new MbarrierOps.BarrierOp(MbarrierOps.place(x, 0, space, false), false) {
            @Override
            void act(Warp w, int lane, Mbarriers barriers, int offset) {
                w.acted = true;
                Mbarrier b = barriers.get(w, offset, lane);
                if (!counted) {
                    b.expectArrival(lane);
                }
                b.coming().add(w.copies.new Arrival(w, lane, line));
            }
        });
    }

    /** What an mbarrier counts when all copies of a thread that came before have landed. */
    private final class Arrival implements Mbarrier.Coming {
        private final Warp w;
        private final int lane;
        private final int line;
        private final List<Pending> before = new ArrayList<>();

        Arrival(Warp w, int lane, int line) {
            this.w = w;
            this.lane = lane;
            this.line = line;
            for (Pending p : pending) {
                if ((p.lanes >>> lane & 1) != 0) {
                    p.followed |= 1 << lane;
                    before.add(p);
                }
            }
        }

        @Override
        public int arrivals() { return 1; }

        @Override
        public int bytes() { return 0; }

        @Override
        public Block source() { return null; }

        @Override
        public void land(Mbarrier.Landing landing) {
            for (Pending p : before) {
                if ((p.lanes >>> lane & 1) != 0) {
                    p.op.land(w, lane, p, landing);
                    p.lanes &= ~(1 << lane);
                    w.block.copiesInFlight--;
                }
            }
            pending.removeIf(p -> p.lanes == 0);
        }

        @Override
        public String name() { return "the arrival behind copies at ptx line " + line; }
    }

    private static void copy(Decoding x) {
        String cache = x.takeAny("ca", "cg");
        boolean toShared = x.takeAny("shared", "shared::cta") != null;
        boolean fromGlobal = x.take("global");
        boolean policy = MemoryOps.hints(x);
        x.done();
        int most = policy ? 5 : 4;
        x.operands(3, most);
        boolean known = cache != null && toShared && fromGlobal && x.operand(2) instanceof Operand.Immediate;
        int size = known ? (int) ((Operand.Immediate) x.operand(2)).bits() : 0;
        if (!known || !(size == 16 || cache.equals("ca") && (size == 4 || size == 8))) {
            throw x.refuse(
                    "cp.async.ca of 4, 8 or 16 bytes or cp.async.cg of 16 from global to shared memory is wanted");
        }
        boolean third = x.operandCount() == most || !policy && x.operandCount() == 4;
        boolean ignore = third && (x.operand(3) instanceof Operand.Register r && r.type() == PtxType.PRED
                || x.operand(3) instanceof Operand.Not);
        int sourceSize = third && !ignore ? x.src(3, PtxType.U32) : -1;
        int ignored = ignore ? x.predicate(3) : -1;
        Place to = Place.of(x, x.operand(0), Space.SHARED);
        Place from = Place.of(x, x.operand(1), Space.GLOBAL);
        x.emit(new CpAsync(to, from, size, sourceSize, ignored, cache.equals("ca")));
    }

    /** One copy: addresses are checked when it is asked for, bytes are read and written when it lands. */
    private static final class CpAsync extends Op {
        private final Place to;
        private final Place from;
        private final int size;
        private final int sourceSize;
        private final int ignored;
        private final boolean cached;
        private Allocation last;

        CpAsync(Place to, Place from, int size, int sourceSize, int ignored, boolean cached) {
            this.to = to;
            this.from = from;
            this.size = size;
            this.sourceSize = sourceSize;
            this.ignored = ignored;
            this.cached = cached;
        }

        @Override
        void execute(Warp w, int mask) {
            Pending p = new Pending();
            p.lanes = mask;
            p.size = size;
            p.op = this;
            from.compute(w, p.from);
            to.compute(w, w.address);
            int none = ignored < 0 ? 0 : w.p[ignored];
            int before = -1;
            for (int l = 0; l < 32; l++) {
                if ((mask >>> l & 1) == 0) {
                    continue;
                }
                int n = (none >>> l & 1) != 0 ? 0 : sourceSize < 0 ? size : w.r[sourceSize][l];
                if (n < 0 || n > size) {
                    throw new Fault(DeviceFault.ILLEGAL_INSTRUCTION, l,
                            "cp.async with a source of " + n + " bytes for a copy of " + size);
                }
                long a = w.address[l] - w.block.window;
                if (a < 0 || a > w.block.shared.length - size) {
                    throw new Fault(DeviceFault.ILLEGAL_ADDRESS, l,
                            "illegal shared address 0x" + Long.toHexString(a + w.block.window) + " of " + size
                                    + " bytes, where " + w.block.shared.length + " bytes are");
                }
                w.block.mbarriers.refuseRange(l, a, size, "an asynchronous copy");
                if (w.block.proxyWrites != null) {
                    w.block.proxyWrites.refuseWrite(l, (int) a, size);
                }
                if ((a & size - 1) != 0 || (p.from[l] & size - 1) != 0) {
                    throw new Fault(DeviceFault.MISALIGNED_ADDRESS, l, "misaligned "
                            + ((a & size - 1) != 0
                                    ? "shared address 0x"
                                            + Long.toHexString(a + w.block.window)
                                    : "global address 0x" + Long.toHexString(p.from[l]))
                            + " of a copy of " + size + " bytes");
                }
                if (n > 0) {
                    range(w, l, p.from[l], n);
                    if (w.block.dependence != null) {
                        w.block.dependence.copiedFrom(w, l, p.from[l], n);
                    }
                    p.least = Math.min(p.least, p.from[l]);
                    p.end = Math.max(p.end, p.from[l] + n);
                }
                p.to[l] = (int) a;
                p.filled[l] = n;
                if (before >= 0 && p.to[l] == p.to[before] && p.from[l] == p.from[before] && n == p.filled[before]) {
                    p.repeated |= 1 << l;
                } else if (w.agent != null) {
                    w.block.watch.cells.claim(w.agent, l, (int) a, size, line);
                }
                before = l;
                p.group[l] = w.copies.committed[l];
            }
            w.copies.pending.add(p);
            w.block.copiesInFlight += Integer.bitCount(mask);
            if (w.block.meter != null) {
                w.block.meter.copy(p.from, w.address, p.filled, mask, size, cached);
            }
        }

        private Allocation range(Warp w, int lane, long at, int n) {
            Allocation a = last;
            if (a == null || !a.holds(at, n)) {
                a = MemoryAccess.global(w, lane, at, n);
                last = a;
            }
            return a;
        }

        /** Lands for the thread that waits, or where an mbarrier completes for those that wait for that. */
        private void land(Warp w, int l, Pending p, Mbarrier.Landing landing) {
            int n = p.filled[l];
            Watch watch = w.block.watch;
            if (w.block.proxyWrites != null) {
                w.block.proxyWrites.landed(w.agent, l, p.to[l], landing);
            }
            if (w.agent == null || (p.repeated >>> l & 1) != 0) {
                // it is the lane before who writes
            } else if (landing == null) {
                watch.cells.land(w.agent, l, p.to[l], p.size);
            } else {
                watch.cells.landByChannel(landing.channel(), landing.time(), p.to[l], p.size);
            }
            if (watch != null && watch.written != null) {
                Unwritten.mark(watch.written, p.to[l], p.size);
            }
            if (n > 0) {
                Allocation a = range(w, l, p.from[l], n);
                if (watch != null && watch.written != null) {
                    Unwritten.check(a, l, p.from[l], n);
                }
                MemorySegment.copy(a.bytes, ValueLayout.JAVA_BYTE, p.from[l] - a.base, w.block.shared, p.to[l], n);
            }
            Arrays.fill(w.block.shared, p.to[l] + n, p.to[l] + p.size, (byte) 0);
        }
    }
}
