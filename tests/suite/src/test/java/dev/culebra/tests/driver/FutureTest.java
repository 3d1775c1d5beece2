package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Event;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** Waiting for the device as a future, and work from virtual threads. */
class FutureTest extends DriverTest {

    private static <T> T get(Future<T> future) throws Exception {
        return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @Test
    void completesWhenTheWorkIsDone() throws Exception {
        Gate gate = new Gate(stream);
        CompletableFuture<Void> done = stream.whenDone();
        assertThrows(TimeoutException.class, () -> done.get(100, TimeUnit.MILLISECONDS));
        gate.close();
        get(done);
        get(stream.whenDone()); // where there is nothing to wait for
    }

    @Test
    void completesForAnEventThoughTheStreamGoesOn() throws Exception {
        try (Event event = context.newEvent()) {
            get(event.whenDone());
            Gate first = new Gate(stream);
            stream.record(event);
            Gate second = new Gate(stream);
            CompletableFuture<Void> done = event.whenDone();
            assertThrows(TimeoutException.class, () -> done.get(100, TimeUnit.MILLISECONDS));
            first.close();
            get(done);
            assertFalse(stream.isDone());
            second.close();
        }
    }

    /** More events than there are streams to wait for them. */
    @Test
    void manyEventsCompleteEachInItsTime() throws Exception {
        int count = 40;
        List<Event> events = new ArrayList<>();
        List<Gate> gates = new ArrayList<>();
        List<CompletableFuture<Void>> futures = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            gates.add(new Gate(stream));
            events.add(context.newEvent());
            stream.record(events.get(i));
            futures.add(events.get(i).whenDone());
        }
        for (int i = 0; i < count; i++) {
            assertFalse(futures.get(i).isDone());
            gates.get(i).close();
            get(futures.get(i));
        }
        events.forEach(Event::close);
    }

    @Test
    void whatHangsOnAFutureMayCallTheDriver() throws Exception {
        try (DeviceBuffer buffer = context.allocate(4)) {
            CompletableFuture<Integer> result = stream.whenDone().thenApply(nothing -> {
                stream.fill32(buffer, 5);
                int[] word = new int[1];
                buffer.download(MemorySegment.ofArray(word));
                return word[0];
            });
            assertEquals(5, get(result));
        }
    }

    /** Far more waiting virtual threads than carriers: were one pinned a thread, nobody could open the gate. */
    @Test
    void pinsNoCarrier() throws Exception {
        int threads = 64 * Runtime.getRuntime().availableProcessors();
        CountDownLatch waiting = new CountDownLatch(threads);
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor(); Event event = context.newEvent()) {
            Gate gate = new Gate(stream);
            stream.record(event);
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                CompletableFuture<Void> done = i % 2 == 0 ? stream.whenDone() : event.whenDone();
                all.add(executor.submit(() -> {
                    waiting.countDown();
                    return done.join();
                }));
            }
            assertTrue(waiting.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
            all.add(executor.submit(gate::close));
            for (Future<?> each : all) get(each);
        }
    }

    /** Each thread has a device of its own and blocks between calls, so that it changes carriers. */
    @Test
    void virtualThreadsKeepTheirContexts() throws Exception {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
                Context second = secondDevice().context();
                CudaModule here = context.load(Ptx.ADD);
                CudaModule there = second.load(Ptx.ADD)) {
            List<Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                Context mine = i % 2 == 0 ? context : second;
                CudaModule module = i % 2 == 0 ? here : there;
                int number = i;
                results.add(executor.submit(() -> {
                    try (Stream own = mine.newStream()) {
                        Thread.sleep(1);
                        try (DeviceBuffer buffer = own.allocate(4)) {
                            Thread.sleep(1);
                            own.fill32(buffer, number);
                            own.whenDone().get();
                            module.kernel("add").launch(own, LaunchConfig.of(1, 1), buffer, 1000);
                            own.whenDone().get();
                            int[] word = new int[1];
                            buffer.download(MemorySegment.ofArray(word));
                            return word[0];
                        }
                    }
                }));
            }
            for (int i = 0; i < results.size(); i++) assertEquals(1000 + i, get(results.get(i)));
        }
    }

    @Test
    void failsWhereTheWorkFails() throws Exception {
        Context lost = newEmulator().device(0).context();
        CudaModule module = lost.load(Ptx.FAULT);
        Stream broken = lost.newStream();
        Event event = lost.newEvent();
        Gate gate = new Gate(broken);
        module.kernel("fault").launch(broken, LaunchConfig.of(1, 1));
        broken.record(event);
        List<CompletableFuture<Void>> futures = List.of(broken.whenDone(), event.whenDone());
        gate.close();
        for (CompletableFuture<Void> future : futures) {
            ExecutionException e = assertThrows(ExecutionException.class, () -> get(future));
            assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", assertInstanceOf(CudaException.class, e.getCause()).codeName());
        }
        // One that is asked for later fails as well.
        assertInstanceOf(CudaException.class,
                assertThrows(CompletionException.class, () -> broken.whenDone().join()).getCause());
        for (AutoCloseable each : List.of(event, broken, module)) assertThrows(CudaException.class, each::close);
        lost.close();
    }

    @Test
    void failsWhereTheStreamIsClosedOnFailedWork() throws Exception {
        Context lost = newEmulator().device(0).context();
        CudaModule module = lost.load(Ptx.FAULT);
        Stream broken = lost.newStream();
        module.kernel("fault").launch(broken, LaunchConfig.of(1, 1));
        CompletableFuture<Void> future = broken.whenDone();
        assertThrows(CudaException.class, broken::close);
        assertInstanceOf(CudaException.class, assertThrows(ExecutionException.class, () -> get(future)).getCause());
        assertThrows(CudaException.class, module::close);
        lost.close();
    }
}
