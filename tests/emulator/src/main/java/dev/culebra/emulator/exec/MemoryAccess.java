package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.Space;
import dev.culebra.emulator.ptx.Variable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * An op that touches memory: computes its lanes' addresses, sorts generic ones by window, and checks every access. The
 * places that the next step's observers (who wrote a byte first, who raced whom) hang on are {@link #reach}'s two ends.
 */
abstract class MemoryAccess extends Op {

    static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** What an access does to the bytes. */
    enum Use {
        READ, WRITE,
        /** Reads and writes as one, ordered with other atomics of the place. */
        ATOMIC
    }

    /** What a strong access hands over between threads. */
    enum Handing {
        /** A load takes what others have left. */
        ACQUIRE,
        /** A store leaves what its thread did and knows. */
        RELEASE,
        /** An exchange does both at once: a lock is made of it. */
        BOTH,
        /** Any other atomic leaves, and takes when it matters. */
        LATER,
        /** An atomic without result only leaves. */
        COUNT
    }

    /** An address as written: a register of either bank, or none, and an offset. */
    static final class Place {
        Space space;
        /** The shared memory of any block of the cluster, where {@link #space} is shared. */
        boolean cluster;
        /** The parameter block of the kernel, rather than a frame's copy. */
        boolean kernelParameters;
        int narrow = -1;
        int wide = -1;
        long offset;
        /** The offset counts from the frame's local memory. */
        boolean inFrame;

        /** Fills in the addresses of a warp. */
        void compute(Warp w, long[] to) {
            if (wide >= 0) {
                long[] base = w.q[wide];
                for (int l = 0; l < 32; l++) {
                    to[l] = base[l] + offset;
                }
            } else if (narrow >= 0) {
                int[] base = w.r[narrow];
                int shift = (int) offset; // sums of 32-bit addresses wrap: nvcc adds offsets to what has gone below zero
                for (int l = 0; l < 32; l++) {
                    to[l] = base[l] + shift & 0xffffffffL;
                }
            } else {
                java.util.Arrays.fill(to, inFrame ? w.frame.localBase + offset : offset);
            }
        }
    }

    /** The space named by a modifier; generic when there is none. */
    static Space space(Decoding x) {
        String s = x.takeAny("global", "shared", "shared::cta", "local", "const", "param", "param::entry",
                "param::func", "shared::cluster");
        return switch (s) {
            case null -> Space.GENERIC;
            case "shared::cta" -> Space.SHARED;
            case "shared::cluster" -> {
                x.require(90, 78);
                yield Space.SHARED;
            }
            case "param::entry", "param::func" -> Space.PARAM;
            default -> Space.valueOf(s.toUpperCase(java.util.Locale.ROOT));
        };
    }

    /** Reads a bracketed operand. */
    static Place place(Decoding x, Operand o, Space space) {
        if (!(o instanceof Operand.Address address)) {
            throw x.refuse("an address in brackets is wanted");
        }
        Place p = new Place();
        p.space = space;
        p.cluster = space == Space.SHARED && x.instruction.modifiers().contains("shared::cluster");
        p.offset = address.offset();
        p.kernelParameters = x.assembler.function.entry();
        switch (address.base()) {
            case Operand.Register r -> {
                if (r.type().bits() == 64) {
                    p.wide = x.src(r, PtxType.B64);
                } else if (r.type().bits() == 32 && space != Space.GENERIC && space != Space.GLOBAL) {
                    p.narrow = x.src(r, PtxType.B32);
                } else {
                    throw x.refuse("register " + r.name() + " of ." + Decoding.lower(r.type())
                            + " can not be an address here");
                }
            }
            case Operand.Immediate i -> p.offset += i.bits();
            case Operand.Symbol s -> symbol(x, p, s.variable());
            default -> throw x.refuse("this can not be an address");
        }
        return p;
    }

    private static void symbol(Decoding x, Place p, Variable v) {
        if (p.space != Space.GENERIC && p.space != v.space()) {
            throw x.refuse(
                    "'" + v.name() + "' lies in ." + v.space().name().toLowerCase(java.util.Locale.ROOT) + " memory");
        }
        p.space = v.space();
        switch (v.space()) {
            case SHARED -> p.narrow = x.assembler.sharedAddress(v, 0, false);
            case GLOBAL, CONST -> {
                x.requireDefined(v);
                p.wide = x.assembler.linked(v.name(), 0);
            }
            default -> {
                if (v.space() == Space.PARAM && x.assembler.isKernelParameter(v)) {
                    p.offset += KernelParameters.offset(x.assembler.function.parameters(), v);
                } else {
                    p.kernelParameters = false;
                    p.inFrame = true;
                    p.offset += x.assembler.local(v);
                }
            }
        }
    }

    final Place place;
    /** Bytes that a lane touches. */
    final int bytes;
    final Use use;
    /** Whether it is stronger than weak: volatile, relaxed, acquire or release; it races with nobody of its kind. */
    final boolean ordered;
    /** Where the last access was: most are to the same range again. Racy, and harmless: any range found is right. */
    private Allocation last;

    MemoryAccess(Place place, int bytes, Use use, boolean ordered) {
        this.place = place;
        this.bytes = bytes;
        this.use = use;
        this.ordered = ordered;
    }

    @Override
    void execute(Warp w, int mask) {
        place.compute(w, w.address);
        access(w, mask);
    }

    /** Accesses what {@code w.address} says, in the space of {@link #place}. */
    final void access(Warp w, int mask) {
        switch (place.space) {
            case GLOBAL, CONST -> reachGlobal(w, mask);
            case SHARED -> {
                w.acted |= use != Use.READ;
                if (place.cluster) {
                    reachCluster(w, mask);
                } else {
                    if (w.block.cluster.blocks.length > 1) {
                        SharedWindow.refuseOthers(w, mask);
                    }
                    reachShared(w, mask, w.block);
                }
            }
            case LOCAL -> reachBytes(w, mask, Space.LOCAL, w.local, w.stackBytes, w.stackBytes);
            case PARAM -> {
                if (place.kernelParameters) {
                    reachBytes(w, mask, Space.PARAM, w.block.launch.params, w.block.launch.params.length, 0);
                } else {
                    reachBytes(w, mask, Space.LOCAL, w.local, w.stackBytes, w.stackBytes);
                }
            }
            case GENERIC -> generic(w, mask);
        }
    }

    private void generic(Warp w, int mask) {
        int left = mask;
        while (left != 0) {
            long window = w.address[Integer.numberOfTrailingZeros(left)] & MoveOps.WINDOW_BITS;
            int same = 0;
            for (int l = 0; l < 32; l++) {
                if ((left >>> l & 1) != 0 && (w.address[l] & MoveOps.WINDOW_BITS) == window) {
                    same |= 1 << l;
                    w.address[l] -= window;
                }
            }
            if (window == MoveOps.SHARED_WINDOW) {
                w.acted |= use != Use.READ;
                reachCluster(w, same);
            } else if (window == MoveOps.LOCAL_WINDOW) {
                reachBytes(w, same, Space.LOCAL, w.local, w.stackBytes, w.stackBytes);
            } else if (window == MoveOps.PARAM_WINDOW) {
                reachBytes(w, same, Space.PARAM, w.block.launch.params, w.block.launch.params.length, 0);
            } else {
                for (int l = 0; l < 32; l++) {
                    w.address[l] += (same >>> l & 1) != 0 ? window : 0;
                }
                reachGlobal(w, same);
            }
            left &= ~same;
        }
    }

    /** Whether it is an atomic update that only counts the lanes which come to a word: hardware adds them up before. */
    boolean countsLanes() {
        return false;
    }

    /** Turns of shared memory that it takes at one word. */
    int turns() { return 1; }

    /** What it hands over when it is {@link #ordered}. */
    Handing handing() {
        return use == Use.READ ? Handing.ACQUIRE : Handing.RELEASE;
    }

    private void reachCluster(Warp w, int mask) {
        if (w.block.cluster.blocks.length == 1) {
            reachShared(w, mask, w.block);
            return;
        }
        int left = mask;
        while (left != 0) {
            int first = Integer.numberOfTrailingZeros(left);
            long rank = SharedWindow.rank(w.address[first]);
            Block holder = SharedWindow.holder(w, first, w.address[first]);
            int same = 0;
            for (int l = first; l < 32; l++) {
                same |= (left >>> l & 1) != 0 && SharedWindow.rank(w.address[l]) == rank ? 1 << l : 0;
            }
            reachShared(w, same, holder);
            left &= ~same;
        }
    }

    private void reachShared(Warp w, int mask, Block holder) {
        long[] address = w.address;
        long window = holder.window;
        for (int l = 0; l < 32; l++) { // lanes that are off have any address, or one that is another block's
            address[l] -= (mask >>> l & 1) != 0 ? window : 0;
        }
        holder.reached |= holder != w.block;
        if (holder.mbarriers.any()) {
            holder.mbarriers.refuseAccess(w, mask, bytes, use);
        }
        if (holder.proxyWrites != null && use != Use.READ) {
            holder.proxyWrites.written(w, mask, bytes);
        }
        check(w, mask, Space.SHARED, holder.shared.length);
        if (holder.watch != null) {
            holder.watch.shared(w, mask, this);
        }
        if (w.block.meter != null) {
            w.block.meter.access(this, Space.SHARED, w.address, mask);
        }
        reach(w, mask, Space.SHARED, holder.shared, 0);
    }

    private void reachBytes(Warp w, int mask, Space space, byte[] memory, int size, int laneStride) {
        check(w, mask, space, size);
        if (space == Space.LOCAL && w.localWritten != null) {
            if (use == Use.READ) {
                Unwritten.check(w, mask, w.localWritten, space, bytes, laneStride);
            } else {
                Unwritten.mark(w, mask, w.localWritten, bytes, laneStride);
            }
        }
        if (w.block.meter != null) {
            w.block.meter.access(this, space, w.address, mask);
        }
        reach(w, mask, space, memory, laneStride);
    }

    private void check(Warp w, int mask, Space space, int size) {
        long[] address = w.address;
        long bad = 0;
        for (int l = 0; l < 32; l++) {
            if ((mask >>> l & 1) != 0) {
                long a = address[l];
                bad |= a | size - bytes - a | -(a & bytes - 1);
            }
        }
        if (bad < 0) {
            explain(w, mask, space, size);
        }
    }

    private void explain(Warp w, int mask, Space space, int size) {
        String name = space.name().toLowerCase(java.util.Locale.ROOT);
        for (int l = 0; l < 32; l++) {
            long a = w.address[l];
            if ((mask >>> l & 1) == 0) {
                continue;
            }
            long seen = a + (space == Space.SHARED ? w.block.window : 0);
            if ((a & bytes - 1) != 0) {
                throw misaligned(l, seen, name + " address ");
            }
            if (a < 0 || a > size - bytes) {
                throw new Fault(DeviceFault.ILLEGAL_ADDRESS, l,
                        "illegal " + name + " address 0x" + Long.toHexString(seen) + " of " + bytes
                                + " bytes, where " + size + " bytes are");
            }
        }
    }

    final Fault misaligned(int lane, long a, String what) {
        return new Fault(DeviceFault.MISALIGNED_ADDRESS, lane,
                "misaligned " + what + "0x" + Long.toHexString(a) + " of an access of " + bytes
                        + " bytes");
    }

    private void reachGlobal(Warp w, int mask) {
        w.acted = true;
        long[] address = w.address;
        if (w.block.meter != null) {
            w.block.meter.access(this, place.space == Space.CONST ? Space.CONST : Space.GLOBAL, address, mask);
        }
        Allocation a = last;
        boolean one = a != null;
        for (int l = 0; l < 32 && one; l++) {
            one = (mask >>> l & 1) == 0 || a.holds(address[l], bytes) && (address[l] & bytes - 1) == 0;
        }
        if (one) {
            observe(w, mask, a);
            reach(w, mask, a);
            return;
        }
        int left = mask;
        while (left != 0) {
            int first = Integer.numberOfTrailingZeros(left);
            a = find(w, first);
            int same = 0;
            for (int l = first; l < 32; l++) {
                if ((left >>> l & 1) != 0 && a.holds(address[l], bytes)) {
                    if ((address[l] & bytes - 1) != 0) {
                        throw misaligned(l, address[l], "global address ");
                    }
                    same |= 1 << l;
                }
            }
            last = a;
            observe(w, same, a);
            reach(w, same, a);
            left &= ~same;
        }
    }

    private void observe(Warp w, int mask, Allocation a) {
        if (w.block.watch != null) {
            w.block.watch.global(w, mask, a, this);
        }
    }

    private Allocation find(Warp w, int lane) {
        long at = w.address[lane];
        if ((at & bytes - 1) != 0) {
            throw misaligned(lane, at, "global address ");
        }
        return global(w, lane, at, bytes);
    }

    /** The range of an access, which must be one. */
    static Allocation global(Warp w, int lane, long at, int bytes) {
        Allocation a = w.block.launch.find(at, bytes);
        if (a == null || !a.holds(at, bytes)) {
            String window = (at & MoveOps.WINDOW_BITS) == MoveOps.SHARED_WINDOW
                    ? "a generic address of shared memory"
                    : w.block.launch.memory.explain(at);
            throw new Fault(DeviceFault.ILLEGAL_ADDRESS, lane,
                    "illegal global address 0x" + Long.toHexString(at) + " of " + bytes
                            + " bytes: " + window);
        }
        return a;
    }

    /** Whether what a lane stores at an address of some memory is there already; asked before it is stored. */
    boolean unchanged(Warp w, int lane, byte[] memory, int at) {
        return false;
    }

    /** Whether two lanes store the same value. */
    boolean alike(Warp w, int lane, int other) { return false; }

    /** Does it in an array of bytes, at {@code w.address[lane] + lane * stride}; every access has been checked. */
    abstract void reach(Warp w, int mask, Space space, byte[] memory, int stride);

    /** Does it in global memory, at {@code w.address[lane] - a.base}; every access has been checked. */
    abstract void reach(Warp w, int mask, Allocation a);
}
