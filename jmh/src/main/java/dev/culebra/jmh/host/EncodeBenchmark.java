package dev.culebra.jmh.host;

import dev.culebra.jmh.run.Layers;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
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
import org.openjdk.jmh.annotations.Warmup;

/** Encoding dense fp16, and back. Dense bytes are 2 M K: the goal is 0.5 GB of them a second and core. */
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

    /** Threads. */
    @Param({"1", "2"})
    public int threads;

    private int m;
    private int k;
    private MemorySegment dense;
    private SparseMatrix encoded;
    private EncodeOptions options;

    /** Makes the weights. */
    @Setup(Level.Trial)
    public void prepare() {
        int[] mk = Layers.shape(shape);
        m = mk[0];
        k = mk[1];
        dense = MemorySegment.ofArray(Layers.weights(m, k, sparsity));
        options = EncodeOptions.DEFAULT.withFormat(Format.of(format)).withThreads(threads);
        encoded = encode();
    }

    /**
     * Dense to encoded.
     *
     * @return the matrix
     */
    @Benchmark
    public SparseMatrix encode() { return SparseMatrix.encode(dense, DenseType.F16, m, k, ValueType.F16, options); }

    /**
     * Encoded to dense.
     *
     * @return the dense bytes
     */
    @Benchmark
    public MemorySegment decode() {
        MemorySegment out = MemorySegment.ofArray(new short[m * k]);
        encoded.decode(out);
        return out;
    }
}
