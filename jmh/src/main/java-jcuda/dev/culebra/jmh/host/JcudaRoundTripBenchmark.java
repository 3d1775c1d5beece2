package dev.culebra.jmh.host;

import static jcuda.driver.JCudaDriver.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What {@link RoundTripBenchmark} does, in JCuda, with the same check. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
public class JcudaRoundTripBenchmark {

    private static final int COUNT = RoundTripBenchmark.COUNT;
    private static final long BYTES = RoundTripBenchmark.BYTES;

    private final Pointer in = new Pointer();
    private final Pointer out = new Pointer();
    private JcudaWork work;
    private CUdeviceptr values;
    private CUfunction increment;
    private Pointer arguments;
    private MemorySegment result;

    /** Opens all. */
    @Setup(Level.Trial)
    public void open() {
        work = new JcudaWork();
        values = work.allocate(BYTES);
        cuMemHostAlloc(in, BYTES, 3); // portable, mapped: as ours
        cuMemHostAlloc(out, BYTES, 3);
        MemorySegment source = MemorySegment.ofBuffer(in.getByteBuffer(0, BYTES));
        result = MemorySegment.ofBuffer(out.getByteBuffer(0, BYTES));
        for (int i = 0; i < COUNT; i++) source.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i, i);
        increment = work.kernel("increment");
        arguments = Pointer.to(Pointer.to(values), Pointer.to(new int[]{COUNT}));
    }

    /** What must not be there when the next round begins. */
    @Setup(Level.Iteration)
    public void clear() { result.fill((byte) 0); }

    /** In, launch, out, wait. */
    @Benchmark
    public void roundTrip() {
        cuMemcpyHtoDAsync(values, in, BYTES, work.stream);
        cuLaunchKernel(increment, COUNT / 256, 1, 1, 256, 1, 1, 0, work.stream, arguments, null);
        cuMemcpyDtoHAsync(out, values, BYTES, work.stream);
        cuStreamSynchronize(work.stream);
    }

    /** Compares what came back. */
    @TearDown(Level.Iteration)
    public void check() { RoundTripBenchmark.check(result); }

    /** Closes all. */
    @TearDown(Level.Trial)
    public void close() {
        cuMemFree(values);
        cuMemFreeHost(in);
        cuMemFreeHost(out);
        work.close();
    }
}
