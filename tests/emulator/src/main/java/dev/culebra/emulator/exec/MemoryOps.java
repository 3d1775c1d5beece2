package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.Space;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;

/** Loads and stores. */
final class MemoryOps {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private MemoryOps() {}

    static void register(Families f) {
        f.add("ld", MemoryOps::load);
        f.add("ldu", MemoryOps::load);
        f.add("st", MemoryOps::store);
        f.add("prefetch", MemoryOps::hint);
        f.add("prefetchu", MemoryOps::hint);
        f.add("applypriority", MemoryOps::hint);
        f.add("discard", MemoryOps::hint);
        f.add("createpolicy", MemoryOps::policy);
    }

    /** Takes what only speaks of caches; true when a policy comes as a further operand. */
    static boolean hints(Decoding x) {
        x.takeAny("ca", "cg", "cs", "lu", "cv", "wb", "wt");
        boolean policy = false;
        for (String m : List.copyOf(x.instruction.modifiers())) {
            if (m.startsWith("L1::") || m.startsWith("L2::")) {
                x.take(m);
                policy |= m.equals("L2::cache_hint");
            }
        }
        x.take("nc");
        x.take("unified");
        return policy;
    }

    /** Takes what speaks of order; true when it is stronger than weak. */
    static boolean ordered(Decoding x) {
        x.take("weak");
        x.take("mmio");
        boolean strong = x.takeAny("volatile", "relaxed", "acquire", "release", "acq_rel", "sc") != null;
        x.takeAny("cta", "cluster", "gpu", "sys");
        return strong;
    }

    /** The same for a load or a store, of which just those with an order have a scope. */
    private static boolean ordered(Decoding x, String strong) {
        boolean scope = x.has("cta") || x.has("cluster") || x.has("gpu") || x.has("sys");
        if (scope != (x.has("relaxed") || x.has(strong)) || x.has("acq_rel") || x.has("sc")
                || x.has(strong.equals("acquire") ? "release" : "acquire")) {
            throw x.refuse("a scope and one of .relaxed and ." + strong + " go together");
        }
        return ordered(x);
    }

    private static int count(Decoding x) {
        String v = x.takeAny("v2", "v4", "v8");
        return v == null ? 1 : v.charAt(1) - '0';
    }

    private static PtxType element(Decoding x, int count) {
        PtxType t = x.type();
        x.done();
        boolean packed = t.floating() ? t.bits() == 16 || t == PtxType.TF32 : !t.integral() || t.name().endsWith("X2");
        if (t == PtxType.PRED || packed || t == PtxType.B128 && count > 1 || t.bytes() * count > 32
                || t.bits() < 32 && count > 4) {
            throw x.refuse("unknown instruction");
        }
        if (t.bytes() * count == 32) {
            x.require(100, 88);
        }
        if (t == PtxType.B128) {
            x.require(70, 83);
        }
        return t;
    }

    /** Accesses of 32 bytes are for global memory alone. */
    private static void checkSpace(Decoding x, Place place, int bytes) {
        if (bytes == 32 && place.space != Space.GLOBAL && place.space != Space.GENERIC) {
            throw x.refuse("an access of 256 bits is for global memory alone");
        }
    }

    private static void load(Decoding x) {
        boolean ordered = ordered(x, "acquire");
        Space space = Place.space(x);
        boolean policy = hints(x);
        int count = count(x);
        PtxType t = element(x, count);
        x.operands(policy ? 3 : 2, policy ? 3 : 2);
        List<Operand> to = x.vector(0);
        if (to.size() != count) {
            throw x.refuse(count + " destinations are wanted");
        }
        Place place = Place.of(x, x.operand(1), space);
        checkSpace(x, place, t.bytes() * count);
        if (t == PtxType.B128) {
            int d = x.dst(to.get(0), t);
            x.emit(new Load(place, PtxType.B64, 2, new int[]{d, d + 1}, new int[]{64, 64}, ordered));
            return;
        }
        Load load = new Load(place, t, count, registers(x, to, t, true), widths(x, to, t), ordered);
        load.idle = (place.space == Space.LOCAL || place.space == Space.GENERIC) && !ordered
                && x.assembler.idleReads().idle(x.instruction);
        x.emit(load);
    }

    private static void store(Decoding x) {
        if (x.take("async")) {
            AsyncStores.store(x);
            return;
        }
        boolean ordered = ordered(x, "release");
        Space space = Place.space(x);
        boolean policy = hints(x);
        int count = count(x);
        PtxType t = element(x, count);
        x.operands(policy ? 3 : 2, policy ? 3 : 2);
        List<Operand> from = x.vector(1);
        if (from.size() != count) {
            throw x.refuse(count + " sources are wanted");
        }
        if (space == Space.CONST) {
            throw x.refuse("constant memory can not be written");
        }
        Place place = Place.of(x, x.operand(0), space);
        if (place.space == Space.PARAM && place.kernelParameters) {
            throw x.refuse("a kernel's parameters can not be written");
        }
        checkSpace(x, place, t.bytes() * count);
        if (t == PtxType.B128) {
            int a = x.src(from.get(0), t);
            x.emit(new Store(place, PtxType.B64, 2, new int[]{a, a + 1}, new int[]{64, 64}, ordered));
            return;
        }
        x.emit(new Store(place, t, count, registers(x, from, t, false), widths(x, from, t), ordered));
    }

    private static int[] registers(Decoding x, List<Operand> operands, PtxType t, boolean destination) {
        return operands.stream().mapToInt(o -> destination ? x.dstWide(o, t) : x.srcWide(o, t)).toArray();
    }

    private static int[] widths(Decoding x, List<Operand> operands, PtxType t) {
        return operands.stream().mapToInt(o -> x.width(o, t)).toArray();
    }

    private static final class Load extends MemoryAccess {
        private final int size;
        private final int[] to;
        private final int[] widths;
        private final boolean signed;
        private final boolean plainInts;
        private final boolean plainLongs;

        Load(Place place, PtxType t, int count, int[] to, int[] widths, boolean ordered) {
            super(place, t.bytes() * count, Use.READ, ordered);
            this.size = t.bytes();
            this.to = to;
            this.widths = widths;
            this.signed = t.signed();
            this.plainInts = size == 4 && java.util.Arrays.stream(widths).allMatch(n -> n == 32);
            this.plainLongs = size == 8;
        }

        @Override
        void reach(Warp w, int mask, Space space, byte[] memory, int stride) {
            long[] address = w.address;
            for (int e = 0; e < to.length; e++) {
                int at = e * size;
                if (plainInts && mask == -1) {
                    int[] d = w.r[to[e]];
                    for (int l = 0; l < 32; l++) {
                        d[l] = (int) MemoryAccess.INT.get(memory, (int) address[l] + l * stride + at);
                    }
                    continue;
                }
                if (plainInts) {
                    int[] d = w.r[to[e]];
                    for (int l = 0; l < 32; l++) {
                        if ((mask >>> l & 1) != 0) {
                            d[l] = (int) MemoryAccess.INT.get(memory, (int) address[l] + l * stride + at);
                        }
                    }
                    continue;
                }
                if (size == 2 && !signed && widths[e] != 64) {
                    int[] d = w.r[to[e]];
                    for (int l = 0; l < 32; l++) {
                        if ((mask >>> l & 1) != 0) {
                            d[l] = (short) MemoryAccess.SHORT.get(memory, (int) address[l] + l * stride + at) & 0xffff;
                        }
                    }
                    continue;
                }
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) != 0) {
                        put(w, e, l, read(memory, (int) address[l] + l * stride + at, size));
                    }
                }
            }
        }

        @Override
        void reach(Warp w, int mask, Allocation a) {
            long[] address = w.address;
            MemorySegment memory = a.bytes;
            for (int e = 0; e < to.length; e++) {
                long shift = e * size - a.base;
                if (plainInts && mask == -1 && row(address, bytes)) {
                    MemorySegment.copy(memory, MemoryOps.INT, address[0] + shift, w.r[to[e]], 0, 32);
                } else if (plainInts) {
                    int[] d = w.r[to[e]];
                    for (int l = 0; l < 32; l++) {
                        if ((mask >>> l & 1) != 0) {
                            d[l] = memory.get(MemoryOps.INT, address[l] + shift);
                        }
                    }
                } else if (plainLongs) {
                    long[] d = w.q[to[e]];
                    for (int l = 0; l < 32; l++) {
                        if ((mask >>> l & 1) != 0) {
                            d[l] = memory.get(MemoryOps.LONG, address[l] + shift);
                        }
                    }
                } else if (size == 1 && widths[e] <= 32) {
                    bytes(w.r[to[e]], mask, memory, shift, address, widths[e]);
                } else {
                    for (int l = 0; l < 32; l++) {
                        if ((mask >>> l & 1) != 0) {
                            put(w, e, l, read(memory, address[l] + shift, size));
                        }
                    }
                }
            }
            if (ordered) {
                VarHandle.fullFence();
            }
        }

        private void bytes(int[] d, int mask, MemorySegment memory, long shift, long[] address, int width) {
            int fill = signed ? -1 >>> 32 - width : 0xff;
            for (int m = mask; m != 0; m &= m - 1) {
                int l = Integer.numberOfTrailingZeros(m);
                d[l] = memory.get(ValueLayout.JAVA_BYTE, address[l] + shift) & fill;
            }
        }

        private void put(Warp w, int e, int l, long raw) {
            int up = 64 - 8 * size;
            long v = signed ? raw << up >> up : raw;
            if (widths[e] == 64) {
                w.q[to[e]][l] = v;
            } else {
                w.r[to[e]][l] = widths[e] == 32 ? (int) v : (int) v & (1 << widths[e]) - 1;
            }
        }
    }

    private static final class Store extends MemoryAccess {
        private final int size;
        private final int[] from;
        private final int[] widths;
        private final boolean plainInts;

        Store(Place place, PtxType t, int count, int[] from, int[] widths, boolean ordered) {
            super(place, t.bytes() * count, Use.WRITE, ordered);
            this.size = t.bytes();
            this.from = from;
            this.widths = widths;
            this.plainInts = size == 4 && java.util.Arrays.stream(widths).allMatch(n -> n == 32);
        }

        @Override
        void reach(Warp w, int mask, Space space, byte[] memory, int stride) {
            if (space == Space.PARAM) {
                throw new Fault(DeviceFault.ILLEGAL_ADDRESS, Integer.numberOfTrailingZeros(mask),
                        "a write to the kernel's parameters");
            }
            long[] address = w.address;
            for (int e = 0; e < from.length; e++) {
                int at = e * size;
                if (plainInts && mask == -1) {
                    int[] v = w.r[from[e]];
                    for (int l = 0; l < 32; l++) {
                        MemoryAccess.INT.set(memory, (int) address[l] + l * stride + at, v[l]);
                    }
                    continue;
                }
                if (plainInts) {
                    int[] v = w.r[from[e]];
                    for (int l = 0; l < 32; l++) {
                        if ((mask >>> l & 1) != 0) {
                            MemoryAccess.INT.set(memory, (int) address[l] + l * stride + at, v[l]);
                        }
                    }
                    continue;
                }
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) != 0) {
                        write(memory, (int) address[l] + l * stride + at, size, get(w, e, l));
                    }
                }
            }
        }

        @Override
        void reach(Warp w, int mask, Allocation a) {
            if (ordered) {
                VarHandle.fullFence();
            }
            long[] address = w.address;
            MemorySegment memory = a.bytes;
            for (int e = 0; e < from.length; e++) {
                long shift = e * size - a.base;
                if (plainInts && mask == -1 && row(address, bytes)) {
                    MemorySegment.copy(w.r[from[e]], 0, memory, MemoryOps.INT, address[0] + shift, 32);
                    continue;
                }
                if (plainInts) {
                    int[] v = w.r[from[e]];
                    for (int l = 0; l < 32; l++) {
                        if ((mask >>> l & 1) != 0) {
                            memory.set(MemoryOps.INT, address[l] + shift, v[l]);
                        }
                    }
                    continue;
                }
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) != 0) {
                        write(memory, address[l] + shift, size, get(w, e, l));
                    }
                }
            }
            if (ordered) {
                VarHandle.fullFence();
            }
        }

        @Override
        boolean unchanged(Warp w, int l, byte[] memory, int at) {
            for (int e = 0; e < from.length; e++) {
                long there = read(memory, at + e * size, size);
                if (there != (get(w, e, l) & -1L >>> 64 - 8 * size)) {
                    return false;
                }
            }
            return true;
        }

        @Override
        boolean alike(Warp w, int l, int other) {
            for (int e = 0; e < from.length; e++) {
                if ((get(w, e, l) ^ get(w, e, other)) << 64 - 8 * size != 0) {
                    return false;
                }
            }
            return true;
        }

        private long get(Warp w, int e, int l) { return widths[e] == 64 ? w.q[from[e]][l] : w.r[from[e]][l]; }
    }

    /** Whether the lanes' words follow each other. */
    private static boolean row(long[] address, int bytes) {
        long first = address[0];
        long other = bytes ^ 4; // elements of a vector do not
        for (int l = 0; l < 32; l++) {
            other |= address[l] ^ first + 4L * l;
        }
        return other == 0;
    }

    /** Some bytes as an unsigned number. */
    static long read(byte[] memory, int at, int size) {
        return switch (size) {
            case 1 -> memory[at] & 0xff;
            case 2 -> (short) MemoryAccess.SHORT.get(memory, at) & 0xffff;
            case 4 -> (int) MemoryAccess.INT.get(memory, at) & 0xffffffffL;
            default -> (long) MemoryAccess.LONG.get(memory, at);
        };
    }

    static long read(MemorySegment memory, long at, int size) {
        return switch (size) {
            case 1 -> memory.get(ValueLayout.JAVA_BYTE, at) & 0xff;
            case 2 -> memory.get(SHORT, at) & 0xffff;
            case 4 -> memory.get(INT, at) & 0xffffffffL;
            default -> memory.get(LONG, at);
        };
    }

    static void write(byte[] memory, int at, int size, long v) {
        switch (size) {
            case 1 -> memory[at] = (byte) v;
            case 2 -> MemoryAccess.SHORT.set(memory, at, (short) v);
            case 4 -> MemoryAccess.INT.set(memory, at, (int) v);
            default -> MemoryAccess.LONG.set(memory, at, v);
        }
    }

    static void write(MemorySegment memory, long at, int size, long v) {
        switch (size) {
            case 1 -> memory.set(ValueLayout.JAVA_BYTE, at, (byte) v);
            case 2 -> memory.set(SHORT, at, (short) v);
            case 4 -> memory.set(INT, at, (int) v);
            default -> memory.set(LONG, at, v);
        }
    }

    /** What only warms caches does nothing here. */
    private static void hint(Decoding x) {
        Place.space(x);
        hints(x);
        x.takeAny("L1", "L2");
        x.takeAny("tensormap");
        x.done();
        x.operands(1, 2);
        Place.of(x, x.operand(0), Space.GENERIC);
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                // counted as an instruction all the same
            }
        });
    }

    /** A cache policy is a number that nothing here looks at. */
    private static void policy(Decoding x) {
        if (x.takeAny("fractional", "range") == null || x.typeOrNull() != PtxType.B64) {
            throw x.refuse("unknown instruction");
        }
        Place.space(x);
        hints(x);
        x.done();
        int d = x.dst(0, PtxType.B64);
        x.emit(new Alu.ToLong(d) {
            @Override
            void compute(Warp w, long[] to) { java.util.Arrays.fill(to, 0); }
        });
    }
}
