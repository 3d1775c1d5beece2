package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.*;
import dev.culebra.emulator.EmulatorOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Launches: what runs, what is refused, and what a fault does. */
@Timeout(60)
@SuppressWarnings("restricted")
class LaunchTest {

    private final RawDriver d = RawDriver.started();

    @AfterEach
    void close() { d.close(); }

    private long upload(int... values) {
        long address = d.alloc(4L * values.length);
        d.ok(d.toDevice(address, d.arena.allocateFrom(ValueLayout.JAVA_INT, values), 4L * values.length));
        return address;
    }

    @Test
    void aKernelRunsOnItsStreamWithTheArgumentsOfTheCall() throws InterruptedException {
        int n = 1000;
        int[] values = IntStream.range(0, n).toArray();
        long in = upload(values);
        long out = d.zeros(4L * n);
        MemorySegment scale = d.function(d.load(Ptx.SCALE), "scale");
        MemorySegment stream = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        CountDownLatch gate = new CountDownLatch(1);
        d.ok(d.host(stream, () -> {
            try {
                gate.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        MemorySegment arguments = d.arguments(out, in, n, 3, 5);
        MemorySegment launch = d.f("cuLaunchKernel", 4000);
        d.ok(PFN_cuLaunchKernel_v4000.invoke(launch, scale, 8, 1, 1, 128, 1, 1, 0, stream, arguments, RawDriver.NULL));
        // What the pointers point to may be overwritten as soon as the call returns.
        for (int i = 0; i < 5; i++) {
            arguments.getAtIndex(ValueLayout.ADDRESS, i).reinterpret(8).fill((byte) 0x55);
        }
        assertEquals(0, d.readInts(out, 2)[1]);
        gate.countDown();
        d.ok(d.synchronize(stream));
        assertArrayEquals(IntStream.of(values).map(v -> 3 * v + 5).toArray(), d.readInts(out, n));
    }

    @Test
    void argumentsInABlock() {
        long in = upload(1, 2, 3);
        long out = d.alloc(12);
        MemorySegment scale = d.function(d.load(Ptx.SCALE), "scale");
        MemorySegment block = d.arena.allocate(32, 8);
        block.set(ValueLayout.JAVA_LONG, 0, out);
        block.set(ValueLayout.JAVA_LONG, 8, in);
        block.set(ValueLayout.JAVA_INT, 16, 3);
        block.set(ValueLayout.JAVA_INT, 20, 10);
        block.set(ValueLayout.JAVA_INT, 24, 1);
        MemorySegment size = d.out();
        size.set(ValueLayout.JAVA_LONG, 0, 28);
        MemorySegment extra = d.arena.allocateFrom(ValueLayout.JAVA_LONG, 1, block.address(), 2, size.address(), 0);
        MemorySegment launch = d.f("cuLaunchKernel", 4000);
        d.ok(PFN_cuLaunchKernel_v4000.invoke(launch, scale, 1, 1, 1, 32, 1, 1, 0, RawDriver.NULL, RawDriver.NULL,
                extra));
        assertArrayEquals(new int[]{11, 21, 31}, d.readInts(out, 3));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuLaunchKernel_v4000.invoke(launch, scale, 1, 1, 1, 32, 1, 1, 0,
                RawDriver.NULL, d.arguments(out, in, 3, 1, 1), extra));
        size.set(ValueLayout.JAVA_LONG, 0, 32); // as a C struct of them has
        d.fails(CudaApi.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES(),
                PFN_cuLaunchKernel_v4000.invoke(launch, scale, 1, 1, 1, 32,
                        1, 1, 0, RawDriver.NULL, RawDriver.NULL, extra));
        size.set(ValueLayout.JAVA_LONG, 0, 24);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuLaunchKernel_v4000.invoke(launch, scale, 1, 1, 1, 32, 1, 1, 0,
                RawDriver.NULL, RawDriver.NULL, extra));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuLaunchKernel_v4000.invoke(launch, scale, 1, 1, 1, 32, 1, 1, 0,
                RawDriver.NULL, RawDriver.NULL, RawDriver.NULL));
    }

    private int launch(MemorySegment f, int gx, int gy, int gz, int bx, int by, int bz, int shared) {
        return PFN_cuLaunchKernel_v4000.invoke(d.f("cuLaunchKernel", 4000), f, gx, gy, gz, bx, by, bz, shared,
                RawDriver.NULL, RawDriver.NULL, RawDriver.NULL);
    }

    @Test
    void shapesThatAreRefused() {
        MemorySegment module = d.load(Ptx.BOUNDED);
        MemorySegment bounded = d.function(module, "bounded");
        MemorySegment exact = d.function(module, "exact");
        int invalid = CudaApi.CUDA_ERROR_INVALID_VALUE();
        d.ok(launch(bounded, 3, 2, 2, 64, 1, 1, 0));
        d.fails(invalid, launch(bounded, 0, 1, 1, 1, 1, 1, 0));
        d.fails(invalid, launch(bounded, 1, 65536, 1, 1, 1, 1, 0));
        d.fails(invalid, launch(bounded, 1, 1, -1, 1, 1, 1, 0));
        d.fails(invalid, launch(bounded, 1, 1, 1, 1025, 1, 1, 0));
        d.fails(invalid, launch(bounded, 1, 1, 1, 1, 1, 65, 0));
        d.fails(invalid, launch(bounded, 1, 1, 1, 1024, 1024, 1, 0));
        d.fails(CudaApi.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES(), launch(bounded, 1, 1, 1, 65, 1, 1, 0));
        d.ok(launch(exact, 1, 1, 1, 32, 2, 1, 0));
        d.fails(invalid, launch(exact, 1, 1, 1, 64, 1, 1, 0));
        d.fails(invalid, launch(bounded, 1, 1, 1, 1, 1, 1, 48 * 1024 + 1));
        assertTrue(d.provider.lastDiagnostic().contains("CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES"),
                d.provider::lastDiagnostic);
        d.fails(invalid, launch(bounded, 1, 1, 1, 1, 1, 1, -4));
        d.ok(PFN_cuFuncSetAttribute_v9000.invoke(d.f("cuFuncSetAttribute", 9000), bounded,
                CudaApi.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES(), 100_000));
        d.ok(launch(bounded, 1, 1, 1, 1, 1, 1, 100_000));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), launch(module, 1, 1, 1, 1, 1, 1, 0));
        d.ok(d.synchronize());
    }

    @Test
    void dynamicSharedMemory() {
        MemorySegment f = d.function(d.load(Ptx.SHARED), "neighbour");
        long out = d.alloc(4 * 256);
        d.ok(d.launch(f, 1, 256, 4 * 256, RawDriver.NULL, out));
        assertArrayEquals(IntStream.range(0, 256).map(i -> (i + 1) % 256).toArray(), d.readInts(out, 256));
    }

    private MemorySegment config(int grid, int block, int... cluster) {
        MemorySegment config = CUlaunchConfig.allocate(d.arena);
        CUlaunchConfig.gridDimX(config, grid);
        CUlaunchConfig.gridDimY(config, 1);
        CUlaunchConfig.gridDimZ(config, 1);
        CUlaunchConfig.blockDimX(config, block);
        CUlaunchConfig.blockDimY(config, 1);
        CUlaunchConfig.blockDimZ(config, 1);
        if (cluster.length > 0) {
            MemorySegment attribute = CUlaunchAttribute.allocateArray(1, d.arena);
            CUlaunchAttribute.id(attribute, CudaApi.CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION());
            MemorySegment dim = CUlaunchAttributeValue.clusterDim(CUlaunchAttribute.value(attribute));
            CUlaunchAttributeValue.clusterDim.x(dim, cluster[0]);
            CUlaunchAttributeValue.clusterDim.y(dim, 1);
            CUlaunchAttributeValue.clusterDim.z(dim, 1);
            CUlaunchConfig.attrs(config, attribute);
            CUlaunchConfig.numAttrs(config, 1);
        }
        return config;
    }

    /** A kernel for an earlier target has no wait, and would begin early all the same. Before 9.0 nothing does. */
    @Test
    void aKernelThatCanNotWaitMustNotBeginEarly() {
        for (int allowed : new int[]{0, 1}) {
            for (int major : new int[]{8, 9}) {
                try (RawDriver own = RawDriver.started(EmulatorOptions.DEFAULT.withComputeCapability(major, 0))) {
                    MemorySegment scale = own.function(own.load(Ptx.SCALE), "scale");
                    MemorySegment config = config(1, 32, 1);
                    MemorySegment attribute = CUlaunchConfig.attrs(config).reinterpret(CUlaunchAttribute.sizeof());
                    CUlaunchAttribute.id(attribute, CudaApi.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION());
                    CUlaunchAttributeValue.programmaticStreamSerializationAllowed(CUlaunchAttribute.value(attribute),
                            allowed);
                    long buffer = own.zeros(12);
                    MemorySegment arguments = own.arguments(buffer, buffer, 3, 2, 0);
                    own.ok(launchEx(own, config, scale, arguments));
                    own.ok(launchEx(own, config, scale, arguments));
                    if (allowed == 1 && major == 9) {
                        own.fails(CudaApi.CUDA_ERROR_LAUNCH_FAILED(), own.synchronize());
                    } else {
                        own.ok(own.synchronize());
                    }
                }
            }
        }
    }

    private int launchEx(RawDriver driver, MemorySegment config, MemorySegment f, MemorySegment arguments) {
        return PFN_cuLaunchKernelEx_v11060.invoke(driver.f("cuLaunchKernelEx", 11060), config, f, arguments,
                RawDriver.NULL);
    }

    @Test
    void launchesWithAttributes() {
        long out = d.alloc(12);
        long in = upload(1, 2, 3);
        MemorySegment scale = d.function(d.load(Ptx.SCALE), "scale");
        MemorySegment arguments = d.arguments(out, in, 3, 2, 0);
        d.ok(launchEx(d, config(1, 32), scale, arguments));
        assertArrayEquals(new int[]{2, 4, 6}, d.readInts(out, 3));
        int size = CudaApi.CUDA_ERROR_INVALID_CLUSTER_SIZE();
        d.ok(launchEx(d, config(4, 32, 1), scale, arguments));
        d.ok(launchEx(d, config(4, 32, 2), scale, arguments));
        d.fails(size, launchEx(d, config(3, 32, 2), scale, arguments));
        d.fails(size, launchEx(d, config(16, 32, 16), scale, arguments));
        d.fails(size, launchEx(d, config(16, 32, 0), scale, arguments));
        d.ok(PFN_cuFuncSetAttribute_v9000.invoke(d.f("cuFuncSetAttribute", 9000), scale,
                CudaApi.CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED(), 1));
        d.ok(launchEx(d, config(16, 32, 16), scale, arguments));
        d.ok(d.synchronize());

        MemorySegment cooperative = config(1, 32, 1);
        CUlaunchAttribute.id(CUlaunchConfig.attrs(cooperative).reinterpret(CUlaunchAttribute.sizeof()),
                CudaApi.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT());
        d.fails(CudaApi.CUDA_ERROR_NOT_SUPPORTED(), launchEx(d, cooperative, scale, arguments));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), launchEx(d, RawDriver.NULL, scale, arguments));
        try (RawDriver old = RawDriver.started(EmulatorOptions.DEFAULT.withComputeCapability(8, 6))) {
            MemorySegment f = old.function(old.load(Ptx.BOUNDED), "bounded");
            old.fails(CudaApi.CUDA_ERROR_NOT_SUPPORTED(), launchEx(old, config(2, 32, 2), f, RawDriver.NULL));
        }
    }

    @Test
    void clustersThatTheTextLimits() {
        // What an H200's driver returns: 912 where a cluster is wanted and none is given, and where it is too large.
        String text = ".version 7.8\n.target sm_90\n.address_size 64\n.visible .entry wants() .explicitcluster { ret; }\n"
                + ".visible .entry few() .explicitcluster .maxclusterrank 2 { ret; }\n"
                + ".visible .entry fixed() .reqnctapercluster 2 { ret; }\n";
        MemorySegment module = d.load(text);
        MemorySegment none = d.arguments();
        int size = CudaApi.CUDA_ERROR_INVALID_CLUSTER_SIZE();
        MemorySegment wants = d.function(module, "wants");
        d.fails(size, launchEx(d, config(4, 32), wants, none));
        d.ok(launchEx(d, config(4, 32, 4), wants, none));
        MemorySegment few = d.function(module, "few");
        d.fails(size, launchEx(d, config(4, 32, 4), few, none));
        d.ok(launchEx(d, config(4, 32, 2), few, none));
        MemorySegment fixed = d.function(module, "fixed");
        d.ok(launchEx(d, config(4, 32), fixed, none));
        d.fails(size, launchEx(d, config(3, 32), fixed, none));
        d.fails(size, launchEx(d, config(4, 32, 4), fixed, none));
        d.ok(d.synchronize());
    }

    @Test
    void aCooperativeLaunchMustFitTheDevice() {
        try (RawDriver small = RawDriver.started(EmulatorOptions.DEFAULT.withMultiprocessors(2))) {
            MemorySegment f = small.function(small.load(Ptx.BOUNDED), "bounded");
            MemorySegment launch = small.f("cuLaunchCooperativeKernel", 9000);
            // 32 blocks of 64 threads are what a multiprocessor of 9.0 holds: 2048 threads, 32 blocks.
            small.ok(PFN_cuLaunchCooperativeKernel_v9000.invoke(launch, f, 64, 1, 1, 64, 1, 1, 0, RawDriver.NULL,
                    RawDriver.NULL));
            small.fails(CudaApi.CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE(), PFN_cuLaunchCooperativeKernel_v9000
                    .invoke(launch, f, 65, 1, 1, 64, 1, 1, 0, RawDriver.NULL, RawDriver.NULL));
            small.ok(small.synchronize());
        }
    }

    @Test
    void aFaultStaysUntilTheContextGoes() {
        MemorySegment module = d.load(Ptx.STORE);
        MemorySegment store = d.function(module, "store");
        long a = d.alloc(4);
        d.ok(d.launch(store, 1, 1, 0, RawDriver.NULL, a + 4));
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), d.synchronize());
        String why = d.provider.lastDiagnostic();
        assertTrue(why.contains("store") && why.contains("line ") && why.contains("right behind the end of allocation"),
                why);
        int illegal = CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS();
        d.fails(illegal, d.synchronize());
        d.fails(illegal, d.alloc(d.out(), 16));
        d.fails(illegal, d.toHost(d.arena.allocate(4), a, 4));
        d.fails(illegal, d.launch(store, 1, 1, 0, RawDriver.NULL, a));
        d.fails(illegal, d.query(RawDriver.NULL));
        d.fails(illegal, d.free(a));
        // Contexts themselves can still be asked for and let go.
        d.ok(PFN_cuCtxGetDevice_v2000.invoke(d.f("cuCtxGetDevice", 2000), d.out()));
        d.ok(d.release(0));
        d.ok(d.setCurrent(d.retain(0)));
        long b = d.alloc(4);
        d.ok(d.launch(d.function(d.load(Ptx.STORE), "store"), 1, 1, 0, RawDriver.NULL, b));
        assertEquals(77, d.readInts(b, 1)[0]);
    }

    @Test
    void misalignedAndFreedAddressesFaultToo() {
        long a = d.alloc(8);
        d.ok(d.launch(d.function(d.load(Ptx.STORE), "store"), 1, 1, 0, RawDriver.NULL, a + 2));
        d.fails(CudaApi.CUDA_ERROR_MISALIGNED_ADDRESS(), d.synchronize());
        d.ok(d.release(0));
        d.ok(d.setCurrent(d.retain(0)));
        long b = d.alloc(8);
        d.ok(d.free(b));
        d.ok(d.launch(d.function(d.load(Ptx.STORE), "store"), 1, 1, 0, RawDriver.NULL, b));
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), d.synchronize());
        assertTrue(d.provider.lastDiagnostic().contains("which was freed"), d.provider::lastDiagnostic);
    }

    @Test
    void pinnedMemoryIsReachedAtItsOwnAddressAndPageableIsNot() {
        MemorySegment store = d.function(d.load(Ptx.STORE), "store");
        MemorySegment pinned = d.pinned(4);
        d.ok(d.launch(store, 1, 1, 0, RawDriver.NULL, pinned.address()));
        d.ok(d.synchronize());
        assertEquals(77, pinned.get(ValueLayout.JAVA_INT, 0));
        MemorySegment pageable = d.arena.allocate(4, 4);
        d.ok(d.launch(store, 1, 1, 0, RawDriver.NULL, pageable.address()));
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), d.synchronize());
        assertEquals(0, pageable.get(ValueLayout.JAVA_INT, 0));
    }

    @Test
    void memoryOfAPeerNeedsLeave() {
        try (RawDriver two = RawDriver.started(EmulatorOptions.DEFAULT.withDevices(2))) {
            MemorySegment here = two.retain(0);
            MemorySegment there = two.retain(1);
            two.ok(two.setCurrent(there));
            long far = two.alloc(4);
            two.ok(two.setCurrent(here));
            two.ok(PFN_cuCtxEnablePeerAccess_v4000.invoke(two.f("cuCtxEnablePeerAccess", 4000), there, 0));
            two.ok(two.launch(two.function(two.load(Ptx.STORE), "store"), 1, 1, 0, RawDriver.NULL, far));
            two.ok(two.synchronize());
            assertEquals(77, two.readInts(far, 1)[0]);
        }
        try (RawDriver two = RawDriver.started(EmulatorOptions.DEFAULT.withDevices(2))) {
            two.ok(two.setCurrent(two.retain(1)));
            long far = two.alloc(4);
            two.ok(two.setCurrent(two.retain(0)));
            two.ok(two.launch(two.function(two.load(Ptx.STORE), "store"), 1, 1, 0, RawDriver.NULL, far));
            two.fails(CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), two.synchronize());
            assertTrue(two.provider.lastDiagnostic().contains("cuCtxEnablePeerAccess"),
                    two.provider::lastDiagnostic);
        }
    }

    @Test
    void aKernelInAGraph() {
        MemorySegment stream = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        MemorySegment store = d.function(d.load(Ptx.STORE), "store");
        long a = d.zeros(4);
        MemorySegment to = d.out();
        d.ok(PFN_cuStreamBeginCapture_v10010.invoke(d.f("cuStreamBeginCapture", 10010), stream, 0));
        d.ok(d.launch(store, 1, 1, 0, stream, a));
        d.ok(PFN_cuStreamEndCapture_v10000.invoke(d.f("cuStreamEndCapture", 10000), stream, to));
        d.ok(PFN_cuGraphInstantiateWithFlags_v11040.invoke(d.f("cuGraphInstantiateWithFlags", 11040), to,
                to.get(ValueLayout.ADDRESS, 0), 0));
        assertEquals(0, d.readInts(a, 1)[0]);
        d.ok(PFN_cuGraphLaunch_v10000.invoke(d.f("cuGraphLaunch", 10000), to.get(ValueLayout.ADDRESS, 0), stream));
        d.ok(d.synchronize(stream));
        assertEquals(77, d.readInts(a, 1)[0]);
    }

    @Test
    void thereAreNoTensorMaps() {
        d.fails(CudaApi.CUDA_ERROR_NOT_SUPPORTED(),
                PFN_cuTensorMapEncodeTiled_v12000.invoke(d.f("cuTensorMapEncodeTiled", 12000),
                        d.arena.allocate(128, 64),
                        0, 1, RawDriver.NULL, RawDriver.NULL, RawDriver.NULL, RawDriver.NULL, RawDriver.NULL, 0, 0, 0,
                        0));
    }

    /** The limit is an option of the emulator, given as an object or as a property. */
    @Test
    void aKernelThatNeverEndsIsStoppedByTheLimit() {
        String key = EmulatorOptions.PREFIX + "stepLimit";
        assertEquals(EmulatorOptions.DEFAULT, EmulatorOptions.fromSystemProperties());
        System.setProperty(key, "3m");
        EmulatorOptions options;
        try {
            options = EmulatorOptions.fromSystemProperties();
        } finally {
            System.clearProperty(key);
        }
        assertEquals(EmulatorOptions.DEFAULT.withStepLimit(3 << 20), options);
        assertThrows(IllegalArgumentException.class, () -> options.withStepLimit(0));
        try (RawDriver limited = RawDriver.started(options)) {
            MemorySegment endless = limited.function(limited.load(Ptx.HEAD + """
                    .visible .entry endless() { AGAIN: bra AGAIN; }
                    """), "endless");
            limited.ok(limited.launch(endless, 2, 64, 0, RawDriver.NULL));
            limited.fails(CudaApi.CUDA_ERROR_LAUNCH_TIMEOUT(), limited.synchronize(RawDriver.NULL));
            String why = limited.provider.lastDiagnostic();
            assertTrue(why.contains(key) && why.contains("kernel endless"), why);
        }
    }
}
