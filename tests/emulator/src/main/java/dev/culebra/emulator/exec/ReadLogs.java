package dev.culebra.emulator.exec;

/**
 * The agents' {@link ReadLog}s of one memory. What is in them is recorded when somebody's write may race with it, and forgotten
 * when nobody's can any more.
 */
final class ReadLogs {

    private final Timeline timeline;
    private final RaceCells cells;
    private final ReadLog[] logs;
    /** No log has reads of a later interval. */
    private int newest;

    ReadLogs(Timeline timeline, RaceCells cells) {
        this.timeline = timeline;
        this.cells = cells;
        logs = new ReadLog[timeline.agents.length];
    }

    /** Forgets all, for a block's start. */
    void clear() {
        newest = 0;
        for (ReadLog log : logs) {
            if (log != null) {
                log.interval = 0;
                log.count = 0;
            }
        }
    }

    /** An agent's log, for reads made now. Those of an interval before are recorded, or forgotten when everybody knows of them. */
    ReadLog of(Agent a) {
        ReadLog log = logs[a.number];
        if (log == null) {
            log = new ReadLog();
            logs[a.number] = log;
        }
        int now = a.interval();
        if (log.interval != now) {
            if (log.count > 0 && timeline.known(log.interval)) {
                log.count = 0;
            }
            record(a.number);
            // A record takes the place of the one before in its cell, so all of the warp must know of that.
            log.open = log.interval == 0 || a.knows(log.interval);
            log.interval = now;
        }
        return log;
    }

    /** Adds reads of a warp to its log, which {@link #of} has made ready. */
    void add(Agent a, int mask, long[] address, int bytes, int line) {
        ReadLog log = logs[a.number];
        if (log.full()) {
            record(a.number);
        }
        log.add(mask, address, bytes, line);
        if (Integer.compareUnsigned(newest, log.interval) < 0) {
            newest = log.interval;
        }
    }

    /** Records reads that an access of an agent may race with: before it looks for them. */
    void settle(Agent a) {
        if (Integer.compareUnsigned(newest, (int) (a.floor() >>> 32)) <= 0) {
            return;
        }
        newest = 0;
        for (int i = 0; i < logs.length; i++) {
            ReadLog log = logs[i];
            if (log != null && log.count > 0) {
                if (a.knows(log.interval)) {
                    newest = Math.max(newest, log.interval);
                } else {
                    record(i);
                }
            }
        }
    }

    /** Records all there are. */
    void recordAll() {
        for (int i = 0; i < logs.length; i++) {
            if (logs[i] != null) {
                record(i);
            }
        }
    }

    /** Records what is in an agent's log. */
    void record(int agent) {
        ReadLog log = logs[agent];
        for (int i = 0; i < log.count; i++) {
            RaceLayer own = cells.layer(log.bytes(i));
            long[] mine = own.reads(agent);
            long[] who = own.readers(agent);
            int n = log.bytes(i) >> own.shift;
            int lines = log.line(i) << 5;
            for (int m = log.mask(i); m != 0; m &= m - 1) {
                int l = Integer.numberOfTrailingZeros(m);
                int at = log.address(i, l);
                for (int c = at >> own.shift, end = c + n; c < end; c++) {
                    long before = mine[c];
                    boolean again = (int) (before >>> 32) == log.interval;
                    mine[c] = (again ? before : (long) log.interval << 32) | 1L << l;
                    who[c] = again ? who[c] & 0xffff_ffff_0000_0000L | lines | l : (lines | l) * RaceLayer.TWICE;
                }
                own.wasRead(at >> 4, log.interval);
            }
        }
        log.count = 0;
    }
}
