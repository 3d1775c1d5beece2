package dev.culebra.jmh.interpreter;

import dev.culebra.jmh.run.Layers;
import com.sun.management.OperatingSystemMXBean;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import dev.culebra.driver.spi.CounterRecording;
import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.emulator.check.Check;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CudaSpmm;
import dev.culebra.spmm.SpmmWeights;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * How fast the emulator's interpreter is on one worker: read {@code laneInstructions}, lane instructions a second (32 for each
 * warp instruction of the text), and divide by {@code cpuSeconds}, the share of a core that it got, for the rate of a core; on a
 * machine with other work that is the figure to take. A launch and the wait for it are in both. The goal is 30 million a
 * second and core on ordinary code with all checks on.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-Xmx2g"})
public class InterpreterBenchmark {

    /**
     * {@code loop}: integers and fp32 in registers; {@code reduction}: a tree in shared memory with barriers and divergence;
     * {@code gemm}: 16 x 16 tiles, fp32; {@code tiled-csl}: our product, 70% zeros, 8 tokens (cp.async, scatter, ldmatrix,
     * mma).
     */
    @Param({"loop", "reduction", "gemm", "tiled-csl"})
    public String program;

    /** Whether the emulator looks for what hardware does not find. */
    @Param({"all", "none"})
    public String checks;

    /** Whether somebody records what launches execute. */
    @Param({"off", "on"})
    public String counters;

    private static final OperatingSystemMXBean MACHINE = (OperatingSystemMXBean) ManagementFactory
            .getOperatingSystemMXBean();

    private Cuda cuda;
    private Context context;
    private Stream stream;
    private CudaModule module;
    private DeviceBuffer in;
    private DeviceBuffer out;
    private CudaSpmm spmm;
    private SpmmWeights weights;
    private Runnable launch;
    private long lanes;

    /** What one launch executes, for the rate. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Rate {
        /** Lane instructions executed. */
        public long laneInstructions;
        /** Processor time of the process, all threads. */
        public double cpuSeconds;
    }

    /**
     * Makes the device and the program, and counts one launch.
     *
     * @throws IOException where the PTX can not be read
     */
    @Setup(Level.Trial)
    public void prepare() throws IOException {
        cuda = Cuda.open(new EmulatorProvider(EmulatorOptions.DEFAULT.withWorkers(1).withMemory(256 << 20)
                .withChecks(checks.equals("all") ? Check.ALL : Set.of())));
        context = cuda.device(0).context();
        stream = context.newStream();
        in = context.allocate(1 << 20);
        out = context.allocate(1 << 20);
        stream.fill(in, (byte) 0);
        if (program.equals("tiled-csl")) {
            spmm = CudaSpmm.in(context);
            int m = 512;
            int k = 512;
            weights = spmm.load(SparseMatrix.encode(MemorySegment.ofArray(Layers.weights(m, k, 0.7)), DenseType.F16,
                    m, k, ValueType.F16, EncodeOptions.DEFAULT.withFormat(Format.TILED_CSL)));
            MemorySegment x = MemorySegment.ofArray(Layers.activations(8, k));
            MemorySegment y = MemorySegment.ofArray(new float[8 * m]);
            launch = () -> weights.multiply(x, DenseType.F32, 8, y);
        } else {
            try (InputStream text = InterpreterBenchmark.class.getResourceAsStream("interpreter.ptx")) {
                module = context.load(new String(text.readAllBytes(), StandardCharsets.UTF_8));
            }
            Kernel kernel = module.kernel(program);
            launch = switch (program) {
                case "loop" -> () -> run(kernel, LaunchConfig.of(8, 256), out, 500);
                case "reduction" -> () -> run(kernel, LaunchConfig.of(8, 256), in, out, 64);
                default -> () -> run(kernel, LaunchConfig.of(new Dim3(8, 8, 1), new Dim3(16, 16, 1)), in, in, out, 128);
            };
        }
        try (CounterRecording recording = cuda.recordCounters()) {
            launch.run();
            lanes = recording.launches().stream().mapToLong(LaunchCounters::laneInstructions).sum();
        }
    }

    private void run(Kernel kernel, LaunchConfig config, Object... arguments) {
        kernel.launch(stream, config, arguments);
        stream.synchronize();
    }

    /** Gives all back. */
    @TearDown(Level.Trial)
    public void close() {
        if (weights != null) {
            weights.close();
            spmm.close();
        }
        if (module != null) {
            module.close();
        }
        in.close();
        out.close();
        stream.close();
        context.close();
    }

    /**
     * One launch, or one product.
     *
     * @param rate counts its lane instructions
     */
    @Benchmark
    public void launch(Rate rate) {
        long before = MACHINE.getProcessCpuTime();
        if (counters.equals("on")) {
            CounterRecording recording = cuda.recordCounters();
            try {
                launch.run();
            } finally {
                recording.close();
            }
        } else {
            launch.run();
        }
        rate.laneInstructions += lanes;
        rate.cpuSeconds += (MACHINE.getProcessCpuTime() - before) / 1e9;
    }
}
