package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.*;
import dev.culebra.driver.Availability;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaUnavailableException;
import dev.culebra.driver.spi.DriverProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How drivers are found and opened, good ones beside broken ones. */
class ProvidersTest {

    @TempDir
    Path folder;

    /** Can not be made. */
    public static final class Unmakeable implements DriverProvider {

        /** Throws. */
        public Unmakeable() { throw new IllegalStateException("on purpose"); }

        @Override
        public String name() { return "unmakeable"; }

        @Override
        public Result load() { throw new AssertionError(); }
    }

    /** Says no, and counts how often it is asked. */
    public static final class Missing implements DriverProvider {

        static final AtomicInteger ASKED = new AtomicInteger();

        @Override
        public String name() { return "missing"; }

        @Override
        public Result load() {
            ASKED.incrementAndGet();
            return new Result.Missing("it is Sunday");
        }
    }

    /** Breaks its promise never to throw. */
    public static final class Throwing implements DriverProvider {

        @Override
        public String name() { return "throwing"; }

        @Override
        public Result load() { throw new UnsatisfiedLinkError("no such symbol"); }
    }

    /** As it is where a jar with these providers is on the class path. */
    private void withServices(Runnable test) throws Exception {
        Path file = folder.resolve("META-INF/services/" + DriverProvider.class.getName());
        Files.createDirectories(file.getParent());
        Files.writeString(file, "dev.culebra.tests.driver.NoSuchClass\n" + Unmakeable.class.getName() + "\n"
                + Missing.class.getName() + "\n" + Throwing.class.getName() + "\n");
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(new URL[]{folder.toUri().toURL()}, before)) {
            thread.setContextClassLoader(loader);
            test.run();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Test
    void brokenProvidersDoNotBreakOthers() throws Exception {
        withServices(() -> {
            assertEquals("cuda", Cuda.providers().getFirst());
            assertTrue(Cuda.providers().contains("missing"), () -> Cuda.providers().toString());
            assertTrue(Cuda.providers().contains("emulator"), () -> Cuda.providers().toString());
            assertEquals(new Availability(true, ""), Cuda.available("emulator"));
        });
    }

    @Test
    void whatIsWrongWithBrokenOnesStandsInTheReason() throws Exception {
        withServices(() -> {
            String reason = Cuda.available("unmakeable").reason();
            assertTrue(reason.contains("no provider of this name among [cuda, "), reason);
            assertTrue(reason.contains("NoSuchClass"), reason);
            assertTrue(reason.contains("on purpose"), reason);
            assertTrue(Cuda.available("throwing").reason().contains("no such symbol"));
        });
    }

    @Test
    void aMissingDriverIsAskedForOnce() throws Exception {
        withServices(() -> {
            for (int i = 0; i < 3; i++)
                assertEquals(new Availability(false, "it is Sunday"), Cuda.available("missing"));
            CudaUnavailableException e = assertThrows(CudaUnavailableException.class, () -> Cuda.open("missing"));
            assertEquals("it is Sunday", e.reason());
            assertTrue(e.getMessage().contains("'missing'"));
            assertEquals(1, Missing.ASKED.get());
        });
    }

    @Test
    void aDriverThatFindsNoDeviceIsNotAvailable() {
        FakeDriver fake = new FakeDriver();
        fake.put("cuInit", PFN_cuInit_v2000.allocate(flags -> CudaApi.CUDA_ERROR_NO_DEVICE(), Arena.global()));
        CudaUnavailableException e = assertThrows(CudaUnavailableException.class, () -> Cuda.open(fake));
        assertTrue(e.reason().startsWith("cuInit: CUDA_ERROR_FAKE_100 (100): fake sentence."), e.reason());
        assertTrue(e.reason().contains("nvidia-smi"), e.reason());
        FakeDriver none = new FakeDriver();
        none.put("cuDeviceGetCount", PFN_cuDeviceGetCount_v2000.allocate(out -> none.write(out, 0), Arena.global()));
        assertEquals("the driver has no device",
                assertThrows(CudaUnavailableException.class, () -> Cuda.open(none)).reason());
    }

    @Test
    void aProviderOfOnesOwnIsLoadedOnce() {
        FakeDriver fake = new FakeDriver();
        Cuda cuda = Cuda.open(fake);
        assertSame(cuda, Cuda.open(fake));
        assertEquals("fake", cuda.provider());
        assertEquals("a test", cuda.origin());
        assertEquals(12040, cuda.driverVersion());
        assertEquals("CUDA 12.4 driver 'fake' (a test)", cuda.toString());
        assertThrows(IllegalArgumentException.class, () -> cuda.device(1));
        assertThrows(IllegalArgumentException.class, () -> cuda.device(-1));
        assertFalse(cuda.devices().isEmpty());
    }

    /** Knows what {@link DriverProvider} says that a driver needs, and nothing else. */
    private static final class Least implements DriverProvider {

        private final Map<String, MemorySegment> functions = Map.of(
                "cuDriverGetVersion", PFN_cuDriverGetVersion_v2020.allocate(out -> answer(out, 12000), Arena.global()),
                "cuInit", PFN_cuInit_v2000.allocate(flags -> 0, Arena.global()), "cuDeviceGetCount",
                PFN_cuDeviceGetCount_v2000.allocate(out -> answer(out, 1), Arena.global()), "cuDeviceGet",
                PFN_cuDeviceGet_v2000.allocate((out, ordinal) -> answer(out, 7), Arena.global()), "cuDeviceGetName",
                PFN_cuDeviceGetName_v2000.allocate((out, length, device) -> {
                    out.setString(0, "Least " + device);
                    return 0;
                }, Arena.global()), "cuDevicePrimaryCtxRetain",
                PFN_cuDevicePrimaryCtxRetain_v7000.allocate((out, device) -> {
                    out.set(ValueLayout.JAVA_LONG, 0, 0xC0);
                    return 0;
                }, Arena.global()), "cuDevicePrimaryCtxRelease",
                PFN_cuDevicePrimaryCtxRelease_v11000.allocate(device -> 0, Arena.global()), "cuCtxSetCurrent",
                PFN_cuCtxSetCurrent_v4000.allocate(context -> 0, Arena.global()));

        private static int answer(MemorySegment out, int value) {
            out.set(ValueLayout.JAVA_INT, 0, value);
            return 0;
        }

        @Override
        public String name() { return "least"; }

        @Override
        public Result load() {
            return new Result.Loaded(PFN_cuGetProcAddress_v12000.allocate((symbol, out, version, flags, status) -> {
                MemorySegment function = functions.get(symbol.getString(0));
                out.set(ValueLayout.JAVA_LONG, 0, function == null ? 0 : function.address());
                status.set(ValueLayout.JAVA_INT, 0, function == null ? 1 : 0);
                return 0;
            }, Arena.global()), "a few lines");
        }
    }

    @Test
    void aDriverOfAFewFunctionsIsOpened() {
        Cuda cuda = Cuda.open(new Least());
        assertEquals("device 0 (Least 7)", cuda.device(0).toString());
        try (Context context = cuda.device(0).context()) {
            CudaException e = assertThrows(CudaException.class, () -> context.allocate(16));
            assertEquals("CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER", e.codeName());
            assertEquals("cuMemAlloc", e.call());
        }
    }

    @Test
    void functionsAreAskedForOnlyWhenTheyAreUsed() {
        FakeDriver fake = new FakeDriver();
        Cuda cuda = Cuda.open(fake);
        assertFalse(fake.asked.contains("cuMemAlloc"));
        cuda.device(0).context().close();
        assertFalse(fake.asked.contains("cuMemAlloc"));
        assertTrue(fake.asked.size() < 16, () -> fake.asked.toString());
    }
}
