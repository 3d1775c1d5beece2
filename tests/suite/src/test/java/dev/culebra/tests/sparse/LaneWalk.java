package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Goes through bitmap and pairs matrices as a warp does, with the layout spelled out a second time: storage rows come into a
 * ring a k-tile ahead, each lane has two places in it that it hands on to other lanes, and takes its values from there. Whatever
 * leaves the ring too early, or has not come yet, fails.
 */
final class LaneWalk {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    private final SparseMatrix matrix;
    private final boolean bitmap;
    private final int width;
    /** Values of a storage row. */
    private final int across;
    private final MemorySegment masks;
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
    /** Where each lane takes its next value from, in values of the row block: for its upper rows, its lower ones. */
    private long[][] at = new long[32][2];
    /** The farthest that a k-tile needed of the ring. */
    private long needed;
    private int restarts;
    private int exchanges;

    private LaneWalk(SparseMatrix matrix) {
        this.matrix = matrix;
        bitmap = matrix.format() == Format.BITMAP;
        width = bitmap ? 64 : 128;
        across = bitmap ? 64 : 128;
        masks = section("masks");
        info = section("info");
        offsets = section("offsets");
        streams = section("streams");
        order = section("order");
        kTiles = (matrix.k() + width - 1) / width;
        segment = section("layout").getAtIndex(INT, 0);
        ring = section("layout").getAtIndex(INT, 1);
        dense = new short[matrix.m() * matrix.k()];
        held = new long[ring];
        window = new short[ring * across];
    }

    private MemorySegment section(String name) { return matrix.section(name).bytes(); }

    private static LaneWalk of(SparseMatrix matrix) {
        LaneWalk walk = new LaneWalk(matrix);
        walk.all();
        return walk;
    }

    /** The matrix as a kernel would see it, [M, K]. */
    static short[] dense(SparseMatrix matrix) {
        return of(matrix).dense;
    }

    /** How many restarts there are besides those that begin a segment. */
    static int restarts(SparseMatrix matrix) {
        return of(matrix).restarts;
    }

    /** How often a lane takes over another one's strand. */
    static int exchanges(SparseMatrix matrix) {
        return of(matrix).exchanges;
    }

    private void all() {
        int rowBlocks = (matrix.m() + 63) / 64;
        for (int rb = 0; rb < rowBlocks; rb++) {
            rowBlock(rb);
        }
        assertEquals(Math.max(8, (needed + 7) / 8 * 8), ring,
                "the ring is what is needed, and no more; needed " + needed);
    }

    private int info(long tile, int lane) { return info.get(ValueLayout.JAVA_BYTE, tile * 32 + lane) & 0xff; }

    /** What __ballot_sync(bit 6) has in every lane. */
    private int ballot(long tile) {
        int word = 0;
        for (int lane = 0; lane < 32; lane++) {
            word += (info(tile, lane) >> 6 & 1) << lane;
        }
        return word;
    }

    private void rowBlock(int rb) {
        long segments = (kTiles + segment - 1) / segment;
        long begin = Integer.toUnsignedLong(offsets.getAtIndex(INT, rb * segments));
        long[] rows = new long[kTiles + 1]; // of the row block, before each k-tile
        for (int kt = 0; kt < kTiles; kt++) {
            int word = ballot((long) rb * kTiles + kt);
            rows[kt + 1] = rows[kt] + word % 256;
            if (kt % segment == 0) {
                assertTrue(word >= 256, "a segment begins with a restart");
                assertEquals(begin + rows[kt],
                        Integer.toUnsignedLong(offsets.getAtIndex(INT, rb * segments + kt / segment)));
            }
        }
        Arrays.fill(held, -1);
        long loaded = 0;
        for (int kt = 0; kt < kTiles; kt++) {
            before((long) rb * kTiles + kt, kt, rows[kt]);
            long behind = Long.MAX_VALUE;
            for (long[] lane : at) {
                behind = Math.min(behind, Math.min(lane[0], lane[1]) / across);
            }
            long ahead = rows[Math.min(kt + 2, kTiles)]; // with the whole next k-tile
            needed = Math.max(needed, ahead - behind);
            for (; loaded < ahead; loaded++) {
                int to = (int) (loaded % ring);
                held[to] = loaded;
                MemorySegment.copy(streams, SHORT, (begin + loaded) * 2 * across, window, to * across, across);
            }
            for (int lane = 0; lane < 32; lane++) {
                for (int step = 0; step < width / 16; step++) {
                    for (int rt = 0; rt < 4; rt++) {
                        int word = masks.getAtIndex(INT, (((long) rb * kTiles + kt) * 32 + lane) * 4 + rt);
                        int row = rb * 64 + 16 * rt + lane / 4;
                        int column = kt * width + 16 * step + 2 * (lane % 4);
                        if (bitmap) {
                            bitmap(word, step, row, column, lane, rows[kt + 1]);
                        } else {
                            pairs(word, step, row, column, lane, rows[kt + 1]);
                        }
                    }
                }
            }
        }
    }

    /** What happens before a k-tile: restart, exchange between lanes, exchange of roles. */
    private void before(long tile, int kt, long used) {
        if (ballot(tile) >= 256) {
            restarts += kt % segment != 0 ? 1 : 0;
            for (int lane = 0; lane < 32; lane++) {
                at[lane] = bitmap // A and B in a word's halves, or in a word each
                        ? new long[]{64 * used + 2 * lane, 64 * used + 2 * lane + 1}
                        : new long[]{128 * used + 2 * lane, 128 * used + 64 + 2 * lane};
            }
        }
        long[][] now = new long[32][];
        for (int lane = 0; lane < 32; lane++) {
            int byteOf = info(tile, lane);
            long[] from = at[byteOf % 32];
            now[lane] = (byteOf & 32) == 0 ? from.clone() : new long[]{from[1], from[0]};
            exchanges += byteOf % 32 != lane ? 1 : 0;
        }
        at = now;
    }

    private void bitmap(int word, int u, int row, int column, int lane, long rows) {
        for (int lower = 0; lower < 2; lower++) {
            for (int p = 0; p < 2; p++) {
                for (int h = 0; h < 2; h++) {
                    if ((word >>> 2 * u + p + 8 * h + 16 * lower & 1) != 0) {
                        take(row + 8 * lower, column + 8 * p + h, lane, lower, rows, 1);
                    }
                }
            }
        }
    }

    private void pairs(int word, int u, int row, int column, int lane, long rows) {
        int bits = word >>> 4 * u & 15;
        if ((bits & 1) != 0) {
            take(row, column, lane, 0, rows, 2);
        }
        if ((bits & 2) != 0) {
            take(row + 8, column, lane, 1, rows, 2);
        }
        if ((bits & 4) != 0) {
            take(row, column + 8, lane, 0, rows, 2);
        }
        if ((bits & 8) != 0) {
            take(row + 8, column + 8, lane, 1, rows, 2);
        }
    }

    private void take(int row, int column, int lane, int lower, long rows, int values) {
        long from = at[lane][lower];
        at[lane][lower] += across;
        String where = "row " + row + ", column " + column;
        assertTrue(from / across < rows, where + " reads storage row " + from / across + " of " + rows);
        int place = (int) (from / across % ring);
        assertEquals(from / across, held[place], where + ": it has left the ring of " + ring);
        int first = place * across + (int) (from % across);
        assertTrue(window[first] != 0 || values == 2 && window[first + 1] != 0, where + ": nothing is stored");
        for (int i = 0; i < values; i++) {
            int to = order.getAtIndex(INT, row) * matrix.k() + column + i;
            if (column + i < matrix.k()) {
                assertEquals(0, dense[to], where + " twice");
                dense[to] = window[first + i];
            } else {
                assertEquals(0, window[first + i], where + ": a value right of the matrix");
            }
        }
    }
}
