package dev.culebra.jmh.host;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.PreparedLaunch;
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
 * The smallest use of a device: {@value #COUNT} ints from page-locked memory onto it, a kernel that adds 1 to each, and
 * back again, waited for. The last result is checked. On the no-op driver these are four calls of ours with nothing
 * behind them, and nothing to check.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
public class RoundTripBenchmark {

    static final int COUNT = 1024;

    /** Of one direction. */
    static final long BYTES = COUNT * Integer.BYTES;

    /** cuda, no-op, or emulator. */
    @Param("cuda")
    public String driver;

    private HostWork work;
    private DeviceBuffer values;
    private PinnedBuffer in;
    private PinnedBuffer out;
    private PreparedLaunch increment;

    /** Opens all. */
    @Setup(Level.Trial)
    public void open() {
        work = new HostWork(driver);
        values = work.context.allocate(BYTES);
        in = work.context.allocatePinned(BYTES);
        out = work.context.allocatePinned(BYTES);
        for (int i = 0; i < COUNT; i++) in.segment().setAtIndex(ValueLayout.JAVA_INT, i, i);
        increment = work.module.kernel("increment").prepare(LaunchConfig.of(COUNT / 256, 256)).set(0, values).set(1,
                COUNT);
    }

    /** What must not be there when the next round begins, so that one that does nothing is seen. */
    @Setup(Level.Iteration)
    public void clear() { out.segment().fill((byte) 0); }

    /** In, launch, out, wait. */
    @Benchmark
    public void roundTrip() {
        work.stream.copy(in.segment(), values);
        increment.launch(work.stream);
        work.stream.copy(values, out.segment());
        work.stream.synchronize();
    }

    /** Compares what came back, where the driver works. */
    @TearDown(Level.Iteration)
    public void check() { if (work.driver.works()) check(out.segment()); }

    /** Of {@code i} the device makes {@code i + 1}. */
    static void check(MemorySegment out) {
        for (int i = 0; i < COUNT; i++) {
            int value = out.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i);
            if (value != i + 1) {
                throw new IllegalStateException("round trip: value " + i + " is " + value + ", not " + (i + 1));
            }
        }
    }

    /** Closes all. */
    @TearDown(Level.Trial)
    public void close() {
        values.close();
        in.close();
        out.close();
        work.close();
    }
}
