package dev.culebra.tests.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.bindings.PFN_cuCtxSetCurrent_v4000;
import dev.culebra.bindings.PFN_cuEventQuery_v2000;
import dev.culebra.bindings.PFN_cuEventRecord_v2000;
import dev.culebra.bindings.PFN_cuLaunchKernelEx_v11060;
import dev.culebra.bindings.PFN_cuLaunchKernel_v4000;
import dev.culebra.bindings.PFN_cuMemcpyDtoHAsync_v3020;
import dev.culebra.bindings.PFN_cuMemcpyHtoDAsync_v3020;
import dev.culebra.bindings.PFN_cuStreamQuery_v2000;
import dev.culebra.bindings.PFN_cuStreamSynchronize_v2000;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Event;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.jmh.host.NoOpDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The driver that does nothing: at once, whatever it is given, and to no memory. */
class NoOpDriverTest {

    @BeforeEach
    void system() { assumeTrue(NoOpDriver.missing().isEmpty(), () -> NoOpDriver.missing().orElseThrow()); }

    @Test
    void nothingAnswersSuccessAndTouchesNoMemory() {
        MemorySegment nothing = NoOpDriver.nothing().orElseThrow();
        Random random = new Random(1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(4096);
            byte[] before = new byte[4096];
            random.nextBytes(before);
            memory.copyFrom(MemorySegment.ofArray(before));
            for (int round = 0; round < 100; round++) {
                // Half of them point at memory, half of them nowhere that could be read.
                MemorySegment a = round % 2 == 0 ? memory : MemorySegment.ofAddress(random.nextLong());
                MemorySegment b = round % 4 < 2 ? memory : MemorySegment.ofAddress(random.nextLong());
                long x = round % 3 == 0 ? memory.address() : random.nextLong();
                int n = random.nextInt();
                assertEquals(0, PFN_cuCtxSetCurrent_v4000.invoke(nothing, a));
                assertEquals(0, PFN_cuStreamQuery_v2000.invoke(nothing, a));
                assertEquals(0, PFN_cuStreamSynchronize_v2000.invoke(nothing, a));
                assertEquals(0, PFN_cuEventQuery_v2000.invoke(nothing, a));
                assertEquals(0, PFN_cuEventRecord_v2000.invoke(nothing, a, b));
                assertEquals(0, PFN_cuMemcpyHtoDAsync_v3020.invoke(nothing, x, a, random.nextLong(), b));
                assertEquals(0, PFN_cuMemcpyDtoHAsync_v3020.invoke(nothing, a, x, random.nextLong(), b));
                assertEquals(0, PFN_cuLaunchKernel_v4000.invoke(nothing, a, n, n, n, n, n, n, n, b, a, b));
                assertEquals(0, PFN_cuLaunchKernelEx_v11060.invoke(nothing, a, b, a, b));
            }
            assertTrue(Arrays.equals(before, memory.toArray(ValueLayout.JAVA_BYTE)), "memory was written");
        }
    }

    @Test
    void aRuntimeStandsOnIt() {
        Cuda cuda = Cuda.open(new NoOpDriver());
        assertEquals(NoOpDriver.NAME, cuda.provider());
        assertEquals(1, cuda.devices().size());
        try (Context context = cuda.device(0).context();
                Stream stream = context.newStream();
                Event event = context.newEvent();
                DeviceBuffer device = context.allocate(4096);
                PinnedBuffer pinned = context.allocatePinned(4096)) {
            pinned.segment().fill((byte) 7);
            stream.copy(pinned.segment(), device);
            stream.record(event);
            assertTrue(stream.isDone() && event.isDone());
            stream.allocate(1 << 20).close();
            assertEquals(7, pinned.segment().get(ValueLayout.JAVA_BYTE, 4095));
        }
    }

    /** Its page-locked memory is memory, and is given back. */
    @Test
    void memoryThatIsClosedCanNotBeReached() {
        Cuda cuda = Cuda.open(new NoOpDriver());
        try (Context context = cuda.device(0).context()) {
            PinnedBuffer pinned = context.allocatePinned(64);
            MemorySegment segment = pinned.segment();
            pinned.close();
            assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
        }
    }
}
