package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.TiledCsl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How free of bank conflicts the scatter comes out: wavefronts of a warp's store, which is the most lanes that meet in one
 * bank. (Two halves of one word would share a wavefront; counted apart here.)
 */
class BankOrderTest {

    /** What the stores of a tile cost. */
    private record Cost(long stores, long wavefronts, int most) {}

    private static Cost cost(SparseMatrix matrix) {
        long stores = 0;
        long wavefronts = 0;
        int most = 0;
        for (long tile = 0; tile < new TiledCsl(matrix.m(), matrix.k()).tiles(); tile++) {
            long end = Matrices.begin(matrix, tile + 1);
            for (long pass = Matrices.begin(matrix, tile); pass < end; pass += 128) {
                for (int e = 0; e < 4; e++) {
                    int[] lanes = new int[32];
                    int w = 0;
                    for (long i = pass + e; i < Math.min(end, pass + 128); i += 4) {
                        w = Math.max(w, ++lanes[TiledCsl.bank(TiledCsl.placeOf(Matrices.entry(matrix, i)))]);
                    }
                    stores++;
                    wavefronts += w;
                    most = Math.max(most, w);
                }
            }
        }
        return new Cost(stores, wavefronts, most);
    }

    /**
     * On independent draws. The mean can not be 1: a tile's banks hold unequally many (binomial; the fullest of 32 lies two
     * standard deviations over the mean), and a full pass needs all 32. Random order gives about 3.5. The bounds are what
     * came out, rounded up to the next 0.05; the draws are fixed.
     */
    @ParameterizedTest
    @CsvSource({"0.1, 1.45, 3", "0.2, 1.35, 2", "0.3, 1.30, 2", "0.4, 1.25, 2", "0.5, 1.20, 2", "0.6, 1.15, 2",
        "0.7, 1.15, 2", "0.8, 1.10, 2", "0.9, 1.10, 2", "1.0, 1.00, 1"})
    void wavefrontsOnIndependentDraws(double density, double mean, int most) {
        Cost cost = cost(
                Matrices.encode(Matrices.random(1024, 1024, density, 11), DenseType.F16, 1024, 1024, Format.TILED_CSL));
        double found = (double) cost.wavefronts / cost.stores;
        System.out.printf("scatter at density %.1f: %.3f wavefronts a store, %d at most%n", density, found, cost.most);
        assertTrue(found <= mean, "mean " + found);
        assertTrue(cost.most <= most, "most " + cost.most);
    }

    /** No order can do better: in G full groups, a bank with c entries needs c wavefronts, a missing bank costs one. */
    @ParameterizedTest
    @CsvSource({"0.1", "0.3", "0.5", "0.8"})
    void fullPassesMeetTheLowerBound(double density) {
        SparseMatrix matrix = Matrices.encode(Matrices.random(512, 512, density, 12), DenseType.F16, 512, 512,
                Format.TILED_CSL);
        for (long tile = 0; tile < 64; tile++) {
            long begin = Matrices.begin(matrix, tile);
            int groups = (int) ((Matrices.begin(matrix, tile + 1) - begin) / 128) * 4;
            int[] inBank = new int[32];
            int wavefronts = 0;
            for (int g = 0; g < groups; g++) {
                int[] lanes = new int[32];
                int w = 0;
                for (int lane = 0; lane < 32; lane++) {
                    int bank = TiledCsl
                            .bank(TiledCsl.placeOf(Matrices.entry(matrix, begin + g / 4 * 128 + lane * 4 + g % 4)));
                    inBank[bank]++;
                    w = Math.max(w, ++lanes[bank]);
                }
                wavefronts += w;
            }
            int min = Integer.MAX_VALUE;
            int max = 0;
            for (int c : inBank) {
                min = Math.min(min, c);
                max = Math.max(max, c);
            }
            int bound = groups + Math.max(Math.max(max - groups, groups - min), 0);
            // with more than 2 G in a bank the doubles are not enough; it does not come up from 4 full groups on
            assertEquals(Math.max(bound, max), wavefronts, "tile " + tile);
        }
    }

    /** A single column lies in 8 banks whatever the order: 64 entries are 16 lanes in 4 groups, so 2 wavefronts each. */
    @Test
    void aColumnSpreadsOverItsEightBanks() {
        short[] dense = new short[64 * 64];
        for (int r = 0; r < 64; r++) {
            dense[r * 64 + 5] = 1;
        }
        Cost cost = cost(Matrices.encode(dense, DenseType.F16, 64, 64, Format.TILED_CSL));
        assertEquals(new Cost(4, 8, 2), cost);
    }
}
