package dev.culebra.jmh.host;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.PinnedBuffer;
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
 * One copy and the wait for it, in both directions, from and to page-locked memory and memory that is not. What arrived
 * is compared, byte for byte. On the no-op driver nothing is moved: it is what we add to two calls, whatever the size.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
public class CopyBenchmark {

    /** cuda, no-op, or emulator. */
    @Param("cuda")
    public String driver;

    /** in, to the device; or out, from it. */
    @Param({"in", "out"})
    public String direction;

    /** pinned or pageable. */
    @Param({"pinned", "pageable"})
    public String memory;

    /** Bytes of one copy, a multiple of 8. */
    @Param({"4096", "65536", "1048576", "16777216", "268435456"})
    public long size;

    private HostWork work;
    private DeviceBuffer device;
    private PinnedBuffer pinned;
    private Arena arena;
    private MemorySegment host;
    private boolean in;

    /** The side that is read has a pattern. */
    @Setup(Level.Trial)
    public void open() {
        work = new HostWork(driver);
        in = direction.equals("in");
        device = work.context.allocate(size);
        arena = Arena.ofConfined();
        pinned = memory.equals("pinned") ? work.context.allocatePinned(size) : null;
        host = pinned == null ? arena.allocate(size, Long.BYTES) : pinned.segment();
        fill(host);
        if (!in) device.upload(host);
    }

    /** The other side has zeros, so that copies that move nothing any more are seen. */
    @Setup(Level.Iteration)
    public void clear() {
        if (in) work.stream.fill(device, (byte) 0);
        else
            host.fill((byte) 0);
        work.stream.synchronize();
    }

    private static long pattern(long at) { return (at + 1) * 0x9E3779B97F4A7C15L; }

    /** One copy, and the wait for it. */
    @Benchmark
    public void copy() {
        if (in) work.stream.copy(host, device);
        else
            work.stream.copy(device, host);
        work.stream.synchronize();
    }

    /** Compares what arrived, where the driver works. */
    @TearDown(Level.Iteration)
    public void check() {
        if (!work.driver.works()) return;
        if (in) {
            host.fill((byte) 0);
            device.download(host); // the pattern again
        }
        check(host);
    }

    /** Closes all. */
    @TearDown(Level.Trial)
    public void close() {
        device.close();
        if (pinned != null) pinned.close();
        work.close();
        arena.close();
    }

    /** With a pattern that is nowhere the same. */
    static void fill(MemorySegment host) {
        for (long at = 0; at < host.byteSize(); at += Long.BYTES)
            host.set(ValueLayout.JAVA_LONG_UNALIGNED, at, pattern(at));
    }

    /** Throws unless the pattern is there. */
    static void check(MemorySegment copied) {
        for (long at = 0; at < copied.byteSize(); at += Long.BYTES) {
            if (copied.get(ValueLayout.JAVA_LONG_UNALIGNED, at) != pattern(at)) {
                throw new IllegalStateException("copy of " + copied.byteSize() + " bytes: wrong at byte " + at);
            }
        }
    }
}
