package dev.culebra.tests.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.MemoryKind;
import dev.culebra.driver.MemoryPool;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.RegisteredMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory of devices and of the host, and copies between them. */
class MemoryTest extends DriverTest {

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static byte[] download(DeviceBuffer buffer) {
        byte[] bytes = new byte[(int) buffer.bytes()];
        buffer.download(MemorySegment.ofArray(bytes));
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4096, 100_001})
    void comesBackAsItWas(int length) {
        byte[] bytes = random(length);
        try (Arena arena = Arena.ofConfined();
                DeviceBuffer one = context.allocate(length);
                DeviceBuffer two = stream.allocate(length)) {
            one.upload(MemorySegment.ofArray(bytes));
            stream.copy(one, two);
            assertArrayEquals(bytes, download(two));
            MemorySegment pageable = arena.allocate(length);
            stream.copy(two, pageable);
            stream.synchronize();
            assertArrayEquals(bytes, pageable.toArray(JAVA_BYTE));
            one.download(pageable.fill((byte) 0));
            assertArrayEquals(bytes, pageable.toArray(JAVA_BYTE));
            one.upload(pageable.fill((byte) 7));
            stream.copy(pageable.fill((byte) 9), two);
            assertEquals(7, download(one)[length - 1]);
            assertEquals(9, download(two)[length - 1]);
        }
    }

    @Test
    void partsAreCopied() {
        byte[] bytes = random(64);
        try (PinnedBuffer host = context.allocatePinned(64);
                DeviceBuffer one = context.allocate(64);
                DeviceBuffer two = context.allocate(64)) {
            host.segment().copyFrom(MemorySegment.ofArray(bytes));
            stream.fill(one, (byte) 0);
            stream.fill(two, (byte) 0);
            stream.copy(host.segment(), 5, one, 7, 11);
            stream.copy(one, 7, two, 1, 11);
            stream.copy(two, 2, host.segment(), 50, 10);
            stream.synchronize();
            byte[] expected = bytes.clone();
            System.arraycopy(bytes, 6, expected, 50, 10);
            assertArrayEquals(expected, host.segment().toArray(JAVA_BYTE));
            assertEquals(0, download(two)[12]);
        }
    }

    @Test
    void copiesStayWithinTheirMemory() {
        try (PinnedBuffer host = context.allocatePinned(8); DeviceBuffer buffer = context.allocate(16)) {
            assertThrows(IndexOutOfBoundsException.class, () -> stream.copy(buffer, host.segment()));
            assertThrows(IndexOutOfBoundsException.class, () -> stream.copy(host.segment(), 1, buffer, 0, 8));
            assertThrows(IndexOutOfBoundsException.class, () -> stream.copy(host.segment(), 0, buffer, 9, 8));
            assertThrows(IndexOutOfBoundsException.class, () -> stream.copy(host.segment(), 0, buffer, -1, 1));
            assertThrows(IndexOutOfBoundsException.class, () -> stream.copy(host.segment(), 0, buffer, 0, -1));
            assertThrows(IllegalArgumentException.class,
                    () -> stream.copy(buffer.slice(0, 8), host.segment().asReadOnly()));
            assertThrows(IllegalArgumentException.class, () -> buffer.upload(MemorySegment.ofArray(new byte[17])));
            assertThrows(IllegalArgumentException.class, () -> buffer.download(MemorySegment.ofArray(new byte[15])));
            assertThrows(IllegalArgumentException.class, () -> stream.fill32(buffer.slice(0, 6), 1));
        }
    }

    @Test
    void rowsAreCopiedBothWays() {
        int rows = 5;
        int width = 12;
        byte[] bytes = random(rows * 20);
        try (Arena arena = Arena.ofConfined();
                DeviceBuffer wide = context.allocate(rows * 32);
                DeviceBuffer narrow = context.allocate(rows * width)) {
            MemorySegment from = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
            MemorySegment to = arena.allocate(rows * 16);
            stream.copy2d(from, 20, wide, 32, width, rows);
            stream.copy2d(wide, 32, narrow, width, width, rows);
            stream.copy2d(narrow, width, to, 16, width, rows);
            stream.synchronize();
            for (int r = 0; r < rows; r++) {
                for (int i = 0; i < 16; i++) {
                    assertEquals(i < width ? bytes[r * 20 + i] : 0, to.get(JAVA_BYTE, r * 16 + i),
                            "row " + r + ", " + i);
                }
            }
            assertThrows(IllegalArgumentException.class, () -> stream.copy2d(from, 11, wide, 32, width, rows));
            assertThrows(IndexOutOfBoundsException.class, () -> stream.copy2d(from, 20, wide, 32, width, rows + 1));
            // The last row need not be as long as the pitch.
            stream.copy2d(from, 20, wide.slice(0, 4 * 32 + width), 32, width, rows);
            stream.copy2d(from, 20, wide, 32, 0, rows);
            stream.copy2d(from, 20, wide, 32, width, 0);
        }
    }

    @Test
    void fillsBytesAndWords() {
        try (DeviceBuffer buffer = context.allocate(16)) {
            stream.fill(buffer, (byte) 0x11);
            stream.fill32(buffer.slice(4, 8), 0x04030201);
            assertArrayEquals(new byte[]{17, 17, 17, 17, 1, 2, 3, 4, 1, 2, 3, 4, 17, 17, 17, 17}, download(buffer));
        }
    }

    @Test
    void copiesGoToAPeer() {
        byte[] bytes = random(1000);
        try (Context other = secondDevice().context();
                DeviceBuffer here = context.allocate(1000);
                DeviceBuffer there = other.allocate(1000)) {
            context.enablePeerAccess(other);
            context.enablePeerAccess(other); // a second time is no error
            here.upload(MemorySegment.ofArray(bytes));
            stream.copy(here, there);
            assertArrayEquals(bytes, download(there));
        }
    }

    @Test
    void runningOutTellsWhatIsFree() {
        long tooMuch = 2 * context.memoryInfo().total();
        CudaException e = assertThrows(CudaException.class, () -> context.allocate(tooMuch));
        assertEquals("CUDA_ERROR_OUT_OF_MEMORY", e.codeName());
        contains(e.advice(), "Asked for ", " are free");
        if (isEmulated()) contains(e.advice(), "512.0 MiB", "of 256.0 MiB are free");
        assertEquals("CUDA_ERROR_OUT_OF_MEMORY",
                assertThrows(CudaException.class, () -> stream.allocate(tooMuch)).codeName());
    }

    @Test
    void addressesTellWhatTheyAre() {
        try (Arena arena = Arena.ofConfined();
                DeviceBuffer buffer = context.allocate(16);
                PinnedBuffer pinned = context.allocatePinned(16)) {
            assertEquals(MemoryKind.DEVICE, context.memoryKind(buffer.address()));
            assertEquals(MemoryKind.HOST, context.memoryKind(pinned.segment().address()));
            assertEquals(MemoryKind.UNKNOWN, context.memoryKind(arena.allocate(16).address()));
        }
    }

    @Test
    void pinnedMemoryIsSeenByTheDevice() {
        try (PinnedBuffer pinned = context.allocatePinned(64)) {
            pinned.segment().fill((byte) 0);
            DeviceBuffer device = pinned.device();
            stream.fill32(device.slice(8, 8), 42);
            stream.synchronize();
            assertEquals(0, pinned.segment().getAtIndex(JAVA_INT, 1));
            assertEquals(42, pinned.segment().getAtIndex(JAVA_INT, 2));
            assertEquals(64, pinned.bytes());
        }
        assertThrows(IllegalArgumentException.class, () -> context.allocatePinned(0));
    }

    @Test
    void aPinnedSegmentDiesWithItsBuffer() {
        PinnedBuffer pinned = context.allocatePinned(16);
        MemorySegment segment = pinned.segment();
        pinned.close();
        assertThrows(IllegalStateException.class, () -> segment.get(JAVA_BYTE, 0));
        assertThrows(IllegalStateException.class, pinned::segment);
    }

    @Test
    void closingPinnedMemoryWaitsForItsCopies() throws InterruptedException {
        try (DeviceBuffer buffer = context.allocate(16)) {
            PinnedBuffer pinned = context.allocatePinned(16);
            Gate gate = new Gate(stream);
            stream.copy(buffer, pinned.segment());
            Thread closing = Thread.ofPlatform().start(pinned::close);
            closing.join(100);
            assertTrue(closing.isAlive(), "the copy has not run yet");
            gate.close();
            closing.join(PATIENCE_SECONDS * 1000);
            assertTrue(!closing.isAlive());
        }
    }

    @Test
    void callersMemoryIsRegistered() {
        try (Arena arena = Arena.ofShared(); DeviceBuffer buffer = context.allocate(4096)) {
            MemorySegment segment = arena.allocate(4096, 4096);
            assertThrows(IllegalArgumentException.class, () -> context.register(MemorySegment.ofArray(new byte[16])));
            try (RegisteredMemory registered = context.register(segment)) {
                assertEquals(MemoryKind.HOST, context.memoryKind(segment.address()));
                assertThrows(CudaException.class, () -> context.register(segment));
                registered.segment().fill((byte) 3);
                stream.copy(segment, buffer);
                stream.fill(registered.device().slice(0, 1), (byte) 4);
                stream.synchronize();
                assertEquals(4, segment.get(JAVA_BYTE, 0));
                assertEquals(3, download(buffer)[4095]);
                assertEquals(4096, registered.bytes());
            }
            assertEquals(MemoryKind.UNKNOWN, context.memoryKind(segment.address()));
        }
    }

    @Test
    void poolsKeepWhatIsFreedAndGiveItBack() {
        try (MemoryPool pool = context.newPool(0)) {
            pool.setReleaseThreshold(Long.MAX_VALUE);
            assertEquals(Long.MAX_VALUE, pool.releaseThreshold());
            DeviceBuffer buffer = stream.allocate(1 << 20, pool);
            assertEquals(1 << 20, pool.usedBytes());
            assertTrue(pool.reservedBytes() >= 1 << 20);
            assertTrue(assertThrows(IllegalStateException.class, pool::close).getMessage().contains("1.0 MiB"));
            buffer.close();
            stream.synchronize();
            assertEquals(0, pool.usedBytes());
            assertTrue(pool.reservedBytes() >= 1 << 20, "it is kept");
            pool.trim(0);
            assertEquals(0, pool.reservedBytes());
            assertEquals(1 << 20, pool.usedBytesHigh());
            assertTrue(pool.reservedBytesHigh() >= 1 << 20);
            pool.resetHighs();
            assertEquals(0, pool.usedBytesHigh());
            assertEquals(0, pool.reservedBytesHigh());
        }
    }

    @Test
    void theCurrentPoolIsChosen() {
        MemoryPool own = context.defaultPool();
        assertEquals(own.handle(), context.currentPool().handle());
        try (MemoryPool pool = context.newPool(0)) {
            context.setCurrentPool(pool);
            assertEquals(pool.handle(), context.currentPool().handle());
            try (DeviceBuffer buffer = stream.allocate(1 << 20)) {
                assertEquals(1 << 20, MemoryPool.guest(context, pool.handle()).usedBytes());
                assertEquals(1 << 20, buffer.bytes());
            }
            context.setCurrentPool(own);
        }
        own.close(); // the device's own is left alone
        assertEquals(0, context.defaultPool().usedBytes());
    }

    @Test
    void memoryOfAStreamIsInItsOrder() {
        // Freed and allocated again while the stream has not begun: nothing waits, and nothing is mixed up.
        Gate gate = new Gate(stream);
        for (int i = 0; i < 4; i++) {
            try (DeviceBuffer buffer = stream.allocate(32 << 20)) {
                stream.fill(buffer.slice(0, 1024), (byte) i);
            }
        }
        assertFalse(stream.isDone());
        gate.close();
        stream.synchronize();
    }
}
