package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Event;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PriorityRange;
import dev.culebra.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Streams and events: order, waiting, time. */
class StreamTest extends DriverTest {

    @Test
    void returnsBeforeTheWorkIsDone() {
        assertTrue(stream.isDone());
        Gate gate = new Gate(stream);
        assertFalse(stream.isDone());
        gate.close();
        stream.synchronize();
        assertTrue(stream.isDone());
        assertSame(context, stream.context());
        assertTrue(stream.handle() != 0);
    }

    @Test
    void runsInOrder() {
        List<Integer> seen = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 5; i++) {
            int now = i;
            stream.call(() -> seen.add(now));
        }
        stream.synchronize();
        assertEquals(List.of(0, 1, 2, 3, 4), seen);
    }

    @Test
    void whatJavaThrowsInAStreamIsNotItsEnd() {
        stream.call(() -> {
            throw new IllegalStateException("on purpose: this is logged");
        });
        stream.call(() -> {
            throw new StackOverflowError("on purpose: this is logged");
        });
        stream.synchronize();
    }

    @Test
    void prioritiesAreWithinTheirRange() {
        PriorityRange range = context.priorities();
        assertTrue(range.greatest() <= range.least(), range.toString());
        try (Stream urgent = context.newStream(range.greatest());
                Stream patient = context.newStream(range.least());
                Stream beyond = context.newStream(range.greatest() - 100);
                DeviceBuffer buffer = context.allocate(16)) {
            for (Stream each : List.of(urgent, patient, beyond)) each.fill(buffer, (byte) 1);
        }
    }

    @Test
    void eventsOrderStreams() {
        List<String> seen = new CopyOnWriteArrayList<>();
        try (Stream other = context.newStream(); Event event = context.newEvent()) {
            Gate gate = new Gate(stream);
            stream.call(() -> seen.add("first"));
            stream.record(event);
            other.await(event);
            other.call(() -> seen.add("second"));
            assertFalse(event.isDone());
            assertFalse(other.isDone());
            gate.close();
            other.synchronize();
            assertEquals(List.of("first", "second"), seen);
            assertTrue(event.isDone());
            event.synchronize();
            assertTrue(event.handle() != 0);
            assertSame(context, event.context());
        }
    }

    @Test
    void anEventThatWasNeverRecordedHoldsNobodyUp() {
        try (Event event = context.newEvent()) {
            assertTrue(event.isDone());
            event.synchronize();
            stream.await(event);
            stream.synchronize();
        }
    }

    @Test
    void eventsTellTheTimeBetweenThem() throws InterruptedException {
        try (Event start = context.newTimingEvent();
                Event end = context.newTimingEvent();
                Event plain = context.newEvent()) {
            stream.record(start);
            Gate gate = new Gate(stream);
            stream.record(end);
            CudaException early = assertThrows(CudaException.class, () -> end.millisecondsSince(start));
            assertEquals("CUDA_ERROR_NOT_READY", early.codeName());
            start.synchronize(); // on a busy machine it may come late, and its time counts from there
            Thread.sleep(30);
            gate.close();
            end.synchronize();
            float between = end.millisecondsSince(start);
            // The gate was closed for 30 ms, less what two clocks may differ.
            assertTrue(between > 25 && between < 1000f * PATIENCE_SECONDS, between + " ms");
            contains(assertThrows(IllegalStateException.class, () -> plain.millisecondsSince(start)).getMessage(),
                    "newTimingEvent");
        }
    }

    @Test
    void theDefaultStreamNeedsNoClosing() {
        Stream defaults = context.defaultStream();
        assertSame(defaults, context.defaultStream());
        assertEquals(0, defaults.handle());
        try (DeviceBuffer buffer = context.allocate(4)) {
            defaults.fill32(buffer, 7);
            int[] word = new int[1];
            buffer.download(MemorySegment.ofArray(word));
            assertEquals(7, word[0]);
        }
    }

    @Test
    void aBufferInUseIsNotFreedUnderItsWork() throws InterruptedException {
        try (CudaModule module = context.load(Ptx.ADD); Stream other = context.newStream()) {
            DeviceBuffer plain = context.allocate(4);
            DeviceBuffer ordered = stream.allocate(4);
            Gate gate = new Gate(other);
            other.fill(plain, (byte) 0);
            other.fill(ordered, (byte) 0);
            module.kernel("add").launch(other, LaunchConfig.of(1, 1), plain, 1);
            ordered.close(); // returns at once; the memory goes when the other stream is through
            assertFalse(stream.isDone());
            Thread closing = Thread.ofPlatform().start(plain::close);
            closing.join(100);
            assertTrue(closing.isAlive(), "the kernel has not run yet");
            gate.close();
            closing.join(1000 * PATIENCE_SECONDS);
            assertFalse(closing.isAlive());
            stream.synchronize();
        }
    }

    @Test
    void closingWaitsForTheWork() {
        List<String> seen = new CopyOnWriteArrayList<>();
        Stream other = context.newStream();
        for (int i = 0; i < 3; i++) other.call(() -> seen.add("done"));
        other.close();
        assertEquals(3, seen.size());
    }

    @Test
    void isNotClosedUnderAnotherThreadsCall() throws InterruptedException {
        Stream other = context.newStream();
        Gate gate = new Gate(other);
        Thread waiting = Thread.ofPlatform().start(other::synchronize);
        while (waiting.isAlive() && !isInDriver(waiting)) Thread.sleep(1);
        Thread closing = Thread.ofPlatform().start(other::close);
        closing.join(50);
        assertTrue(closing.isAlive(), "the other thread waits in the driver");
        assertThrows(IllegalStateException.class, other::isDone, "no further call begins");
        gate.close();
        waiting.join(1000 * PATIENCE_SECONDS);
        closing.join(1000 * PATIENCE_SECONDS);
        assertFalse(closing.isAlive());
    }

    private static boolean isInDriver(Thread thread) {
        for (StackTraceElement frame : thread.getStackTrace()) {
            if (frame.getMethodName().equals("invoke") && frame.getClassName().contains("cuStreamSynchronize"))
                return true;
        }
        return false;
    }

    /** Threads that use a stream while another closes it hear that it is closed, and nothing worse. */
    @Test
    void closingRacesWithUse() throws Exception {
        try (DeviceBuffer buffer = context.allocate(64); ExecutorService executor = Executors.newCachedThreadPool()) {
            for (int round = 0; round < 50; round++) {
                Stream contested = context.newStream();
                List<Future<Integer>> users = new ArrayList<>();
                for (int t = 0; t < 3; t++) {
                    users.add(executor.submit(() -> {
                        for (int i = 0;; i++) {
                            try {
                                contested.fill(buffer, (byte) i);
                            } catch (IllegalStateException closed) {
                                contains(closed.getMessage(), "is closed");
                                return i;
                            }
                        }
                    }));
                }
                contested.close();
                for (Future<Integer> user : users) user.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
        }
    }
}
