package dev.culebra.emulator.exec;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The mbarriers in a block's shared memory, by their place. */
final class Mbarriers {

    private final Block block;
    private final List<Mbarrier> live = new ArrayList<>();
    /** One for each eight bytes; made when the first mbarrier is. */
    private Mbarrier[] cells;
    private int low;
    private int high;

    Mbarriers(Block block) { this.block = block; }

    void clear() {
        if (!live.isEmpty()) {
            live.forEach(b -> cells[b.offset >> 3] = null);
            live.clear();
        }
    }

    /** Whether there are any: nothing else need be asked where there are none. */
    boolean any() {
        return !live.isEmpty();
    }

    void forEachComing(Consumer<Mbarrier.Coming> look) { live.forEach(b -> b.coming().forEach(look)); }

    /** A fence for fresh mbarriers. */
    void announce(Warp w, int mask) { live.forEach(b -> b.announce(w, mask)); }

    void init(Warp w, int offset, int lane, int count, int line) {
        cells = cells == null ? new Mbarrier[block.shared.length + 7 >> 3] : cells;
        Mbarrier old = cells[offset >> 3];
        if (old != null) {
            throw old.misuse(lane, "mbarrier.init of an mbarrier that lives: mbarrier.inval comes before");
        }
        changed(w, lane, offset, line);
        Mbarrier b = new Mbarrier(w, offset, lane, count);
        cells[offset >> 3] = b;
        low = live.isEmpty() ? offset : Math.min(low, offset);
        high = live.isEmpty() ? offset + 8 : Math.max(high, offset + 8);
        live.add(b);
    }

    /** Its bytes change what they are for: no access of others may be unordered with that. */
    private void changed(Warp w, int lane, int offset, int line) {
        if (w.agent != null) {
            long[] address = new long[32];
            address[lane] = offset;
            block.watch.cells.write(w.agent, 1 << lane, address, 8, line, null);
        }
    }

    void invalidate(Warp w, int offset, int lane, int line) {
        Mbarrier b = get(w, offset, lane);
        if (!b.coming().isEmpty()) {
            throw b.misuse(lane, "mbarrier.inval while " + b.coming().peek().name() + " is in flight");
        }
        cells[offset >> 3] = null;
        live.remove(b);
        changed(w, lane, offset, line);
    }

    /** The mbarrier at a place, which must have been initialised. */
    Mbarrier get(Warp w, int offset, int lane) {
        Mbarrier b = cells == null ? null : cells[offset >> 3];
        if (b == null) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, lane, "no mbarrier is at shared address 0x"
                    + Long.toHexString(block.window + offset)
                    + ": mbarrier.init must come before, and be seen (a barrier of the block, or of the cluster)");
        }
        b.refuseUnseen(w, lane);
        return b;
    }

    /** The first of the mbarriers in a range, or null. */
    Mbarrier within(long from, long bytes) {
        if (live.isEmpty() || from >= high || from + bytes <= low) {
            return null;
        }
        for (long cell = Math.max(from, low) >> 3; cell <= Math.min(from + bytes, high) - 1 >> 3; cell++) {
            if (cells[(int) cell] != null) {
                return cells[(int) cell];
            }
        }
        return null;
    }

    /** Refuses what does not treat an mbarrier as opaque; addresses count from the block's shared memory. */
    void refuseAccess(Warp w, int mask, int bytes, MemoryAccess.Use use) {
        for (int l = 0; l < 32; l++) {
            if ((mask >>> l & 1) != 0) {
                refuseRange(l, w.address[l], bytes, use == MemoryAccess.Use.READ ? "a load" : "a store or atomic");
            }
        }
    }

    void refuseRange(int lane, long from, long bytes, String what) {
        Mbarrier b = within(from, bytes);
        if (b != null) {
            throw b.misuse(lane, what + " of " + bytes + " bytes meets an mbarrier, whose bytes are opaque"
                    + " until mbarrier.inval");
        }
    }

    /** Refuses that a block's shared memory goes away while something comes to it or is read from it. */
    void refuseEnd(Block ended) {
        for (Mbarrier b : live) {
            for (Mbarrier.Coming c : b.coming()) {
                if (c.bytes() > 0 && (ended == block || c.source() == ended)) {
                    throw b.misuse(-1, "block " + ended.index + " ends while " + c.name() + " is in flight "
                            + (ended == block ? "into" : "from") + " its shared memory: wait for");
                }
            }
        }
    }
}
