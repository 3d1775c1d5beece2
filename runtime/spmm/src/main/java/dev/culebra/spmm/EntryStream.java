package dev.culebra.spmm;

import java.lang.foreign.MemorySegment;

/**
 * Scatters the entries of consecutive tiles into dense tiles. One thread's at a time.
 *
 * <p>
 * Entries are decoded a chunk ahead of where they are scattered: a chunk that was just stored as vectors and is read back as
 * ints would wait for its stores, and the memory's prefetcher has the scattering of one chunk to bring the next. See
 * NOTES.md for sizes tried.
 */
final class EntryStream {

    private static final int CHUNK = 512;
    private static final int SLACK = 16; // a whole vector may be stored at the end

    private int[] now = new int[CHUNK + SLACK];
    private int[] ahead = new int[CHUNK + SLACK];
    private int at;
    private int filled;
    private int filledAhead;
    private CpuKernel kernel;
    private MemorySegment entries;
    private long nextByte;
    private long endByte;

    /** Begins anew with the entries from one byte up to another, both multiples of 16. */
    void start(CpuKernel decoder, MemorySegment section, long fromByte, long toByte) {
        kernel = decoder;
        entries = section;
        nextByte = fromByte;
        endByte = toByte;
        at = 0;
        filled = 0;
        decodeAhead();
    }

    /** Stores the next entries, a multiple of 4, into a tile of zeros. */
    void scatter(int count, short[] tile) {
        for (int left = count; left > 0;) {
            if (at == filled) {
                int[] done = now;
                now = ahead;
                ahead = done;
                filled = filledAhead;
                at = 0;
                decodeAhead();
            }
            int part = Math.min(left, filled - at);
            store(now, at, part, tile);
            at += part;
            left -= part;
        }
    }

    private void decodeAhead() {
        filledAhead = (int) Math.min(CHUNK, (endByte - nextByte) / Integer.BYTES);
        kernel.decode(entries, nextByte, filledAhead, ahead);
        nextByte += (long) filledAhead * Integer.BYTES;
    }

    private static void store(int[] e, int from, int count, short[] tile) {
        int i = from;
        for (; i < from + count - 7; i += 8) {
            store4(e, i, tile);
            store4(e, i + 4, tile);
        }
        if (i < from + count) {
            store4(e, i, tile);
        }
    }

    private static void store4(int[] e, int i, short[] tile) {
        int a = e[i];
        int b = e[i + 1];
        int c = e[i + 2];
        int d = e[i + 3];
        tile[a >>> 16] = (short) a;
        tile[b >>> 16] = (short) b;
        tile[c >>> 16] = (short) c;
        tile[d >>> 16] = (short) d;
    }
}
