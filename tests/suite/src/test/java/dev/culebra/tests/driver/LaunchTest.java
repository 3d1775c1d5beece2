package dev.culebra.tests.driver;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.driver.ComputeCapability;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Occupancy;
import dev.culebra.driver.Parameter;
import dev.culebra.driver.PreparedLaunch;
import dev.culebra.driver.Stream;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Kernels: what is known of them, and launches of every kind. */
class LaunchTest extends DriverTest {

    private static int word(DeviceBuffer buffer) {
        int[] word = new int[1];
        buffer.slice(0, 4).download(MemorySegment.ofArray(word));
        return word[0];
    }

    @Test
    void computes() {
        int n = 1000;
        float[] x = new float[n];
        float[] y = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = i;
            y[i] = 2 * n - i;
        }
        try (CudaModule module = context.load(Ptx.AXPY);
                DeviceBuffer dx = context.allocate(4 * n);
                DeviceBuffer dy = context.allocate(4 * n)) {
            dx.upload(MemorySegment.ofArray(x));
            dy.upload(MemorySegment.ofArray(y));
            Kernel axpy = module.kernel("axpy");
            axpy.launch(stream, LaunchConfig.covering(n, 128), dx, dy, 3f, n);
            PreparedLaunch again = axpy.prepare(LaunchConfig.covering(n, 64)).set(0, dx).set(1, dy).set(2, -1f).set(3,
                    n);
            again.launch(stream);
            again.set(2, 0.5f).launch(stream); // the values of the launch before were taken when it was made
            float[] result = new float[n];
            dy.download(MemorySegment.ofArray(result));
            // Small whole numbers and halves: exact.
            for (int i = 0; i < n; i++) assertEquals(2.5f * x[i] + y[i], result[i], "at " + i);
        }
    }

    @Test
    void shapesThatNoDeviceTakesAreRefused() {
        LaunchConfig.of(new Dim3(Integer.MAX_VALUE, 65535, 65535), new Dim3(4, 4, 64));
        for (Dim3 grid : new Dim3[]{Dim3.of(1, 65536), Dim3.of(1, 1, 65536)}) {
            contains(assertThrows(IllegalArgumentException.class, () -> LaunchConfig.of(grid, Dim3.of(1))).getMessage(),
                    "65535", "" + grid);
        }
        contains(assertThrows(IllegalArgumentException.class, () -> LaunchConfig.of(Dim3.of(1), Dim3.of(1, 1, 65)))
                .getMessage(), "64 threads along z");
    }

    @Test
    void tellsWhatTheKernelIs() {
        try (CudaModule module = context.load(Ptx.AXPY)) {
            Kernel axpy = module.kernel("axpy");
            assertEquals("axpy", axpy.name());
            assertEquals(axpy, module.kernel("axpy"));
            assertTrue(axpy.maxThreads() >= 128 && axpy.maxThreads() <= 1024);
            assertTrue(axpy.registers() > 0);
            assertEquals(0, axpy.sharedBytes());
            assertEquals(0, axpy.localBytes());
            assertEquals(0, axpy.constBytes());
            assertEquals(80, axpy.ptxVersion());
            ComputeCapability capability = context.device().computeCapability();
            assertEquals(10 * capability.major() + capability.minor(), axpy.binaryVersion());
            assertTrue(axpy.handle() != 0);
            assertEquals(List.of(new Parameter(0, "x", "u64", 0, 8), new Parameter(1, "y", "u64", 8, 8),
                    new Parameter(2, "a", "f32", 16, 4), new Parameter(3, "n", "u32", 20, 4)), axpy.parameters());
        }
    }

    @Test
    void occupancyIsTheDrivers() {
        try (CudaModule module = context.load(Ptx.AXPY)) {
            Kernel axpy = module.kernel("axpy");
            assumeTrue(context.device().computeCapability().equals(new ComputeCapability(9, 0)));
            // 2048 threads and 228 KiB a multiprocessor at 9.0, and few registers.
            assertEquals(2, axpy.maxActiveBlocks(1024, 0));
            assertEquals(1, axpy.maxActiveBlocks(128, 200 * 1024));
            Occupancy best = axpy.potentialBlockSize(0);
            assertTrue(best.blockThreads() % 32 == 0 && best.blockThreads() <= 1024, best.toString());
            assertEquals(0, best.minGrid() % context.device().multiprocessors(), best.toString());
            assertTrue(axpy.maxActiveClusters(LaunchConfig.of(132, 128).withCluster(Dim3.of(1))) > 0);
        }
    }

    @Test
    void launchesClustersWhereTheDeviceHasThem() {
        try (CudaModule module = context.load(Ptx.ADD); DeviceBuffer x = context.allocate(4)) {
            Kernel add = module.kernel("add");
            stream.fill32(x, 1);
            // A cluster of one block goes the way of clusters, and runs everywhere.
            add.launch(stream, LaunchConfig.of(1, 32).withCluster(Dim3.of(1)), x, 41);
            assertEquals(42, word(x));
            LaunchConfig two = LaunchConfig.of(2, 32).withCluster(Dim3.of(2));
            if (context.device().supportsClusters()) {
                add.launch(stream, two, x, 0);
                assertEquals(42, word(x));
            } else {
                contains(assertThrows(IllegalArgumentException.class, () -> add.launch(stream, two, x, 0)).getMessage(),
                        "clusters");
            }
        }
    }

    @Test
    void launchesTogether() {
        try (CudaModule module = context.load(Ptx.ADD); DeviceBuffer x = context.allocate(4)) {
            Kernel add = module.kernel("add");
            stream.fill32(x, 1);
            add.launch(stream, LaunchConfig.of(1, 32).withCooperative(true), x, 2);
            assertEquals(3, word(x));
            LaunchConfig tooMany = LaunchConfig.of(1_000_000, 1024).withCooperative(true);
            CudaException e = assertThrows(CudaException.class, () -> add.launch(stream, tooMany, x, 2));
            assertEquals("CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE", e.codeName());
            contains(e.advice(), "maxActiveBlocks");
        }
    }

    @Test
    void muchSharedMemoryIsOptedIn() {
        try (CudaModule module = context.load(Ptx.SHARED); DeviceBuffer x = context.allocate(4)) {
            Kernel shared = module.kernel("shared");
            int most = context.device().sharedMemoryPerBlockOptIn();
            for (int bytes : new int[]{1024, 48 * 1024, 48 * 1024 + 16, 100 * 1024, 64 * 1024, most}) {
                stream.fill32(x, 0);
                shared.launch(stream, LaunchConfig.of(1, 1).withShared(bytes), x, bytes);
                assertEquals(77, word(x), bytes + " bytes");
            }
            contains(assertThrows(IllegalArgumentException.class,
                    () -> shared.prepare(LaunchConfig.of(1, 1).withShared(most + 1))).getMessage(), "" + (most + 1),
                    "" + most);
        }
    }

    @Test
    void aFaultIsReportedByTheNextCallThatWaitsAndStays() {
        Cuda cuda = newEmulator(); // its contexts are lost after this
        Context lost = cuda.device(0).context();
        Stream broken = lost.newStream();
        CudaModule module = lost.load(Ptx.FAULT);
        module.kernel("fault").launch(broken, LaunchConfig.of(1, 1));
        CudaException e = assertThrows(CudaException.class, broken::synchronize);
        assertEquals("cuStreamSynchronize", e.call());
        assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", e.codeName());
        assertTrue(e.isSticky());
        contains(e.advice(), "context is lost");
        contains(e.diagnostic(), "fault");
        assertTrue(assertThrows(CudaException.class, () -> lost.allocate(16)).isSticky());
        // Everything can be closed all the same, and a new context works.
        assertThrows(CudaException.class, module::close);
        assertThrows(CudaException.class, broken::close);
        lost.close();
        try (Context next = cuda.device(0).context(); DeviceBuffer buffer = next.allocate(4)) {
            next.defaultStream().fill32(buffer, 9);
            assertEquals(9, word(buffer));
        }
    }

    @Test
    void variablesOfAModuleAreMemory() {
        try (CudaModule module = context.load(Ptx.ADD)) {
            DeviceBuffer counter = module.global("counter");
            DeviceBuffer table = module.global("table");
            assertEquals(4, counter.bytes());
            assertEquals(5, word(counter));
            module.kernel("add").launch(stream, LaunchConfig.of(1, 1), counter, 6);
            assertEquals(11, word(counter));
            int[] entries = new int[4];
            table.download(MemorySegment.ofArray(entries));
            assertEquals(4, entries[3]);
            counter.close(); // it is the module's
            assertEquals(11, word(counter));
            assertEquals("cuModuleGetGlobal", assertThrows(CudaException.class, () -> module.global("nothing")).call());
        }
    }

    @Test
    void hostMemoryIsAnArgument() {
        try (CudaModule module = context.load(Ptx.ADD); var pinned = context.allocatePinned(4)) {
            pinned.segment().set(JAVA_INT, 0, 30);
            module.kernel("add").launch(stream, LaunchConfig.of(1, 1), pinned.device(), 12);
            stream.synchronize();
            assertEquals(42, pinned.segment().get(JAVA_INT, 0));
        }
    }
}
