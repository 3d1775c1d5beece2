package dev.culebra.emulator.exec;

/**
 * How many turns shared memory takes for one instruction of a warp, after what NVIDIA tells of compute capability 5.0 and
 * later: 32 banks, of which bank {@code i} holds the 4-byte words whose number is {@code i} modulo 32; in one turn, a
 * wavefront, each bank gives or takes one word, to as many lanes as want that word. From this follow:
 *
 * <ul>
 * <li><b>Up to 4 bytes a lane.</b> As many wavefronts as the bank with the most different words has of them. Lanes that want the
 * same word, or bytes of it, share it: on reading it is broadcast, on writing one of them wins.</li>
 * <li><b>8 and 16 bytes a lane.</b> A wavefront moves 128 bytes, so 32 lanes need at least two and four: the warp is served in
 * halves (lanes 0 to 15, 16 to 31) and quarters (8 lanes each), each by the rule above, with two and four words a lane. A
 * group of which no lane is on takes no turn. The least of four for a 16-byte load, and more than that counted as conflicts,
 * is what ncu shows: a load of 16 bytes with an ideal layout has 4 wavefronts and no conflicts, one with 8 ways of conflict 32.</li>
 * <li><b>Pairs.</b> Loads only: where all lanes {@code n} and {@code n ^ 1} that are on have the same address, or all {@code n} and
 * {@code n ^ 2}, two groups are served together, so one wavefront for 8 bytes and two for 16. NVIDIA's engineers give this rule for
 * capability 7.0 to 7.5; an H200 keeps to it.</li>
 * <li><b>Matrices.</b> {@code ldmatrix} and {@code stmatrix} move rows of 16 bytes, eight of them (one matrix, 128 bytes) a
 * wavefront, as a quarter of a 16-byte access: 1, 2 or 4 wavefronts when the eight rows of each matrix lie in different
 * banks.</li>
 * <li><b>cp.async.ca</b> writes as a store of that size does, but that lanes with one destination take turns. <b>cp.async.cg</b>
 * goes past all this: only lanes that are filled with zeros take turns, as a store of them.</li>
 * <li><b>Atomic updates.</b> A word is updated once a turn, so lanes that want the same word take turns too; those of {@code cas}
 * take two each. Where 1 is added and nobody wants the old value, lanes of one word are counted first and take one.</li>
 * <li><b>Bulk copies</b> move rows of 128 aligned bytes, one a wavefront.</li>
 * </ul>
 *
 * Sources: CUDA C++ Programming Guide, section on shared memory of compute capability 5.x; Nsight Compute's profiling guide for the
 * term wavefront; NVIDIA's developer forum, threads 77228 (pairs, requests of a 16-byte load) and 359822 (counters of
 * 16-byte loads). An H200 agrees to the number on each kind of access above, over 20 to 80 patterns of addresses each, and the
 * sums of whole products too ({@code HARDWARE.md} of the tests tells how it was asked). What the assembler makes a loop of counts
 * here as if it were one instruction: additions of f32, of pairs of halves and of 64 bits, minimum and maximum of 64 bits. Scratch
 * space of one thread at a time.
 */
final class SharedBanks {

    private static final int BANKS = 32;

    private final long[][] words = new long[BANKS][4 * 32];
    private final int[] used = new int[BANKS];

    /** What the last call found: turns, and turns without conflicts. */
    int wavefronts;
    int fewest;

    /**
     * A load or store.
     *
     * @param address offsets into shared memory by lane, aligned to {@code bytes}
     * @param mask lanes that are on; not 0
     * @param bytes a lane's, 1 to 32
     * @param load whether pairs of lanes may be served together
     */
    void access(long[] address, int mask, int bytes, boolean load) {
        int groups = Math.max(1, bytes / 4);
        if (groups > 1 && load && (paired(address, mask, 1) || paired(address, mask, 2))) {
            groups /= 2;
        }
        serve(address, mask, bytes, groups, false);
    }

    /**
     * An atomic update, or a copy through the cache.
     *
     * @param each turns that one word takes
     */
    void update(long[] address, int mask, int bytes, int each) {
        serve(address, mask, bytes, Math.max(1, bytes / 4), true);
        wavefronts *= each;
        fewest *= each;
    }

    /** Some rows of 16 bytes, whose addresses the first lanes hold. */
    void rows(long[] address, int rows) {
        serve(address, rows == 32 ? -1 : (1 << rows) - 1, 16, 4, false);
    }

    private static boolean paired(long[] address, int mask, int distance) {
        for (int l = 0; l < 32; l++) {
            int other = l ^ distance;
            if ((mask >>> l & 1) != 0 && (mask >>> other & 1) != 0 && address[l] != address[other]) {
                return false;
            }
        }
        return true;
    }

    private void serve(long[] address, int mask, int bytes, int groups, boolean alone) {
        wavefronts = 0;
        fewest = 0;
        int lanes = 32 / groups;
        for (int first = 0; first < 32; first += lanes) {
            int group = groups == 1 ? mask : mask & (1 << lanes) - 1 << first;
            if (group != 0) {
                wavefronts += turns(address, group, bytes, alone);
                fewest++;
            }
        }
    }

    /** The most different words (of {@code alone}, the most words) that a bank has to serve. */
    private int turns(long[] address, int group, int bytes, boolean alone) {
        java.util.Arrays.fill(used, 0);
        int most = 1;
        for (int left = group; left != 0; left &= left - 1) {
            long a = address[Integer.numberOfTrailingZeros(left)];
            long last = a + bytes - 1 >> 2;
            for (long word = a >> 2; word <= last; word++) {
                int bank = (int) word & BANKS - 1;
                int n = used[bank];
                if (alone || isNew(words[bank], n, word)) {
                    words[bank][n] = word;
                    used[bank] = n + 1;
                    most = Math.max(most, n + 1);
                }
            }
        }
        return most;
    }

    private static boolean isNew(long[] known, int n, long word) {
        for (int i = 0; i < n; i++) {
            if (known[i] == word) {
                return false;
            }
        }
        return true;
    }
}
