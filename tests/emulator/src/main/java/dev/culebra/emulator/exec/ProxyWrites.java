package dev.culebra.emulator.exec;

import java.util.Arrays;

/**
 * Which bytes of a block's shared memory ordinary stores have written that no {@code fence.proxy.async} of the cluster came
 * after: bulk copies go another way to memory (the async proxy) and may find what was there before. A fence counts for all
 * writes made before it, whose thread's it was, so that what is told is always wrong, and not all that is wrong is told.
 */
final class ProxyWrites {

    /** Bulk copies begin and end at multiples of 16 bytes. */
    private static final int PIECE = 16;

    private final Cluster cluster;
    /** For each piece, how many fences there will be at least when its last write may be read; 0: not written. */
    private final int[] fencesWanted;

    ProxyWrites(Cluster cluster, int sharedBytes) {
        this.cluster = cluster;
        fencesWanted = new int[(sharedBytes + PIECE - 1) / PIECE];
    }

    void clear() { Arrays.fill(fencesWanted, 0); }

    /** A warp stores; addresses count from the block's shared memory and have not been checked. */
    void written(Warp w, int mask, int bytes) {
        for (int l = 0; l < 32; l++) {
            long at = w.address[l];
            if ((mask >>> l & 1) != 0 && at >= 0 && at / PIECE < fencesWanted.length) {
                fencesWanted[(int) at / PIECE] = cluster.proxyFences + 1; // no store is longer than a piece
            }
        }
    }

    /** A bulk copy writes. */
    void replaced(int offset, int bytes) {
        Arrays.fill(fencesWanted, offset / PIECE, (offset + bytes) / PIECE, 0);
    }

    /** A bulk copy is asked for that reads. */
    void refuseUnfenced(int lane, long window, int offset, int bytes) {
        for (int i = offset / PIECE; i < (offset + bytes) / PIECE; i++) {
            if (fencesWanted[i] > cluster.proxyFences) {
                throw unfenced(lane, "a bulk copy", window, i * PIECE);
            }
        }
    }

    /** A product of a warpgroup is asked for that reads some pieces. */
    void refuseUnfenced(long window, int[] offsets) {
        for (int at : offsets) {
            if (fencesWanted[at / PIECE] > cluster.proxyFences) {
                throw unfenced(-1, "wgmma.mma_async", window, at);
            }
        }
    }

    private static Fault unfenced(int lane, String who, long window, int at) {
        return new Fault(DeviceFault.LAUNCH_FAILED, lane, who + " reads shared address 0x"
                + Long.toHexString(window + at)
                + ", which an ordinary store or cp.async wrote with no fence.proxy.async since: it may read what was there before");
    }
}
