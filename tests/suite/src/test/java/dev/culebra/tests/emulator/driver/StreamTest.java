package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.*;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The order of work on streams, and events. */
@Timeout(60)
class StreamTest {

    private final RawDriver d = RawDriver.started();
    private final List<String> log = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        d.ok(d.synchronize());
        d.close();
    }

    private CountDownLatch hold(MemorySegment stream) {
        CountDownLatch gate = new CountDownLatch(1);
        d.ok(d.host(stream, () -> {
            try {
                gate.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        return gate;
    }

    private void say(MemorySegment stream, String what) { d.ok(d.host(stream, () -> log.add(what))); }

    @Test
    void workOfAStreamRunsInOrderAndStreamsDoNotWaitForEachOther() {
        MemorySegment a = d.stream(0);
        MemorySegment b = d.stream(0);
        CountDownLatch gate = hold(a);
        say(a, "a");
        say(b, "b");
        d.ok(d.synchronize(b));
        assertEquals(List.of("b"), log);
        d.fails(CudaApi.CUDA_ERROR_NOT_READY(), d.query(a));
        gate.countDown();
        d.ok(d.synchronize(a));
        assertEquals(List.of("b", "a"), log);
        d.ok(d.query(a));
    }

    @Test
    void theDefaultStreamWaitsForBlockingStreamsAndTheyForIt() {
        MemorySegment blocking = d.stream(0);
        MemorySegment free = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        CountDownLatch gate = hold(blocking);
        say(blocking, "before");
        say(RawDriver.NULL, "default");
        say(blocking, "after");
        say(free, "free");
        d.ok(d.synchronize(free));
        assertEquals(List.of("free"), log);
        d.fails(CudaApi.CUDA_ERROR_NOT_READY(), d.query(RawDriver.NULL));
        gate.countDown();
        d.ok(d.synchronize(blocking));
        assertEquals(List.of("free", "before", "default", "after"), log);
    }

    @Test
    void theDefaultStreamHasItsHandlesAndCanNotEnd() {
        say(CudaApi.CU_STREAM_LEGACY(), "legacy");
        d.ok(d.synchronize(RawDriver.NULL));
        assertEquals(List.of("legacy"), log);
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.destroyStream(RawDriver.NULL));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.destroyStream(CudaApi.CU_STREAM_PER_THREAD()));
        say(CudaApi.CU_STREAM_PER_THREAD(), "mine");
        d.ok(d.synchronize(CudaApi.CU_STREAM_PER_THREAD()));
        assertEquals(List.of("legacy", "mine"), log);
    }

    @Test
    void aDestroyedStreamDoesItsWorkAndIsGone() {
        MemorySegment a = d.stream(0);
        CountDownLatch gate = hold(a);
        say(a, "late");
        d.ok(d.destroyStream(a));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.synchronize(a));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.destroyStream(a));
        gate.countDown();
        d.ok(d.synchronize());
        assertEquals(List.of("late"), log);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                PFN_cuStreamCreate_v2000.invoke(d.f("cuStreamCreate", 2000), d.out(), 6));
    }

    @Test
    void handlesOfOtherThingsAreNoStreams() {
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.synchronize(d.event(0)));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.synchronize(MemorySegment.ofAddress(0xdeadbeefL)));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.record(d.stream(0), RawDriver.NULL));
    }

    @Test
    void aStreamWaitsForWhatAnEventStoodForAtTheCall() {
        MemorySegment a = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        MemorySegment b = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        MemorySegment event = d.event(CudaApi.CU_EVENT_DISABLE_TIMING());
        d.ok(d.queryEvent(event));
        d.ok(d.await(b, event));
        CountDownLatch first = hold(a);
        say(a, "a");
        d.ok(d.record(event, a));
        d.fails(CudaApi.CUDA_ERROR_NOT_READY(), d.queryEvent(event));
        d.ok(d.await(b, event));
        CountDownLatch second = hold(a);
        d.ok(d.record(event, a));
        say(b, "b");
        first.countDown();
        d.ok(d.synchronize(b));
        assertEquals(List.of("a", "b"), log);
        d.fails(CudaApi.CUDA_ERROR_NOT_READY(), d.queryEvent(event));
        second.countDown();
        d.ok(d.synchronizeEvent(event));
        d.ok(d.queryEvent(event));
        d.ok(PFN_cuEventDestroy_v4000.invoke(d.f("cuEventDestroy", 4000), event));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.queryEvent(event));
    }

    private int elapsed(MemorySegment to, MemorySegment start, MemorySegment end) {
        return PFN_cuEventElapsedTime_v2000.invoke(d.f("cuEventElapsedTime", 2000), to, start, end);
    }

    @Test
    void timeBetweenEvents() {
        MemorySegment a = d.stream(0);
        MemorySegment start = d.event(0);
        MemorySegment end = d.event(0);
        MemorySegment to = d.out();
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), elapsed(to, start, end));
        d.ok(d.record(start, a));
        d.ok(d.host(a, () -> {
            try {
                Thread.sleep(30);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        CountDownLatch gate = hold(a);
        d.ok(d.record(end, a));
        d.fails(CudaApi.CUDA_ERROR_NOT_READY(), elapsed(to, start, end));
        gate.countDown();
        d.ok(d.synchronizeEvent(end));
        d.ok(elapsed(to, start, end));
        float milliseconds = to.get(ValueLayout.JAVA_FLOAT, 0);
        assertTrue(milliseconds >= 30 && milliseconds < 10_000, milliseconds + " ms for a sleep of 30");
        MemorySegment untimed = d.event(CudaApi.CU_EVENT_DISABLE_TIMING());
        d.ok(d.record(untimed, a));
        d.ok(d.synchronizeEvent(untimed));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), elapsed(to, start, untimed));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                PFN_cuEventCreate_v2000.invoke(d.f("cuEventCreate", 2000), d.out(), 64));
    }

    @Test
    void aHostFunctionMayNotCallTheDriver() {
        AtomicInteger result = new AtomicInteger(-1);
        d.ok(d.host(RawDriver.NULL, () -> result.set(d.synchronize())));
        d.ok(d.synchronize());
        assertEquals(CudaApi.CUDA_ERROR_NOT_PERMITTED(), result.get());
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuLaunchHostFunc_v10000
                .invoke(d.f("cuLaunchHostFunc", 10000), RawDriver.NULL, RawDriver.NULL, RawDriver.NULL));
    }

    @Test
    void anInterruptDoesNotEndAWait() throws InterruptedException {
        MemorySegment a = d.stream(0);
        CountDownLatch gate = hold(a);
        MemorySegment context = d.retain(0);
        AtomicBoolean interrupted = new AtomicBoolean();
        AtomicInteger result = new AtomicInteger(-1);
        Thread waiter = new Thread(() -> {
            d.setCurrent(context);
            result.set(d.synchronize(a));
            interrupted.set(Thread.currentThread().isInterrupted());
        });
        waiter.start();
        waiter.interrupt();
        waiter.join(100);
        assertTrue(waiter.isAlive());
        gate.countDown();
        waiter.join();
        assertEquals(0, result.get());
        assertTrue(interrupted.get());
    }

    @Test
    void aCallWaitsForNothingThatItNeedNot() {
        MemorySegment a = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        CountDownLatch gate = hold(a);
        long address = d.alloc(64);
        d.ok(d.fill8(address, 1, 64, RawDriver.NULL));
        assertFalse(d.read(address, 64)[0] == 0);
        gate.countDown();
    }

    @Test
    void manyThreadsAndStreamsAtOnce() throws InterruptedException {
        int threads = 6;
        int rounds = 200;
        long address = d.alloc(4L * threads);
        MemorySegment context = d.retain(0);
        AtomicInteger failures = new AtomicInteger();
        Thread[] all = new Thread[threads];
        for (int t = 0; t < threads; t++) {
            long mine = address + 4L * t;
            all[t] = new Thread(() -> {
                d.setCurrent(context);
                MemorySegment stream = d.stream(0);
                for (int i = 1; i <= rounds; i++) {
                    MemorySegment event = d.event(0);
                    int bad = PFN_cuMemsetD32Async_v3020.invoke(d.f("cuMemsetD32Async", 3020), mine, i, 1, stream)
                            | d.record(event, stream) | d.await(RawDriver.NULL, event)
                            | PFN_cuEventDestroy_v4000.invoke(d.f("cuEventDestroy", 4000), event);
                    long other = d.alloc(1000);
                    bad |= d.free(other);
                    if (bad != 0 || i % 20 == 0 && d.readInts(mine, 1)[0] != i) {
                        failures.incrementAndGet();
                    }
                }
                d.destroyStream(stream);
            });
            all[t].start();
        }
        for (Thread t : all) {
            t.join();
        }
        assertEquals(0, failures.get());
        d.ok(d.synchronize());
        int[] expected = new int[threads];
        java.util.Arrays.fill(expected, rounds);
        assertArrayEquals(expected, d.readInts(address, threads));
    }
}
