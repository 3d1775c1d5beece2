package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.*;
import dev.culebra.emulator.EmulatorOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Work lands when something waits for it and not before. Here it is held back for a minute, longer than any test may take:
 * what lands has been waited for, and what nobody waits for has not landed.
 */
@Timeout(40)
class LandingTest {

    private static final EmulatorOptions HELD = EmulatorOptions.DEFAULT.withWorkers(2).withHoldMillis(60_000);
    private static final int BYTES = 256;

    private final RawDriver d = RawDriver.started(HELD);
    private final MemorySegment stream = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
    private final MemorySegment other = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
    private final MemorySegment ones = d.pinned(BYTES).fill((byte) 1);
    private final MemorySegment seen = d.pinned(BYTES);
    private final long at = d.alloc(BYTES);

    LandingTest() {
        d.ok(d.fill8(at, 0, BYTES, RawDriver.NULL));
        d.ok(d.synchronize(RawDriver.NULL));
    }

    @AfterEach
    void close() {
        d.ok(d.synchronize());
        d.close();
    }

    private void copyOnes() { d.ok(d.toDevice(at, ones, BYTES, stream)); }

    /** What another stream, which waits for nothing, finds in the memory. */
    private byte found() {
        d.ok(d.toHost(seen, at, BYTES, other));
        d.ok(d.synchronize(other));
        return seen.get(ValueLayout.JAVA_BYTE, BYTES - 1);
    }

    /** Patience for a busy machine; what is held back is so for longer. */
    private static void until(BooleanSupplier done) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
        while (!done.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "nothing came of it");
            LockSupport.parkNanos(100_000);
        }
    }

    private static boolean ready(int code) {
        assertTrue(code == 0 || code == CudaApi.CUDA_ERROR_NOT_READY(), () -> "code " + code);
        return code == 0;
    }

    @Test
    void aCopyLandsWhenItsStreamIsWaitedFor() {
        copyOnes();
        assertEquals(0, found(), "nobody has waited");
        d.ok(d.synchronize(stream));
        assertEquals(1, found());
    }

    @Test
    void aCopyLandsWhenItsContextIsWaitedFor() {
        copyOnes();
        d.ok(d.synchronize());
        assertEquals(1, found());
    }

    @Test
    void aCopyLandsWhenAnEventBehindItIsWaitedForAndNoneBeforeIt() {
        MemorySegment before = d.event(0);
        MemorySegment behind = d.event(0);
        d.ok(d.record(before, stream));
        copyOnes();
        d.ok(d.record(behind, stream));
        d.ok(d.synchronizeEvent(before));
        assertEquals(0, found());
        d.ok(d.synchronizeEvent(behind));
        assertEquals(1, found());
    }

    @Test
    void aCopyLandsWhenAStreamThatWaitsForItIsWaitedFor() {
        MemorySegment third = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        MemorySegment event = d.event(0);
        copyOnes();
        d.ok(d.record(event, stream));
        d.ok(d.await(third, event));
        assertEquals(0, found(), "a stream's wait alone is nobody's");
        MemorySegment after = d.event(0);
        d.ok(d.record(after, third));
        d.ok(d.await(other, after));
        assertEquals(1, found(), "now the stream that looks waits, over two others");
    }

    @Test
    void aQuestionBeginsIt() {
        copyOnes();
        until(() -> ready(d.query(stream)));
        assertEquals(1, found());
        d.ok(d.fill8(at, 2, BYTES, stream));
        MemorySegment event = d.event(0);
        d.ok(d.record(event, stream));
        until(() -> ready(d.queryEvent(event)));
        assertEquals(2, found());
    }

    @Test
    void aHostFunctionBehindItIsCalledWithoutAnybodyWaiting() throws InterruptedException {
        CountDownLatch called = new CountDownLatch(1);
        copyOnes();
        d.ok(d.host(stream, called::countDown));
        assertTrue(called.await(20, TimeUnit.SECONDS));
        assertEquals(1, found());
    }

    @Test
    void theDefaultStreamsOrderLandsIt() {
        MemorySegment blocking = d.stream(0);
        d.ok(d.toDevice(at, ones, BYTES, blocking));
        assertEquals(0, found());
        // A synchronous call on the default stream comes after the blocking stream's work.
        assertEquals(1, d.read(at, BYTES)[7]);
        d.ok(d.fill8(at, 3, BYTES, blocking));
        MemorySegment event = d.event(0);
        d.ok(d.record(event, RawDriver.NULL));
        assertEquals(1, found());
        d.ok(d.synchronizeEvent(event));
        assertEquals(3, found());
    }

    @Test
    void freeingWaitsAndAllocatingDoesNot() {
        copyOnes();
        long more = d.alloc(16);
        assertEquals(0, found());
        d.ok(d.free(more));
        assertEquals(1, found());
    }

    /** Memory whose freeing is held back is there for who asks again: 64 times half of the device's. */
    @Test
    void heldFreesDoNotUseUpTheDevice() {
        try (RawDriver own = RawDriver.started(HELD.withMemory(8 << 20))) {
            MemorySegment s = own.stream(1);
            MemorySegment to = own.out();
            for (int i = 0; i < 64; i++) {
                own.ok(PFN_cuMemAllocAsync_v11020.invoke(own.f("cuMemAllocAsync", 11020), to, 4 << 20, s));
                long address = to.get(ValueLayout.JAVA_LONG, 0);
                own.ok(own.fill8(address, i, 16, s));
                own.ok(PFN_cuMemFreeAsync_v11020.invoke(own.f("cuMemFreeAsync", 11020), address, s));
            }
            own.ok(own.synchronize(s));
        }
    }

    /** A queue is not endless, nor is the memory that copies of the host's ordinary memory keep: then the first begin. */
    @Test
    void aLongQueueBegins() {
        for (int i = 0; i < 2000; i++) {
            d.ok(d.fill8(at, 7, BYTES, stream));
        }
        until(() -> found() == 7);
        d.ok(d.synchronize(stream));
        d.ok(d.fill8(at, 0, BYTES, stream));
        d.ok(d.synchronize(stream));
        MemorySegment pageable = d.arena.allocate(BYTES).fill((byte) 6);
        for (int i = 0; i < 100; i++) {
            d.ok(d.toDevice(at, pageable, BYTES, stream));
        }
        until(() -> found() == 6);
    }

    /** The release of the last user waits for the work, as the driver's does. */
    @Test
    void releasingTheContextLandsIt() {
        try (RawDriver own = RawDriver.started(HELD)) {
            MemorySegment host = own.pinned(4);
            long from = own.alloc(4);
            MemorySegment s = own.stream(1);
            own.ok(own.fill8(from, 9, 4, s));
            own.ok(own.toHost(host, from, 4, s));
            own.ok(own.release(0));
            // Page-locked memory outlives its context here, so that nobody reads what is gone.
            assertEquals(9, host.get(ValueLayout.JAVA_BYTE, 3));
        }
    }

    /** The end of a copy from pageable memory stays on the default stream, as on an H200. */
    @Test
    void aStagedCopyIsHeldBackToo() {
        d.ok(d.toDeviceStaged(at, d.arena.allocate(BYTES).fill((byte) 5), BYTES));
        assertEquals(0, found());
        d.ok(d.synchronize(RawDriver.NULL));
        assertEquals(5, found());
    }

    /** Each kernel takes the next place and writes its number there: streams of equal right, the same order each time. */
    @Test
    void theOrderIsTheSameInEachRun() {
        MemorySegment kernel = d.function(d.load(Ptx.HEAD + """
                .visible .entry sign(.param .u64 places, .param .u32 number)
                {
                    .reg .b32 %r<4>;
                    .reg .b64 %rd<5>;
                    ld.param.u64 %rd1, [places];
                    ld.param.u32 %r1, [number];
                    atom.global.add.u32 %r2, [%rd1], 1;
                    mul.wide.u32 %rd2, %r2, 4;
                    add.s64 %rd3, %rd1, %rd2;
                    st.global.u32 [%rd3+4], %r1;
                    ret;
                }
                """), "sign");
        int n = 6;
        int[] expected = {n, 0, 1, 2, 3, 4, 5};
        List<MemorySegment> streams = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            streams.add(d.stream(CudaApi.CU_STREAM_NON_BLOCKING()));
        }
        long places = d.alloc(4 * (n + 1));
        for (int run = 0; run < 10; run++) {
            d.ok(d.fill8(places, 0, 4 * (n + 1), RawDriver.NULL));
            d.ok(d.synchronize(RawDriver.NULL));
            for (int i = n - 1; i >= 0; i--) {
                d.ok(d.launch(kernel, 1, 1, 0, streams.get(i), places, i));
            }
            d.ok(d.synchronize());
            assertArrayEquals(expected, d.readInts(places, n + 1), "oldest stream first, whatever was asked for first");
        }
    }

    /** Programs may watch memory instead of waiting: work begins by itself, with the default options soon. */
    @Test
    void whoWatchesMemoryIsNotLeftWaiting() {
        try (RawDriver own = RawDriver.started()) {
            MemorySegment kernel = own.function(own.load(Ptx.HEAD + """
                    .visible .entry answer(.param .u64 words)
                    {
                        .reg .pred %p;
                        .reg .b32 %r<2>;
                        .reg .b64 %rd<2>;
                        ld.param.u64 %rd1, [words];
                    AGAIN:
                        ld.acquire.sys.global.u32 %r1, [%rd1];
                        setp.eq.u32 %p, %r1, 0;
                        @%p bra AGAIN;
                        st.release.sys.global.u32 [%rd1+4], %r1;
                        ret;
                    }
                    """), "answer");
            MemorySegment words = own.pinned(8).fill((byte) 0);
            own.ok(own.launch(kernel, 1, 1, 0, own.stream(1), words.address()));
            var word = ValueLayout.JAVA_INT.varHandle();
            word.setVolatile(words, 0L, 77);
            until(() -> (int) word.getVolatile(words, 4L) == 77);
            own.ok(own.synchronize());
        }
    }

    @Test
    void withoutHoldingWorkBeginsAtOnce() {
        try (RawDriver own = RawDriver.started(HELD.withHoldMillis(0))) {
            long from = own.alloc(4);
            MemorySegment word = own.pinned(4).fill((byte) 0);
            MemorySegment s = own.stream(1);
            own.ok(own.fill8(from, 9, 4, s));
            own.ok(own.toHost(word, from, 4, s));
            var value = ValueLayout.JAVA_INT.varHandle();
            until(() -> (int) value.getVolatile(word, 0L) == 0x09090909);
            own.ok(own.synchronize());
        }
    }
}
