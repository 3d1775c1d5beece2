package dev.culebra.tests.emulator.count;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Graph;
import dev.culebra.driver.GraphExec;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import dev.culebra.driver.spi.CounterRecording;
import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.tests.driver.FakeDriver;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which launches a recording has, and who can record. */
class RecordingTest {

    private static final String PTX = Counted.HEADER + """
            .visible .entry one(.param .u64 at) { .reg .b64 %g; ld.param.u64 %g, [at]; st.global.u32 [%g], 1; ret; }
            .visible .entry two(.param .u64 at) { ret; }
            .visible .entry wild(.param .u64 at) { .reg .b64 %g; mov.u64 %g, 16; st.global.u32 [%g], 1; ret; }
            """;
    private static final LaunchConfig ONE = LaunchConfig.of(1, 1);

    private static List<String> names(CounterRecording recording) {
        return recording.launches().stream().map(LaunchCounters::kernel).toList();
    }

    @Test
    void launchesThatBeganWhileItWasOpen() {
        Cuda cuda = Counted.EMULATOR;
        try (Context context = cuda.device(0).context();
                Stream stream = context.newStream();
                DeviceBuffer at = context.allocate(4);
                CudaModule module = context.load(PTX)) {
            module.kernel("one").launch(stream, ONE, at);
            stream.synchronize();
            CounterRecording outer = cuda.recordCounters();
            assertEquals(List.of(), outer.launches());
            module.kernel("two").launch(stream, ONE, at);
            stream.synchronize();
            List<LaunchCounters> soFar = outer.launches();
            CounterRecording inner = cuda.recordCounters();
            module.kernel("one").launch(stream, ONE, at);
            module.kernel("two").launch(stream, ONE, at);
            stream.synchronize();
            outer.close();
            outer.close();
            module.kernel("one").launch(stream, ONE, at);
            stream.synchronize();
            assertEquals(List.of("two", "one", "two"), names(outer));
            assertEquals(List.of("one", "two", "one"), names(inner));
            assertEquals(1, soFar.size());
            assertEquals(List.of(3L, 1L, 3L), inner.launches().stream().map(LaunchCounters::warpInstructions).toList());
            inner.close();
        }
    }

    @Test
    void launchesOfGraphs() {
        Cuda cuda = Counted.EMULATOR;
        try (Context context = cuda.device(0).context();
                Stream stream = context.newStream();
                DeviceBuffer at = context.allocate(4);
                CudaModule module = context.load(PTX);
                CounterRecording recording = cuda.recordCounters();
                Graph graph = stream.capture(() -> {
                    module.kernel("one").launch(stream, ONE, at);
                    module.kernel("two").launch(stream, ONE, at);
                });
                GraphExec exec = graph.instantiate()) {
            assertEquals(List.of(), names(recording));
            exec.launch(stream);
            exec.launch(stream);
            stream.synchronize();
            assertEquals(List.of("one", "two", "one", "two"), names(recording));
        }
    }

    @Test
    void aLaunchThatFailsIsNotThere() {
        Cuda cuda = Counted.emulator(1);
        CounterRecording recording = cuda.recordCounters();
        assertThrows(CudaException.class, () -> {
            try (Context context = cuda.device(0).context();
                    Stream stream = context.newStream();
                    CudaModule module = context.load(PTX)) {
                module.kernel("two").launch(stream, ONE, 0L);
                module.kernel("wild").launch(stream, ONE, 0L);
                stream.synchronize();
            }
        });
        assertEquals(List.of("two"), names(recording));
    }

    @Test
    void driversThatDoNotCount() {
        assertTrue(Cuda.counts("emulator"));
        assertFalse(Cuda.counts("cuda"));
        assertFalse(Cuda.counts("nobody"));
        var e = assertThrows(UnsupportedOperationException.class, () -> Cuda.open(new FakeDriver()).recordCounters());
        assertTrue(e.getMessage().contains("'fake'") && e.getMessage().contains("emulator"), e.getMessage());
        assertThrows(IllegalStateException.class, () -> new EmulatorProvider().recordCounters());
    }
}
