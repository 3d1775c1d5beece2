package dev.culebra.jmh.host;

import dev.culebra.jmh.run.Layers;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Encoding dense fp16, and back. Dense bytes are 2 M K: the goal is 0.5 GB of them a second and core. What was timed
 * last is compared with the dense matrix, element by element.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-Xmx4g"})
public class EncodeBenchmark {

    /** M x K. */
    @Param({"3072x768", "4096x4096"})
    public String shape;

    /** The format. */
    @Param({"tiled-csl", "dense"})
    public String format;

    /** Share of zeros. */
    @Param({"0.5", "0.7", "0.9"})
    public double sparsity;

    /** Threads that encode; decoding always has one. */
    @Param({"1", "2"})
    public int threads;

    private int m;
    private int k;
    private short[] weights;
    private MemorySegment dense;
    private SparseMatrix encoded;
    private short[] decoded;
    private boolean decodes;
    private EncodeOptions options;

    /** Makes the weights. */
    @Setup(Level.Trial)
    public void prepare() {
        int[] mk = Layers.shape(shape);
        m = mk[0];
        k = mk[1];
        weights = Layers.weights(m, k, sparsity);
        dense = MemorySegment.ofArray(weights);
        decoded = new short[weights.length];
        options = EncodeOptions.DEFAULT.withFormat(Format.of(format)).withThreads(threads);
        encode();
    }

    /** NaNs, which no weight is: an element that is not decoded any more is seen. */
    @Setup(Level.Iteration)
    public void clear() {
        Arrays.fill(decoded, (short) 0x7E00);
        decodes = false;
    }

    /**
     * Dense to encoded.
     *
     * @return the matrix
     */
    @Benchmark
    public SparseMatrix encode() {
        encoded = SparseMatrix.encode(dense, DenseType.F16, m, k, ValueType.F16, options);
        return encoded;
    }

    /**
     * Encoded to dense.
     *
     * @return the dense elements
     */
    @Benchmark
    public short[] decode() {
        encoded.decode(MemorySegment.ofArray(decoded));
        decodes = true;
        return decoded;
    }

    /** Compares the encoded matrix, and what was decoded, with what they were made of. */
    @TearDown(Level.Iteration)
    public void check() {
        short[] again = new short[weights.length];
        encoded.decode(MemorySegment.ofArray(again));
        check(weights, again, k);
        if (decodes) check(weights, decoded, k);
    }

    /** Both zeros are one: a format that drops zeros drops their sign. */
    static void check(short[] expected, short[] actual, int columns) {
        for (int i = 0; i < expected.length; i++) {
            if (expected[i] != actual[i] && ((expected[i] | actual[i]) & 0x7FFF) != 0) {
                throw new IllegalStateException("row " + i / columns + ", column " + i % columns + " came back as "
                        + Float.float16ToFloat(actual[i]) + ", not " + Float.float16ToFloat(expected[i]));
            }
        }
    }
}
