package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.bindings.CudaApi;
import dev.culebra.driver.ComputeCapability;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.Device;
import dev.culebra.driver.DeviceBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Devices and contexts. */
class DeviceTest extends DriverTest {

    private final Device device = CUDA.device(0);

    @Test
    void tellsWhatItIs() {
        assertSame(CUDA, device.cuda());
        assertEquals(0, device.ordinal());
        assertFalse(device.name().isBlank());
        assertTrue(device.totalMemory() > 0);
        assertTrue(device.computeCapability().atLeast(5, 0));
        assertTrue(device.multiprocessors() > 0);
        assertTrue(device.clockKilohertz() > 0);
        assertTrue(device.memoryClockKilohertz() > 0);
        assertTrue(device.memoryBusBits() > 0);
        assertTrue(device.l2CacheBytes() > 0);
        assertEquals(48 * 1024, device.sharedMemoryPerBlock());
        assertTrue(device.sharedMemoryPerBlockOptIn() >= 48 * 1024);
        assertTrue(device.sharedMemoryPerMultiprocessor() >= device.sharedMemoryPerBlockOptIn());
        assertEquals(1024, device.maxThreadsPerBlock());
        assertTrue(device.supportsMemoryPools());
        assertEquals(32, device.attribute(CudaApi.CU_DEVICE_ATTRIBUTE_WARP_SIZE()));
        assertTrue(device.pciBusId().matches("[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.0"), device.pciBusId());
        assertEquals(device.uuid(), device.uuid());
    }

    @Test
    void tellsWhatTheEmulatedOneIs() {
        assumeTrue(isEmulated(), "a real device is what it is");
        assertEquals(2, CUDA.devices().size());
        assertEquals(EMULATED_BYTES, device.totalMemory());
        assertEquals(new ComputeCapability(9, 0), device.computeCapability());
        assertEquals(132, device.multiprocessors());
        // 227 and 228 KiB: the CUDA programming guide's table for compute capability 9.0.
        assertEquals(227 * 1024, device.sharedMemoryPerBlockOptIn());
        assertEquals(228 * 1024, device.sharedMemoryPerMultiprocessor());
        assertEquals(List.of(), CUDA.missingFunctions());
    }

    @Test
    void devicesDiffer() {
        Device second = secondDevice();
        assertEquals(1, second.ordinal());
        assertNotEquals(device.uuid(), second.uuid());
        assertNotEquals(device.pciBusId(), second.pciBusId());
        assertEquals(device.canAccessPeer(second), second.canAccessPeer(device));
        assertFalse(device.canAccessPeer(device));
    }

    @Test
    void anUnknownAttributeIsTheDriversError() {
        CudaException e = assertThrows(CudaException.class, () -> device.attribute(100_000));
        assertEquals("cuDeviceGetAttribute", e.call());
        assertEquals("CUDA_ERROR_INVALID_VALUE", e.codeName());
    }

    @Test
    void capabilitiesAreOrdered() {
        assertTrue(new ComputeCapability(9, 0).compareTo(new ComputeCapability(8, 9)) > 0);
        assertTrue(new ComputeCapability(8, 6).atLeast(8, 0));
        assertFalse(new ComputeCapability(8, 0).atLeast(8, 6));
        assertEquals("8.9", new ComputeCapability(8, 9).toString());
    }

    @Test
    void thePrimaryContextIsCounted() {
        Device second = secondDevice();
        assertFalse(second.isPrimaryContextActive());
        Context one = second.context();
        Context two = second.context();
        assertEquals(one.handle(), two.handle());
        one.close();
        assertTrue(second.isPrimaryContextActive());
        two.close();
        assertFalse(second.isPrimaryContextActive());
    }

    @Test
    void waitingIsChosenForTheProcess() {
        Device second = secondDevice();
        second.setWaiting(Device.Waiting.BLOCK);
        try (Context blocked = second.context()) {
            blocked.synchronize();
        }
        second.setWaiting(Device.Waiting.AUTOMATIC);
    }

    @Test
    void memoryInfoFollowsAllocations() {
        long before = context.memoryInfo().free();
        DeviceBuffer buffer = context.allocate(64 << 20);
        // No less: a real device may be used by others, too, and takes whole blocks.
        assertTrue(before - context.memoryInfo().free() >= 64 << 20);
        assertTrue(context.memoryInfo().total() <= device.totalMemory());
        buffer.close();
        if (isEmulated()) assertEquals(before, context.memoryInfo().free());
    }

    @Test
    void aContextIsLentToOtherLibraries() {
        FutureTask<Optional<Context>> inside = new FutureTask<>(() -> {
            assertEquals(Optional.empty(), Context.current(CUDA), "a new thread has no context");
            AtomicReference<Optional<Context>> seen = new AtomicReference<>();
            context.lend(() -> seen.set(Context.current(CUDA)));
            assertEquals(Optional.empty(), Context.current(CUDA), "and has none again");
            return seen.get();
        });
        Thread.ofPlatform().start(inside);
        Context guest = assertDoesNotThrow(inside);
        assertEquals(context.handle(), guest.handle());
        assertEquals(context.device(), guest.device());
        guest.close();
        context.synchronize(); // ours is open still
    }

    private static Context assertDoesNotThrow(FutureTask<Optional<Context>> task) {
        try {
            return task.get().orElseThrow();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aContextIsNotLentOnVirtualThreads() {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                context.lend(() -> {});
                thrown.complete(null);
            } catch (Throwable e) {
                thrown.complete(e);
            }
        });
        contains(thrown.join().getMessage(), "platform thread");
    }

    @Test
    void anAdoptedContextIsDestroyedByUs() {
        // The emulator has no other context than the primary one, which only its own release may end.
        Context adopted = Context.adopt(CUDA, device, context.handle());
        assertEquals("cuCtxDestroy", assertThrows(CudaException.class, adopted::close).call());
        assertThrows(IllegalStateException.class, adopted::synchronize);
    }

    @Test
    void aGuestIsOfItsDriversDevice() {
        Cuda other = newEmulator();
        assertThrows(IllegalArgumentException.class, () -> Context.guest(other, device, context.handle()));
        assertThrows(IllegalArgumentException.class, () -> Context.guest(CUDA, device, 0));
    }
}
