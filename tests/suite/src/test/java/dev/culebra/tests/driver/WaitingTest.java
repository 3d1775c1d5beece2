package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.PFN_cuDeviceGetAttribute_v2000;
import dev.culebra.bindings.PFN_cuMemcpyHtoD_v3020;
import dev.culebra.bindings.PFN_cuMemsetD8Async_v3020;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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

    /** Where the device reads the host's memory by itself, nothing promises that the bytes were taken. */
    @Test
    void aCopyOfPageableMemoryIsWaitedForWhereTheDeviceReachesIt() {
        String done = "cuStreamSynchronize ";
        try (Stream stream = context.newStream();
                DeviceBuffer buffer = context.allocate(64);
                Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(64);
            String wait = done + "0x" + Long.toHexString(stream.handle());
            for (Runnable copy : List.<Runnable>of(() -> stream.copy(host, buffer), () -> stream.copy(buffer, host),
                    () -> stream.copy2d(host, 8, buffer, 8, 8, 8), () -> stream.copy2d(buffer, 8, host, 8, 8, 8))) {
                fake.calls.clear();
                copy.run();
                assertEquals(List.of(wait), fake.calls);
            }
        }
        FakeDriver discrete = new FakeDriver();
        discrete.put("cuDeviceGetAttribute", PFN_cuDeviceGetAttribute_v2000
                .allocate((out, attribute, device) -> discrete.write(out, 0), Arena.global()));
        Context other = Cuda.open(discrete).device(0).context();
        try (Stream stream = other.newStream();
                DeviceBuffer buffer = other.allocate(64);
                Arena arena = Arena.ofConfined()) {
            discrete.calls.clear();
            stream.copy(arena.allocate(64), buffer);
            assertEquals(List.of(), discrete.calls);
        }
    }

    /** Else the work would be enqueued with the address of what is freed already. */
    @Test
    void closingABufferWaitsForTheCallThatIsAboutToUseIt() throws Exception {
        CountDownLatch within = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        fake.put("cuMemsetD8Async", PFN_cuMemsetD8Async_v3020.allocate((to, value, count, stream) -> {
            within.countDown();
            try {
                go.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                return 1;
            }
            fake.calls.add("cuMemsetD8Async");
            return 0;
        }, Arena.global()));
        Stream stream = context.newStream();
        DeviceBuffer buffer = context.allocate(64);
        fake.calls.clear();
        Thread filling = Thread.ofPlatform().start(() -> stream.fill(buffer, (byte) 0));
        assertTrue(within.await(20, TimeUnit.SECONDS));
        Thread closing = Thread.ofPlatform().start(buffer::close);
        closing.join(50);
        assertEquals(List.of(), fake.calls);
        go.countDown();
        filling.join();
        closing.join();
        assertEquals(List.of("cuMemsetD8Async", "cuStreamSynchronize 0x" + Long.toHexString(stream.handle()),
                "cuMemFree 0x" + Long.toHexString(buffer.address())), fake.calls);
        stream.close();
        context.close();
    }

    @Test
    void theDefaultStreamIsEverybodysAndStaysOpen() {
        context.defaultStream().close();
        assertEquals(List.of("cuStreamSynchronize 0x0"), fake.calls);
        context.defaultStream().synchronize();
        assertThrows(IllegalStateException.class, () -> context.defaultStream().capture(() -> {}));
        context.close();
    }
}
