package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.Format;
import dev.culebra.sparse.LaneLists;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Bytes an element on the twelve shapes of Flash-LLM's table, independent draws, everything included. Row blocks do not know of
 * each other, so a few of them with the shape's K and segments stand for the whole: what is left out is a storage row of zeros.
 */
class LaneBytesTest {

    /** The goals at 50, 60, 70, 80 and 90% zeros. */
    private static final double[] GOALS = {1.25, 1.08, .84, .61, .37};
    /** What comes there (2026-11-21), and 1%: with segments of 16 k-tiles, and of 8. */
    private static final double[] BITMAP_16 = {1.156, .953, .751, .549, .345};
    private static final double[] BITMAP_8 = {1.170, .966, .764, .560, .352};
    /** The same for pairs at 80, 85, 90 and 95%: with segments of 8 k-tiles, and of 4. */
    private static final double[] PAIRS_8 = {.819, .650, .476, .282};
    private static final double[] PAIRS_4 = {.840, .671, .495, .296};

    static Stream<int[]> shapes() { return Stream.of(LaneFigures.SHAPES); }

    @ParameterizedTest
    @MethodSource("shapes")
    void bitmapReachesTheGoals(int[] shape) {
        double[] bounds = LaneLists.defaultSegment(Format.BITMAP, shape[0], shape[1]) == 16 ? BITMAP_16 : BITMAP_8;
        for (int i = 0; i < GOALS.length; i++) {
            double bytes = LaneFigures.bytes(Format.BITMAP, shape[0], shape[1], .5 + .1 * i);
            assertTrue(bytes <= Math.min(GOALS[i], bounds[i]), bytes + " bytes an element at " + (50 + 10 * i) + "%");
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void pairsKeepTheirs(int[] shape) {
        double[] bounds = LaneLists.defaultSegment(Format.PAIRS, shape[0], shape[1]) == 8 ? PAIRS_8 : PAIRS_4;
        for (int i = 0; i < bounds.length; i++) {
            double bytes = LaneFigures.bytes(Format.PAIRS, shape[0], shape[1], .8 + .05 * i);
            assertTrue(bytes <= bounds[i], bytes + " bytes an element at " + (80 + 5 * i) + "%");
        }
    }
}
