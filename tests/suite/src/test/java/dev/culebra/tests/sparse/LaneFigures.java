package dev.culebra.tests.sparse;

import dev.culebra.llm.prune.SyntheticWeights;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.LaneLists;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** Bytes an element of bitmap and pairs; as a program it prints tables for the README. */
public final class LaneFigures {

    /** Flash-LLM's, M x K. */
    static final int[][] SHAPES = {{21504, 7168}, {7168, 7168}, {28672, 7168}, {7168, 28672}, {27648, 9216},
        {9216, 9216},
        {36864, 9216}, {9216, 36864}, {36864, 12288}, {12288, 12288}, {49152, 12288}, {12288, 49152}};

    /** So many elements stand for all, in two row blocks or more. */
    private static final int ELEMENTS = 1 << 22;
    /** Rows of synthetic weights: an order of rows needs some to choose from. */
    private static final int SKEWED_ROWS = 4096;

    private static final Map<String, Double> KNOWN = new ConcurrentHashMap<>();

    private LaneFigures() {}

    /** Bytes an element on independent draws, by some row blocks with the shape's K and segments. */
    static double bytes(Format format, int m, int k, double zeros) {
        int segment = LaneLists.defaultSegment(format, m, k);
        return KNOWN.computeIfAbsent(format + " " + k + " " + segment + " " + zeros, key -> {
            SplittableRandom random = new SplittableRandom(k + segment);
            short[] dense = new short[Math.max(128, ELEMENTS / k / 64 * 64) * k];
            int threshold = (int) Math.round(zeros * (1 << 24));
            for (int i = 0; i < dense.length; i++) {
                dense[i] = (short) ((random.nextInt() >>> 8) - threshold >>> 31 ^ 1);
            }
            return share(dense, k, format, segment);
        });
    }

    private static double share(short[] dense, int k, Format format, int segment) {
        SparseMatrix matrix = Matrices.encode(dense, DenseType.F16, dense.length / k, k,
                EncodeOptions.DEFAULT.withFormat(format).withSegment(segment));
        return (double) matrix.encodedBytes() / dense.length;
    }

    private static short[] synthetic(int k, double zeros, double skew) {
        var weights = new SyntheticWeights(SKEWED_ROWS, k, zeros, skew, ValueType.F16, 1);
        short[] dense = new short[SKEWED_ROWS * k];
        try {
            for (int block = 0; block < weights.blocks(); block++) {
                weights.rows(block,
                        (row, bits) -> MemorySegment.copy(bits, ValueLayout.JAVA_SHORT_UNALIGNED, 0, dense, row * k,
                                k));
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return dense;
    }

    /** Bytes an element by percent of zeros, of one shape with long segments and one with short ones. */
    static String table() {
        StringBuilder s = new StringBuilder("| shape, k-tiles a segment | format | 50% | 60% | 70% | 80% | 90% |\n"
                + "| --- | --- | --- | --- | --- | --- | --- |\n");
        for (int[] shape : new int[][]{{49152, 12288}, {7168, 7168}}) {
            line(s, shape);
        }
        return s.toString();
    }

    private static void line(StringBuilder s, int[] shape) {
        for (Format format : new Format[]{Format.BITMAP, Format.PAIRS}) {
            s.append("| ").append(shape[0]).append(" x ").append(shape[1]).append(", ")
                    .append(LaneLists.defaultSegment(format, shape[0], shape[1])).append(" | ").append(format.id());
            for (int zeros = 50; zeros <= 90; zeros += 10) {
                s.append(String.format(Locale.ROOT, " | %.3f", bytes(format, shape[0], shape[1], zeros / 100.)));
            }
            s.append(" |\n");
        }
    }

    /**
     * Prints the tables.
     *
     * @param args none
     */
    public static void main(String[] args) {
        StringBuilder all = new StringBuilder();
        for (int[] shape : SHAPES) {
            line(all, shape);
        }
        System.out.print(table().lines().limit(2).collect(Collectors.joining("\n", "", "\n")) + all);
        System.out.println("\n`synth --skew`, " + SKEWED_ROWS + " x 7168, segments of 16\n");
        System.out.println(
                "| skew | format | 50% | 60% | 70% | 80% | 90% |\n| --- | --- | --- | --- | --- | --- | --- |");
        for (double skew : new double[]{0, .1, .2, .5}) {
            for (Format format : new Format[]{Format.BITMAP, Format.PAIRS}) {
                StringBuilder line = new StringBuilder("| " + skew + " | " + format.id());
                for (int zeros = 50; zeros <= 90; zeros += 10) {
                    line.append(String.format(Locale.ROOT, " | %.3f",
                            share(synthetic(7168, zeros / 100., skew), 7168, format, 16)));
                }
                System.out.println(line.append(" |"));
            }
        }
    }
}
