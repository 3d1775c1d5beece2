package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.CudaApi;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.Device;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Event;
import dev.culebra.driver.Graph;
import dev.culebra.driver.GraphExec;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.PinnedPool;
import dev.culebra.driver.Stream;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.emulator.fault.FaultPlan;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Faults on order, as they show above the driver: in exceptions, at closing, and at the second try. */
@Timeout(60)
class FaultInjectionTest {

    private static Device device(String plan, EmulatorOptions options) {
        return Cuda.open(new EmulatorProvider(options.withFaults(FaultPlan.parse(plan)))).device(0);
    }

    /** Leaks are failures: whatever goes wrong on order, nothing may be left behind. */
    private static Device device(String plan) {
        return device(plan, EmulatorOptions.DEFAULT.withDevices(2).withWorkers(2).withFailOnLeaks(true));
    }

    private static void contains(CudaException e, String... parts) {
        for (String part : parts) {
            assertTrue(e.getMessage().contains(part), () -> "'" + part + "' is not in: " + e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"allocation:2=out-of-memory", "allocation:>1000=out-of-memory"})
    void anAllocationThatIsOutOfMemory(String plan) {
        try (Context context = device(plan).context();
                Stream stream = context.newStream();
                DeviceBuffer first = context.allocate(1000)) {
            CudaException e = assertThrows(CudaException.class, () -> context.allocate(1001));
            assertEquals(2, e.code());
            assertEquals(1000, first.bytes());
            contains(e, "Asked for 1001 bytes", "are free", "Close buffers",
                    "an allocation of 1001 bytes fails as the fault"
                            + " plan has it");
            try (DeviceBuffer third = context.allocate(1000)) {
                stream.fill(third, (byte) 1);
                stream.synchronize();
            }
        }
    }

    @Test
    void anAllocationOfAStreamThatIsOutOfMemory() {
        try (Context context = device("allocation:1=out-of-memory").context(); Stream stream = context.newStream()) {
            contains(assertThrows(CudaException.class, () -> stream.allocate(64)), "Asked for 64 bytes", "fault plan");
            stream.allocate(64).close();
        }
    }

    @Test
    void pageLockedMemoryThatIsNotGiven() {
        try (Context context = device(
                "pinned:1=out-of-memory; pinned:2=out-of-memory; pinned:4=CUDA_ERROR_NOT_SUPPORTED")
                .context(); PinnedPool pool = new PinnedPool(context, 1 << 20)) {
            contains(assertThrows(CudaException.class, () -> context.allocatePinned(64)), "ulimit -l", "fault plan");
            assertThrows(CudaException.class, () -> pool.acquire(64));
            assertEquals(0, pool.pooledBytes(), "what was not given is not counted");
            pool.acquire(64).close();
            try (var arena = java.lang.foreign.Arena.ofConfined()) {
                MemorySegment own = arena.allocate(64, 64);
                assertEquals(801, assertThrows(CudaException.class, () -> context.register(own)).code());
                context.register(own).close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"launch-failed,719", "illegal-address,700", "uncorrectable,214"})
    void aLaunchThatFailsWhenItRuns(String fault, int code) {
        Device device = device("launch:2=" + fault);
        Context context = device.context();
        Stream stream = context.newStream();
        CudaModule module = context.load(Ptx.STORE);
        DeviceBuffer buffer = context.allocate(4);
        module.kernel("store").launch(stream, LaunchConfig.of(1, 1), buffer);
        stream.synchronize();
        module.kernel("store").launch(stream, LaunchConfig.of(1, 1), buffer);
        Throwable future = assertThrows(CompletionException.class,
                () -> stream.whenDone().orTimeout(30, TimeUnit.SECONDS)
                        .join())
                .getCause();
        assertEquals(code, assertInstanceOf(CudaException.class, future).code());
        CudaException e = assertThrows(CudaException.class, stream::synchronize);
        assertEquals(code, e.code());
        assertTrue(e.isSticky());
        contains(e, "kernel store fails as the fault plan has it: " + fault + " at launch 2", "The context is lost");
        assertEquals(code, assertThrows(CudaException.class, buffer::close).code());
        assertThrows(CudaException.class, module::close);
        assertThrows(CudaException.class, stream::close);
        context.close();
        try (Context again = device.context();
                Stream s = again.newStream();
                CudaModule m = again.load(Ptx.STORE);
                DeviceBuffer b = again.allocate(4)) {
            m.kernel("store").launch(s, LaunchConfig.of(1, 1), b);
            s.synchronize();
        }
    }

    /** As NVIDIA's driver has it: the process gets no other context on the device. */
    @Test
    void aDeviceThatDoesNotRecover() {
        Device device = device("launch:1=launch-failed", EmulatorOptions.DEFAULT.withDevices(2).withRecovery(false));
        Context context = device.context();
        CudaModule module = context.load(Ptx.BOUNDED);
        module.kernel("bounded").launch(context.defaultStream(), LaunchConfig.of(1, 1));
        assertEquals(719, assertThrows(CudaException.class, context::synchronize).code());
        assertThrows(CudaException.class, module::close);
        context.close();
        CudaException e = assertThrows(CudaException.class, device::context);
        assertEquals(719, e.code());
        contains(e, "culebra.emulator.recovery=false");
        device.cuda().device(1).context().close();
    }

    @Test
    void aLaunchThatIsRefused() {
        try (Context context = device("launch:1=CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES").context();
                Stream stream = context.newStream();
                CudaModule module = context.load(Ptx.BOUNDED)) {
            contains(assertThrows(CudaException.class,
                    () -> module.kernel("bounded").launch(stream, LaunchConfig.of(1, 1))), "registers", "fault plan");
            module.kernel("bounded").launch(stream, LaunchConfig.of(1, 1));
            stream.synchronize();
        }
    }

    @Test
    void aGraphsLaunchCountsOnceAndCapturingDoesNot() {
        Device device = device("launch:2=launch-failed; copy:1=launch-failed");
        Context context = device.context();
        Stream stream = context.newStream();
        CudaModule module = context.load(Ptx.BOUNDED);
        PinnedBuffer host = context.allocatePinned(8);
        DeviceBuffer to = context.allocate(8);
        Graph graph = stream.capture(() -> {
            module.kernel("bounded").launch(stream, LaunchConfig.of(1, 1));
            module.kernel("bounded").launch(stream, LaunchConfig.of(1, 1));
            stream.copy(host.segment(), to);
        });
        GraphExec exec = graph.instantiate();
        exec.launch(stream);
        stream.synchronize();
        exec.launch(stream);
        contains(assertThrows(CudaException.class, stream::synchronize), "graph fails as the fault plan has it");
        for (AutoCloseable c : new AutoCloseable[]{exec, graph, to, host, module, stream}) {
            try {
                c.close();
            } catch (Exception e) {
                assertEquals(719, assertInstanceOf(CudaException.class, e).code());
            }
        }
        context.close();
    }

    @Test
    void aCopyThatIsSlow() {
        try (Context context = device("copy:2=slow 150ms").context();
                Stream stream = context.newStream();
                Event before = context.newTimingEvent();
                Event after = context.newTimingEvent();
                PinnedBuffer host = context.allocatePinned(8);
                DeviceBuffer to = context.allocate(8)) {
            stream.copy(host.segment(), to);
            stream.synchronize();
            host.segment().set(ValueLayout.JAVA_LONG, 0, 77);
            stream.record(before);
            stream.copy(host.segment(), to);
            stream.record(after);
            stream.synchronize();
            assertTrue(after.millisecondsSince(before) >= 150, () -> "took " + after.millisecondsSince(before));
            stream.copy(to, host.segment());
            stream.synchronize();
            assertEquals(77, host.segment().get(ValueLayout.JAVA_LONG, 0));
        }
    }

    @Test
    void aCopyThatFails() {
        Context context = device("copy:1=uncorrectable").context();
        DeviceBuffer to = context.allocate(8);
        try {
            CudaException e = assertThrows(CudaException.class, () -> to.upload(MemorySegment.ofArray(new byte[8])));
            assertEquals(CudaApi.CUDA_ERROR_ECC_UNCORRECTABLE(), e.code());
            contains(e, "cuMemcpyHtoD fails as the fault plan has it: uncorrectable at copy 1");
        } finally {
            assertThrows(CudaException.class, to::close);
            context.close();
        }
    }

    @Test
    void modulesStreamsAndEventsThatAreNotMade() {
        try (Context context = device("module:1=CUDA_ERROR_JIT_COMPILER_NOT_FOUND; module:3=out-of-memory;"
                + " stream:1=out-of-memory; event:1=out-of-memory; event:3+=out-of-memory").context()) {
            contains(assertThrows(CudaException.class, () -> context.load(Ptx.STORE)), "libnvidia-ptxjitcompiler",
                    "fault plan");
            context.load(Ptx.STORE).close();
            contains(assertThrows(CudaException.class, () -> context.loadLibrary(Ptx.STORE,
                    dev.culebra.driver.JitOptions.DEFAULT)), "the loading of a library fails");
            contains(assertThrows(CudaException.class, context::newStream), "a new stream fails");
            contains(assertThrows(CudaException.class, context::newEvent), "a new event fails");
            try (Stream one = context.newStream();
                    Stream two = context.newStream();
                    Event event = context.newEvent();
                    DeviceBuffer buffer = one.allocate(64)) {
                one.record(event);
                two.await(event);
                two.fill(buffer, (byte) 1);
                // Closing the buffer orders its free behind the other stream by an event. It can not be had: it waits.
            }
        }
    }

    @Test
    void aDeviceThatIsLostStaysLostAndTheOtherWorks() {
        Device device = device("call:30=device-lost");
        Context context = device.context();
        Stream stream = context.newStream();
        CudaException e = assertThrows(CudaException.class, () -> {
            while (true) {
                stream.synchronize();
            }
        });
        assertEquals(999, e.code());
        contains(e, "device 0 is lost", "device-lost at call 30", "Xid");
        assertEquals(999, assertThrows(CudaException.class, () -> context.allocate(8)).code());
        assertThrows(CudaException.class, stream::close);
        context.close();
        assertFalse(device.isPrimaryContextActive());
        assertEquals(999, assertThrows(CudaException.class, device::context).code());
        try (Context other = device.cuda().device(1).context(); DeviceBuffer b = other.allocate(8)) {
            b.upload(MemorySegment.ofArray(new byte[8]));
        }
    }

    /** A bit of all that the layer has. */
    private static void everything(Device device) {
        try (Context context = device.context();
                Stream stream = context.newStream();
                Stream other = context.newStream();
                PinnedPool pool = new PinnedPool(context, 1 << 20);
                CudaModule module = context.load(Ptx.STORE);
                Event event = context.newEvent();
                DeviceBuffer buffer = context.allocate(64);
                DeviceBuffer ordered = stream.allocate(64);
                PinnedBuffer host = pool.acquire(64)) {
            buffer.upload(MemorySegment.ofArray(new byte[64]));
            stream.copy(host.segment(), ordered);
            module.kernel("store").launch(stream, LaunchConfig.of(1, 1), ordered);
            stream.record(event);
            other.await(event);
            other.copy(ordered, host.segment());
            try (Graph graph = stream.capture(() -> stream.fill(buffer, (byte) 1));
                    GraphExec exec = graph.instantiate()) {
                exec.launch(stream);
                stream.synchronize();
            }
            event.whenDone().orTimeout(30, TimeUnit.SECONDS).join();
            other.whenDone().orTimeout(30, TimeUnit.SECONDS).join();
            buffer.download(MemorySegment.ofArray(new byte[64]));
        }
    }

    /** Each thing that can be refused is refused once, each launch and copy fails once: nothing is left, and it works after. */
    @ParameterizedTest
    @ValueSource(strings = {"allocation:N=out-of-memory", "pinned:N=out-of-memory", "module:N=out-of-memory",
        "stream:N=out-of-memory", "launch:N=out-of-memory", "copy:N=out-of-memory", "launch:N=launch-failed",
        "copy:N=launch-failed"})
    void whateverFailsOnceNothingIsLeft(String plan) {
        int failures = 0;
        for (int n = 1;; n++) {
            Device device = device(plan.replace("N", "" + n));
            try {
                everything(device);
                break; // there was no n-th
            } catch (CudaException | CompletionException e) {
                failures++;
                assertTrue(e.getMessage().contains("fault plan"), e.toString());
            }
            assertFalse(device.isPrimaryContextActive(), "the context was released");
            everything(device);
        }
        assertTrue(failures > 0, "something failed");
    }

    /** Lost at each call there is: everything ends, with an exception of the library's, and the context is let go. */
    @Test
    void aDeviceMayBeLostAtAnyCall() {
        for (int n = 1;; n++) {
            Device device;
            try {
                device = device("call:" + n + "=device-lost");
            } catch (dev.culebra.driver.CudaUnavailableException e) {
                assertTrue(e.getMessage().contains("is lost"), e.getMessage());
                continue; // while it was opened
            }
            try {
                everything(device);
                break; // there was no n-th
            } catch (CudaException | CompletionException e) {
                Throwable cause = e instanceof CompletionException ? e.getCause() : e;
                assertEquals(999, assertInstanceOf(CudaException.class, cause).code(), () -> "call: " + e);
            }
            assertFalse(device.isPrimaryContextActive(), "the context was released, lost at call " + n);
            assertTrue(n < 500, "it ends");
        }
    }
}
