package dev.culebra.emulator.exec;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.Space;
import java.util.Arrays;

/**
 * What a block's accesses are looked at for: bytes that nobody has written, and races for shared memory. Memory instructions
 * report to it before they touch anything; each part is null when its check is off, and a block with neither has no watch.
 */
final class Watch {

    private final Block block;
    /** The order of events, or null. */
    final Timeline timeline;
    /** Who touched shared memory, or null. */
    final RaceCells cells;
    /** Which bytes of shared memory have been written, or null. */
    final byte[] written;
    /**
     * Where the system's part of shared memory begins, which the headers of cooperative groups use and no program: they assume
     * nothing of what is in it, and pass data through it behind shfl.sync.
     */
    private final int system;
    /** What strong accesses of each four bytes of shared memory have released. */
    private Rendezvous[] flags;

    private Watch(Block block, boolean races, boolean unwritten) {
        this.block = block;
        timeline = block.cluster.timeline;
        cells = races ? new RaceCells(timeline, block.shared, block.window) : null;
        system = block.launch.code.reservesShared() ? block.launch.reservedOffset() : Integer.MAX_VALUE;
        written = unwritten ? new byte[block.shared.length] : null;
        for (Warp w : block.warps) {
            w.agent = races ? new Agent(timeline, block.rank * block.warps.length + w.index, w.threads, w) : null;
        }
    }

    /** The watch of a block whose warps have been made, or null. */
    static Watch of(Block block) {
        boolean races = block.launch.spec.checks().contains(Check.RACES);
        boolean unwritten = block.launch.spec.checks().contains(Check.UNWRITTEN);
        return races || unwritten ? new Watch(block, races, unwritten) : null;
    }

    /**
     * Makes it ready for a block's first instruction.
     *
     * @param restart whether the timeline has begun again
     * @param origin what all threads know at the start; null where there is no timeline
     */
    void start(boolean restart, Clock origin) {
        if (written != null) {
            Arrays.fill(written, (byte) 0);
            Arrays.fill(written, Math.min(system, written.length), written.length, (byte) 1);
        }
        if (timeline == null) {
            return;
        }
        cells.start(restart);
        for (Warp w : block.warps) {
            w.agent.start(origin);
        }
        flags = null;
    }

    /** Lanes are about to access shared memory at {@code w.address}. */
    void shared(Warp w, int mask, MemoryAccess op) {
        if (cells != null) {
            if (op.ordered) {
                cells.strong(w.agent, mask, w.address, op.bytes, op.line, op.use);
                if (op.use != MemoryAccess.Use.ATOMIC || op.handing() == MemoryAccess.Handing.BOTH || w.agent.fenced()
                        || sameAddress(w, mask)) {
                    synchronise(w, mask, op, true);
                }
            } else if (op.use == MemoryAccess.Use.READ) {
                cells.read(w.agent, ours(w, mask), w.address, op.bytes, op.line);
            } else {
                cells.write(w.agent, ours(w, mask), w.address, op.bytes, op.line, op);
            }
        }
        if (written != null) {
            if (op.use != MemoryAccess.Use.WRITE) {
                Unwritten.check(w, mask, written, Space.SHARED, op.bytes, 0);
            } else {
                Unwritten.mark(w, mask, written, op.bytes, 0);
            }
        }
    }

    /** The lanes whose addresses are not in the system's part. */
    private int ours(Warp w, int mask) {
        if (system == Integer.MAX_VALUE) {
            return mask;
        }
        int ours = mask;
        for (int m = mask; m != 0; m &= m - 1) {
            ours &= w.address[Integer.numberOfTrailingZeros(m)] < system ? -1 : ~Integer.lowestOneBit(m);
        }
        return ours;
    }

    /** Lanes are about to move rows of 16 bytes at {@code w.address} from or to shared memory. */
    void rows(Warp w, int mask, boolean load, int line) {
        if (load) {
            if (cells != null) {
                cells.read(w.agent, mask, w.address, 16, line);
            }
            if (written != null) {
                Unwritten.check(w, mask, written, Space.SHARED, 16, 0);
            }
        } else {
            if (cells != null) {
                cells.write(w.agent, mask, w.address, 16, line, null);
            }
            if (written != null) {
                Unwritten.mark(w, mask, written, 16, 0);
            }
        }
    }

    /** Lanes are about to access global memory at {@code w.address}. */
    void global(Warp w, int mask, Allocation a, MemoryAccess op) {
        if (written != null) {
            if (op.use != MemoryAccess.Use.WRITE) {
                Unwritten.check(w, mask, a, op.bytes);
            } else {
                Unwritten.mark(w, mask, a, op.bytes);
            }
        }
        if (timeline != null) {
            if (op.ordered) {
                synchronise(w, mask, op, false);
            }
            if (op.use != MemoryAccess.Use.READ && block.copiesInFlight > 0) {
                AsyncCopies.checkSources(w, mask, op.bytes);
            }
            if (op.use != MemoryAccess.Use.READ && block.cluster.bulkLoadsInFlight > 0) {
                BulkLoads.checkSources(w, mask, op.bytes);
            }
        }
    }

    /** Whether lanes are at one address: those that are not, and have no fence, count something and signal nothing. */
    private static boolean sameAddress(Warp w, int mask) {
        long at = w.address[Integer.numberOfTrailingZeros(mask)];
        for (int m = mask; m != 0; m &= m - 1) {
            if (w.address[Integer.numberOfTrailingZeros(m)] != at) {
                return false;
            }
        }
        return true;
    }

    /** A strong access leaves what its threads know for others, or takes what others have left. */
    private void synchronise(Warp w, int mask, MemoryAccess op, boolean shared) {
        int left = mask;
        while (left != 0) {
            long at = w.address[Integer.numberOfTrailingZeros(left)];
            int same = left;
            for (int m = shared ? left : 0; m != 0; m &= m - 1) {
                same &= w.address[Integer.numberOfTrailingZeros(m)] == at ? -1 : ~Integer.lowestOneBit(m);
            }
            Rendezvous r = shared ? flag((int) at >> 2) : block.cluster.global();
            MemoryAccess.Handing handing = op.handing();
            if (handing == MemoryAccess.Handing.LATER || handing == MemoryAccess.Handing.COUNT) {
                w.agent.arriveCounting(r, same);
            } else if (handing != MemoryAccess.Handing.ACQUIRE) {
                w.agent.arrive(r, same);
            }
            if (handing == MemoryAccess.Handing.LATER) {
                w.agent.acquireLater(same, r);
            } else
                if ((handing == MemoryAccess.Handing.ACQUIRE || handing == MemoryAccess.Handing.BOTH) && !r.empty()) {
                    w.agent.acquire(same, r.clock());
                }
            left &= ~same;
        }
    }

    private Rendezvous flag(int word) {
        if (flags == null) {
            flags = new Rendezvous[block.shared.length + 3 >> 2];
        }
        if (flags[word] == null) {
            flags[word] = new Rendezvous(timeline);
        }
        return flags[word];
    }
}
