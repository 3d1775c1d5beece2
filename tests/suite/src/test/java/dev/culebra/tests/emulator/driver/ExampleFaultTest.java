package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.Device;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.emulator.fault.FaultPlan;
import dev.culebra.emulator.fault.InjectedFault;
import dev.culebra.emulator.fault.Occasion;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The tests that tests/emulator/FAULTS.md shows, as a user would write them, and that it shows these. */
class ExampleFaultTest {

    private static Device device(FaultPlan plan) {
        return Cuda.open(new EmulatorProvider(
                EmulatorOptions.DEFAULT.withFaults(plan).withFailOnLeaks(true).withHoldMillis(60_000))).device(0);
    }

    @Test
    void theSecondBufferDoesNotFit() {
        Device device = device(FaultPlan.parse("allocation:2=out-of-memory"));
        try (Context context = device.context(); DeviceBuffer first = context.allocate(1 << 20)) {
            CudaException e = assertThrows(CudaException.class, () -> context.allocate(1 << 20));
            assertEquals("CUDA_ERROR_OUT_OF_MEMORY", e.codeName());
            first.slice(0, 16); // the program goes on with what it has
        } // and closing the context fails if anything was left behind
    }

    @Test
    void theDeviceIsLost() {
        Device device = device(FaultPlan.NONE.at(Occasion.COPY, 1, InjectedFault.DEVICE_LOST));
        Context context = device.context();
        Stream stream = context.newStream();
        PinnedBuffer host = context.allocatePinned(64);
        DeviceBuffer buffer = context.allocate(64);
        CudaException e = assertThrows(CudaException.class, () -> stream.copy(host.segment(), buffer));
        assertEquals(999, e.code());
        for (AutoCloseable c : List.of(buffer, host, stream)) assertThrows(CudaException.class, c::close);
        context.close();
    }

    @Test
    void aHostBufferIsReusedTooEarly() {
        try (Context context = device(FaultPlan.NONE).context()) {
            Stream stream = context.newStream();
            PinnedBuffer host = context.allocatePinned(64);
            DeviceBuffer buffer = context.allocate(64);
            stream.copy(host.segment(), buffer);
            host.segment().set(ValueLayout.JAVA_INT, 8, 1); // the copy may still be reading
            CudaException e = assertThrows(CudaException.class, stream::synchronize);
            assertTrue(e.diagnostic().contains("changed while the copy was in flight"), e.diagnostic());
            for (AutoCloseable c : List.of(buffer, host, stream)) assertThrows(CudaException.class, c::close);
        }
    }

    @Test
    void theDocumentShowsThese() throws IOException {
        String mine = plain(
                Files.readString(Path.of("src/test/java/dev/culebra/tests/emulator/driver/ExampleFaultTest.java")));
        String text = Files.readString(Path.of("../emulator/FAULTS.md"));
        List<MatchResult> blocks = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(text).results()
                .toList();
        assertEquals(1, blocks.size());
        String[] parts = blocks.get(0).group(1).split("\n\n");
        assertEquals(4, parts.length);
        for (String part : parts) {
            assertTrue(mine.contains(plain(part)), () -> "this part of FAULTS.md is not here: " + part);
        }
    }

    /** However lines are broken. */
    private static String plain(String code) { return code.replaceAll("\\s+", ""); }
}
