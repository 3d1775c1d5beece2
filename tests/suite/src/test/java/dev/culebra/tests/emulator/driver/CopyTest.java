package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.*;
import dev.culebra.emulator.EmulatorOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When copies read and write, and what they read and write. */
class CopyTest {

    private final RawDriver d = RawDriver.started(EmulatorOptions.DEFAULT.withDevices(2));

    @AfterEach
    void close() { d.close(); }

    /** Holds a stream until the latch opens, so that what comes after on it can not have run. */
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

    @Test
    void pageableMemoryIsTakenAtTheCallAndPinnedWhenTheCopyRuns() {
        MemorySegment stream = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        long a = d.alloc(8);
        MemorySegment pageable = d.arena.allocate(4);
        MemorySegment pinned = d.pinned(4);
        pageable.set(ValueLayout.JAVA_INT, 0, 1);
        pinned.set(ValueLayout.JAVA_INT, 0, 1);
        CountDownLatch gate = hold(stream);
        d.ok(d.toDevice(a, pageable, 4, stream));
        d.ok(d.toDevice(a + 4, pinned, 4, stream));
        pageable.set(ValueLayout.JAVA_INT, 0, 2);
        pinned.set(ValueLayout.JAVA_INT, 0, 2);
        d.fails(CudaApi.CUDA_ERROR_NOT_READY(), d.query(stream));
        gate.countDown();
        d.ok(d.synchronize(stream));
        d.ok(d.query(stream));
        assertArrayEquals(new int[]{1, 2}, d.readInts(a, 2));
    }

    @Test
    void aCopyToPinnedMemoryIsAsynchronousAndOneToPageableIsWaitedFor() throws InterruptedException {
        MemorySegment stream = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        long a = d.alloc(4);
        d.ok(d.fill8(a, 7, 4, stream));
        MemorySegment pinned = d.pinned(4);
        CountDownLatch gate = hold(stream);
        d.ok(d.toHost(pinned, a, 4, stream));
        assertEquals(0, pinned.get(ValueLayout.JAVA_INT, 0), "it can not have run yet");

        MemorySegment pageable = d.arena.allocate(4);
        MemorySegment context = d.retain(0);
        AtomicBoolean returned = new AtomicBoolean();
        AtomicInteger result = new AtomicInteger(-1);
        Thread other = new Thread(() -> {
            d.setCurrent(context);
            result.set(d.toHost(pageable, a, 4, stream));
            returned.set(true);
        });
        other.start();
        other.join(100);
        assertFalse(returned.get(), "the copy to pageable memory returned before it ran");
        gate.countDown();
        other.join();
        assertEquals(0, result.get());
        assertEquals(0x07070707, pageable.get(ValueLayout.JAVA_INT, 0));
        assertEquals(0x07070707, pinned.get(ValueLayout.JAVA_INT, 0));
    }

    @Test
    void aSynchronousCopyFromPageableMemoryIsDoneWhenTheDefaultStreamIs() {
        MemorySegment from = d.arena.allocate(1 << 20).fill((byte) 5);
        long a = d.alloc(1 << 20);
        MemorySegment elsewhere = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        MemorySegment host = d.pinned(4);
        d.ok(d.toDeviceStaged(a, from, 1 << 20));
        from.fill((byte) 6);
        d.ok(d.synchronize(RawDriver.NULL));
        d.ok(d.toHost(host, a + (1 << 20) - 4, 4, elsewhere));
        d.ok(d.synchronize(elsewhere));
        assertEquals(0x05050505, host.get(ValueLayout.JAVA_INT, 0));
    }

    @Test
    void aCopyThatBeginsInRegisteredMemoryEndsThere() {
        MemorySegment host = d.arena.allocate(200, 8);
        d.ok(PFN_cuMemHostRegister_v6050.invoke(d.f("cuMemHostRegister", 6050), host, 100, 0));
        long a = d.alloc(200);
        d.ok(d.toDevice(a, host, 100));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.toDevice(a, host, 200));
        d.ok(PFN_cuMemHostUnregister_v4000.invoke(d.f("cuMemHostUnregister", 4000), host));
        d.ok(d.toDevice(a, host, 200));
    }

    @Test
    void aLargePageableCopyIsWaitedFor() {
        int bytes = 20 << 20;
        MemorySegment from = d.arena.allocate(bytes);
        from.fill((byte) 5);
        long a = d.alloc(bytes);
        MemorySegment stream = d.stream(0);
        d.ok(d.toDevice(a, from, bytes, stream));
        from.fill((byte) 6);
        assertEquals(0x05050505, d.readInts(a + bytes - 4, 1)[0]);
    }

    @Test
    void onTheDeviceAndBetweenDevices() {
        long a = d.alloc(16);
        d.ok(d.toDevice(a, d.arena.allocateFrom(ValueLayout.JAVA_INT, 1, 2, 3, 4), 16));
        long b = d.zeros(16);
        MemorySegment copy = d.f("cuMemcpyDtoDAsync", 3020);
        d.ok(PFN_cuMemcpyDtoDAsync_v3020.invoke(copy, b + 4, a, 12, RawDriver.NULL));
        assertArrayEquals(new int[]{0, 1, 2, 3}, d.readInts(b, 4));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                PFN_cuMemcpyDtoDAsync_v3020.invoke(copy, b + 8, a, 12, RawDriver.NULL));

        MemorySegment here = d.retain(0);
        MemorySegment there = d.retain(1);
        d.ok(d.setCurrent(there));
        long c = d.alloc(16);
        MemorySegment peer = d.f("cuMemcpyPeerAsync", 4000);
        d.ok(PFN_cuMemcpyPeerAsync_v4000.invoke(peer, c, there, b, here, 16, RawDriver.NULL));
        assertArrayEquals(new int[]{0, 1, 2, 3}, d.readInts(c, 4));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                PFN_cuMemcpyPeerAsync_v4000.invoke(peer, c, here, b, here, 16, RawDriver.NULL));
        d.fails(CudaApi.CUDA_ERROR_INVALID_CONTEXT(),
                PFN_cuMemcpyPeerAsync_v4000.invoke(peer, c, RawDriver.NULL, b, here, 16, RawDriver.NULL));
    }

    /** A rectangle of 3 rows of 5 bytes, from (x 2, y 1) at a pitch of 8 to (x 1, y 0) at a pitch of 7. */
    private MemorySegment rectangle(MemorySegment host, long device, boolean toDevice) {
        MemorySegment s = CUDA_MEMCPY2D.allocate(d.arena);
        CUDA_MEMCPY2D.WidthInBytes(s, 5);
        CUDA_MEMCPY2D.Height(s, 3);
        CUDA_MEMCPY2D.srcXInBytes(s, 2);
        CUDA_MEMCPY2D.srcY(s, 1);
        CUDA_MEMCPY2D.srcPitch(s, 8);
        CUDA_MEMCPY2D.dstXInBytes(s, 1);
        CUDA_MEMCPY2D.dstPitch(s, 7);
        if (toDevice) {
            CUDA_MEMCPY2D.srcMemoryType(s, CudaApi.CU_MEMORYTYPE_HOST());
            CUDA_MEMCPY2D.srcHost(s, host);
            CUDA_MEMCPY2D.dstMemoryType(s, CudaApi.CU_MEMORYTYPE_DEVICE());
            CUDA_MEMCPY2D.dstDevice(s, device);
        } else {
            CUDA_MEMCPY2D.srcMemoryType(s, CudaApi.CU_MEMORYTYPE_UNIFIED());
            CUDA_MEMCPY2D.srcDevice(s, device);
            CUDA_MEMCPY2D.dstMemoryType(s, CudaApi.CU_MEMORYTYPE_HOST());
            CUDA_MEMCPY2D.dstHost(s, host);
        }
        return s;
    }

    private int copy2D(MemorySegment rectangle, MemorySegment stream) {
        return PFN_cuMemcpy2DAsync_v3020.invoke(d.f("cuMemcpy2DAsync", 3020), rectangle, stream);
    }

    @Test
    void rectangles() {
        byte[] source = new byte[32];
        for (int i = 0; i < source.length; i++) {
            source[i] = (byte) (i + 1);
        }
        byte[] expected = new byte[20];
        for (int row = 0; row < 3; row++) {
            for (int i = 0; i < 5; i++) {
                expected[row * 7 + 1 + i] = (byte) ((row + 1) * 8 + 2 + i + 1);
            }
        }
        MemorySegment host = d.arena.allocateFrom(ValueLayout.JAVA_BYTE, source);
        // The last row ends at byte 20: what lies behind it need not exist.
        long a = d.zeros(20);
        MemorySegment stream = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        CountDownLatch gate = hold(stream);
        d.ok(copy2D(rectangle(host, a, true), stream));
        host.fill((byte) 0);
        gate.countDown();
        d.ok(d.synchronize(stream));
        assertArrayEquals(expected, d.read(a, 20));

        long b = d.alloc(32);
        d.ok(d.toDevice(b, d.arena.allocateFrom(ValueLayout.JAVA_BYTE, source), 32));
        MemorySegment back = d.arena.allocate(20);
        d.ok(copy2D(rectangle(back, b, false), stream));
        assertArrayEquals(expected, back.toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void wrongRectanglesAreRefused() {
        long a = d.alloc(20);
        MemorySegment host = d.arena.allocate(64);
        MemorySegment s = rectangle(host, a, true);
        d.ok(copy2D(s, RawDriver.NULL));
        CUDA_MEMCPY2D.dstPitch(s, 5);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), copy2D(s, RawDriver.NULL));
        CUDA_MEMCPY2D.dstPitch(s, 8);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), copy2D(s, RawDriver.NULL));
        CUDA_MEMCPY2D.dstPitch(s, 7);
        CUDA_MEMCPY2D.Height(s, -1);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), copy2D(s, RawDriver.NULL));
        CUDA_MEMCPY2D.Height(s, 0);
        d.ok(copy2D(s, RawDriver.NULL));
        CUDA_MEMCPY2D.Height(s, 3);
        CUDA_MEMCPY2D.srcMemoryType(s, CudaApi.CU_MEMORYTYPE_ARRAY());
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), copy2D(s, RawDriver.NULL));
        assertTrue(d.provider.lastDiagnostic().contains("srcMemoryType"), d.provider::lastDiagnostic);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), copy2D(RawDriver.NULL, RawDriver.NULL));
    }
}
