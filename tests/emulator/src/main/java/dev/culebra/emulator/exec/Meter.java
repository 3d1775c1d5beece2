package dev.culebra.emulator.exec;

import dev.culebra.driver.spi.LaunchCounters.Bytes;
import dev.culebra.driver.spi.LaunchCounters.MemorySpace;
import dev.culebra.driver.spi.LaunchCounters.Sectors;
import dev.culebra.emulator.ptx.Space;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Counts what a block executes; there is one for each block that is being run, and none where nobody counts. One thread's at
 * a time, as its block is. All are sums, so that it does not matter which block was counted where.
 */
final class Meter {

    private final Map<Program, Profile> profiles = new IdentityHashMap<>();
    private final SharedBanks banks = new SharedBanks();
    private final long[] sorted = new long[32];
    private final long[] read = new long[MemorySpace.values().length];
    private final long[] written = new long[MemorySpace.values().length];

    long wavefronts;
    long fewestWavefronts;
    long sectors;
    long fewestSectors;
    /** Warps that came to a barrier of the block. */
    long barriers;
    /** Branches at which lanes parted. */
    long divergences;

    /** Where a program's ops are counted. */
    Profile profile(Program program) {
        return profiles.computeIfAbsent(program, Profile::new);
    }

    Map<Program, Profile> profiles() { return profiles; }

    Bytes bytes(MemorySpace space) { return new Bytes(read[space.ordinal()], written[space.ordinal()]); }

    private void move(MemorySpace space, long bytes, MemoryAccess.Use use) {
        read[space.ordinal()] += use == MemoryAccess.Use.WRITE ? 0 : bytes;
        written[space.ordinal()] += use == MemoryAccess.Use.READ ? 0 : bytes;
    }

    /**
     * A load, a store or an atomic update.
     *
     * @param op the instruction
     * @param space where it went, which a generic address decides
     * @param address by lane
     * @param mask lanes that took part; not 0
     */
    void access(MemoryAccess op, Space space, long[] address, int mask) {
        int bytes = op.bytes;
        long all = (long) bytes * Integer.bitCount(mask);
        switch (space) {
            case SHARED -> {
                move(MemorySpace.SHARED, all, op.use);
                if (op.use == MemoryAccess.Use.ATOMIC && !op.countsLanes()) {
                    banks.update(address, mask, bytes, op.turns());
                } else {
                    banks.access(address, mask, bytes, op.use == MemoryAccess.Use.READ);
                }
                takeTurns();
            }
            case LOCAL -> {
                if (op.place.space != Space.PARAM) { // what is passed to and from a function is in registers
                    move(MemorySpace.LOCAL, all, op.use);
                }
            }
            case GLOBAL -> {
                move(MemorySpace.GLOBAL, all, op.use);
                sectors(address, mask, bytes);
            }
            default -> move(MemorySpace.CONSTANT, all, op.use);
        }
    }

    /** Rows of matrices of 16 bytes, whose addresses the first lanes hold. */
    void rows(long[] address, int rows, MemoryAccess.Use use) {
        move(MemorySpace.SHARED, 16L * rows, use);
        banks.rows(address, rows);
        takeTurns();
    }

    /**
     * A copy of a warp from global to shared memory.
     *
     * @param from global addresses by lane
     * @param to offsets into shared memory by lane
     * @param filled bytes that a lane reads, the rest of its copy being zeros
     * @param mask lanes that copy
     * @param bytes a lane's copy
     * @param cached whether it goes through the first cache, and from there as a store does
     */
    void copy(long[] from, long[] to, int[] filled, int mask, int bytes, boolean cached) {
        int reading = 0;
        int zeroing = 0;
        long all = 0;
        for (int l = 0; l < 32; l++) {
            if ((mask >>> l & 1) != 0) {
                reading |= filled[l] > 0 ? 1 << l : 0;
                zeroing |= filled[l] < bytes ? 1 << l : 0;
                all += filled[l];
            }
        }
        if (reading != 0) {
            move(MemorySpace.GLOBAL, all, MemoryAccess.Use.READ);
            // A lane that reads less than its copy has bytes, at an edge, counts as all of it: the sector is the same.
            sectors(from, reading, bytes);
        }
        move(MemorySpace.SHARED, (long) bytes * Integer.bitCount(mask), MemoryAccess.Use.WRITE);
        if (cached) {
            banks.update(to, mask, bytes, 1);
        } else {
            banks.access(to, zeroing, bytes, false);
        }
        takeTurns();
    }

    /**
     * A run of global memory that one instruction moves, as bulk copies do.
     *
     * @param address its first byte
     * @param bytes its length
     * @param use what is done to it
     */
    void globalRun(long address, long bytes, MemoryAccess.Use use) {
        if (bytes > 0) {
            move(MemorySpace.GLOBAL, bytes, use);
            sectors += (address + bytes - 1) / Sectors.BYTES - address / Sectors.BYTES + 1;
            fewestSectors += (bytes + Sectors.BYTES - 1) / Sectors.BYTES;
        }
    }

    /**
     * A run of shared memory that one instruction moves, in rows of 128 bytes.
     *
     * @param offset its first byte
     * @param bytes its length
     * @param use what is done to it
     */
    void sharedRun(long offset, long bytes, MemoryAccess.Use use) {
        if (bytes > 0) {
            move(MemorySpace.SHARED, bytes, use);
            wavefronts += (offset + bytes - 1) / 128 - offset / 128 + 1;
            fewestWavefronts += (bytes + 127) / 128;
        }
    }

    /**
     * Operands of a warpgroup's product, in pieces of 16 bytes. Eight of them, which are 128 bytes in all layouts that there are, are
     * taken to lie in different banks. Not compared with hardware's counters, which may count this traffic elsewhere.
     */
    void product(int pieces) {
        move(MemorySpace.SHARED, 16L * pieces, MemoryAccess.Use.READ);
        wavefronts += pieces / 8;
        fewestWavefronts += pieces / 8;
    }

    private void takeTurns() {
        wavefronts += banks.wavefronts;
        fewestWavefronts += banks.fewest;
    }

    /** Accesses of a size are aligned to it (or to its elements), so two of them are the same bytes or none in common. */
    private void sectors(long[] address, int mask, int bytes) {
        int n = 0;
        boolean ascending = true;
        for (int left = mask; left != 0; left &= left - 1) {
            long a = address[Integer.numberOfTrailingZeros(left)];
            ascending &= n == 0 || a >= sorted[n - 1];
            sorted[n++] = a;
        }
        if (!ascending) {
            Arrays.sort(sorted, 0, n);
        }
        long distinct = 0;
        long last = Long.MIN_VALUE;
        for (int i = 0; i < n; i++) {
            if (i == 0 || sorted[i] != sorted[i - 1]) {
                distinct++;
                long first = Math.max(last + 1, sorted[i] >> 5);
                last = Math.max(last, sorted[i] + bytes - 1 >> 5);
                sectors += Math.max(0, last - first + 1);
            }
        }
        fewestSectors += (distinct * bytes + Sectors.BYTES - 1) / Sectors.BYTES;
    }
}
