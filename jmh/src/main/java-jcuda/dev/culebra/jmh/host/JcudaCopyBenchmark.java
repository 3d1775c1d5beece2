package dev.culebra.jmh.host;

import static jcuda.driver.JCudaDriver.*;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
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

/** What {@link CopyBenchmark} does, in JCuda; memory that is not pinned is a direct buffer. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
public class JcudaCopyBenchmark {

    /** in, to the device; or out, from it. */
    @Param({"in", "out"})
    public String direction;

    /** pinned or pageable. */
    @Param({"pinned", "pageable"})
    public String memory;

    /** Bytes of one copy, a multiple of 8. */
    @Param({"4096", "65536", "1048576", "16777216", "268435456"})
    public long size;

    private JcudaWork work;
    private CUdeviceptr device;
    private Pointer host;
    private MemorySegment segment;
    private boolean in;

    /** The side that is read has a pattern. */
    @Setup(Level.Trial)
    public void open() {
        work = new JcudaWork();
        in = direction.equals("in");
        device = work.allocate(size);
        if (memory.equals("pinned")) {
            host = new Pointer();
            cuMemHostAlloc(host, size, 3); // portable, mapped: as ours
            segment = MemorySegment.ofBuffer(host.getByteBuffer(0, size));
        } else {
            ByteBuffer buffer = ByteBuffer.allocateDirect(Math.toIntExact(size));
            host = Pointer.to(buffer);
            segment = MemorySegment.ofBuffer(buffer);
        }
        CopyBenchmark.fill(segment);
        if (!in) cuMemcpyHtoD(device, host, size);
    }

    /** The other side has zeros. */
    @Setup(Level.Iteration)
    public void clear() {
        if (in) cuMemsetD8(device, (byte) 0, size);
        else
            segment.fill((byte) 0);
        cuCtxSynchronize();
    }

    /** One copy, and the wait for it. */
    @Benchmark
    public void copy() {
        if (in) cuMemcpyHtoDAsync(device, host, size, work.stream);
        else
            cuMemcpyDtoHAsync(host, device, size, work.stream);
        cuStreamSynchronize(work.stream);
    }

    /** Compares what arrived. */
    @TearDown(Level.Iteration)
    public void check() {
        if (in) {
            segment.fill((byte) 0);
            cuMemcpyDtoH(host, device, size);
        }
        CopyBenchmark.check(segment);
    }

    /** Closes all. */
    @TearDown(Level.Trial)
    public void close() {
        cuMemFree(device);
        if (memory.equals("pinned")) cuMemFreeHost(host);
        work.close();
    }
}
