package dev.culebra.emulator.exec;

import java.util.Arrays;

/**
 * What {@link RaceCells} remembers of accesses of one size, cell by cell. A record is an interval (see {@link Timeline}) in the
 * upper half and a set of lanes in the lower. A cell has one for its last write, and for each agent one for its last read and
 * one each for its last strong read and write; what does not fit is in its {@link Accesses}. For each 16 bytes it is known when
 * the latest of these was, so that most accesses, which come behind a barrier, need not look at any.
 */
final class RaceLayer {

    /** Times a number below 2^32: it in both halves. */
    static final long TWICE = 1L << 32 | 1;

    private final Timeline timeline;
    private final byte[] memory;
    /** Where the memory begins among the addresses that a kernel sees. */
    private final long window;
    /** Binary logarithm of a cell's bytes. */
    int shift;
    /** The last write of each cell, and its line. */
    long[] write;
    int[] writeLine;
    /** For each 16 bytes the interval of the latest plain write, unsigned; all ones while a copy into it is in flight. */
    final int[] writeLatest;
    /** The same of reads. */
    final int[] readLatest;
    /** The same of strong accesses; null until there is one. */
    private int[] strongLatest;
    /** For each agent its last read of each cell; of the first that came into it, above, and the last {@code line * 32 + lane}. */
    private long[][] read;
    private long[][] readWho;
    private long[][] strongRead;
    private long[][] strongWrite;
    private long[][] strongWho;
    /** More accesses of a cell; null where there are none. */
    private Accesses[] others;
    /** The greatest of {@link #writeLatest}, of {@link #readLatest} and of the strong ones there has been. */
    int newestWrite;
    int newestRead;
    private int newestStrong;
    /** Whether there is more than plain writes that a read may race with: strong accesses, or others. */
    boolean besides;

    RaceLayer(Timeline timeline, byte[] memory, long window, int shift) {
        this.window = window;
        this.timeline = timeline;
        this.memory = memory;
        this.shift = shift;
        int rows = memory.length + 15 >> 4;
        int cells = rows << 4 - shift;
        write = new long[cells];
        writeLine = new int[cells];
        writeLatest = new int[rows];
        readLatest = new int[rows];
        read = new long[timeline.agents.length][];
        readWho = new long[read.length][];
    }

    void start(boolean forget) {
        if (forget) {
            Arrays.fill(write, 0);
            Arrays.fill(writeLatest, 0);
            Arrays.fill(readLatest, 0);
            clear(read);
        }
        newestWrite = 0; // what is older all threads know of
        newestRead = 0;
        newestStrong = 0;
        others = null;
        strongLatest = null;
        strongRead = null;
        strongWrite = null;
        strongWho = null;
        besides = false;
    }

    private static void clear(long[][] records) {
        for (long[] r : records) {
            if (r != null) {
                Arrays.fill(r, 0);
            }
        }
    }

    /** Makes cells as small as an access. */
    void refine(int bytes) {
        while (1 << shift > bytes) {
            write = twice(write);
            writeLine = twice(writeLine);
            for (int i = 0; i < read.length; i++) {
                read[i] = read[i] == null ? null : twice(read[i]);
                readWho[i] = readWho[i] == null ? null : twice(readWho[i]);
            }
            for (int i = 0; strongLatest != null && i < read.length; i++) {
                strongRead[i] = strongRead[i] == null ? null : twice(strongRead[i]);
                strongWrite[i] = strongWrite[i] == null ? null : twice(strongWrite[i]);
                strongWho[i] = strongWho[i] == null ? null : twice(strongWho[i]);
            }
            Accesses[] old = others;
            others = old == null ? null : new Accesses[write.length];
            for (int c = 0; old != null && c < write.length; c++) {
                others[c] = old[c >> 1] == null ? null : old[c >> 1].copy();
            }
            shift--;
        }
    }

    private static long[] twice(long[] v) {
        long[] t = new long[2 * v.length];
        for (int i = 0; i < t.length; i++) {
            t[i] = v[i >> 1];
        }
        return t;
    }

    private static int[] twice(int[] v) {
        int[] t = new int[2 * v.length];
        for (int i = 0; i < t.length; i++) {
            t[i] = v[i >> 1];
        }
        return t;
    }

    long[] reads(int agent) {
        if (read[agent] == null) {
            read[agent] = new long[write.length];
            readWho[agent] = new long[write.length];
        }
        return read[agent];
    }

    long[] readers(int agent) { return readWho[agent]; }

    /** Whether there have been accesses, plain or strong, that a floor does not cover. */
    boolean anySince(int floor) {
        return plainSince(floor) || Integer.compareUnsigned(newestStrong, floor) > 0;
    }

    /** The same of plain ones. */
    boolean plainSince(int floor) {
        return Integer.compareUnsigned(newestWrite, floor) > 0 || Integer.compareUnsigned(newestRead, floor) > 0;
    }

    /** Whether there have been accesses of 16 bytes that a floor does not cover. */
    boolean anySince(int row, int floor) {
        return plainSince(row, floor) || strongLatest != null && Integer.compareUnsigned(strongLatest[row], floor) > 0;
    }

    /** The same of plain ones. */
    boolean plainSince(int row, int floor) {
        return Integer.compareUnsigned(writeLatest[row], floor) > 0
                || Integer.compareUnsigned(readLatest[row], floor) > 0;
    }

    /** Whether one of some lanes reads where there has been a plain write that not all lanes of their warp know of. */
    boolean writtenSince(Agent a, int mask, long[] address) {
        int floor = (int) (a.floor() >>> 32);
        if (Integer.compareUnsigned(newestWrite, floor) <= 0) {
            return false;
        }
        Clock common = a.common();
        if (shift == 4 && common != null) { // cells are rows: no floor tells of what a channel brought, but the records do
            return !common.knowsRows(write, mask, address);
        }
        for (int m = mask; m != 0; m &= m - 1) {
            int row = (int) address[Integer.numberOfTrailingZeros(m)] >> 4;
            if (Integer.compareUnsigned(writeLatest[row], floor) > 0) {
                return true;
            }
        }
        return false;
    }

    /** Notes that 16 bytes have a write of an interval. */
    void wrote(int row, int interval) {
        if (Integer.compareUnsigned(writeLatest[row], interval) < 0) {
            writeLatest[row] = interval;
            newestWrite = Integer.compareUnsigned(newestWrite, interval) < 0 ? interval : newestWrite;
        }
    }

    /** Notes that 16 bytes have a read of an interval. */
    void wasRead(int row, int interval) {
        if (Integer.compareUnsigned(readLatest[row], interval) < 0) {
            readLatest[row] = interval;
            newestRead = Integer.compareUnsigned(newestRead, interval) < 0 ? interval : newestRead;
        }
    }

    /** A copy into 16 bytes has landed: unless another is in flight into them, the latest write can not be later than now. */
    void resettle(int row, int interval) {
        boolean flying = interval < 0;
        for (int c = row << 4 - shift; c < row + 1 << 4 - shift; c++) {
            flying |= write[c] < 0;
        }
        writeLatest[row] = flying ? -1 : timeline.latest();
    }

    /** Notes another read of a cell by a warp whose last was in an earlier interval. */
    void readAgain(Agent a, int lanes, int c, int now) {
        long before = read[a.number][c];
        read[a.number][c] = (long) now << 32 | lanes & 0xffff_ffffL;
        for (int m = lanes; m != 0; m &= m - 1) {
            int unordered = a.unordered(Integer.numberOfTrailingZeros(m), before) & ~lanes;
            if (unordered != 0) { // lanes of the warp that its barriers have not brought together
                int who = (int) readWho[a.number][c];
                others(c, a).put(before & 0xffff_ffff_0000_0000L | unordered & 0xffff_ffffL, who >> 5, Accesses.READ);
                return;
            }
        }
    }

    private Accesses others(int c, Agent a) {
        if (others == null) {
            others = new Accesses[write.length];
            besides = true;
        }
        if (others[c] == null) {
            others[c] = new Accesses();
        } else {
            others[c].prune(a.floor());
        }
        return others[c];
    }

    /** Checks reads of some bytes. */
    void checkReads(Agent a, int lanes, int at, int bytes, int floor) {
        int from = at >> shift;
        int to = Math.max(from + 1, at + bytes >> shift);
        for (int c = from; c < to && Integer.compareUnsigned(writeLatest[at >> 4], floor) > 0; c++) {
            checkReads(a, lanes, c);
        }
        if (besides) {
            checkBesides(a, lanes, from, to);
        }
    }

    /** Checks reads of a cell against its last write. */
    private void checkReads(Agent a, int lanes, int c) {
        for (int m = lanes; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            int unordered = a.unordered(l, write[c]);
            if (unordered != 0) {
                throw RaceFaults.of(a, l, place(c), "read", "written", write[c], unordered, writeLine[c]);
            }
        }
    }

    /** Checks reads against writes that are not the last plain one. */
    private void checkBesides(Agent a, int lanes, int from, int to) {
        for (int m = lanes; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            for (int c = from; c < to; c++) {
                if (strongLatest != null) {
                    checkAgents(a, l, c, strongWrite, "read", "written");
                }
                checkOthers(a, l, c, Accesses.SAME_WRITE, "read", "written", null);
                checkOthers(a, l, c, Accesses.UPDATE, "read", "written", null);
            }
        }
    }

    private void checkAgents(Agent a, int l, int c, long[][] records, String how, String earlier) {
        long[][] who = records == read ? readWho : strongWho;
        for (int i = 0; i < records.length; i++) {
            if (records[i] != null && records[i][c] != 0) {
                int unordered = a.unordered(l, records[i][c]);
                if (unordered != 0) {
                    throw RaceFaults.between(a, l, place(c), how, earlier, records[i][c], unordered, who[i][c]);
                }
            }
        }
    }

    private void checkOthers(Agent a, int l, int c, byte kind, String how, String earlier, MemoryAccess op) {
        Accesses o = others == null ? null : others[c];
        for (int i = 0; o != null && i < o.count; i++) {
            int unordered = o.kind[i] == kind ? a.unordered(l, o.record[i]) : 0;
            if (unordered != 0 && !silent(a, l, op)) {
                throw RaceFaults.of(a, l, place(c), how, earlier, o.record[i], unordered, o.line[i]);
            }
        }
    }

    /** Whether the store of a lane, at {@code w.address}, changes nothing. */
    private boolean silent(Agent a, int l, MemoryAccess op) {
        return op != null && op.unchanged(a.warp, l, memory, (int) a.warp.address[l]);
    }

    /** Checks a plain write of some bytes. */
    void checkWrites(Agent a, int l, int at, int bytes, String how, MemoryAccess op) {
        int from = at >> shift;
        int row = at >> 4;
        long floor = a.floor();
        boolean reads = Integer.compareUnsigned(readLatest[row], (int) (floor >>> 32)) > 0;
        boolean strong = strongLatest != null && Integer.compareUnsigned(strongLatest[row], (int) (floor >>> 32)) > 0;
        for (int c = from; c < Math.max(from + 1, at + bytes >> shift); c++) {
            int unordered = Long.compareUnsigned(write[c], floor) <= 0 ? 0 : a.unordered(l, write[c]);
            if (unordered != 0) {
                if (Timeline.inFlight((int) (write[c] >>> 32)) || !silent(a, l, op)) {
                    throw RaceFaults.of(a, l, place(c), how, "written", write[c], unordered, writeLine[c]);
                }
                others(c, a).put(write[c], writeLine[c], Accesses.SAME_WRITE);
            }
            if (reads) {
                checkAgents(a, l, c, read, how, "read");
            }
            if (strong) {
                checkAgents(a, l, c, strongRead, how, "read");
                checkAgents(a, l, c, strongWrite, how, "written");
            }
            if (others != null) {
                checkOthers(a, l, c, Accesses.READ, how, "read", null);
                checkOthers(a, l, c, Accesses.SAME_WRITE, how, "written", op);
                checkOthers(a, l, c, Accesses.UPDATE, how, "written", null);
            }
        }
    }

    /** Checks a strong access of some bytes. */
    void checkStrong(Agent a, int l, int at, int bytes, String how, boolean writes) {
        int from = at >> shift;
        for (int c = from; c < Math.max(from + 1, at + bytes >> shift); c++) {
            int unordered = a.unordered(l, write[c]);
            if (unordered != 0) {
                throw RaceFaults.of(a, l, place(c), how, "written", write[c], unordered, writeLine[c]);
            }
            checkOthers(a, l, c, Accesses.SAME_WRITE, how, "written", null);
            if (writes) {
                checkAgents(a, l, c, read, how, "read");
                checkOthers(a, l, c, Accesses.READ, how, "read", null);
            }
        }
    }

    /**
     * Notes strong accesses of a warp. Where a warp's lanes have made some in several intervals without having met since, all are
     * kept as if they had happened in the first of them: a race with the later ones alone is not found.
     */
    void strong(Agent a, int mask, long[] address, int bytes, int now, int line, boolean writes) {
        beginStrong(a.number);
        long[] mine = (writes ? strongWrite : strongRead)[a.number];
        long[] who = strongWho[a.number];
        int[] latest = strongLatest;
        long floor = a.floor();
        int n = bytes >> shift;
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            int first = (int) address[l] >> shift;
            for (int c = first; c < first + n; c++) {
                long before = mine[c];
                boolean again = (int) (before >>> 32) == now
                        || Long.compareUnsigned(before, floor) > 0 && a.unordered(l, before) != 0;
                mine[c] = (again ? before : (long) now << 32) | 1L << l;
                who[c] = (line << 5 | l) * TWICE;
            }
            int row = (int) address[l] >> 4;
            latest[row] = Integer.compareUnsigned(latest[row], now) < 0 ? now : latest[row];
        }
        newestStrong = Integer.compareUnsigned(newestStrong, now) < 0 ? now : newestStrong;
    }

    private void beginStrong(int agent) {
        if (strongLatest == null) {
            strongLatest = new int[writeLatest.length];
            strongRead = new long[read.length][];
            strongWrite = new long[read.length][];
            strongWho = new long[read.length][];
            besides = true;
        }
        if (strongWho[agent] == null) {
            strongRead[agent] = new long[write.length];
            strongWrite[agent] = new long[write.length];
            strongWho[agent] = new long[write.length];
        }
    }

    /** Notes that a copy in flight reads some bytes. */
    void borrow(Agent a, int l, int at, int bytes, int line) {
        for (int c = at >> shift; c < at + bytes >> shift; c++) {
            others(c, a).put((long) Timeline.interval(Timeline.IN_FLIGHT, a.number) << 32 | 1L << l, line,
                    Accesses.READ);
        }
        wasRead(at >> 4, -1);
    }

    /** Takes back {@link #borrow}. */
    void giveBack(Agent a, int l, int at, int bytes) {
        long record = (long) Timeline.interval(Timeline.IN_FLIGHT, a.number) << 32 | 1L << l;
        boolean left = false;
        int row = at >> 4;
        for (int c = row << 4 - shift; c < row + 1 << 4 - shift; c++) {
            Accesses o = others[c];
            for (int i = o == null ? -1 : o.count - 1; i >= 0; i--) {
                if (o.record[i] == record && c >= at >> shift && c < at + bytes >> shift) {
                    o.remove(i);
                } else {
                    left |= o.record[i] < 0;
                }
            }
        }
        readLatest[row] = left ? -1 : timeline.latest();
    }

    /** Notes what those know of that know of a channel's completion. */
    void byChannel(Agent a, int interval, int at, int bytes, int line, byte kind) {
        for (int c = at >> shift; c < at + bytes >> shift; c++) {
            others(c, a).put((long) interval << 32 | 1, line, kind);
        }
        if (kind == Accesses.READ) {
            wasRead(at >> 4, -1); // no floor tells of channels
        } else {
            wrote(at >> 4, -1);
        }
    }

    /** The block whose memory this is ends; other blocks' accesses must be known. */
    void end(Block block, Clock known) {
        for (int c = 0; c < write.length; c++) {
            end(block, known, write[c], writeLine[c], c, "written");
            for (int i = 0; i < read.length; i++) {
                if (read[i] != null) {
                    end(block, known, read[i][c], (int) readWho[i][c] >> 5, c, "read");
                }
                if (strongLatest != null && strongWho[i] != null) {
                    end(block, known, strongRead[i][c], (int) strongWho[i][c] >> 5, c, "read");
                    end(block, known, strongWrite[i][c], (int) strongWho[i][c] >> 5, c, "written");
                }
            }
            Accesses o = others == null ? null : others[c];
            for (int i = 0; o != null && i < o.count; i++) {
                end(block, known, o.record[i], o.line[i], c, o.kind[i] == Accesses.READ ? "read" : "written");
            }
        }
    }

    private void end(Block block, Clock known, long record, int line, int c, String how) {
        int interval = (int) (record >>> 32);
        if (interval <= 0 || Long.compareUnsigned(record, known.floor) <= 0) {
            return;
        }
        Agent other = timeline.agents[interval & (1 << timeline.bits) - 1];
        int unknown = other.warp.block == block ? 0 : known.unknown(interval, (int) record);
        if (unknown != 0) {
            throw RaceFaults.end(block, place(c), how, line, other.warp, Integer.numberOfTrailingZeros(unknown));
        }
    }

    String place(int c) { return "shared address 0x" + Long.toHexString(window + (c << shift)); }
}
