package dev.culebra.tests.prune;

import dev.culebra.llm.prune.Hessian;
import dev.culebra.llm.prune.SparseGptOptions;
import dev.culebra.llm.prune.SparseGptPruning;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.SplittableRandom;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class HessianTest {
    /** Sizes that fill no task, tile, chunk or step, and some that do. */
    @ParameterizedTest
    @CsvSource({"1,1", "1,5", "7,1", "16,64", "17,63", "33,65", "515,130", "1030,9"})
    void isTheSumOfProducts(int k, int n) {
        var random = new SplittableRandom(k);
        var x = Matrix.inputs(2 * n, k, random);
        var hessian = new Hessian(k);
        hessian.add(x, n);
        hessian.add(Arrays.copyOfRange(x, n * k, 2 * n * k), n);
        hessian.add(x, 0);
        assertEquals(2L * n, hessian.tokens());
        var expected = Matrix.hessian(x, 2 * n, k);
        for (int i = 0; i < k; i++) {
            for (int j = 0; j < k; j++) {
                // 2 n rounded sums of products that are exact: at most 2 n * 2^-53 of the sum of their magnitudes, which by
                // Cauchy-Schwarz is no more than this root; twice, for the reference rounds as well.
                double bound = 2 * 2 * n * 0x1p-53 * Math.sqrt(expected[i][i] * expected[j][j]);
                assertEquals(expected[i][j], hessian.at(i, j), bound, i + ", " + j);
            }
        }
    }

    @Test
    void refusesWhatIsNoNumber() {
        var hessian = new Hessian(3);
        hessian.add(new float[]{1, 2, 3}, 1);
        for (float bad : new float[]{Float.NaN, Float.POSITIVE_INFINITY}) {
            var e = assertThrows(IllegalArgumentException.class,
                    () -> hessian.add(new float[]{1, 2, 3, 4, 5, bad}, 2));
            assertTrue(e.getMessage().contains("input 2 of token 1 is " + bad), e.getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> hessian.add(new float[5], 2));
        assertThrows(IllegalArgumentException.class, () -> new Hessian(0));
        assertEquals(1, hessian.tokens());
        assertEquals(6, hessian.at(1, 2));
    }

    @Test
    void isTakenOverOnce() {
        var hessian = new Hessian(2);
        assertThrows(IllegalArgumentException.class, () -> new SparseGptPruning(hessian, SparseGptOptions.DEFAULT));
        hessian.add(new float[]{1, 2}, 1);
        new SparseGptPruning(hessian, SparseGptOptions.DEFAULT);
        assertThrows(IllegalStateException.class, () -> hessian.add(new float[]{1, 2}, 1));
        assertThrows(IllegalStateException.class, () -> hessian.at(0, 0));
        assertThrows(IllegalStateException.class, () -> new SparseGptPruning(hessian, SparseGptOptions.DEFAULT));
    }
}
