package dev.culebra.emulator.exec;

import java.util.Arrays;

/**
 * Which bytes of a block's shared memory ordinary stores and cp.async have written that no {@code fence.proxy.async} came after:
 * bulk copies and products of warpgroups go another way to memory (the async proxy) and may find what was there before. And which
 * bytes products in flight read, that nobody may write. What a fence comes after is told by {@link AsyncFences}.
 */
final class ProxyWrites {

    /** Bulk copies begin and end at multiples of 16 bytes. */
    private static final int PIECE = 16;

    private final Block block;
    private final AsyncFences fences;
    /** For each piece, which of its writer's fences it wants to be read, by {@link AsyncFences#next}; 0: none. */
    private final int[] fenceWanted;
    /** Its last write where it wants one: an interval, and a lane's bit. */
    private final long[] write;

    /** For each piece, how many products in flight read it; null where warpgroups do not multiply. */
    private final int[] readers;
    /** How many pieces they read in all, one that several read as often. */
    private int borrowed;

    ProxyWrites(Block block) {
        this.block = block;
        fences = block.cluster.asyncFences;
        fenceWanted = new int[(block.shared.length + PIECE - 1) / PIECE];
        write = new long[fenceWanted.length];
        readers = block.launch.code.warpgroups() ? new int[fenceWanted.length] : null;
    }

    void clear() {
        Arrays.fill(fenceWanted, 0);
        if (borrowed != 0) {
            Arrays.fill(readers, 0);
            borrowed = 0;
        }
    }

    /** A warp stores; addresses count from the block's shared memory and have not been checked. */
    void written(Warp w, int mask, int bytes) {
        int next = fences.next(w.agent);
        long now = (long) w.agent.atomicInterval() << 32;
        for (int l = 0; l < 32; l++) {
            long at = w.address[l];
            if ((mask >>> l & 1) != 0 && at >= 0 && at / PIECE < fenceWanted.length) {
                refuseWrite(l, (int) at, 1);
                fenceWanted[(int) at / PIECE] = next; // no store is longer than a piece
                write[(int) at / PIECE] = now | 1L << l;
            }
        }
    }

    /** A thread's cp.async lands, which goes the ordinary way: for the thread itself, or for those that wait for an mbarrier. */
    void landed(Agent a, int lane, int offset, Mbarrier.Landing landing) {
        fenceWanted[offset / PIECE] = fences.next(a);
        write[offset / PIECE] = landing == null
                ? (long) a.atomicInterval() << 32 | 1L << lane
                : (long) Timeline.interval(landing.channel(), landing.time()) << 32 | 1;
    }

    /** Products are asked for that read some pieces, or have read them. */
    void borrow(int[] offsets, int times) {
        for (int i = 0; offsets != null && i < offsets.length; i++) {
            readers[offsets[i] / PIECE] += times;
            borrowed += times;
        }
    }

    /** Refuses that bytes are written, now or when a copy lands, which a product in flight may still read. */
    void refuseWrite(int lane, int offset, int bytes) {
        for (int i = offset / PIECE; borrowed != 0 && i * PIECE < offset + bytes; i++) {
            if (readers[i] != 0) {
                throw new Fault(DeviceFault.LAUNCH_FAILED, lane, "race: shared address 0x"
                        + Long.toHexString(block.window + Math.max(offset, i * PIECE))
                        + " is written while the wgmma.mma_async at ptx line "
                        + block.warpgroups.reader(i * PIECE).op().line
                        + " may still read it; wait for that with wgmma.wait_group first");
            }
        }
    }

    /** A bulk copy writes. */
    void replaced(int offset, int bytes) {
        Arrays.fill(fenceWanted, offset / PIECE, (offset + bytes) / PIECE, 0);
    }

    /** A bulk copy is asked for that reads. */
    void refuseUnfenced(int lane, long window, int offset, int bytes) {
        for (int i = offset / PIECE; i < (offset + bytes) / PIECE; i++) {
            if (unfenced(i)) {
                throw unfenced(lane, "a bulk copy", window, i * PIECE);
            }
        }
    }

    /** A product of a warpgroup is asked for that reads some pieces. */
    void refuseUnfenced(long window, int[] offsets) {
        for (int at : offsets) {
            if (unfenced(at / PIECE)) {
                throw unfenced(-1, "wgmma.mma_async", window, at);
            }
        }
    }

    private boolean unfenced(int piece) {
        if (fenceWanted[piece] != 0 && fences.cover(write[piece], fenceWanted[piece])) {
            fenceWanted[piece] = 0;
        }
        return fenceWanted[piece] != 0;
    }

    private static Fault unfenced(int lane, String who, long window, int at) {
        return new Fault(DeviceFault.LAUNCH_FAILED, lane, who + " reads shared address 0x"
                + Long.toHexString(window + at)
                + ", which an ordinary store or cp.async wrote with no fence.proxy.async since: it may read what was there before");
    }
}
