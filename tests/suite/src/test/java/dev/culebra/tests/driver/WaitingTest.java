package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.bindings.PFN_cuMemcpyHtoD_v3020;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Calls of the driver that return before they are done, where ours promise that they are. */
class WaitingTest {

    private final FakeDriver fake = new FakeDriver();
    private final Context context = Cuda.open(fake).device(0).context();

    /** On an H200, a stream of its own read stale bytes after 298 of 300 copies of 64 KiB that nobody waited for. */
    @Test
    void anUploadWaitsForTheDefaultStreamThatCarriesItsLastBytes() {
        fake.put("cuMemcpyHtoD", PFN_cuMemcpyHtoD_v3020.allocate((to, from, bytes) -> {
            fake.calls.add("cuMemcpyHtoD");
            return 0;
        }, Arena.global()));
        try (DeviceBuffer buffer = context.allocate(8)) {
            fake.calls.clear();
            buffer.upload(MemorySegment.ofArray(new byte[8]));
            assertEquals(List.of("cuMemcpyHtoD", "cuStreamSynchronize 0x0"), fake.calls);
        }
    }
}
