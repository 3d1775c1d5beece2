package dev.culebra.tests.sparse;

import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.TensorInfo;
import dev.culebra.llm.prune.MagnitudePruning;
import dev.culebra.llm.prune.SyntheticWeights;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.LaneLists;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.tests.models.Models;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Bytes an element of bitmap and pairs; as a program it prints tables for the README. */
public final class LaneFigures {

    /** Flash-LLM's, M x K. */
    static final int[][] SHAPES = {{21504, 7168}, {7168, 7168}, {28672, 7168}, {7168, 28672}, {27648, 9216},
        {9216, 9216},
        {36864, 9216}, {9216, 36864}, {36864, 12288}, {12288, 12288}, {49152, 12288}, {12288, 49152}};

    /** Percent of zeros. */
    private static final int[] ZEROS = {50, 60, 70, 80, 85, 90, 95};
    private static final Format[] FORMATS = {Format.BITMAP, Format.PAIRS};

    /** So many elements stand for all, in two row blocks or more. */
    private static final int ELEMENTS = 1 << 22;
    /** Rows of synthetic weights: an order of rows needs some to choose from. */
    private static final int SKEWED_ROWS = 4096;

    private static final Map<String, Double> KNOWN = new ConcurrentHashMap<>();

    private LaneFigures() {}

    /** Bytes an element on independent draws, by some row blocks with the shape's K and segments. */
    static double bytes(Format format, int m, int k, double zeros) {
        return measured(format, k, LaneLists.defaultSegment(format, m, k), zeros);
    }

    private static double measured(Format format, int k, int segment, double zeros) {
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

    private static String head(String what) {
        return "| " + what + " | format |"
                + IntStream.of(ZEROS).mapToObj(zeros -> " " + zeros + "% |").collect(Collectors.joining())
                + "\n| --- | ---"
                + " | ---".repeat(ZEROS.length) + " |\n";
    }

    private static String line(String what, Format format, DoubleUnaryOperator bytes) {
        return "| " + what + " | " + format.id() + IntStream.of(ZEROS)
                .mapToObj(zeros -> String.format(Locale.ROOT, " | %.3f", bytes.applyAsDouble(zeros / 100.)))
                .collect(Collectors.joining()) + " |\n";
    }

    private static String lines(int[] shape) {
        StringBuilder s = new StringBuilder();
        for (Format format : FORMATS) {
            int segment = LaneLists.defaultSegment(format, shape[0], shape[1]);
            s.append(line(shape[0] + " x " + shape[1] + ", " + segment, format,
                    zeros -> bytes(format, shape[0], shape[1], zeros)));
        }
        return s.toString();
    }

    /** Bytes an element by percent of zeros, of one shape with long segments and one with short ones. */
    static String table() {
        return head("shape, k-tiles a segment") + lines(new int[]{49152, 12288}) + lines(new int[]{7168, 7168});
    }

    /**
     * Bytes an element of all layers' matrices of the trained model, each pruned by magnitude, or of independent draws in the same
     * shapes; 0 for the segments that each matrix has by itself.
     */
    private static double model(Format format, int segment, double zeros, boolean drawn) {
        long bytes = 0;
        long elements = 0;
        EncodeOptions options = EncodeOptions.DEFAULT.withFormat(format);
        SplittableRandom random = new SplittableRandom(1);
        try (Safetensors file = Safetensors.open(Models.folder(Models.KJV).resolve("model.safetensors"))) {
            for (TensorInfo tensor : file.tensors()) {
                if (tensor.shape().size() != 2 || !tensor.name().contains(".layers.")) {
                    continue;
                }
                int m = tensor.shape().get(0).intValue();
                int k = tensor.shape().get(1).intValue();
                short[] dense = file.data(tensor).toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
                for (int i = 0; drawn && i < dense.length; i++) {
                    dense[i] = (short) (random.nextDouble() < zeros ? 0 : 1);
                }
                if (!drawn) {
                    MagnitudePruning.prune(MemorySegment.ofArray(dense), DenseType.F16, zeros);
                }
                bytes += Matrices
                        .encode(dense, DenseType.F16, m, k, segment == 0 ? options : options.withSegment(segment))
                        .encodedBytes();
                elements += dense.length;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return (double) bytes / elements;
    }

    /**
     * Prints the tables.
     *
     * @param args none
     */
    public static void main(String[] args) {
        System.out.print(head("shape, k-tiles a segment"));
        for (int[] shape : SHAPES) {
            System.out.print(lines(shape));
        }
        System.out.print("\nK = 7168, by segments\n\n" + head("k-tiles a segment"));
        for (int segment = 1; segment <= LaneLists.MOST_SEGMENT; segment *= 2) {
            int tiles = segment;
            for (Format format : FORMATS) {
                System.out.print(line("" + tiles, format, zeros -> measured(format, 7168, tiles, zeros)));
            }
        }
        System.out.print("\n`synth --skew`, " + SKEWED_ROWS + " x 7168, segments of 16\n\n" + head("skew"));
        for (double skew : new double[]{0, .1, .2, .5}) {
            for (Format format : FORMATS) {
                System.out.print(
                        line("" + skew, format, zeros -> share(synthetic(7168, zeros, skew), 7168, format, 16)));
            }
        }
        System.out.print("\nkjv-opt\n\n" + head("segments"));
        for (Format format : FORMATS) {
            System.out.print(line("1 k-tile, by itself", format, zeros -> model(format, 0, zeros, false)));
            System.out.print(line("whole rows", format, zeros -> model(format, 16, zeros, false)));
            System.out.print(line("whole rows, independent draws", format, zeros -> model(format, 16, zeros, true)));
        }
    }
}
