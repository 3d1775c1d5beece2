package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.PFN_cuGetProcAddress_v12000;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaLibrary;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.Device;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.Event;
import dev.culebra.driver.Graph;
import dev.culebra.driver.GraphExec;
import dev.culebra.driver.JitOptions;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.MemoryPool;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.RegisteredMemory;
import dev.culebra.driver.Stream;
import dev.culebra.driver.TensorMap;
import dev.culebra.driver.spi.DriverProvider;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Every function that is bound is reached by the public interface, and the emulated driver has it: functions are asked for
 * when they are first called, and this counts what is asked for. What the calls do is the matter of the other tests.
 */
class EveryFunctionTest {

    private static final Pattern BOUND = Pattern.compile("--include-typedef PFN_(cu\\w+)_v\\d+");

    /** The emulator, with an ear at the door. */
    private static final class Listening implements DriverProvider {

        private final EmulatorProvider emulator = new EmulatorProvider(
                EmulatorOptions.DEFAULT.withDevices(2).withMemory(64L << 20).withWorkers(1));
        final Set<String> asked = new ConcurrentSkipListSet<>();

        @Override
        public String name() { return "listening"; }

        @Override
        public Result load() {
            Result.Loaded loaded = (Result.Loaded) emulator.load();
            return new Result.Loaded(
                    PFN_cuGetProcAddress_v12000.allocate((symbol, out, version, flags, status) -> {
                        asked.add(symbol.getString(0));
                        return PFN_cuGetProcAddress_v12000.invoke(loaded.cuGetProcAddress(), symbol, out, version,
                                flags, status);
                    }, Arena.global()), "the emulator");
        }
    }

    /** From the list that the bindings were made from; the suite's tests run in the suite's folder. */
    private static Set<String> bound() throws IOException {
        Set<String> names = BOUND.matcher(Files.readString(Path.of("../../bindings/functions.args"))).results()
                .map(match -> match.group(1)).collect(Collectors.toCollection(TreeSet::new));
        assertTrue(names.size() > 90, names.toString());
        return names;
    }

    @Test
    void isReachedAndHasAnEmulatedForm() throws Exception {
        Listening provider = new Listening();
        Cuda cuda = Cuda.open(provider);
        devices(cuda);
        try (Context context = cuda.device(0).context(); Context peer = cuda.device(1).context()) {
            contexts(cuda, context, peer);
            memory(context, peer);
            pools(context);
            code(context);
            waiting(context);
        }
        Set<String> expected = bound();
        // This one is not asked for: it is what asking is done with.
        expected.remove("cuGetProcAddress");
        assertEquals(expected, new TreeSet<>(provider.asked));
        assertEquals(List.of(), cuda.missingFunctions());
    }

    private static void devices(Cuda cuda) {
        Device device = cuda.device(0);
        assertTrue(device.totalMemory() > 0);
        assertTrue(device.uuid().toString().length() == 36);
        assertTrue(device.pciBusId().length() > 6);
        assertTrue(device.multiprocessors() > 0);
        assertTrue(device.canAccessPeer(cuda.device(1)));
        device.setWaiting(Device.Waiting.SPIN);
        assertThrows(CudaException.class, () -> device.attribute(-1));
    }

    private static void contexts(Cuda cuda, Context context, Context peer) {
        context.synchronize();
        assertEquals(context.handle(), Context.current(cuda).orElseThrow().handle());
        context.lend(() -> {});
        assertTrue(context.priorities().least() >= context.priorities().greatest());
        context.enablePeerAccess(peer);
        assertTrue(context.memoryInfo().free() > 0);
        assertThrows(CudaException.class, () -> Context.adopt(cuda, context.device(), context.handle()).close());
    }

    private static void memory(Context context, Context peer) {
        try (Arena arena = Arena.ofShared();
                Stream stream = context.newStream(0);
                PinnedBuffer pinned = context.allocatePinned(64);
                RegisteredMemory registered = context.register(arena.allocate(64, 64));
                DeviceBuffer one = context.allocate(64);
                DeviceBuffer two = stream.allocate(64);
                DeviceBuffer far = peer.allocate(64)) {
            one.upload(MemorySegment.ofArray(new byte[64]));
            one.download(MemorySegment.ofArray(new byte[64]));
            stream.copy(pinned.segment(), one);
            stream.copy(one, registered.segment());
            stream.copy(one, two);
            stream.copy(one, far);
            stream.copy2d(one, 16, two, 16, 8, 4);
            stream.fill(one, (byte) 1);
            stream.fill32(pinned.device(), 1);
            context.memoryKind(one.address());
            tensorMap(one);
        }
    }

    /** An emulator without bulk tensor copies has the function and says that it can not; TensorMapTest has the rest. */
    private static void tensorMap(DeviceBuffer buffer) {
        try {
            TensorMap map = TensorMap.tiled(buffer, TensorMap.Element.FLOAT16, new long[]{8, 4}, new long[]{16},
                    new int[]{8, 2}, TensorMap.Swizzle.NONE);
            assertEquals(128, map.segment().byteSize());
        } catch (CudaException e) {
            assertEquals("CUDA_ERROR_NOT_SUPPORTED", e.codeName());
        }
    }

    private static void pools(Context context) {
        try (Stream stream = context.newStream(); MemoryPool pool = context.newPool(0)) {
            MemoryPool own = context.defaultPool();
            context.setCurrentPool(pool);
            assertEquals(pool.handle(), context.currentPool().handle());
            context.setCurrentPool(own);
            pool.setReleaseThreshold(1024);
            try (DeviceBuffer buffer = stream.allocate(64, pool)) {
                stream.fill(buffer, (byte) 0);
                assertTrue(pool.usedBytes() >= 64);
            }
            pool.trim(0);
        }
    }

    private static void code(Context context) {
        try (Stream stream = context.newStream();
                DeviceBuffer x = context.allocate(4);
                CudaLibrary library = context.loadLibrary(Ptx.ADD, JitOptions.DEFAULT);
                CudaModule module = context.load(Ptx.ADD);
                CudaModule shared = context.load(Ptx.SHARED)) {
            assertEquals(4, module.global("counter").bytes());
            stream.fill(x, (byte) 0);
            library.kernel(context, "add").launch(stream, LaunchConfig.of(1, 1), x, 1);
            Kernel add = module.kernel("add");
            assertTrue(add.maxActiveBlocks(32, 0) > 0);
            assertTrue(add.potentialBlockSize(0).blockThreads() > 0);
            LaunchConfig one = LaunchConfig.of(1, 1);
            assertTrue(add.maxActiveClusters(one.withCluster(Dim3.of(1))) > 0);
            add.launch(stream, one.withCluster(Dim3.of(1)), x, 1);
            add.launch(stream, one.withCooperative(true), x, 1);
            shared.kernel("shared").launch(stream, one.withShared(64 << 10), x, 64 << 10);
            try (Graph graph = stream.capture(() -> {
                assertTrue(stream.isCapturing());
                add.launch(stream, one, x, 1);
            }); GraphExec exec = graph.instantiate(); Graph empty = context.newGraph()) {
                exec.upload(stream);
                exec.launch(stream);
                assertEquals(GraphExec.Update.DONE, exec.update(graph));
                assertTrue(exec.update(empty) != GraphExec.Update.DONE);
            }
        }
    }

    private static void waiting(Context context) throws Exception {
        try (Stream stream = context.newStream();
                Stream other = context.newStream();
                Event start = context.newTimingEvent();
                Event end = context.newTimingEvent()) {
            stream.record(start);
            other.await(start);
            stream.record(end);
            end.synchronize();
            assertTrue(end.isDone());
            assertTrue(end.millisecondsSince(start) >= 0);
            stream.whenDone().get(DriverTest.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertTrue(stream.isDone());
        }
    }
}
