package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.PinnedPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The pool of page-locked memory and its cap. */
class PinnedPoolTest extends DriverTest {

    private static final int PAGE = 4096;

    @Test
    void handsOutTheSameMemoryAgain() {
        try (PinnedPool pool = new PinnedPool(context, 1 << 20)) {
            PinnedBuffer first = pool.acquire(5000);
            MemorySegment segment = first.segment();
            assertEquals(5000, segment.byteSize());
            assertEquals(2 * PAGE, pool.usedBytes());
            first.close();
            assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
            assertEquals(0, pool.usedBytes());
            assertEquals(2 * PAGE, pool.pooledBytes());
            try (PinnedBuffer second = pool.acquire(8000)) {
                assertEquals(segment.address(), second.segment().address());
                assertEquals(8000, second.bytes());
            }
        }
    }

    @Test
    void staysUnderItsCap() throws InterruptedException {
        try (PinnedPool pool = new PinnedPool(context, 4 * PAGE)) {
            assertEquals(4 * PAGE, pool.capBytes());
            PinnedBuffer one = pool.acquire(2 * PAGE);
            PinnedBuffer two = pool.acquire(2 * PAGE);
            String message = assertThrows(IllegalStateException.class, () -> pool.acquire(1)).getMessage();
            contains(message, "1 bytes", "16.0 KiB are in use", "Close buffers");
            contains(
                    assertThrows(IllegalStateException.class, () -> pool.acquire(1, Duration.ofMillis(20)))
                            .getMessage(),
                    "Waited");
            assertThrows(IllegalArgumentException.class, () -> pool.acquire(4 * PAGE + 1), "more than it ever holds");
            assertThrows(IllegalArgumentException.class, () -> pool.acquire(0));
            two.close();
            // What is idle is freed to make room for another size.
            PinnedBuffer three = pool.acquire(PAGE);
            assertEquals(3 * PAGE, pool.pooledBytes());
            one.close();
            three.close();
        }
    }

    @Test
    void waitsForABufferToBeClosed() throws Exception {
        try (PinnedPool pool = new PinnedPool(context, PAGE)) {
            PinnedBuffer one = pool.acquire(PAGE);
            FutureTask<Long> waiting = new FutureTask<>(() -> {
                try (PinnedBuffer next = pool.acquire(10, Duration.ofSeconds(PATIENCE_SECONDS))) {
                    return next.segment().address();
                }
            });
            Thread.ofVirtual().start(waiting);
            Thread.sleep(30);
            assertFalse(waiting.isDone());
            long address = one.segment().address();
            one.close();
            assertEquals(address, waiting.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        }
    }

    @Test
    void memoryUnderACopyIsNotHandedOut() {
        try (PinnedPool pool = new PinnedPool(context, 2 * PAGE); DeviceBuffer buffer = context.allocate(PAGE)) {
            PinnedBuffer one = pool.acquire(PAGE);
            long address = one.segment().address();
            Gate gate = new Gate(stream);
            stream.copy(buffer, one.segment());
            one.close(); // does not wait
            try (PinnedBuffer two = pool.acquire(PAGE)) {
                assertNotEquals(address, two.segment().address(), "the copy has not run yet");
                gate.close();
                stream.synchronize();
                try (PinnedBuffer three = pool.acquire(PAGE)) {
                    assertEquals(address, three.segment().address());
                }
            }
        }
    }

    @Test
    void isClosedAfterItsBuffers() {
        PinnedPool pool = new PinnedPool(context, 1 << 20);
        PinnedBuffer buffer = pool.acquire(100);
        contains(assertThrows(IllegalStateException.class, pool::close).getMessage(), "pinned buffer", "100 bytes");
        buffer.close();
        pool.close();
        assertThrows(IllegalStateException.class, () -> pool.acquire(100));
        assertThrows(IllegalArgumentException.class, () -> new PinnedPool(context, 100));
    }

    @Test
    void servesManyThreads() throws Exception {
        try (PinnedPool pool = new PinnedPool(context, 8 * PAGE);
                ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 16; t++) {
                byte mark = (byte) t;
                all.add(executor.submit(() -> {
                    for (int i = 0; i < 20; i++) {
                        try (PinnedBuffer buffer = pool.acquire(1 + 300 * mark, Duration.ofSeconds(PATIENCE_SECONDS))) {
                            buffer.segment().fill(mark);
                            Thread.yield();
                            for (long at = 0; at < buffer.bytes(); at++) {
                                assertEquals(mark, buffer.segment().get(ValueLayout.JAVA_BYTE, at));
                            }
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> each : all) each.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertTrue(pool.pooledBytes() <= 8 * PAGE);
            assertEquals(0, pool.usedBytes());
        }
    }
}
