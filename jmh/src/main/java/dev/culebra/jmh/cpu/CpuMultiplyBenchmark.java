package dev.culebra.jmh.cpu;

import dev.culebra.jmh.peer.OpenBlas;
import dev.culebra.jmh.run.Layers;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.spmm.SpmmWeights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
 * A sparse product on the CPU: the layers of OPT-125M, 1.3B and 6.7B (attention, both halves of the feed-forward part),
 * a very small one, and OPT-125M's head. Weights are warm where they fit the last cache; the larger layers do not.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgs = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xmx4g"})
public class CpuMultiplyBenchmark {

    /** M x K. */
    @Param({"192x192", "768x768", "3072x768", "768x3072", "2048x2048", "8192x2048", "2048x8192", "4096x4096",
        "16384x4096", "4096x16384", "50272x768"})
    public String shape;

    /** The format; the dense one takes the same time whatever share of zeros. */
    @Param({"tiled-csl", "dense"})
    public String format;

    /** Share of zeros. */
    @Param({"0.5", "0.6", "0.7", "0.8", "0.9"})
    public double sparsity;

    /** Tokens. */
    @Param({"1", "2", "4", "8", "16", "32", "64"})
    public int n;

    /** Whether jdk.incubator.vector is used. */
    @Param("true")
    public boolean vectors;

    /** Threads; 0 for one a core. */
    @Param("0")
    public int threads;

    private CpuSpmm cpu;
    private SpmmWeights weights;
    private MemorySegment bytes;
    private MemorySegment x;
    private MemorySegment y;

    /** Encodes and loads. */
    @Setup(Level.Trial)
    public void load() {
        int[] mk = Layers.shape(shape);
        cpu = CpuSpmm.open(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads, vectors);
        MemorySegment dense = MemorySegment.ofArray(Layers.weights(mk[0], mk[1], sparsity));
        SparseMatrix a = SparseMatrix.encode(dense, DenseType.F16, mk[0], mk[1], ValueType.F16,
                EncodeOptions.DEFAULT.withFormat(Format.of(format)));
        bytes = a.sections().getFirst().bytes(); // entries or values: all but the offsets
        weights = cpu.load(a);
        x = MemorySegment.ofArray(Layers.activations(n, mk[1]));
        y = MemorySegment.ofArray(new float[n * mk[0]]);
    }

    /** Closes all. */
    @TearDown(Level.Trial)
    public void close() {
        weights.close();
        cpu.close();
    }

    /**
     * One product.
     *
     * @return the result
     */
    @Benchmark
    public MemorySegment multiply() {
        weights.multiply(x, DenseType.F32, n, y);
        return y;
    }

    /**
     * Reads the same bytes on one thread, for comparison: what the memory, or the cache, gives.
     *
     * @return a sum of them
     */
    @Benchmark
    public long read() {
        long sum = 0;
        for (long at = 0; at + Long.BYTES <= bytes.byteSize(); at += Long.BYTES) {
            sum += bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
        }
        return sum;
    }

    /** The same layer for OpenBLAS: loaded only where its benchmark runs. */
    @State(Scope.Benchmark)
    public static class Dense {

        private final Arena arena = Arena.ofShared();
        private OpenBlas blas;
        private MemorySegment weights;
        private MemorySegment x;
        private MemorySegment y;

        /**
         * Widens the weights.
         *
         * @param p the parameters
         * @throws OpenBlas.MissingException where the library is not found
         */
        @Setup(Level.Trial)
        public void load(CpuMultiplyBenchmark p) throws OpenBlas.MissingException {
            int[] mk = Layers.shape(p.shape);
            blas = OpenBlas.load();
            blas.setThreads(p.threads == 0 ? Runtime.getRuntime().availableProcessors() : p.threads);
            short[] dense = Layers.weights(mk[0], mk[1], p.sparsity);
            weights = arena.allocate((long) dense.length * Float.BYTES, 64);
            for (int i = 0; i < dense.length; i++) {
                weights.setAtIndex(ValueLayout.JAVA_FLOAT, i, Float.float16ToFloat(dense[i]));
            }
            x = arena.allocate((long) p.n * mk[1] * Float.BYTES, 64).copyFrom(p.x);
            y = arena.allocate((long) p.n * mk[0] * Float.BYTES, 64);
        }

        /** Frees all. */
        @TearDown(Level.Trial)
        public void close() { arena.close(); }
    }

    /**
     * OpenBLAS's dense fp32 product in the same layout, whatever the format and the share of zeros: sgemv for one token, else sgemm.
     *
     * @param d the layer
     * @return the result
     */
    @Benchmark
    public MemorySegment openblas(Dense d) {
        int[] mk = Layers.shape(shape);
        if (n == 1) {
            d.blas.sgemv(false, mk[0], mk[1], d.weights, d.x, d.y);
        } else {
            d.blas.sgemm(false, true, n, mk[0], mk[1], d.x, d.weights, d.y);
        }
        return d.y;
    }
}
