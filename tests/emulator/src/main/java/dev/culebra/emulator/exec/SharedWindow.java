package dev.culebra.emulator.exec;

/**
 * Addresses of shared memory. The block of rank r in its cluster has its window at r times 2^24, as hardware does: an address
 * in a block's own window is thereby the address of the same byte in the cluster's, whoever uses it. Blocks of a kernel
 * without clusters have rank 0. The window's first kilobyte is the system's, as on hardware from 8.0 on: so a base address
 * is never 0, and a kernel that forgets it, or subtracts it, is found out.
 */
final class SharedWindow {

    private static final int SHIFT = 24;

    /** What {@code CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK} tells, for devices before 8.0, too. */
    private static final long RESERVED = 1024;

    private SharedWindow() {}

    /** Where the shared memory of a rank begins. */
    static long base(int rank) {
        return ((long) rank << SHIFT) + RESERVED;
    }

    /** The rank of the block that an address belongs to; it may be that no such block is. */
    static long rank(long address) {
        return address >> SHIFT;
    }

    /** The address of the same variable in another block. */
    static long map(long address, int rank) {
        return address & (1L << SHIFT) - 1 | (long) rank << SHIFT;
    }

    /**
     * The block of the cluster that holds an address of the cluster's window.
     *
     * @param w who asks
     * @param lane which of its lanes
     * @param address the address
     * @return a block that has not ended
     */
    static Block holder(Warp w, int lane, long address) {
        Block[] blocks = w.block.cluster.blocks;
        long rank = rank(address);
        if (rank < 0 || rank >= blocks.length) {
            throw new Fault(DeviceFault.ILLEGAL_ADDRESS, lane, "illegal shared address 0x" + Long.toHexString(address)
                    + ": its rank would be " + rank + " and the cluster has "
                    + (blocks.length == 1 ? "one block" : blocks.length + " blocks"));
        }
        Block b = blocks[(int) rank];
        if (b.live == 0) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, lane, "shared address 0x" + Long.toHexString(address)
                    + " of block " + b.index
                    + ", which has ended: let it wait at barrier.cluster until the others are done with"
                    + " its shared memory");
        }
        return b;
    }

    /** Refuses addresses of other blocks where an instruction reaches the own one alone. */
    static void refuseOthers(Warp w, int mask) {
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            long rank = rank(w.address[l]);
            if (rank != w.block.rank && rank >= 0 && rank < w.block.cluster.blocks.length) {
                throw new Fault(DeviceFault.ILLEGAL_INSTRUCTION, l, "shared address 0x" + Long.toHexString(w.address[l])
                        + " is of the block of rank " + rank + " and the thread's own has rank " + w.block.rank
                        + ": .shared::cluster reaches others");
            }
        }
    }

    /** The place of an access in a block's shared memory, which must hold all of it. */
    static int offset(Block holder, int lane, long address, long bytes, int alignment, String what) {
        long at = address - holder.window;
        if ((at & alignment - 1) != 0) {
            throw new Fault(DeviceFault.MISALIGNED_ADDRESS, lane, "misaligned shared address 0x"
                    + Long.toHexString(address) + " of " + what + ": it must be a multiple of " + alignment);
        }
        if (at < 0 || at > holder.shared.length - bytes) {
            throw new Fault(DeviceFault.ILLEGAL_ADDRESS, lane, "illegal shared address 0x" + Long.toHexString(address)
                    + " of " + what + " of " + bytes + " bytes, where " + holder.shared.length + " bytes are");
        }
        return (int) at;
    }
}
