package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.Format;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Bytes an element on the twelve shapes of Flash-LLM's table, independent draws, everything included. Row blocks do not know of
 * each other, so a few of them with the shape's K and segments stand for the whole: what is left out is a storage row of zeros.
 */
class LaneBytesTest {

    /** At 50, 60, 70, 80 and 90% zeros. */
    private static final double[] GOALS = {1.25, 1.08, .84, .61, .37};

    static Stream<int[]> shapes() { return Stream.of(LaneFigures.SHAPES); }

    @ParameterizedTest
    @MethodSource("shapes")
    void bitmapReachesTheGoals(int[] shape) {
        for (int i = 0; i < GOALS.length; i++) {
            double bytes = LaneFigures.bytes(Format.BITMAP, shape[0], shape[1], .5 + .1 * i);
            assertTrue(bytes <= GOALS[i], bytes + " bytes an element at " + (50 + 10 * i) + "%");
        }
    }

    /** Also between 85 and 90%, where a ring too small for the mean brings restarts by the dozen: they once took .83 at 86%. */
    @ParameterizedTest
    @MethodSource("shapes")
    void pairsFallWithZeros(int[] shape) {
        double[] zeros = {.8, .85, .86, .87, .88, .9};
        double[] most = {.82, .66, .625, .585, .55, .475};
        for (int i = 0; i < zeros.length; i++) {
            double bytes = LaneFigures.bytes(Format.PAIRS, shape[0], shape[1], zeros[i]);
            assertTrue(bytes <= most[i], bytes + " bytes an element at " + 100 * zeros[i] + "%");
        }
    }
}
