package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.Space;
import java.util.List;
import java.util.Set;

/**
 * st.async and red.async: values that go to another block's shared memory and tell an mbarrier there. They land when somebody
 * waits for that mbarrier, and not before.
 */
final class AsyncStores {

    private static final Set<PtxType> STORED = Set.of(B32, B64, U32, U64, S32, S64, F32, F64);
    private static final Set<String> REDUCTIONS = Set.of("add.u32", "add.s32", "add.u64", "min.u32", "min.s32",
            "max.u32",
            "max.s32", "inc.u32", "dec.u32", "and.b32", "or.b32", "xor.b32");

    private AsyncStores() {}

    /** {@code st.async}, both having been taken. */
    static void store(Decoding x) {
        x.take("weak");
        boolean tells = x.take("mbarrier::complete_tx::bytes");
        Space space = Place.space(x);
        String vector = x.takeAny("v2", "v4");
        PtxType t = x.type();
        x.done(3);
        x.require(90, 81);
        int count = vector == null ? 1 : vector.charAt(1) - '0';
        List<Operand> values = x.vector(1);
        if (!tells || !STORED.contains(t) || count * t.bytes() > 16 || values.size() != count) {
            throw x.refuse("st.async of up to 16 bytes with .mbarrier::complete_tx::bytes is wanted");
        }
        emit(x, space, values, t, null);
    }

    /** {@code red.async}, both having been taken. */
    static void reduce(Decoding x) {
        boolean known = x.take("relaxed") & x.take("cluster") & x.take("mbarrier::complete_tx::bytes");
        Space space = Place.space(x);
        String op = x.takeAny("add", "min", "max", "inc", "dec", "and", "or", "xor");
        PtxType t = x.type();
        x.done(3);
        x.require(90, 81);
        if (!known || !REDUCTIONS.contains(op + "." + Decoding.lower(t))) {
            throw x.refuse(
                    "unknown instruction: red.async.relaxed.cluster with .mbarrier::complete_tx::bytes takes add.u32, "
                            + "add.s32, add.u64, min and max of u32 and s32, inc.u32, dec.u32, and, or and xor of b32");
        }
        emit(x, space, List.of(x.operand(1)), t, AtomicOps.update(x, op, t, false));
    }

    private static void emit(Decoding x, Space space, List<Operand> values, PtxType t, AtomicOps.Update update) {
        Place to = MbarrierOps.place(x, 0, space, true);
        Place barrier = MbarrierOps.place(x, 2, space, true);
        int[] from = values.stream().mapToInt(v -> x.src(v, t)).toArray();
        x.emit(new Remote(to, barrier, from, t.bytes(), update));
    }

    private static final class Remote extends Op {
        private final Place to;
        private final Place barrier;
        private final int[] from;
        private final int each;
        private final AtomicOps.Update update;

        Remote(Place to, Place barrier, int[] from, int each, AtomicOps.Update update) {
            this.to = to;
            this.barrier = barrier;
            this.from = from;
            this.each = each;
            this.update = update;
        }

        @Override
        void execute(Warp w, int mask) {
            w.acted = true;
            long[] tells = new long[32];
            barrier.compute(w, tells);
            to.compute(w, w.address);
            for (int l = 0; l < 32; l++) {
                if ((mask >>> l & 1) != 0) {
                    lane(w, l, MbarrierOps.shared(l, w.address[l], to.space),
                            MbarrierOps.shared(l, tells[l], barrier.space));
                }
            }
        }

        private void lane(Warp w, int l, long target, long tell) {
            Block holder = SharedWindow.holder(w, l, target);
            if (holder == w.block || SharedWindow.rank(tell) != holder.rank) {
                throw new Fault(DeviceFault.LAUNCH_FAILED, l, "an asynchronous store to rank " + holder.rank
                        + " that tells an mbarrier of rank " + SharedWindow.rank(tell) + " by a thread of rank "
                        + w.block.rank
                        + ": destination and mbarrier must be of one block, another than the thread's");
            }
            int bytes = each * from.length;
            int at = SharedWindow.offset(holder, l, target, bytes, bytes, "an asynchronous store");
            holder.mbarriers.refuseRange(l, at, bytes, "an asynchronous store");
            if (holder.proxyWrites != null) {
                holder.proxyWrites.refuseWrite(l, at, bytes);
            }
            Mbarrier b = holder.mbarriers.get(w, SharedWindow.offset(holder, l, tell, 8, 8, "an mbarrier"), l);
            long[] values = new long[from.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = each == 8 ? w.q[from[i]][l] : w.r[from[i]][l];
            }
            if (w.agent != null) {
                if (update == null) {
                    holder.watch.cells.claim(w.agent, l, at, bytes, line);
                } else {
                    holder.watch.cells.update(w.agent, l, at, bytes);
                }
            }
            if (w.block.meter != null) {
                w.block.meter.sharedRun(at, bytes, update == null ? MemoryAccess.Use.WRITE : MemoryAccess.Use.ATOMIC);
            }
            b.coming().add(new Value(w, l, holder, at, values));
        }

        private final class Value implements Mbarrier.Coming {
            private final Warp w;
            private final int lane;
            private final Block holder;
            private final int at;
            private final long[] values;

            Value(Warp w, int lane, Block holder, int at, long[] values) {
                this.w = w;
                this.lane = lane;
                this.holder = holder;
                this.at = at;
                this.values = values;
            }

            @Override
            public int arrivals() { return 0; }

            @Override
            public int bytes() { return each * values.length; }

            @Override
            public Block source() { return null; }

            @Override
            public void land(Mbarrier.Landing landing) {
                RaceCells cells = landing.channel() < 0 ? null : holder.watch.cells;
                boolean marks = holder.watch != null && holder.watch.written != null;
                if (update == null) {
                    if (cells != null) {
                        cells.landByChannel(landing.channel(), landing.time(), at, bytes());
                    }
                    if (marks) {
                        Unwritten.mark(holder.watch.written, at, bytes());
                    }
                } else {
                    if (cells != null) {
                        cells.updateByChannel(w.agent, landing.channel(), landing.time(), at, bytes(), line);
                    }
                    if (marks) {
                        Unwritten.check(holder.watch.written, lane, at, bytes());
                    }
                }
                for (int i = 0; i < values.length; i++) {
                    int place = at + i * each;
                    long v = update == null
                            ? values[i]
                            : update.apply(MemoryOps.read(holder.shared, place, each), values[i], 0);
                    MemoryOps.write(holder.shared, place, each, v);
                }
            }

            @Override
            public String name() { return "the asynchronous store of " + bytes() + " bytes at ptx line " + line; }
        }
    }
}
