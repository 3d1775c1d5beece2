package dev.culebra.jmh.host;

import dev.culebra.bindings.PFN_cuLaunchKernel_v4000;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PreparedLaunch;
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
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the host pays to put a kernel on a stream. The kernel does nothing and takes a pointer, an int and a float. On
 * the no-op driver it is our own work alone.
 *
 * <p>
 * One invocation is a burst of {@value HostWork#BURST} launches onto an idle stream; the wait for the device is a
 * tear-down of {@code Level.Invocation}, out of the time. JMH warns of that level because it reads the clock around
 * each invocation: here twice some 25 ns for a whole burst, a fifth of a nanosecond a launch. Timing an endless row instead
 * would measure how fast the device ends kernels, since the driver makes a launch wait where the queue is full. The C
 * program does the same: burst, clock, wait.
 *
 * <p>
 * The goal: {@link #preparedLaunch} is at most 100 ns over the same call in C and allocates nothing.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
@OperationsPerInvocation(HostWork.BURST)
public class LaunchBenchmark {

    private static final LaunchConfig CONFIG = LaunchConfig.of(1, 32);
    private static final long BYTES = 4096;

    /** cuda, no-op, or emulator. */
    @Param("cuda")
    public String driver;

    private HostWork work;
    private Kernel kernel;
    private DeviceBuffer values;
    private PreparedLaunch prepared;
    private PreparedLaunch clustered;
    private Arena arena;
    private MemorySegment cuLaunchKernel;
    private MemorySegment rawKernel;
    private MemorySegment rawStream;
    private MemorySegment rawArguments;

    /** Opens all. */
    @Setup(Level.Trial)
    public void open() {
        work = new HostWork(driver);
        kernel = work.module.kernel("nothing");
        values = work.context.allocate(BYTES);
        prepared = kernel.prepare(CONFIG).set(0, values).set(1, 1024).set(2, 0.5f);
        clustered = kernel.prepare(CONFIG.withCluster(Dim3.of(1))).set(0, values).set(1, 1024).set(2, 0.5f);
        arena = Arena.ofConfined();
        cuLaunchKernel = work.function("cuLaunchKernel", 4000);
        rawKernel = MemorySegment.ofAddress(kernel.handle());
        rawStream = MemorySegment.ofAddress(work.stream.handle());
        rawArguments = arena.allocate(ValueLayout.ADDRESS, 3);
        rawArguments.setAtIndex(ValueLayout.ADDRESS, 0, arena.allocateFrom(ValueLayout.JAVA_LONG, values.address()));
        rawArguments.setAtIndex(ValueLayout.ADDRESS, 1, arena.allocateFrom(ValueLayout.JAVA_INT, 1024));
        rawArguments.setAtIndex(ValueLayout.ADDRESS, 2, arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0.5f));
        kernel.launch(work.stream, CONFIG, values, 1024, 0.5f);
        work.stream.synchronize();
    }

    /** The device is through with a burst before the next begins. */
    @TearDown(Level.Invocation)
    public void await() { work.stream.synchronize(); }

    /** Closes all. */
    @TearDown(Level.Trial)
    public void close() {
        values.close();
        work.close();
        arena.close();
    }

    /**
     * {@code cuLaunchKernel} through its binding alone, as the C program calls it: no context is set, nothing is kept
     * from being closed.
     */
    @Benchmark
    public void rawLaunch() {
        for (int i = 0; i < HostWork.BURST; i++) {
            HostWork.require(PFN_cuLaunchKernel_v4000.invoke(cuLaunchKernel, rawKernel, 1, 1, 1, 32, 1, 1, 0, rawStream,
                    rawArguments, MemorySegment.NULL));
        }
    }

    /** The same launch again and again, by {@code cuLaunchKernel}. */
    @Benchmark
    public void preparedLaunch() { for (int i = 0; i < HostWork.BURST; i++) prepared.launch(work.stream); }

    /** The same by {@code cuLaunchKernelEx}, as launches in clusters go. */
    @Benchmark
    public void preparedLaunchEx() { for (int i = 0; i < HostWork.BURST; i++) clustered.launch(work.stream); }

    /** All three arguments are set before each launch. */
    @Benchmark
    public void argumentChange() {
        for (int i = 0; i < HostWork.BURST; i++) prepared.set(0, values).set(1, i).set(2, 0.5f).launch(work.stream);
    }

    /** A launch with nothing prepared: arguments boxed, checked and laid out each time. */
    @Benchmark
    public void launch() {
        for (int i = 0; i < HostWork.BURST; i++) kernel.launch(work.stream, CONFIG, values, 1024, 0.5f);
    }
}
