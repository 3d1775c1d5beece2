package dev.culebra.jmh.host;

import static jcuda.driver.JCudaDriver.*;

import java.util.concurrent.TimeUnit;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What {@link CallBenchmark} and {@link LaunchBenchmark} do, in JCuda: the same functions, bursts and waits. NVIDIA's
 * driver alone.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
@OperationsPerInvocation(HostWork.BURST)
public class JcudaCallBenchmark {

    private final int[] version = new int[1];
    private final int[] count = {1024};
    private final float[] factor = {0.5f};
    private JcudaWork work;
    private CUevent event;
    private CUdeviceptr values;
    private CUfunction nothing;
    private Pointer arguments;

    /** Opens all. */
    @Setup(Level.Trial)
    public void open() {
        work = new JcudaWork();
        event = work.newEvent();
        values = work.allocate(4096);
        nothing = work.kernel("nothing");
        arguments = Pointer.to(Pointer.to(values), Pointer.to(count), Pointer.to(factor));
        preparedLaunch();
        cuEventRecord(event, work.stream);
        await();
    }

    /** The device is through with a burst before the next begins. */
    @TearDown(Level.Invocation)
    public void await() { work.await(); }

    /** Closes all. */
    @TearDown(Level.Trial)
    public void close() {
        cuMemFree(values);
        cuEventDestroy(event);
        work.close();
    }

    /** {@code cuDriverGetVersion}. */
    @Benchmark
    public void downcall() { for (int i = 0; i < HostWork.BURST; i++) cuDriverGetVersion(version); }

    /** {@code cuCtxSetCurrent}. */
    @Benchmark
    public void setCurrent() { for (int i = 0; i < HostWork.BURST; i++) cuCtxSetCurrent(work.context); }

    /** {@code cuStreamQuery}. */
    @Benchmark
    public void streamQuery() { for (int i = 0; i < HostWork.BURST; i++) cuStreamQuery(work.stream); }

    /** {@code cuEventQuery}. */
    @Benchmark
    public void eventQuery() { for (int i = 0; i < HostWork.BURST; i++) cuEventQuery(event); }

    /** {@code cuEventRecord}. */
    @Benchmark
    public void eventRecord() { for (int i = 0; i < HostWork.BURST; i++) cuEventRecord(event, work.stream); }

    /** The arguments' pointers are made once. */
    @Benchmark
    public void preparedLaunch() {
        for (int i = 0; i < HostWork.BURST; i++) {
            cuLaunchKernel(nothing, 1, 1, 1, 32, 1, 1, 0, work.stream, arguments, null);
        }
    }

    /** The values behind the pointers are set before each launch; a buffer's pointer is another object. */
    @Benchmark
    public void argumentChange() {
        for (int i = 0; i < HostWork.BURST; i++) {
            count[0] = i;
            factor[0] = 0.5f;
            cuLaunchKernel(nothing, 1, 1, 1, 32, 1, 1, 0, work.stream, arguments, null);
        }
    }

    /** With nothing prepared. */
    @Benchmark
    public void launch() {
        for (int i = 0; i < HostWork.BURST; i++) {
            Pointer made = Pointer.to(Pointer.to(values), Pointer.to(new int[]{1024}), Pointer.to(new float[]{0.5f}));
            cuLaunchKernel(nothing, 1, 1, 1, 32, 1, 1, 0, work.stream, made, null);
        }
    }
}
