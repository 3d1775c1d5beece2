package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.*;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.emulator.EmulatorOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Freeing what can not be freed, too early, twice, or never. */
@Timeout(30)
class FreeTest {

    private static final EmulatorOptions HELD = EmulatorOptions.DEFAULT.withWorkers(2).withHoldMillis(60_000);

    private final RawDriver d = RawDriver.started(HELD.withDevices(2));
    private final MemorySegment stream = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
    private final MemorySegment other = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());

    @AfterEach
    void close() {
        d.synchronize();
        d.close();
    }

    private void says(String... parts) {
        for (String part : parts) {
            assertTrue(d.provider.lastDiagnostic().contains(part), () -> part + " in: " + d.provider.lastDiagnostic());
        }
    }

    private void refused(int result, String... parts) {
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), result);
        says(parts);
    }

    private long allocAsync(MemorySegment on) {
        MemorySegment to = d.out();
        d.ok(PFN_cuMemAllocAsync_v11020.invoke(d.f("cuMemAllocAsync", 11020), to, 64, on));
        return to.get(ValueLayout.JAVA_LONG, 0);
    }

    private int freeAsync(long address, MemorySegment on) {
        return PFN_cuMemFreeAsync_v11020.invoke(d.f("cuMemFreeAsync", 11020), address, on);
    }

    private int freeHost(long address) {
        return PFN_cuMemFreeHost_v2000.invoke(d.f("cuMemFreeHost", 2000), MemorySegment.ofAddress(address));
    }

    @Test
    void eachWrongFreeHasItsSentence() {
        long a = d.alloc(64);
        refused(d.free(a + 16), "which is inside allocation #", "at its first address");
        d.ok(d.free(a));
        refused(d.free(a), "of 64 bytes, which was freed");
        long b = allocAsync(stream);
        d.ok(freeAsync(b, stream));
        refused(freeAsync(b, stream), "pool allocation #", "is freed twice");
        refused(d.free(b), "is freed twice");
        d.ok(d.synchronize(stream));
        refused(freeAsync(b, stream), "which was freed");
        MemorySegment host = d.pinned(64);
        refused(d.free(host.address()), "page-locked memory #", "only what cuMemAlloc or a pool gave");
        refused(freeHost(host.address() + 8), "inside page-locked memory #");
        long c = d.alloc(64);
        refused(freeHost(c), "which is allocation #", "only what cuMemHostAlloc gave");
        refused(freeHost(0x123), "null or almost so");
        d.ok(freeHost(host.address()));
        refused(freeHost(host.address()), "which was freed");
        MemorySegment module = d.load(Ptx.VARIABLES);
        MemorySegment to = d.out();
        d.ok(PFN_cuModuleGetGlobal_v3020.invoke(d.f("cuModuleGetGlobal", 3020), to, RawDriver.NULL, module,
                d.text("counter")));
        refused(d.free(to.get(ValueLayout.JAVA_LONG, 0)), "variable counter #");
        refused(d.free(0x123), "null or almost so");
        d.ok(d.free(c));
    }

    /** Addresses are unified: whichever context is current, the driver knows whose memory it is, and waits for that one. */
    @Test
    void memoryOfAnotherDeviceMayBeFreedFromHere() {
        long here = d.alloc(64);
        d.ok(d.fill8(here, 1, 64, stream));
        MemorySegment first = d.retain(0);
        MemorySegment second = d.retain(1);
        d.ok(d.setCurrent(second));
        d.ok(d.free(here));
        d.ok(d.setCurrent(first));
        d.ok(d.query(stream));
    }

    @Test
    void usesAfterTheFreeAreRefusedOrFault() {
        long a = d.alloc(64);
        d.ok(d.free(a));
        refused(d.toHost(d.arena.allocate(4), a, 4), "which was freed");
        refused(d.fill8(a, 0, 4, stream), "which was freed");
        long b = allocAsync(stream);
        d.ok(freeAsync(b, stream));
        refused(d.fill8(b, 0, 4, stream), "whose freeing is on a stream already");
        d.ok(d.launch(d.function(d.load(Ptx.STORE), "store"), 1, 1, 0, stream, b));
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), d.synchronize(stream));
        says("pool allocation #", "which was freed", "parameter 0 ('to')");
    }

    /** Nothing orders the free behind the kernel of another stream. A device may free first, so it is done first. */
    @Test
    void aFreeThatNothingOrdersBehindAKernelOfAnotherStream() {
        MemorySegment store = d.function(d.load(Ptx.STORE), "store");
        long a = allocAsync(stream);
        d.ok(d.launch(store, 1, 1, 0, stream, a));
        d.ok(freeAsync(a, other));
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), d.synchronize(stream));
        says("kernel store", "which was freed");
    }

    @Test
    void aFreeThatNothingOrdersBehindACopyOfAnotherStream() {
        long a = allocAsync(stream);
        MemorySegment host = d.pinned(64);
        d.ok(d.toHost(host, a, 64, stream));
        d.ok(freeAsync(a, other));
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), d.synchronize(stream));
        says("copy to the host: pool allocation #", "was freed before it ran",
                "did not wait for the stream that uses it");
    }

    /** cuMemFree waits for the memory's own context, and for no other that may reach it. */
    @Test
    void aFreeWhileAnotherDeviceCopies() {
        long here = d.alloc(64);
        MemorySegment first = d.retain(0);
        MemorySegment second = d.retain(1);
        d.ok(d.setCurrent(second));
        long there = d.alloc(64);
        MemorySegment far = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        d.ok(PFN_cuMemcpyPeerAsync_v4000.invoke(d.f("cuMemcpyPeerAsync", 4000), there, second, here, first, 64, far));
        d.ok(d.setCurrent(first));
        d.ok(d.free(here));
        d.ok(d.setCurrent(second));
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), d.synchronize(far));
        says("copy between devices: allocation #", "was freed before it ran");
        d.ok(d.setCurrent(first));
        d.ok(d.synchronize());
    }

    @Test
    void aFreeBehindAnEvent() {
        MemorySegment store = d.function(d.load(Ptx.STORE), "store");
        MemorySegment third = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        long a = allocAsync(stream);
        MemorySegment host = d.pinned(4);
        MemorySegment event = d.event(0);
        d.ok(d.launch(store, 1, 1, 0, stream, a));
        d.ok(d.toHost(host, a, 4, stream));
        d.ok(d.record(event, stream));
        d.ok(d.await(third, event));
        MemorySegment second = d.event(0);
        d.ok(d.record(second, third));
        d.ok(d.await(other, second)); // over two streams
        d.ok(freeAsync(a, other));
        assertEquals(0x7fff7fff, host.get(ValueLayout.JAVA_INT, 0), "nothing is done for what is in order");
        d.ok(d.synchronize());
        assertEquals(77, host.get(ValueLayout.JAVA_INT, 0));
    }

    /** The order may come from the host, where the driver does not see it: who frees too early is not told too early. */
    @Test
    void aFreeThatTheHostOrders() {
        MemorySegment store = d.function(d.load(Ptx.STORE), "store");
        long a = allocAsync(stream);
        CountDownLatch stored = new CountDownLatch(1);
        d.ok(d.launch(store, 1, 1, 0, stream, a));
        d.ok(d.host(other, () -> {
            try {
                stored.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        d.ok(freeAsync(a, other));
        d.ok(d.synchronize(stream));
        stored.countDown();
        d.ok(d.synchronize(other));
    }

    @Test
    void whatIsLeftWhenTheContextGoesIsALeak() {
        try (RawDriver strict = RawDriver.started(HELD.withFailOnLeaks(true))) {
            long a = strict.alloc(100);
            strict.stream(0);
            strict.event(0);
            strict.load(Ptx.STORE);
            strict.fails(CudaApi.CUDA_ERROR_ILLEGAL_STATE(), strict.release(0));
            String why = strict.provider.lastDiagnostic();
            for (String part : new String[]{"1 stream", "1 event", "1 module", "allocation #", "of 100 bytes"}) {
                assertTrue(why.contains(part), why);
            }
            // It went all the same: the next life begins with nothing.
            MemorySegment again = strict.retain(0);
            strict.ok(strict.setCurrent(again));
            strict.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), strict.free(a));
            long b = strict.alloc(100);
            strict.ok(strict.free(b));
            strict.ok(strict.release(0));
        }
    }

    /** Through the layer that users see, closing the context says so; memory that other code left there, in this case. */
    @Test
    void theJavaCallerIsToldOfLeaks() {
        try (RawDriver strict = RawDriver.started(HELD.withFailOnLeaks(true))) {
            strict.alloc(100);
            Context context = Cuda.open(strict.provider).device(0).context();
            strict.ok(strict.release(0));
            CudaException e = assertThrows(CudaException.class, context::close);
            assertTrue(e.getMessage().contains("never freed: allocation #"), e.getMessage());
            assertEquals(CudaApi.CUDA_ERROR_ILLEGAL_STATE(), e.code());
            context.close();
        }
    }
}
