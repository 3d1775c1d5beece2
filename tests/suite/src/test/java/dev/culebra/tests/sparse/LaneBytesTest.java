package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.sparse.Format;
import dev.culebra.sparse.LaneLists;
import java.util.Map;
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
    /** What comes there (2026-11-21), and 1%, by the k-tiles of a segment. */
    private static final Map<Integer, double[]> BITMAP = Map.of(16, new double[]{1.151, .949, .747, .544, .341}, 8,
            new double[]{1.158, .956, .753, .550, .345}, 4, new double[]{1.170, .968, .766, .562, .356});
    /** The same for pairs at 80, 85, 90 and 95%. */
    private static final Map<Integer, double[]> PAIRS = Map.of(16, new double[]{.802, .635, .460, .270}, 8,
            new double[]{.808, .640, .464, .275}, 4, new double[]{.820, .653, .478, .283}, 2,
            new double[]{.849, .684, .502, .306});

    static Stream<int[]> shapes() { return Stream.of(LaneFigures.SHAPES); }

    @ParameterizedTest
    @MethodSource("shapes")
    void bitmapReachesTheGoals(int[] shape) {
        double[] bounds = BITMAP.get(LaneLists.defaultSegment(Format.BITMAP, shape[0], shape[1]));
        for (int i = 0; i < GOALS.length; i++) {
            double bytes = LaneFigures.bytes(Format.BITMAP, shape[0], shape[1], .5 + .1 * i);
            assertTrue(bytes <= Math.min(GOALS[i], bounds[i]), bytes + " bytes an element at " + (50 + 10 * i) + "%");
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void pairsKeepTheirs(int[] shape) {
        double[] bounds = PAIRS.get(LaneLists.defaultSegment(Format.PAIRS, shape[0], shape[1]));
        for (int i = 0; i < bounds.length; i++) {
            double bytes = LaneFigures.bytes(Format.PAIRS, shape[0], shape[1], .8 + .05 * i);
            assertTrue(bytes <= bounds[i], bytes + " bytes an element at " + (80 + 5 * i) + "%");
        }
    }

    /** A ring too small for the mean brings restarts by the dozen: pairs once took .83 at 86%. */
    @ParameterizedTest
    @MethodSource("shapes")
    void pairsFallWithZeros(int[] shape) {
        double last = Double.MAX_VALUE;
        for (double zeros : new double[]{.85, .86, .87, .88, .9}) {
            double bytes = LaneFigures.bytes(Format.PAIRS, shape[0], shape[1], zeros);
            assertTrue(bytes < last - .02, bytes + " bytes an element at " + 100 * zeros + "%, before " + last);
            last = bytes;
        }
    }
}
