package dev.culebra.emulator.exec;

/**
 * Plain reads of one agent in one of its intervals that {@link RaceCells} has found in order and has not recorded cell by cell.
 * Mostly it never must: before anybody writes again all threads have met at a barrier, and then nobody can race with them.
 */
final class ReadLog {

    /** Warp instructions that are kept; more are recorded. */
    private static final int MOST = 64;

    /** The interval of the agent's last reads of this memory, logged or not, and so of all that are here; 0 before any. */
    int interval;
    /** Whether reads of that interval may be kept here. */
    boolean open;
    int count;
    private final int[] mask = new int[MOST];
    private final int[] bytes = new int[MOST];
    private final int[] line = new int[MOST];
    /** For instruction {@code i} and lane {@code l}, at {@code 32 * i + l}, its first byte. */
    private final int[] at = new int[32 * MOST];

    boolean full() { return count == MOST; }

    void add(int lanes, long[] address, int size, int ptxLine) {
        mask[count] = lanes;
        bytes[count] = size;
        line[count] = ptxLine;
        int base = 32 * count++;
        for (int l = 0; l < 32; l++) {
            at[base + l] = (int) address[l];
        }
    }

    int mask(int i) { return mask[i]; }

    int bytes(int i) { return bytes[i]; }

    int line(int i) { return line[i]; }

    /** The first byte that a lane read. */
    int address(int i, int lane) { return at[32 * i + lane]; }
}
