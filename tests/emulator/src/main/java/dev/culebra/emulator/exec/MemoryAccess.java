package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.Space;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Locale;

/**
 * An op that touches memory: computes its lanes' addresses, sorts generic ones by window, checks every access, and tells the
 * block's {@link Watch} and {@link Meter} of it before {@link #reach} does it.
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

    final Place place;
    /** Bytes that a lane touches. */
    final int bytes;
    final Use use;
    /** Whether it is stronger than weak: volatile, relaxed, acquire or release; it races with nobody of its kind. */
    final boolean ordered;
    /** Whether it may find unwritten local memory. */
    boolean idle;
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
                if (place.cluster) {
                    reachCluster(w, mask);
                } else {
                    if (!w.block.single) {
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
        if (w.block.single) {
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
        if (use != Use.READ) {
            w.acted = true;
        }
        int size = holder.shared.length;
        if (wrong(w.address, mask, holder.window, size)) {
            explain(w, mask, Space.SHARED, size);
        }
        if (holder.mbarriers.any()) {
            holder.mbarriers.refuseAccess(w, mask, bytes, use);
        }
        if (holder.observed) {
            observe(w, mask, holder);
        }
        reach(w, mask, Space.SHARED, holder.shared, 0);
    }

    private void observe(Warp w, int mask, Block holder) {
        holder.reached |= holder != w.block;
        if (holder.proxyWrites != null && use != Use.READ) {
            holder.proxyWrites.written(w, mask, bytes);
        }
        if (holder.watch != null) {
            holder.watch.shared(w, mask, this);
        }
        if (w.block.meter != null) {
            w.block.meter.access(this, Space.SHARED, w.address, mask);
        }
    }

    /**
     * Makes addresses count from the start of some memory.
     *
     * @param address by lane; lanes that are off have any, and keep it
     * @param start the memory's own address
     * @param size its bytes
     * @return whether some lane's access is misaligned or not inside
     */
    private boolean wrong(long[] address, int mask, long start, long size) {
        long room = size - bytes;
        long odd = bytes - 1;
        long bad = 0;
        if (mask == -1) {
            for (int l = 0; l < 32; l++) {
                long a = address[l] - start;
                address[l] = a;
                bad |= a | room - a | -(a & odd);
            }
        } else {
            for (int l = 0; l < 32; l++) {
                long on = -(mask >>> l & 1L);
                long a = address[l] - (start & on);
                address[l] = a;
                bad |= (a | room - a | -(a & odd)) & on;
            }
        }
        return bad < 0;
    }

    private void reachBytes(Warp w, int mask, Space space, byte[] memory, int size, int laneStride) {
        if (wrong(w.address, mask, 0, size)) {
            explain(w, mask, space, size);
        }
        if (space == Space.LOCAL && w.localWritten != null) {
            if (use == Use.READ && idle) {
                // nothing depends on what it finds
            } else if (use == Use.READ) {
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

    private void explain(Warp w, int mask, Space space, int size) {
        String name = space.name().toLowerCase(Locale.ROOT);
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
        if (a != null && inside(address, mask, a)) {
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

    /** Whether the accesses are aligned and all in one range that has not been freed. */
    private boolean inside(long[] address, int mask, Allocation a) {
        long base = a.base;
        long room = a.size - bytes;
        long odd = bytes - 1;
        long bad = 0;
        for (int l = 0; l < 32; l++) {
            long at = address[l] - base;
            bad |= (at | room - at | -(address[l] & odd)) & -(mask >>> l & 1L);
        }
        return bad >= 0 && !a.freed();
    }

    private void observe(Warp w, int mask, Allocation a) {
        Block block = w.block;
        if (!block.globalObserved) {
            return;
        }
        if (block.dependence != null) {
            block.dependence.global(w, mask, a, this);
        }
        if (block.watch != null) {
            block.watch.global(w, mask, a, this);
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
