package dev.culebra.emulator.exec;

/**
 * Who read and wrote each piece of a block's shared memory last, and whether the next access comes behind them: a race detector
 * in the manner of FastTrack (Flanagan and Freund, 2009), exact up to the first race, which ends the launch. (With two
 * exceptions, which may miss a race and never make one up: see {@link Agent#atomicInterval} and {@link RaceLayer#strong}.)
 *
 * <p>
 * Accesses of 16 bytes and more are kept by rows of 16 bytes, smaller ones by cells as large as the smallest of them seen so far;
 * accesses are aligned to their size, so each is made of whole cells or rows. An access is compared with what both layers know.
 * Strong accesses (atomics, volatile, relaxed, acquire, release) race with plain ones alone. Used by one thread at a time.
 */
final class RaceCells {

    private final Timeline timeline;
    private final byte[] memory;
    private final long window;
    private final RaceLayer fine;
    /** Null until some access is as wide as a row. */
    private RaceLayer rows;
    private final ReadLogs logs;
    /** Bytes claimed or borrowed. */
    private int inFlight;

    /** @param window where the memory begins among the addresses that a kernel sees */
    RaceCells(Timeline timeline, byte[] memory, long window) {
        this.window = window;
        this.timeline = timeline;
        this.memory = memory;
        this.fine = new RaceLayer(timeline, memory, window, 3);
        this.logs = new ReadLogs(timeline, this);
    }

    /** For the next block, whose first clock knows all that happened: copies in flight alone must be forgotten. */
    void start(boolean restarted) {
        boolean forget = restarted || inFlight != 0;
        fine.start(forget);
        if (rows != null) {
            rows.start(forget);
        }
        inFlight = 0;
        logs.clear();
    }

    /** Where accesses of a size are recorded. */
    RaceLayer layer(int bytes) {
        if (bytes < 16) {
            fine.refine(bytes);
            return fine;
        }
        if (rows == null) {
            rows = new RaceLayer(timeline, memory, window, 4);
        }
        return rows;
    }

    private RaceLayer other(RaceLayer own) { return own == fine ? rows : fine; }

    /**
     * Plain reads of a warp.
     *
     * @param a the warp's agent
     * @param mask lanes that read
     * @param address for each, the first byte's address in this memory, a multiple of {@code bytes}
     * @param bytes how many: 1, 2, 4, 8 or 16
     * @param line of the instruction
     */
    void read(Agent a, int mask, long[] address, int bytes, int line) {
        RaceLayer own = layer(bytes);
        RaceLayer other = other(own);
        ReadLog log = logs.of(a);
        if (log.open && !own.besides && !own.writtenSince(a, mask, address)
                && (other == null || !other.besides && !other.writtenSince(a, mask, address))) {
            logs.add(a, mask, address, bytes, line);
        } else {
            logs.record(a.number);
            check(a, mask, address, bytes, own, other);
            record(a, mask, address, bytes, line, own);
        }
    }

    /** Checks plain reads. */
    private static void check(Agent a, int mask, long[] address, int bytes, RaceLayer own, RaceLayer other) {
        int floor = (int) (a.floor() >>> 32);
        int left = mask;
        while (left != 0) {
            long at = address[Integer.numberOfTrailingZeros(left)];
            int lanes = 0;
            do { // neighbours often read the same
                lanes |= left & -left;
                left &= left - 1;
            } while (left != 0 && address[Integer.numberOfTrailingZeros(left)] == at);
            own.checkReads(a, lanes, (int) at, bytes, floor);
            if (other != null) {
                other.checkReads(a, lanes, (int) at, bytes, floor);
            }
        }
    }

    /** Records plain reads. */
    private static void record(Agent a, int mask, long[] address, int bytes, int line, RaceLayer own) {
        int now = a.interval();
        long floor = a.floor();
        long[] mine = own.reads(a.number);
        long[] who = own.readers(a.number);
        int n = bytes >> own.shift;
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            int first = (int) address[l] >> own.shift;
            int reader = line << 5 | l;
            for (int c = first; c < first + n; c++) {
                long before = mine[c];
                if ((int) (before >>> 32) == now) {
                    mine[c] = before | 1L << l;
                    who[c] = who[c] & 0xffff_ffff_0000_0000L | reader;
                } else {
                    if (Long.compareUnsigned(before, floor) <= 0) {
                        mine[c] = (long) now << 32 | 1L << l;
                    } else {
                        own.readAgain(a, 1 << l, c, now);
                    }
                    who[c] = reader * RaceLayer.TWICE;
                }
            }
            own.wasRead((int) address[l] >> 4, now);
        }
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
        RaceLayer own = layer(bytes);
        RaceLayer other = other(own);
        int now = a.interval();
        int floor = (int) (a.floor() >>> 32);
        logs.settle(a);
        if (own.anySince(floor) || other != null && other.anySince(floor)) {
            for (int m = mask; m != 0; m &= m - 1) {
                int l = Integer.numberOfTrailingZeros(m);
                checkWrite(a, l, (int) address[l], bytes, own, "written", op);
            }
        }
        int shift = own.shift;
        int n = bytes >> shift;
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            int first = (int) address[l] >> shift;
            for (int c = first; c < first + n; c++) {
                if ((int) (own.write[c] >>> 32) == now && own.writeLine[c] == line) {
                    together(a, mask, address, l, c, own, op);
                } else {
                    own.write[c] = (long) now << 32 | 1L << l;
                    own.writeLine[c] = line;
                }
            }
            own.wrote((int) address[l] >> 4, now);
        }
    }

    private void checkWrite(Agent a, int l, int at, int bytes, RaceLayer own, String how, MemoryAccess op) {
        int floor = (int) (a.floor() >>> 32);
        int row = at >> 4;
        RaceLayer other = other(own);
        if (own.anySince(row, floor)) {
            own.checkWrites(a, l, at, bytes, how, op);
        }
        if (other != null && other.anySince(row, floor)) {
            other.checkWrites(a, l, at, bytes, how, op);
        }
    }

    /** A cell that a lane below may have written with this very instruction: both must mean the same value. */
    private static void together(Agent a, int mask, long[] address, int l, int c, RaceLayer own, MemoryAccess op) {
        for (int m = mask & (1 << l) - 1; m != 0; m &= m - 1) {
            int lower = Integer.numberOfTrailingZeros(m);
            if (address[lower] == address[l]) {
                if (op == null || !op.alike(a.warp, l, lower)) {
                    throw RaceFaults.together(a, l, own.place(c), lower);
                }
                own.write[c] |= 1L << l;
                return;
            }
        }
        own.write[c] = own.write[c] & 0xffff_ffff_0000_0000L | 1L << l;
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
        RaceLayer own = layer(bytes);
        RaceLayer other = other(own);
        int now = use == MemoryAccess.Use.ATOMIC ? a.atomicInterval() : a.interval();
        int floor = (int) (a.floor() >>> 32);
        if (writes) {
            logs.settle(a);
        }
        checkStrong(a, mask, address, bytes, floor, writes, own);
        if (other != null) {
            checkStrong(a, mask, address, bytes, floor, writes, other);
        }
        own.strong(a, mask, address, bytes, now, line, writes);
    }

    private static void checkStrong(Agent a, int mask, long[] address, int bytes, int floor, boolean writes,
            RaceLayer layer) {
        for (int m = layer.plainSince(floor) ? mask : 0; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            int at = (int) address[l];
            if (layer.plainSince(at >> 4, floor)) {
                layer.checkStrong(a, l, at, bytes, writes ? "written" : "read", writes);
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
     * @param bytes how many; a multiple of 16, or 4 or 8, at a multiple of itself or of 16
     * @param line of the instruction that asks
     */
    void claim(Agent a, int l, int at, int bytes, int line) {
        RaceLayer own = layer(bytes);
        a.interval();
        logs.settle(a);
        long record = (long) Timeline.interval(Timeline.IN_FLIGHT, a.number) << 32 | 1L << l;
        for (int i = at; i < at + bytes; i += 16) {
            checkWrite(a, l, i, Math.min(16, bytes), own, "to be written by this copy", null);
            own.wrote(i >> 4, -1);
        }
        for (int c = at >> own.shift; c < at + bytes >> own.shift; c++) {
            own.write[c] = record;
            own.writeLine[c] = line;
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
        RaceLayer own = layer(bytes);
        for (int c = at >> own.shift; c < at + bytes >> own.shift; c++) {
            own.write[c] = record;
        }
        for (int i = at; i < at + bytes; i += 16) {
            own.resettle(i >> 4, (int) (record >>> 32));
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
        long[] address = new long[32];
        int piece = Math.min(16, bytes);
        for (int i = at; i < at + bytes; i += piece) {
            address[l] = i;
            read(a, 1 << l, address, piece, line);
            layer(piece).borrow(a, l, i, piece, line);
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
        long[] address = new long[32];
        int piece = Math.min(16, bytes);
        for (int i = at; i < at + bytes; i += piece) {
            layer(piece).giveBack(a, l, i, piece);
            address[l] = i;
            read(a, 1 << l, address, piece, line);
        }
        inFlight -= bytes;
    }

    /**
     * The same where those know of it that know of a channel's completion.
     *
     * @param a the agent that asked
     * @param l the lane that asked
     * @param channel the channel
     * @param time from {@link Timeline#complete}
     * @param at first byte
     * @param bytes how many, as borrowed
     * @param line of the instruction that asked
     */
    void giveBackByChannel(Agent a, int l, int channel, int time, int at, int bytes, int line) {
        int piece = Math.min(16, bytes);
        RaceLayer own = layer(piece);
        for (int i = at; i < at + bytes; i += piece) {
            own.giveBack(a, l, i, piece);
            own.byChannel(a, Timeline.interval(channel, time), i, piece, line, Accesses.READ);
        }
        inFlight -= bytes;
    }

    /**
     * An asynchronous update of this memory is asked for, which several may do to the same bytes: now it must come behind all
     * plain accesses.
     *
     * @param a the asking warp's agent
     * @param l the asking lane
     * @param at first byte
     * @param bytes how many, as for {@link #claim}
     */
    void update(Agent a, int l, int at, int bytes) {
        RaceLayer own = layer(bytes);
        int piece = Math.min(16, bytes);
        logs.settle(a);
        for (int i = at; i < at + bytes; i += piece) {
            own.checkStrong(a, l, i, piece, "to be updated by this", true);
            if (other(own) != null) {
                other(own).checkStrong(a, l, i, piece, "to be updated by this", true);
            }
        }
    }

    /**
     * Such an update has been done, and those know of it that know of a channel's completion.
     *
     * @param a the agent that asked
     * @param channel the channel
     * @param time from {@link Timeline#complete}
     * @param at first byte
     * @param bytes how many, as asked for
     * @param line of the instruction that asked
     */
    void updateByChannel(Agent a, int channel, int time, int at, int bytes, int line) {
        int piece = Math.min(16, bytes);
        for (int i = at; i < at + bytes; i += piece) {
            layer(piece).byChannel(a, Timeline.interval(channel, time), i, piece, line, Accesses.UPDATE);
        }
    }

    /**
     * The block of this memory ends: accesses of others must come before.
     *
     * @param block the block
     * @param known what all its threads know
     */
    void end(Block block, Clock known) {
        logs.recordAll();
        fine.end(block, known);
        if (rows != null) {
            rows.end(block, known);
        }
    }
}
