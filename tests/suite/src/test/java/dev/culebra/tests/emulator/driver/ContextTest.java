package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.culebra.bindings.*;
import dev.culebra.emulator.EmulatorOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Primary contexts and what is current to a thread. */
class ContextTest {

    private RawDriver d;

    @BeforeEach
    void open() {
        d = new RawDriver(EmulatorOptions.DEFAULT.withDevices(2));
        d.ok(PFN_cuInit_v2000.invoke(d.f("cuInit", 2000), 0));
    }

    @AfterEach
    void close() { d.close(); }

    private long current() {
        MemorySegment to = d.out();
        d.ok(PFN_cuCtxGetCurrent_v4000.invoke(d.f("cuCtxGetCurrent", 4000), to));
        return to.get(ValueLayout.JAVA_LONG, 0);
    }

    private int push(MemorySegment context) {
        return PFN_cuCtxPushCurrent_v4000.invoke(d.f("cuCtxPushCurrent", 4000), context);
    }

    private int pop(MemorySegment to) { return PFN_cuCtxPopCurrent_v4000.invoke(d.f("cuCtxPopCurrent", 4000), to); }

    @Test
    void withoutAContextNothingIsAllocated() {
        assertEquals(0, current());
        d.fails(CudaApi.CUDA_ERROR_INVALID_CONTEXT(), d.alloc(d.out(), 16));
        d.fails(CudaApi.CUDA_ERROR_INVALID_CONTEXT(), d.synchronize());
        d.fails(CudaApi.CUDA_ERROR_INVALID_CONTEXT(),
                PFN_cuCtxGetDevice_v2000.invoke(d.f("cuCtxGetDevice", 2000), d.out()));
        d.fails(CudaApi.CUDA_ERROR_INVALID_CONTEXT(), pop(d.out()));
    }

    @Test
    void theStackIsAStack() {
        MemorySegment first = d.retain(0);
        MemorySegment second = d.retain(1);
        assertNotEquals(first, second);
        d.ok(push(first));
        d.ok(push(second));
        assertEquals(second.address(), current());
        MemorySegment to = d.out();
        d.ok(PFN_cuCtxGetDevice_v2000.invoke(d.f("cuCtxGetDevice", 2000), to));
        assertEquals(1, to.get(ValueLayout.JAVA_INT, 0));
        d.ok(pop(to));
        assertEquals(second, to.get(ValueLayout.ADDRESS, 0));
        assertEquals(first.address(), current());
        d.ok(d.setCurrent(second));
        assertEquals(second.address(), current());
        d.ok(d.setCurrent(MemorySegment.NULL));
        assertEquals(0, current());
        d.ok(d.setCurrent(MemorySegment.NULL));
        d.fails(CudaApi.CUDA_ERROR_INVALID_CONTEXT(), push(MemorySegment.ofAddress(0x4711)));
    }

    @Test
    void aThreadHasAStackOfItsOwn() throws InterruptedException {
        d.ok(d.setCurrent(d.retain(0)));
        AtomicInteger result = new AtomicInteger(-1);
        Thread other = new Thread(() -> result.set(d.alloc(d.out(), 16)));
        other.start();
        other.join();
        assertEquals(CudaApi.CUDA_ERROR_INVALID_CONTEXT(), result.get());
        d.alloc(16);
    }

    @Test
    void aVirtualThreadHasTheStackOfItsCarrier() throws InterruptedException {
        MemorySegment context = d.retain(0);
        AtomicInteger inside = new AtomicInteger(-1);
        Thread virtual = Thread.ofVirtual().start(() -> {
            // Nothing here can block, so the carrier stays the same from one call to the next.
            int set = d.setCurrent(context);
            inside.set(set != 0 ? set : d.alloc(MemorySegment.NULL, 16));
            d.setCurrent(MemorySegment.NULL);
        });
        virtual.join();
        // A null pointer for the result: refused after the context was found, so nothing is left allocated.
        assertEquals(CudaApi.CUDA_ERROR_INVALID_VALUE(), inside.get());
        assertEquals(0, current());
    }

    @Test
    void releaseCountsAndEndsTheContext() {
        MemorySegment flags = d.out();
        MemorySegment active = d.out();
        MemorySegment state = d.f("cuDevicePrimaryCtxGetState", 7000);
        d.ok(PFN_cuDevicePrimaryCtxGetState_v7000.invoke(state, 0, flags, active));
        assertEquals(0, active.get(ValueLayout.JAVA_INT, 0));
        d.ok(PFN_cuDevicePrimaryCtxSetFlags_v11000.invoke(d.f("cuDevicePrimaryCtxSetFlags", 11000), 0,
                CudaApi.CU_CTX_SCHED_BLOCKING_SYNC()));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuDevicePrimaryCtxSetFlags_v11000
                .invoke(d.f("cuDevicePrimaryCtxSetFlags", 11000), 0, 0x4000));
        MemorySegment context = d.retain(0);
        assertEquals(context, d.retain(0));
        d.ok(d.setCurrent(context));
        d.ok(PFN_cuDevicePrimaryCtxGetState_v7000.invoke(state, 0, flags, active));
        assertEquals(1, active.get(ValueLayout.JAVA_INT, 0));
        assertEquals(CudaApi.CU_CTX_SCHED_BLOCKING_SYNC(), flags.get(ValueLayout.JAVA_INT, 0));
        long address = d.alloc(1000);
        d.ok(d.release(0));
        d.ok(d.free(address));
        long left = d.alloc(1000);
        d.ok(d.release(0));
        d.fails(CudaApi.CUDA_ERROR_CONTEXT_IS_DESTROYED(), d.alloc(d.out(), 16));
        d.fails(CudaApi.CUDA_ERROR_INVALID_CONTEXT(), d.release(0));
        assertEquals(context, d.retain(0), "the handle stays");
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.free(left));
        MemorySegment free = d.out();
        MemorySegment total = d.out();
        d.ok(PFN_cuMemGetInfo_v3020.invoke(d.f("cuMemGetInfo", 3020), free, total));
        assertEquals(total.get(ValueLayout.JAVA_LONG, 0), free.get(ValueLayout.JAVA_LONG, 0));
    }

    @Test
    void aPrimaryContextIsReleasedAndNotDestroyed() {
        MemorySegment context = d.retain(0);
        d.fails(CudaApi.CUDA_ERROR_INVALID_CONTEXT(),
                PFN_cuCtxDestroy_v4000.invoke(d.f("cuCtxDestroy", 4000), context));
    }

    @Test
    void handlesOfAnotherContextAreRefused() {
        d.ok(d.setCurrent(d.retain(1)));
        MemorySegment stream = d.stream(0);
        MemorySegment event = d.event(0);
        d.ok(d.setCurrent(d.retain(0)));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.record(d.event(0), stream));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.record(event, d.stream(0)));
        // Waiting for another device's event is what events are for.
        d.ok(d.await(d.stream(0), event));
    }

    @Test
    void priorities() {
        d.ok(d.setCurrent(d.retain(0)));
        MemorySegment least = d.out();
        MemorySegment greatest = d.out();
        MemorySegment range = d.f("cuCtxGetStreamPriorityRange", 5050);
        d.ok(PFN_cuCtxGetStreamPriorityRange_v5050.invoke(range, least, greatest));
        assertEquals(0, least.get(ValueLayout.JAVA_INT, 0));
        assertEquals(-5, greatest.get(ValueLayout.JAVA_INT, 0));
        d.ok(PFN_cuCtxGetStreamPriorityRange_v5050.invoke(range, MemorySegment.NULL, greatest));
        MemorySegment to = d.out();
        d.ok(PFN_cuStreamCreateWithPriority_v5050.invoke(d.f("cuStreamCreateWithPriority", 5050), to, 1, -99));
    }

    @Test
    void peerAccess() {
        MemorySegment peer = d.retain(1);
        d.ok(d.setCurrent(d.retain(0)));
        MemorySegment enable = d.f("cuCtxEnablePeerAccess", 4000);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuCtxEnablePeerAccess_v4000.invoke(enable, peer, 1));
        d.ok(PFN_cuCtxEnablePeerAccess_v4000.invoke(enable, peer, 0));
        d.fails(CudaApi.CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED(),
                PFN_cuCtxEnablePeerAccess_v4000.invoke(enable, peer, 0));
        d.fails(CudaApi.CUDA_ERROR_INVALID_CONTEXT(),
                PFN_cuCtxEnablePeerAccess_v4000.invoke(enable, d.retain(0), 0));
    }
}
