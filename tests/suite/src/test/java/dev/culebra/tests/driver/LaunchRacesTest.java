package dev.culebra.tests.driver;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuKernelGetFunction_v12000;
import dev.culebra.bindings.PFN_cuLaunchKernel_v4000;
import dev.culebra.bindings.PFN_cuLibraryGetKernel_v12000;
import dev.culebra.bindings.PFN_cuLibraryLoadData_v12000;
import dev.culebra.bindings.PFN_cuMemFree_v3020;
import dev.culebra.bindings.PFN_cuMemHostAlloc_v2020;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaLibrary;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.JitOptions;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.PinnedPool;
import dev.culebra.driver.PreparedLaunch;
import dev.culebra.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever closes what a launch uses waits until the driver has the launch, and no longer. */
@Timeout(60)
class LaunchRacesTest {

    private static final String PTX = """
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry k(.param .u64 x, .param .u64 y) { ret; }
            """;

    private static final LaunchConfig CONFIG = LaunchConfig.of(1, 32);

    @ParameterizedTest
    @ValueSource(
            strings = {"buffer", "second buffer", "slice", "memory of a stream", "pinned memory", "memory of a pool",
                "module", "stream"})
    void closingWaitsForTheLaunchThatIsAboutToUseIt(String what) throws Exception {
        CountDownLatch within = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        FakeDriver fake = holding(new FakeDriver(), within, go);
        try (Arena arena = Arena.ofShared();
                Context context = Cuda.open(pinning(fake, arena)).device(0).context();
                Stream stream = context.newStream();
                Stream other = context.newStream();
                CudaModule module = context.load(PTX);
                DeviceBuffer x = context.allocate(64);
                DeviceBuffer y = context.allocate(64);
                DeviceBuffer ordered = other.allocate(64);
                PinnedBuffer pinned = context.allocatePinned(64);
                PinnedPool pool = new PinnedPool(context, 4096);
                PinnedBuffer pooled = pool.acquire(64)) {
            Function<DeviceBuffer, PreparedLaunch> with = first -> module.kernel("k").prepare(CONFIG).set(0, first)
                    .set(1, y);
            PreparedLaunch launch = with.apply(switch (what) {
                case "slice" -> x.slice(8, 8);
                case "memory of a stream" -> ordered;
                case "pinned memory" -> pinned.device();
                case "memory of a pool" -> pooled.device();
                default -> x;
            });
            AutoCloseable closed = switch (what) {
                case "second buffer" -> y;
                case "memory of a stream" -> ordered;
                case "pinned memory" -> pinned;
                case "memory of a pool" -> pooled;
                case "module" -> module;
                case "stream" -> stream;
                default -> x;
            };
            Thread launching = Thread.ofPlatform().start(() -> launch.launch(stream));
            assertTrue(within.await(20, TimeUnit.SECONDS));
            AtomicReference<Exception> failure = new AtomicReference<>();
            Thread closing = Thread.ofPlatform().start(() -> {
                try {
                    closed.close();
                } catch (Exception e) {
                    failure.set(e);
                }
            });
            closing.join(50);
            assertTrue(closing.isAlive(), "the driver has the address in its hands");
            go.countDown();
            launching.join();
            closing.join();
            assertNull(failure.get());
        }
    }

    /** The driver gets memory of the test's as page-locked memory. */
    private static FakeDriver pinning(FakeDriver fake, Arena arena) {
        return fake.put("cuMemHostAlloc", PFN_cuMemHostAlloc_v2020.allocate((out, bytes, flags) -> {
            out.set(CudaApi.C_POINTER, 0, arena.allocate(bytes, 64));
            return 0;
        }, Arena.global()));
    }

    /** Many rounds of a launch against a close: the driver is never given what was freed before. */
    @Test
    void noLaunchIsGivenWhatWasFreed() throws Exception {
        Set<Long> freed = ConcurrentHashMap.newKeySet();
        AtomicInteger wrong = new AtomicInteger();
        AtomicInteger launched = new AtomicInteger();
        FakeDriver fake = new FakeDriver();
        fake.put("cuMemFree", PFN_cuMemFree_v3020.allocate(address -> {
            freed.add(address);
            return 0;
        }, Arena.global()));
        fake.put("cuLaunchKernel", PFN_cuLaunchKernel_v4000.allocate((f, gx, gy, gz, bx, by, bz, shared, on, params,
                extra) -> {
            long address = params.get(CudaApi.C_POINTER, 0).get(JAVA_LONG, 0);
            if (freed.contains(address)) wrong.incrementAndGet();
            launched.incrementAndGet();
            Thread.onSpinWait();
            if (freed.contains(address)) wrong.incrementAndGet();
            return 0;
        }, Arena.global()));
        try (Context context = Cuda.open(fake).device(0).context();
                Stream stream = context.newStream();
                CudaModule module = context.load(PTX);
                DeviceBuffer y = context.allocate(64)) {
            for (int round = 0; round < 200; round++) {
                DeviceBuffer x = context.allocate(64);
                List<Thread> users = new ArrayList<>();
                int before = launched.get();
                for (int t = 0; t < 2; t++) {
                    PreparedLaunch launch = module.kernel("k").prepare(CONFIG).set(0, x).set(1, y);
                    users.add(Thread.ofPlatform().start(() -> {
                        try {
                            for (;;) launch.launch(stream);
                        } catch (IllegalStateException closed) {
                            // As it should be.
                        }
                    }));
                }
                while (round % 4 == 0 && launched.get() == before) Thread.onSpinWait();
                x.close();
                for (Thread user : users) user.join();
            }
        }
        assertTrue(launched.get() > 0);
        assertEquals(0, wrong.get(), () -> "of " + launched + " launches");
    }

    /** Others of whom one is always in a launch, on the same stream, do not keep one from closing what they do not use. */
    @Test
    void closingEndsAlthoughOthersLaunchOn() throws Exception {
        FakeDriver fake = new FakeDriver();
        fake.put("cuLaunchKernel", PFN_cuLaunchKernel_v4000.allocate((f, gx, gy, gz, bx, by, bz, shared, on, params,
                extra) -> {
            LockSupport.parkNanos(1_000_000);
            return 0;
        }, Arena.global()));
        try (Context context = Cuda.open(fake).device(0).context();
                Stream stream = context.newStream();
                CudaModule module = context.load(PTX);
                DeviceBuffer y = context.allocate(64)) {
            AtomicBoolean enough = new AtomicBoolean();
            List<Thread> users = new ArrayList<>();
            for (int t = 0; t < 16; t++) {
                PreparedLaunch launch = module.kernel("k").prepare(CONFIG).set(0, y).set(1, y);
                users.add(Thread.ofPlatform().start(() -> {
                    while (!enough.get()) launch.launch(stream);
                }));
            }
            List<Thread> closing = new ArrayList<>();
            for (int round = 0; round < 5; round++) {
                DeviceBuffer x = context.allocate(64);
                module.kernel("k").launch(stream, CONFIG, x, y);
                closing.add(Thread.ofPlatform().start(x::close));
            }
            for (Thread one : closing) one.join(10_000);
            boolean late = closing.stream().anyMatch(Thread::isAlive);
            enough.set(true);
            for (Thread user : users) user.join();
            assertFalse(late, "waited for launches that have nothing to do with it");
        }
    }

    /** A fake whose launches are held: who is in one counts down, and waits to be let go. */
    private static FakeDriver holding(FakeDriver fake, CountDownLatch within, CountDownLatch go) {
        return fake.put("cuLaunchKernel", PFN_cuLaunchKernel_v4000.allocate((f, gx, gy, gz, bx, by, bz, shared, on,
                params, extra) -> {
            within.countDown();
            try {
                return go.await(20, TimeUnit.SECONDS) ? 0 : 1;
            } catch (InterruptedException e) {
                return 1;
            }
        }, Arena.global()));
    }

    /**
     * The launch may be waiting for room behind a host call that waits for just this memory to be given back: whose launch
     * it can not be, since no kernel has its address, does not wait.
     */
    @Test
    void memoryOfAPoolThatWasOnlyCopiedIsGivenBackWhileOthersLaunch() throws Exception {
        CountDownLatch within = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (Arena arena = Arena.ofShared();
                Context context = Cuda.open(pinning(holding(new FakeDriver(), within, go), arena)).device(0).context();
                Stream stream = context.newStream();
                CudaModule module = context.load(PTX);
                DeviceBuffer x = context.allocate(64);
                PinnedPool pool = new PinnedPool(context, 4096);
                PinnedBuffer pooled = pool.acquire(64)) {
            stream.copy(pooled.segment(), x);
            PreparedLaunch launch = module.kernel("k").prepare(CONFIG).set(0, x).set(1, x);
            Thread launching = Thread.ofPlatform().start(() -> launch.launch(stream));
            assertTrue(within.await(20, TimeUnit.SECONDS));
            Thread closing = Thread.ofPlatform().start(pooled::close);
            closing.join(10_000);
            boolean late = closing.isAlive();
            go.countDown();
            launching.join();
            closing.join();
            assertFalse(late, "waited for a launch that has nothing to do with it");
        }
    }

    /** A library's kernel, which its own context does not keep open, on the stream that no context knows as a child. */
    @Test
    void closingAContextWaitsForALaunchOnItsDefaultStream() throws Exception {
        CountDownLatch within = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        FakeDriver fake = holding(new FakeDriver(), within, go);
        fake.put("cuLibraryLoadData", PFN_cuLibraryLoadData_v12000.allocate((out, code, jit, jitValues, jitCount,
                options, values, count) -> handle(out, 0x10), Arena.global()));
        fake.put("cuLibraryGetKernel", PFN_cuLibraryGetKernel_v12000.allocate((out, library, name) -> handle(out, 0x20),
                Arena.global()));
        fake.put("cuKernelGetFunction",
                PFN_cuKernelGetFunction_v12000.allocate((out, kernel) -> handle(out, 0x30), Arena.global()));
        Cuda cuda = Cuda.open(fake);
        try (Context context = cuda.device(0).context();
                CudaLibrary library = context.loadLibrary(PTX, JitOptions.DEFAULT);
                DeviceBuffer x = context.allocate(64)) {
            Context other = Context.adopt(cuda, cuda.device(0), 0xA0);
            Stream stream = other.defaultStream();
            PreparedLaunch launch = library.kernel(other, "k").prepare(CONFIG).set(0, x).set(1, x);
            Thread launching = Thread.ofPlatform().start(() -> launch.launch(stream));
            assertTrue(within.await(20, TimeUnit.SECONDS));
            Thread closing = Thread.ofPlatform().start(other::close);
            closing.join(50);
            assertTrue(closing.isAlive(), "the driver has the context in its hands");
            go.countDown();
            launching.join();
            closing.join();
            assertEquals(other + " is closed",
                    assertThrows(IllegalStateException.class, () -> launch.launch(stream)).getMessage());
        }
    }

    private static int handle(MemorySegment out, long value) {
        out.set(JAVA_LONG, 0, value);
        return 0;
    }

    /** A thread that is interrupted does not park: it would take the processor from those that it waits for. */
    @Test
    void whoClosesAndIsInterruptedWaitsAllTheSame() throws Exception {
        CountDownLatch within = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (Context context = Cuda.open(holding(new FakeDriver(), within, go)).device(0).context();
                Stream stream = context.newStream();
                CudaModule module = context.load(PTX);
                DeviceBuffer x = context.allocate(64)) {
            PreparedLaunch launch = module.kernel("k").prepare(CONFIG).set(0, x).set(1, x);
            Thread launching = Thread.ofPlatform().start(() -> launch.launch(stream));
            assertTrue(within.await(20, TimeUnit.SECONDS));
            AtomicBoolean interrupted = new AtomicBoolean();
            Runnable close = x::close;
            Thread closing = Thread.ofPlatform().start(() -> {
                Thread.currentThread().interrupt();
                close.run();
                interrupted.set(Thread.interrupted());
            });
            closing.join(100);
            long busy = ManagementFactory.getThreadMXBean().getThreadCpuTime(closing.threadId());
            go.countDown();
            launching.join();
            closing.join();
            assertTrue(busy < 50_000_000, () -> "was " + busy / 1_000_000 + " ms busy in 100");
            assertTrue(interrupted.get(), "whoever interrupted it wants that to be known");
        }
    }
}
