package dev.culebra.tests.emulator.textbook;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A committed PTX file on an emulated device with all checks on, as a user's test would run it; arrays in and out of it. */
final class Program implements AutoCloseable {

    /** One driver for each number of workers: a driver stays for the life of the process. */
    private static final Map<Integer, Cuda> DRIVERS = new ConcurrentHashMap<>();

    private final Context context;
    private final CudaModule module;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    private Program(String ptx, int workers) {
        Cuda cuda = DRIVERS.computeIfAbsent(workers,
                w -> Cuda.open(new EmulatorProvider(EmulatorOptions.DEFAULT.withWorkers(w))));
        context = cuda.device(0).context();
        opened.push(context);
        module = context.load(ptx);
        opened.push(module);
    }

    static Program load(String resource) { return load(resource, 1); }

    /** @param workers host threads that run blocks */
    static Program load(String resource, int workers) {
        return new Program(text(resource), workers);
    }

    static String text(String resource) {
        try (InputStream in = Program.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private DeviceBuffer allocate(long bytes) {
        DeviceBuffer buffer = context.allocate(bytes);
        opened.push(buffer);
        return buffer;
    }

    /** Memory that nobody wrote: a kernel that reads it is found out. */
    DeviceBuffer fresh(int elements, int bytes) {
        return allocate((long) elements * bytes);
    }

    DeviceBuffer ints(int elements) { return fresh(elements, Integer.BYTES); }

    DeviceBuffer floats(int elements) { return fresh(elements, Float.BYTES); }

    DeviceBuffer doubles(int elements) { return fresh(elements, Double.BYTES); }

    private DeviceBuffer filled(MemorySegment from) {
        DeviceBuffer buffer = allocate(from.byteSize());
        buffer.upload(from);
        return buffer;
    }

    DeviceBuffer upload(byte[] v) { return filled(MemorySegment.ofArray(v)); }

    DeviceBuffer upload(short[] v) { return filled(MemorySegment.ofArray(v)); }

    DeviceBuffer upload(int... v) { return filled(MemorySegment.ofArray(v)); }

    DeviceBuffer upload(long... v) { return filled(MemorySegment.ofArray(v)); }

    DeviceBuffer upload(float... v) { return filled(MemorySegment.ofArray(v)); }

    DeviceBuffer upload(double... v) { return filled(MemorySegment.ofArray(v)); }

    /** Fills a variable of the module. */
    void set(String variable, float... v) {
        module.global(variable).upload(MemorySegment.ofArray(v));
    }

    static int[] ints(DeviceBuffer buffer) {
        int[] v = new int[(int) (buffer.bytes() / Integer.BYTES)];
        buffer.download(MemorySegment.ofArray(v));
        return v;
    }

    static long[] longs(DeviceBuffer buffer) {
        long[] v = new long[(int) (buffer.bytes() / Long.BYTES)];
        buffer.download(MemorySegment.ofArray(v));
        return v;
    }

    static float[] floats(DeviceBuffer buffer) {
        float[] v = new float[(int) (buffer.bytes() / Float.BYTES)];
        buffer.download(MemorySegment.ofArray(v));
        return v;
    }

    static double[] doubles(DeviceBuffer buffer) {
        return Arrays.stream(longs(buffer)).mapToDouble(Double::longBitsToDouble).toArray();
    }

    static short[] shorts(DeviceBuffer buffer) {
        short[] v = new short[(int) (buffer.bytes() / Short.BYTES)];
        buffer.download(MemorySegment.ofArray(v));
        return v;
    }

    /** Launches and waits: what a check finds is thrown here. */
    void launch(String kernel, Dim3 grid, Dim3 block, int shared, Object... args) {
        launch(kernel, LaunchConfig.of(grid, block).withShared(shared), args);
    }

    void launch(String kernel, int grid, int block, Object... args) {
        launch(kernel, LaunchConfig.of(grid, block), args);
    }

    void launch(String kernel, LaunchConfig config, Object... args) {
        module.kernel(kernel).launch(context.defaultStream(), config, args);
        context.synchronize();
    }

    /** All of it, also after a fault, when each call fails: the device works again once its context is gone. */
    @Override
    public void close() {
        RuntimeException first = null;
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                first = first != null ? first : e instanceof RuntimeException r ? r : new IllegalStateException(e);
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
