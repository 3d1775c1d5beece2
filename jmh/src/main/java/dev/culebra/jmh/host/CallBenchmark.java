package dev.culebra.jmh.host;

import dev.culebra.bindings.PFN_cuCtxSetCurrent_v4000;
import dev.culebra.bindings.PFN_cuDriverGetVersion_v2020;
import dev.culebra.bindings.PFN_cuEventRecord_v2000;
import dev.culebra.bindings.PFN_cuStreamQuery_v2000;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Event;
import dev.culebra.driver.LaunchConfig;
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
 * Calls that start no work on the device, or next to none. On the no-op driver each is what our side of it costs: the
 * way into C and back ({@link #downcall}), and for the checked ones the context that is made current, the lifetime that
 * is entered and left, and the answer that is looked at.
 *
 * <p>
 * Operations come in bursts, with the wait for the device after each out of the time: see {@link LaunchBenchmark}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
@OperationsPerInvocation(HostWork.BURST)
public class CallBenchmark {

    /** cuda, no-op, or emulator. */
    @Param("cuda")
    public String driver;

    private HostWork work;
    private Event event;
    private Arena arena;
    private MemorySegment version;
    private MemorySegment rawContext;
    private MemorySegment rawStream;
    private MemorySegment rawEvent;
    private MemorySegment cuDriverGetVersion;
    private MemorySegment cuCtxSetCurrent;
    private MemorySegment cuStreamQuery;
    private MemorySegment cuEventRecord;

    /** Opens all. */
    @Setup(Level.Trial)
    public void open() {
        work = new HostWork(driver);
        event = work.context.newEvent();
        arena = Arena.ofConfined();
        version = arena.allocate(ValueLayout.JAVA_INT);
        rawContext = MemorySegment.ofAddress(work.context.handle());
        rawStream = MemorySegment.ofAddress(work.stream.handle());
        rawEvent = MemorySegment.ofAddress(event.handle());
        // The no-op driver answers this one in Java, which costs an upcall.
        cuDriverGetVersion = driver.equals(NoOpDriver.NAME)
                ? NoOpDriver.nothing().orElseThrow()
                : work.function("cuDriverGetVersion", 2020);
        cuCtxSetCurrent = work.function("cuCtxSetCurrent", 4000);
        cuStreamQuery = work.function("cuStreamQuery", 2000);
        cuEventRecord = work.function("cuEventRecord", 2000);
        // As the C program and JCuda's: a stream that never ran a kernel, and an event behind none, can be answered sooner.
        DeviceBuffer values = work.context.allocate(4096);
        work.module.kernel("nothing").launch(work.stream, LaunchConfig.of(1, 32), values, 1024, 0.5f);
        work.stream.record(event);
        work.stream.synchronize();
        values.close();
    }

    /** The device is through with a burst before the next begins. */
    @TearDown(Level.Invocation)
    public void await() { work.stream.synchronize(); }

    /** Closes all. */
    @TearDown(Level.Trial)
    public void close() {
        event.close();
        work.close();
        arena.close();
    }

    /** {@code cuDriverGetVersion} through its binding alone: the cheapest function of NVIDIA's. */
    @Benchmark
    public void downcall() {
        for (int i = 0; i < HostWork.BURST; i++) {
            HostWork.require(PFN_cuDriverGetVersion_v2020.invoke(cuDriverGetVersion, version));
        }
    }

    /** {@code cuCtxSetCurrent} through its binding alone: what every checked call adds to its own. */
    @Benchmark
    public void setCurrent() {
        for (int i = 0; i < HostWork.BURST; i++) {
            HostWork.require(PFN_cuCtxSetCurrent_v4000.invoke(cuCtxSetCurrent, rawContext));
        }
    }

    /** {@code cuStreamQuery} of an idle stream, which ran a kernel before, through its binding alone. */
    @Benchmark
    public void rawStreamQuery() {
        for (int i = 0; i < HostWork.BURST; i++) {
            HostWork.require(PFN_cuStreamQuery_v2000.invoke(cuStreamQuery, rawStream));
        }
    }

    /** The same through the checked layer and the stream's lifetime. */
    @Benchmark
    public void streamQuery() {
        boolean done = true;
        for (int i = 0; i < HostWork.BURST; i++) done &= work.stream.isDone();
        requireDone(done);
    }

    /** Asks an event that has happened. */
    @Benchmark
    public void eventQuery() {
        boolean done = true;
        for (int i = 0; i < HostWork.BURST; i++) done &= event.isDone();
        requireDone(done);
    }

    /** "Not yet" is another answer, at another price. C and JCuda fail at it too. */
    private static void requireDone(boolean done) {
        if (!done) throw new IllegalStateException("nothing was under way, and the driver said that something was");
    }

    /** {@code cuEventRecord} through its binding alone. */
    @Benchmark
    public void rawEventRecord() {
        for (int i = 0; i < HostWork.BURST; i++) {
            HostWork.require(PFN_cuEventRecord_v2000.invoke(cuEventRecord, rawEvent, rawStream));
        }
    }

    /** Records an event that keeps no time. */
    @Benchmark
    public void eventRecord() { for (int i = 0; i < HostWork.BURST; i++) work.stream.record(event); }
}
