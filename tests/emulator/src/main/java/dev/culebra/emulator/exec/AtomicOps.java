package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.Instruction;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.Space;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.regex.Pattern;

/** Atomic updates. In global memory they are atomic among the workers; within a warp lanes come in their order. */
final class AtomicOps {

    private static final VarHandle INTS = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONGS = ValueLayout.JAVA_LONG.varHandle();

    private static final Object TAIL = new Object();

    private AtomicOps() {}

    /** The new value. Values of less than 64 bits are in the low bits, the others undefined. */
    interface Update {
        long apply(long old, long b, long c);
    }

    static void register(Families f) {
        f.add("atom", x -> decode(x, true));
        f.add("red", x -> decode(x, false));
    }

    private static void decode(Decoding x, boolean returns) {
        if (!returns && x.take("async")) {
            AsyncStores.reduce(x);
            return;
        }
        MemoryOps.ordered(x);
        Space space = Place.space(x);
        String op = x.takeAny("add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec");
        x.take("noftz");
        boolean policy = MemoryOps.hints(x);
        String vector = x.takeAny("v2", "v4", "v8");
        PtxType t = x.type();
        x.done();
        if (op == null) {
            throw x.refuse("unknown instruction");
        }
        int count = vector == null ? 1 : vector.charAt(1) - '0';
        if (count > 1) {
            checkVector(x, op, t, count, space);
        }
        boolean wide = t == B128 && returns && (op.equals("cas") || op.equals("exch"));
        if (!returns && (op.equals("exch") || op.equals("cas"))) {
            throw x.refuse("unknown instruction");
        }
        int first = returns ? 1 : 0;
        int sources = op.equals("cas") ? 2 : 1;
        int n = first + 1 + sources + (policy ? 1 : 0);
        x.operands(n, n);
        Place place = Place.of(x, x.operand(first), space);
        if (place.space != Space.GLOBAL && place.space != Space.SHARED && place.space != Space.GENERIC) {
            throw x.refuse("atomics work on global and shared memory");
        }
        if (wide) {
            x.require(90, 83);
            int b = x.src(first + 1, t);
            x.emit(new WideMoves.Atomic(place, sources == 2, x.dst(0, t), b, sources == 2 ? x.src(first + 2, t) : b));
            return;
        }
        int[] b = registers(x, first + 1, t, count, false);
        int[] c = sources == 2 ? registers(x, first + 2, t, 1, false) : b;
        int[] d = returns ? registers(x, 0, t, count, true) : null;
        MemoryAccess.Handing handing = !returns
                ? MemoryAccess.Handing.COUNT
                : op.equals("exch") || op.equals("cas") ? MemoryAccess.Handing.BOTH : MemoryAccess.Handing.LATER;
        // A generic address may lead to either.
        boolean sums = op.equals("add") && (t == U32 || t == S32);
        x.emit(new Atomic(place, t, handing, update(x, op, t, true), update(x, op, t, false), sums, d, b, c,
                op.equals("cas") ? 2 : 1, counts(x, op, t, first, returns)));
    }

    /** Adding 1 for nobody to see the old value: the assembler has an instruction of its own for that in shared memory. */
    private static boolean counts(Decoding x, String op, PtxType t, int first, boolean returns) {
        boolean one = t.bits() == 32 && x.operand(first + 1) instanceof Operand.Immediate i
                && (int) i.bits() == (op.equals("add") ? 1 : -1) && (op.equals("add") || op.equals("inc"));
        return one && (!returns || !(x.operand(0) instanceof Operand.Register d) || isAlone(x, d));
    }

    /** Whether no other instruction of the function names a register. */
    private static boolean isAlone(Decoding x, Operand.Register d) {
        var name = Pattern.compile(Pattern.quote(d.name()) + "(?![\\w$])").asPredicate();
        return x.assembler.function.body().stream()
                .noneMatch(s -> s != x.instruction && s instanceof Instruction i && name.test(i.text()));
    }

    private static int[] registers(Decoding x, int operand, PtxType t, int count, boolean destination) {
        List<Operand> all = count == 1 ? List.of(x.operand(operand)) : x.vector(operand);
        if (all.size() != count) {
            throw x.refuse("operand " + (operand + 1) + " has " + all.size() + " registers, " + count + " are wanted");
        }
        return all.stream().mapToInt(o -> destination ? x.dst(o, t) : x.src(o, t)).toArray();
    }

    /** Vectors in global memory, each of whose elements is updated as one by itself. */
    private static void checkVector(Decoding x, String op, PtxType t, int count, Space space) {
        x.require(90, 81);
        boolean known = switch (t) {
            case F32 -> op.equals("add") && count <= 4;
            case F16, BF16 -> true;
            case F16X2, BF16X2 -> count <= 4;
            default -> false;
        };
        boolean operation = op.equals("add") || op.equals("min") || op.equals("max");
        if (!known || !operation || space != Space.GLOBAL && space != Space.GENERIC) {
            throw x.refuse("unknown instruction");
        }
    }

    static Update update(Decoding x, String op, PtxType t, boolean global) {
        String key = op + "." + Decoding.lower(t);
        return switch (key) {
            case "add.u32", "add.s32", "add.u64", "add.s64" -> (old, b, c) -> old + b;
            // In global memory hardware flushes subnormal f32 operands and sums to zero, in shared memory it does not.
            case "add.f32" -> global
                    ? (old, b, c) -> Rounding.flush(sum(Rounding.flush((int) old), Rounding.flush((int) b)))
                    : (old, b, c) -> sum((int) old, (int) b);
            case "add.f64" -> {
                x.require(60, 50);
                yield (old, b, c) -> Double
                        .doubleToRawLongBits(Double.longBitsToDouble(old) + Double.longBitsToDouble(b));
            }
            case "add.f16", "add.bf16", "min.f16", "max.f16", "min.bf16", "max.bf16" -> {
                x.require(t == F16 ? 70 : 90, 63);
                yield (old, b, c) -> half(op, (int) old, (int) b, t);
            }
            case "add.f16x2", "add.bf16x2", "min.f16x2", "max.f16x2", "min.bf16x2", "max.bf16x2" -> {
                x.require(t == F16X2 ? 60 : 90, 62);
                PtxType one = HalfOps.single(t);
                yield (old, b, c) -> half(op, (int) old & 0xffff, (int) b & 0xffff, one)
                        | half(op, (int) old >>> 16, (int) b >>> 16, one) << 16;
            }
            case "min.s32" -> (old, b, c) -> Math.min((int) old, (int) b);
            case "max.s32" -> (old, b, c) -> Math.max((int) old, (int) b);
            case "min.u32" -> (old, b, c) -> Math.min(old & 0xffffffffL, b & 0xffffffffL);
            case "max.u32" -> (old, b, c) -> Math.max(old & 0xffffffffL, b & 0xffffffffL);
            case "min.s64" -> (old, b, c) -> Math.min(old, b);
            case "max.s64" -> (old, b, c) -> Math.max(old, b);
            case "min.u64" -> (old, b, c) -> Long.compareUnsigned(old, b) < 0 ? old : b;
            case "max.u64" -> (old, b, c) -> Long.compareUnsigned(old, b) > 0 ? old : b;
            case "and.b32", "and.b64" -> (old, b, c) -> old & b;
            case "or.b32", "or.b64" -> (old, b, c) -> old | b;
            case "xor.b32", "xor.b64" -> (old, b, c) -> old ^ b;
            case "exch.b32", "exch.b64" -> (old, b, c) -> b;
            case "cas.b16" -> (old, b, c) -> (short) old == (short) b ? c : old;
            case "cas.b32" -> (old, b, c) -> (int) old == (int) b ? c : old;
            case "cas.b64" -> (old, b, c) -> old == b ? c : old;
            case "inc.u32" -> (old, b, c) -> (old & 0xffffffffL) >= (b & 0xffffffffL) ? 0 : old + 1;
            case "dec.u32" -> (old, b, c) -> (int) old == 0 || (old & 0xffffffffL) > (b & 0xffffffffL) ? b : old - 1;
            default -> throw x.refuse("unknown instruction");
        };
    }

    private static int sum(int a, int b) { return Rounding.bits(Float.intBitsToFloat(a) + Float.intBitsToFloat(b)); }

    private static int half(String op, int a, int b, PtxType t) {
        float u = (float) Rounding.decode(a, t);
        float v = (float) Rounding.decode(b, t);
        float r = op.equals("add") ? u + v : FloatOps.extreme(u, v, op.equals("max"), false);
        return t == F16 ? HalfOps.toHalf(Rounding.bits(r)) : HalfOps.toBfloat(Rounding.bits(r));
    }

    private static final class Atomic extends MemoryAccess {
        private final Handing handing;
        private final Update inGlobal;
        private final Update inShared;
        /** Whether it adds integers of 32 bits, as most do: no call for each lane. */
        private final boolean sums;
        /** Bytes of an element. */
        private final int size;
        private final int[] d;
        private final int[] b;
        private final int[] c;
        private final int turns;
        private final boolean countsLanes;

        Atomic(Place place, PtxType t, Handing handing, Update inGlobal, Update inShared, boolean sums, int[] d,
                int[] b, int[] c, int turns, boolean countsLanes) {
            super(place, t.bytes() * b.length, Use.ATOMIC, true);
            this.handing = handing;
            this.size = t.bytes();
            this.inGlobal = inGlobal;
            this.inShared = inShared;
            this.sums = sums;
            this.d = d;
            this.b = b;
            this.c = c;
            this.turns = turns;
            this.countsLanes = countsLanes;
        }

        @Override
        int turns() { return turns; }

        @Override
        boolean countsLanes() { return countsLanes; }

        @Override
        Handing handing() { return handing; }

        private long operand(Warp w, int register, int l) { return size == 8 ? w.q[register][l] : w.r[register][l]; }

        private void result(Warp w, int e, int l, long old) {
            if (d != null) {
                if (size == 8) {
                    w.q[d[e]][l] = old;
                } else {
                    w.r[d[e]][l] = size == 2 ? (int) old & 0xffff : (int) old;
                }
            }
        }

        @Override
        void reach(Warp w, int mask, Space space, byte[] memory, int stride) {
            if (space != Space.SHARED) {
                throw new Fault(DeviceFault.INVALID_ADDRESS_SPACE, Integer.numberOfTrailingZeros(mask),
                        "an atomic operation on " + space.name().toLowerCase(java.util.Locale.ROOT) + " memory");
            }
            if (sums) {
                sum(w, mask, memory);
                return;
            }
            boolean vain = handing == Handing.BOTH;
            for (int l = 0; l < 32; l++) {
                for (int e = 0; e < b.length && (mask >>> l & 1) != 0; e++) {
                    int at = (int) w.address[l] + e * size;
                    long old = MemoryOps.read(memory, at, size);
                    long updated = inShared.apply(old, operand(w, b[e], l), operand(w, c[e], l));
                    MemoryOps.write(memory, at, size, updated);
                    vain = vain && same(old, updated);
                    result(w, e, l, old);
                }
            }
            w.yield |= vain;
        }

        /**
         * Whether two values are the same where they count. An exchange that changes nothing for any lane is mostly a lock that
         * was not free: its holder should have its turn.
         */
        private boolean same(long u, long v) { return (u ^ v) << 64 - 8 * size == 0; }

        private void sum(Warp w, int mask, byte[] memory) {
            int[] more = w.r[b[0]];
            int[] before = d == null ? w.t0 : w.r[d[0]];
            for (int m = mask; m != 0; m &= m - 1) {
                int l = Integer.numberOfTrailingZeros(m);
                int at = (int) w.address[l];
                int old = (int) MemoryAccess.INT.get(memory, at);
                MemoryAccess.INT.set(memory, at, old + more[l]);
                before[l] = old;
            }
        }

        @Override
        void reach(Warp w, int mask, Allocation a) {
            boolean vain = handing == Handing.BOTH;
            for (int l = 0; l < 32; l++) {
                for (int e = 0; e < b.length && (mask >>> l & 1) != 0; e++) {
                    long at = w.address[l] - a.base + e * size;
                    long u = operand(w, b[e], l);
                    long v = operand(w, c[e], l);
                    long old = AtomicOps.update(a.bytes, at, size, inGlobal, u, v);
                    vain = vain && same(old, inGlobal.apply(old, u, v));
                    result(w, e, l, old);
                }
            }
            w.yield |= vain;
        }
    }

    /** Updates some bytes of global memory, atomically among the workers; returns what was there. */
    static long update(MemorySegment memory, long at, int bytes, Update update, long u, long v) {
        return switch (bytes) {
            case 2 -> updateHalf(memory, at, update, u, v);
            case 4 -> updateInt(memory, at, update, u, v);
            default -> updateLong(memory, at, update, u, v);
        };
    }

    private static long updateInt(MemorySegment memory, long at, Update update, long u, long v) {
        for (;;) {
            int old = (int) INTS.getVolatile(memory, at);
            if (INTS.compareAndSet(memory, at, old, (int) update.apply(old, u, v))) {
                return old;
            }
        }
    }

    private static long updateLong(MemorySegment memory, long at, Update update, long u, long v) {
        for (;;) {
            long old = (long) LONGS.getVolatile(memory, at);
            if (LONGS.compareAndSet(memory, at, old, update.apply(old, u, v))) {
                return old;
            }
        }
    }

    /** Sixteen bits are changed within the aligned word that holds them. */
    private static long updateHalf(MemorySegment memory, long at, Update update, long u, long v) {
        long word = at & -4;
        if (word + 4 > memory.byteSize()) { // the range ends within the word; no other update of these bytes goes another way
            synchronized (TAIL) {
                long old = MemoryOps.read(memory, at, 2);
                MemoryOps.write(memory, at, 2, update.apply(old, u, v));
                return old;
            }
        }
        int shift = (int) (at & 2) * 8;
        for (;;) {
            int old = (int) INTS.getVolatile(memory, word);
            int now = (int) update.apply(old >>> shift & 0xffff, u, v) & 0xffff;
            if (INTS.compareAndSet(memory, word, old, old & ~(0xffff << shift) | now << shift)) {
                return old >>> shift & 0xffff;
            }
        }
    }
}
