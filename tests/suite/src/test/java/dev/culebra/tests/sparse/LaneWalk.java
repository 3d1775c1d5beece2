package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Goes through bitmap and slots matrices as a warp does, with the layout spelled out a second time: storage rows come into a
 * ring a k-tile ahead, each lane takes its values from there and knows nothing of the other lanes. Whatever leaves the
 * ring too early, or has not come yet, fails.
 */
final class LaneWalk {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    private final SparseMatrix matrix;
    private final boolean bitmap;
    private final MemorySegment places;
    private final MemorySegment info;
    private final MemorySegment offsets;
    private final MemorySegment streams;
    private final MemorySegment order;
    private final int kTiles;
    private final int segment;
    private final int ring;
    private final short[] dense;
    /** The storage row that each row of the ring holds. */
    private final long[] held;
    private final short[] window;
    /** Where the lists of each lane stand, and the farthest that a k-tile needed of the ring. */
    private final long[][] at = new long[32][2];
    private long needed;
    private int restarts;

    private LaneWalk(SparseMatrix matrix) {
        this.matrix = matrix;
        bitmap = matrix.format() == Format.BITMAP;
        places = section(bitmap ? "masks" : "codes");
        info = section("info");
        offsets = section("offsets");
        streams = section("streams");
        order = section("order");
        kTiles = (matrix.k() + 63) / 64;
        segment = section("layout").getAtIndex(INT, 0);
        ring = section("layout").getAtIndex(INT, 1);
        dense = new short[matrix.m() * matrix.k()];
        held = new long[ring];
        window = new short[ring * 64];
    }

    private MemorySegment section(String name) { return matrix.section(name).bytes(); }

    /** The matrix as a kernel would see it, [M, K]. */
    static short[] dense(SparseMatrix matrix) {
        LaneWalk walk = new LaneWalk(matrix);
        walk.all();
        return walk.dense;
    }

    /** How many restarts there are besides those that begin a segment. */
    static int restarts(SparseMatrix matrix) {
        LaneWalk walk = new LaneWalk(matrix);
        walk.all();
        return walk.restarts;
    }

    private void all() {
        int rowBlocks = (matrix.m() + 63) / 64;
        for (int rb = 0; rb < rowBlocks; rb++) {
            rowBlock(rb);
        }
        assertEquals(Math.max(8, (needed + 7) / 8 * 8), ring,
                "the ring is what is needed, and no more; needed " + needed);
        if (!bitmap) {
            overflow();
        }
    }

    private int info(long tile, int at) { return info.get(ValueLayout.JAVA_BYTE, tile * 8 + at) & 0xff; }

    private void rowBlock(int rb) {
        long segments = (kTiles + segment - 1) / segment;
        long begin = Integer.toUnsignedLong(offsets.getAtIndex(INT, rb * segments));
        // rows of the row block that must be there before each half, and where a half's k-tile starts anew
        long[] rows = new long[2 * kTiles];
        for (int kt = 0; kt < kTiles; kt++) {
            long tile = (long) rb * kTiles + kt;
            rows[2 * kt] = (kt == 0 ? 0 : rows[2 * kt - 1]) + info(tile, 4);
            rows[2 * kt + 1] = rows[2 * kt] + info(tile, 5);
            if (kt % segment == 0) {
                assertTrue((info(tile, 6) & 1) != 0, "a segment begins with a restart");
                long used = kt == 0 ? 0 : rows[2 * kt - 1];
                assertEquals(begin + used,
                        Integer.toUnsignedLong(offsets.getAtIndex(INT, rb * segments + kt / segment)));
            }
        }
        Arrays.fill(held, -1);
        long loaded = 0;
        boolean[] swapped = new boolean[32];
        for (int half = 0; half < 2 * kTiles; half++) {
            long tile = (long) rb * kTiles + half / 2;
            if (half % 2 == 0) {
                boolean restart = (info(tile, 6) & 1) != 0;
                restarts += restart && half / 2 % segment != 0 ? 1 : 0;
                int swaps = info.get(INT, tile * 8);
                for (int lane = 0; lane < 32; lane++) {
                    if (restart) {
                        at[lane][0] = at[lane][1] = half == 0 ? 0 : rows[half - 1];
                        swapped[lane] = false;
                    }
                    swapped[lane] ^= (swaps >>> lane & 1) != 0;
                }
            }
            if (half % 2 == 0) {
                long behind = Long.MAX_VALUE;
                for (long[] lane : at) {
                    behind = Math.min(behind, Math.min(lane[0], lane[1]));
                }
                long ahead = rows[Math.min(half + 3, 2 * kTiles - 1)]; // with the whole next k-tile
                needed = Math.max(needed, ahead - behind);
                for (; loaded < ahead; loaded++) {
                    int to = (int) (loaded % ring);
                    held[to] = loaded;
                    MemorySegment.copy(streams, SHORT, (begin + loaded) * 128, window, to * 64, 64);
                }
            }
            for (int lane = 0; lane < 32; lane++) {
                for (int lower = 0; lower < 2; lower++) {
                    half(rb, half, lane, lower, swapped[lane] ? 1 - lower : lower, rows[half]);
                }
            }
        }
    }

    private void half(int rb, int half, int lane, int lower, int list, long rows) {
        long tile = (long) rb * kTiles + half / 2;
        int g = lane / 4;
        int t = lane % 4;
        for (int step = 0; step < (bitmap ? 2 : 1); step++) {
            for (int rt = 0; rt < 4; rt++) {
                int word = places.getAtIndex(INT, (tile * 32 + lane) * 4 + rt) >>> 16 * lower & 0xffff;
                int row = rb * 64 + 16 * rt + 8 * lower + g;
                for (int part = 0; part < 2; part++) {
                    if (bitmap) {
                        int u = half % 2 * 2 + step;
                        for (int h = 0; h < 2; h++) {
                            if ((word >>> 2 * u + part + 8 * h & 1) != 0) {
                                take(row, half / 2 * 64 + 16 * u + 8 * part + 2 * t + h, lane, list, rows);
                            }
                        }
                    } else {
                        int w = half % 2;
                        int code = word >>> 4 * (2 * w + part) & 15;
                        int column = half / 2 * 64 + 32 * w + 4 * (t + 4 * part);
                        if (code != 0) {
                            take(row, column + code % 4, lane, list, rows);
                            if (code < 12) {
                                take(row, column + code / 4, lane, list, rows);
                            }
                        }
                    }
                }
            }
        }
    }

    private void take(int row, int column, int lane, int list, long rows) {
        long from = at[lane][list]++;
        assertTrue(from < rows, "row " + row + ", column " + column + " reads storage row " + from + " of " + rows);
        int slot = (int) (from % ring);
        assertEquals(from, held[slot], "row " + row + ", column " + column + ": it has left the ring of " + ring);
        put(row, column, window[slot * 64 + 2 * lane + list]);
    }

    private void put(int row, int column, short value) {
        int index = order.getAtIndex(INT, row) * matrix.k() + column;
        assertEquals(0, dense[index], "row " + row + ", column " + column + " twice");
        assertTrue(value != 0, "a zero is stored");
        dense[index] = value;
    }

    private void overflow() {
        MemorySegment starts = section("overflow-starts");
        long units = starts.byteSize() / 16;
        long segments = (kTiles + segment - 1) / segment;
        for (long i = 0; i < 4 * units; i++) {
            for (long e = 16L * starts.getAtIndex(INT, i); e < 16L * starts.getAtIndex(INT, i + 1); e++) {
                int entry = section("overflow").getAtIndex(INT, e);
                if (entry != 0) {
                    long row = i / 4 / segments * 64 + i % 4 * 16 + (entry >>> 28);
                    long column = i / 4 % segments * segment * 64 + (entry >>> 16 & 0xfff);
                    put((int) row, (int) column, (short) entry);
                }
            }
        }
    }
}
