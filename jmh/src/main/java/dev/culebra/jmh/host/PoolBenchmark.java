package dev.culebra.jmh.host;

import dev.culebra.driver.PinnedPool;
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
 * Memory that is taken and given back, from pools that have it already. On the no-op driver it is what we write down to
 * know what is open: an object with its owners, who is told where the object came from, and a cleaner for who forgets
 * to close it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
public class PoolBenchmark {

    private static final long CAP = 1L << 30;

    /** cuda, no-op, or emulator. */
    @Param("cuda")
    public String driver;

    /** Bytes. */
    @Param({"4096", "16777216"})
    public long size;

    private HostWork work;
    private PinnedPool pool;

    /** Opens all. */
    @Setup(Level.Trial)
    public void open() {
        work = new HostWork(driver);
        pool = new PinnedPool(work.context, CAP);
    }

    /** What was put on the stream is done before the next iteration. */
    @TearDown(Level.Iteration)
    public void await() { work.stream.synchronize(); }

    /** Closes all. */
    @TearDown(Level.Trial)
    public void close() {
        pool.close();
        work.close();
    }

    /** Device memory in the stream's order, taken and given back. */
    @Benchmark
    public void streamAllocate() { work.stream.allocate(size).close(); }

    /** Page-locked memory of a {@link PinnedPool}, taken and given back. */
    @Benchmark
    public void pinnedAcquire() { pool.acquire(size).close(); }
}
