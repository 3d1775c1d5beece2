package dev.culebra.emulator.exec;

import java.util.Arrays;

/**
 * Who last read and wrote each cell of a block's shared memory, and whether the next access comes behind them: a race detector in
 * the manner of FastTrack (Flanagan and Freund, 2009), exact up to the first race, which ends the launch.
 *
 * <p>
 * A cell is as large as the smallest access seen so far; accesses are aligned to their size, so each is made of whole cells. A
 * record is an interval (see {@link Timeline}) in the upper half and a set of lanes in the lower. A cell has one for its last
 * write and one for a last read; what else must be remembered is in its {@link Accesses}. Strong accesses (atomics, volatile,
 * relaxed, acquire, release) race with plain ones alone. Used by one thread at a time.
 */
final class RaceCells {

    private final Timeline timeline;
    private final byte[] memory;
    /** Binary logarithm of a cell's bytes; shrinks when a smaller access comes. */
    private int shift = 4;
    private long[] write;
    private int[] writeLine;
    private long[] read;
    private int[] readLine;
    /** Null until some cell has some. */
    private Accesses[] others;
    /** Where the memory begins among the addresses that a kernel sees. */
    private final long window;
    /** Bytes claimed or borrowed. */
    private int inFlight;

    RaceCells(Timeline timeline, byte[] memory, long window) {
        this.window = window;
        this.timeline = timeline;
        this.memory = memory;
        allocate(memory.length + 15 >> shift);
    }

    private void allocate(int cells) {
        write = new long[cells];
        writeLine = new int[cells];
        read = new long[cells];
        readLine = new int[cells];
    }

    /** For the next block, whose first clock knows all that happened: copies in flight alone must be forgotten. */
    void start(boolean restarted) {
        if (restarted || inFlight != 0) {
            Arrays.fill(write, 0);
            Arrays.fill(read, 0);
            inFlight = 0;
        }
        others = null;
    }

    private void refine(int bytes) {
        while (1 << shift > bytes) {
            long[] oldWrite = write;
            int[] oldWriteLine = writeLine;
            long[] oldRead = read;
            int[] oldReadLine = readLine;
            Accesses[] old = others;
            allocate(2 * oldWrite.length);
            others = old == null ? null : new Accesses[write.length];
            for (int c = 0; c < write.length; c++) {
                write[c] = oldWrite[c >> 1];
                writeLine[c] = oldWriteLine[c >> 1];
                read[c] = oldRead[c >> 1];
                readLine[c] = oldReadLine[c >> 1];
                if (old != null && old[c >> 1] != null) {
                    others[c] = old[c >> 1].copy();
                }
            }
            shift--;
        }
    }

    /**
     * Plain reads of a warp.
     *
     * @param a the warp's agent
     * @param mask lanes that read
     * @param address for each, the first byte's address in this memory, a multiple of {@code bytes}
     * @param bytes how many, a power of two; or a multiple of 16, at multiples of 16
     * @param line of the instruction
     */
    void read(Agent a, int mask, long[] address, int bytes, int line) {
        if (1 << shift > bytes) {
            refine(bytes);
        }
        int now = a.interval();
        long floor = a.floor();
        int n = bytes >> shift;
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            int first = (int) address[l] >> shift;
            for (int c = first; c < first + n; c++) {
                long w = write[c];
                if (Long.compareUnsigned(w, floor) > 0) {
                    readBehind(a, l, c, line);
                }
                if (others != null && others[c] != null) {
                    readAmong(a, l, c, line);
                    continue;
                }
                long r = read[c];
                if (Long.compareUnsigned(r, floor) <= 0) {
                    read[c] = (long) now << 32 | 1L << l;
                    readLine[c] = line;
                } else if ((int) (r >>> 32) != now || readLine[c] != line) {
                    readAmong(a, l, c, line);
                } else {
                    read[c] = r | 1L << l;
                }
            }
        }
    }

    private void readBehind(Agent a, int l, int c, int line) {
        int unordered = a.unordered(l, write[c]);
        if (unordered != 0) {
            throw race(a, l, c, "read", "written", write[c], unordered, writeLine[c]);
        }
    }

    /** A read of a cell that others have read, or written with strong accesses, since. */
    private void readAmong(Agent a, int l, int c, int line) {
        Accesses o = others == null ? null : others[c];
        for (int i = 0; o != null && i < o.count; i++) {
            if (o.kind[i] >= Accesses.STRONG_WRITE) {
                int unordered = a.unordered(l, o.record[i]);
                if (unordered != 0) {
                    throw race(a, l, c, "read", "written", o.record[i], unordered, o.line[i]);
                }
            }
        }
        int now = a.interval();
        if (read[c] >>> 32 == now && (read[c] >>> l & 1) != 0) {
            return;
        }
        if (a.follows(l, read[c])) {
            read[c] = (long) now << 32 | 1L << l;
            readLine[c] = line;
            return;
        }
        others(c, a).add(a, now, l, line, Accesses.READ);
    }

    private Accesses others(int c, Agent a) {
        if (others == null) {
            others = new Accesses[write.length];
        }
        if (others[c] == null) {
            others[c] = new Accesses();
        } else {
            others[c].prune(a.floor());
        }
        return others[c];
    }

    /**
     * Plain writes of a warp, before they are made.
     *
     * @param a the warp's agent
     * @param mask lanes that write
     * @param address as for {@link #read}
     * @param bytes as for {@link #read}
     * @param line of the instruction
     * @param op the store, asked whether a write changes anything; null: it does
     */
    void write(Agent a, int mask, long[] address, int bytes, int line, MemoryAccess op) {
        if (1 << shift > bytes) {
            refine(bytes);
        }
        int now = a.interval();
        long floor = a.floor();
        int n = bytes >> shift;
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            int first = (int) address[l] >> shift;
            for (int c = first; c < first + n; c++) {
                if (Long.compareUnsigned(write[c], floor) > 0 || Long.compareUnsigned(read[c], floor) > 0
                        || others != null && others[c] != null) {
                    boolean silent = op != null && op.unchanged(a.warp, l, memory, (int) address[l]);
                    writeBehind(a, l, c, "written", silent);
                }
            }
        }
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            int first = (int) address[l] >> shift;
            for (int c = first; c < first + n; c++) {
                if (write[c] >>> 32 == now && writeLine[c] == line) {
                    together(a, mask, address, l, c, op);
                } else {
                    write[c] = (long) now << 32 | 1L << l;
                    writeLine[c] = line;
                }
                read[c] = 0;
                settle(a, l, c);
            }
        }
    }

    /** A write of a cell that is not known, by the floor alone, to come behind all. */
    private void writeBehind(Agent a, int l, int c, String how, boolean silent) {
        int unordered = a.unordered(l, write[c]);
        if (unordered != 0) {
            if (!silent || Timeline.inFlight((int) (write[c] >>> 32))) {
                throw race(a, l, c, how, "written", write[c], unordered, writeLine[c]);
            }
            others(c, a).put(write[c], writeLine[c], Accesses.SAME_WRITE);
        }
        unordered = a.unordered(l, read[c]);
        if (unordered != 0) {
            throw race(a, l, c, how, "read", read[c], unordered, readLine[c]);
        }
        Accesses o = others == null ? null : others[c];
        for (int i = 0; o != null && i < o.count; i++) {
            unordered = a.unordered(l, o.record[i]);
            if (unordered != 0 && !(silent && o.kind[i] == Accesses.SAME_WRITE)) {
                throw race(a, l, c, how, o.kind[i] >= Accesses.STRONG_WRITE ? "written" : "read", o.record[i],
                        unordered, o.line[i]);
            }
        }
    }

    /** A cell that a lane below may have written with this very instruction: both must mean the same value. */
    private void together(Agent a, int mask, long[] address, int l, int c, MemoryAccess op) {
        for (int m = mask & (1 << l) - 1; m != 0; m &= m - 1) {
            int other = Integer.numberOfTrailingZeros(m);
            if (address[other] == address[l]) {
                if (op == null || !op.alike(a.warp, l, other)) {
                    throw new Fault(DeviceFault.LAUNCH_FAILED, l, "race: " + place(c)
                            + " is written with another value by thread " + a.warp.threadOf(other)
                            + " with the same instruction, and which of the two stays is undefined; one of them must not write");
                }
                write[c] |= 1L << l;
                return;
            }
        }
        write[c] = write[c] & 0xffff_ffff_0000_0000L | 1L << l;
    }

    private void settle(Agent a, int l, int c) {
        if (others != null && others[c] != null) {
            others[c].dropKnown(a, l);
            if (others[c].count == 0) {
                others[c] = null;
            }
        }
    }

    /**
     * Strong accesses of a warp.
     *
     * @param a the warp's agent
     * @param mask lanes
     * @param address as for {@link #read}
     * @param bytes as for {@link #read}
     * @param line of the instruction
     * @param use what they do; an atomic is taken to write
     */
    void strong(Agent a, int mask, long[] address, int bytes, int line, MemoryAccess.Use use) {
        boolean writes = use != MemoryAccess.Use.READ;
        if (1 << shift > bytes) {
            refine(bytes);
        }
        int now = use == MemoryAccess.Use.ATOMIC ? a.atomicInterval() : a.interval();
        int n = bytes >> shift;
        byte kind = writes ? Accesses.STRONG_WRITE : Accesses.STRONG_READ;
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            int first = (int) address[l] >> shift;
            for (int c = first; c < first + n; c++) {
                strongBehind(a, l, c, writes ? "written" : "read", writes);
                others(c, a).add(a, now, l, line, kind);
            }
        }
    }

    private void strongBehind(Agent a, int l, int c, String how, boolean writes) {
        int unordered = a.unordered(l, write[c]);
        if (unordered != 0) {
            throw race(a, l, c, how, "written", write[c], unordered, writeLine[c]);
        }
        if (writes && (unordered = a.unordered(l, read[c])) != 0) {
            throw race(a, l, c, how, "read", read[c], unordered, readLine[c]);
        }
        Accesses o = others == null ? null : others[c];
        for (int i = 0; o != null && i < o.count; i++) {
            boolean plain = o.kind[i] == Accesses.SAME_WRITE || writes && o.kind[i] == Accesses.READ;
            if (plain && (unordered = a.unordered(l, o.record[i])) != 0) {
                throw race(a, l, c, how, o.kind[i] == Accesses.READ ? "read" : "written", o.record[i], unordered,
                        o.line[i]);
            }
        }
    }

    /**
     * An asynchronous copy into this memory is asked for: the bytes are the copy's until it lands, and any access of them, of
     * the thread itself too, is a race.
     *
     * @param a the asking warp's agent
     * @param l the asking lane
     * @param at first byte
     * @param bytes how many; at least 16 and a multiple of 16, or 4 or 8, at a multiple of itself
     * @param line of the instruction that asks
     */
    void claim(Agent a, int l, int at, int bytes, int line) {
        refine(bytes);
        a.interval();
        long record = (long) Timeline.interval(Timeline.IN_FLIGHT, a.number) << 32 | 1L << l;
        for (int c = at >> shift; c < at + bytes >> shift; c++) {
            writeBehind(a, l, c, "to be written by this copy", false);
            write[c] = record;
            writeLine[c] = line;
            read[c] = 0;
            settle(a, l, c);
        }
        inFlight += bytes;
    }

    /**
     * A claimed copy has landed for a lane that waited for it: from then on its bytes are as if that lane had written them now.
     *
     * @param a the waiting warp's agent
     * @param l the waiting lane
     * @param at first byte
     * @param bytes how many, as claimed
     */
    void land(Agent a, int l, int at, int bytes) { land((long) a.interval() << 32 | 1L << l, at, bytes); }

    /**
     * A claimed copy has landed, and who knows of a channel's completion may use the bytes.
     *
     * @param channel the channel, from {@link Timeline#newChannel}
     * @param time from {@link Timeline#complete}
     * @param at first byte
     * @param bytes how many, as claimed
     */
    void landByChannel(int channel, int time, int at, int bytes) {
        land((long) Timeline.interval(channel, time) << 32 | 1, at, bytes);
    }

    private void land(long record, int at, int bytes) {
        for (int c = at >> shift; c < at + bytes >> shift; c++) {
            write[c] = record;
        }
        inFlight -= bytes;
    }

    /**
     * An asynchronous copy out of this memory is asked for: until {@link #giveBack} its bytes may be read and not written.
     *
     * @param a the asking warp's agent
     * @param l the asking lane
     * @param at first byte
     * @param bytes how many, as for {@link #claim}
     * @param line of the instruction that asks
     */
    void borrow(Agent a, int l, int at, int bytes, int line) {
        refine(bytes);
        long[] address = new long[32];
        for (int i = at; i < at + bytes; i += 1 << shift) {
            address[l] = i;
            read(a, 1 << l, address, 1 << shift, line);
            int c = i >> shift;
            others(c, a).put((long) Timeline.interval(Timeline.IN_FLIGHT, a.number) << 32 | 1L << l, line,
                    Accesses.READ);
        }
        inFlight += bytes;
    }

    /**
     * A lane has waited until a copy out of this memory has read its bytes: they are as if that lane had read them now.
     *
     * @param a the waiting warp's agent
     * @param l the lane, the one that asked
     * @param at first byte
     * @param bytes how many, as borrowed
     * @param line of the instruction that asked
     */
    void giveBack(Agent a, int l, int at, int bytes, int line) {
        long record = (long) Timeline.interval(Timeline.IN_FLIGHT, a.number) << 32 | 1L << l;
        for (int c = at >> shift; c < at + bytes >> shift; c++) {
            Accesses o = others(c, a);
            for (int i = o.count - 1; i >= 0; i--) {
                if (o.record[i] == record) {
                    o.remove(i);
                }
            }
            o.add(a, a.interval(), l, line, Accesses.READ);
        }
        inFlight -= bytes;
    }

    private String place(int c) { return "shared address 0x" + Long.toHexString(window + (c << shift)); }

    private Fault race(Agent a, int l, int c, String how, String earlier, long record, int unordered, int line) {
        int interval = (int) (record >>> 32);
        int lane = Integer.numberOfTrailingZeros(unordered);
        String what = "race: " + place(c) + " is " + how;
        if (interval < 0 && !Timeline.inFlight(interval)) {
            return new Fault(DeviceFault.LAUNCH_FAILED, l,
                    what + " by a thread that has not waited for the copy of ptx line "
                            + line + " into it; wait for its completion first");
        }
        boolean flying = Timeline.inFlight(interval);
        Agent other = timeline.agents[interval & (flying
                ? (1 << Timeline.CHANNEL_TIME_BITS) - 1
                : (1 << timeline.bits) - 1)];
        String who = "thread " + other.warp.threadOf(lane)
                + (other.warp.block == a.warp.block ? "" : " of block " + other.warp.block.index);
        if (flying) {
            return new Fault(DeviceFault.LAUNCH_FAILED, l,
                    what + " while the copy that " + who + " asked for at ptx line "
                            + line + " is in flight; wait for the copy first, and then for the other threads");
        }
        return new Fault(DeviceFault.LAUNCH_FAILED, l, what + " and nothing orders that behind where it is " + earlier
                + " at ptx line " + line + " by " + who + "; a barrier is missing between the two");
    }
}
