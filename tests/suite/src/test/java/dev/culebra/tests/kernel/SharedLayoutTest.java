package dev.culebra.tests.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.TiledCsl;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

/**
 * The layout of a tile in shared memory, from the encoder's formula: whether it is a bijection, and whether {@code ldmatrix}
 * reads it without bank conflicts, for the fragments that {@code mma.m16n8k16} wants. Not the kernel itself: what it assumes.
 */
class SharedLayoutTest {

    @Test
    void placesAreABijectionAndComeBack() {
        BitSet seen = new BitSet();
        for (int r = 0; r < 64; r++) {
            for (int c = 0; c < 64; c++) {
                int place = TiledCsl.place(r, c);
                assertEquals(r, TiledCsl.row(place));
                assertEquals(c, TiledCsl.column(place));
                seen.set(place);
            }
        }
        assertEquals(4096, seen.cardinality());
        assertEquals(4096, seen.length());
    }

    /** ldmatrix takes rows of 16 bytes: eight neighbouring columns must stay together, and in order. */
    @Test
    void chunksOfEightHalvesStayWhole() {
        for (int r = 0; r < 64; r++) {
            for (int c = 0; c < 64; c += 8) {
                assertEquals(0, TiledCsl.place(r, c) % 8);
                for (int i = 1; i < 8; i++) {
                    assertEquals(TiledCsl.place(r, c) + i, TiledCsl.place(r, c + i));
                }
            }
        }
    }

    /**
     * One 8 x 8 matrix of an ldmatrix, rows r..r+7 of one chunk of columns, takes one wavefront when its eight rows of 16
     * bytes lie in 32 different banks. A and X have the same layout, so this is both operands.
     */
    @Test
    void everyMatrixOfAnLdmatrixMeetsAllBanksOnce() {
        for (int r = 0; r < 64; r += 8) {
            for (int c = 0; c < 64; c += 8) {
                BitSet banks = new BitSet();
                for (int i = 0; i < 8; i++) {
                    for (int word = 0; word < 4; word++) {
                        banks.set(TiledCsl.bank(TiledCsl.place(r + i, c + 2 * word)));
                    }
                }
                assertEquals(32, banks.cardinality(), "rows from " + r + ", columns from " + c);
            }
        }
    }

    /** The kernel moves from step to step by flipping bits of an address: chunk ^ (row & 7), then ^ 2 s, is the chunk + 2 s. */
    @Test
    void stepsAreFlippedBits() {
        for (int row = 0; row < 64; row++) {
            for (int half = 0; half < 2; half++) {
                for (int s = 0; s < 4; s++) {
                    int lane = TiledCsl.place(row, half * 8) * 2;
                    assertEquals(TiledCsl.place(row, s * 16 + half * 8) * 2, lane ^ 2 * s * 16);
                }
            }
        }
    }

    /** Zeroing and copying 16 bytes a thread: eight neighbouring threads fill 128 bytes, all 32 banks. */
    @Test
    void copiesOfARowOfXMeetAllBanksOnce() {
        for (int token = 0; token < 8; token++) {
            BitSet banks = new BitSet();
            for (int chunk = 0; chunk < 8; chunk++) {
                for (int word = 0; word < 4; word++) {
                    banks.set(TiledCsl.bank(TiledCsl.place(token, chunk * 8 + word * 2)));
                }
            }
            assertEquals(32, banks.cardinality());
        }
        assertTrue(TiledCsl.MAX_TILE_QUADS * TiledCsl.QUAD_BYTES == 16384,
                "a stage holds a tile with every place taken");
    }
}
