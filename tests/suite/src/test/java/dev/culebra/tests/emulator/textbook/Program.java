package dev.culebra.tests.emulator.textbook;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.Device;
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

/**
 * A committed PTX file on an emulated device with all checks on, as a user's test would run it; arrays in and out of it. With
 * {@code -Dculebra.tests.provider=cuda} it runs on a real device instead.
 */
public final class Program implements AutoCloseable {

    private static final String PROVIDER = System.getProperty("culebra.tests.provider", "emulator");

    /** One driver for each number of workers: a driver stays for the life of the process. */
    private static final Map<Integer, Cuda> DRIVERS = new ConcurrentHashMap<>();

    private final Context context;
    private final CudaModule module;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /**
     * Any text on any device.
     *
     * @param ptx the text
     * @param device where to
     */
    public Program(String ptx, Device device) {
        context = device.context();
        opened.push(context);
        try {
            module = context.load(ptx);
        } catch (RuntimeException e) {
            context.close();
            throw e;
        }
        opened.push(module);
    }

    private static Device device(int workers) {
        if (!PROVIDER.equals("emulator")) {
            return Cuda.open(PROVIDER).device(0);
        }
        return DRIVERS.computeIfAbsent(workers,
                w -> Cuda.open(new EmulatorProvider(EmulatorOptions.DEFAULT.withWorkers(w)))).device(0);
    }

    static Program load(String resource) { return load(resource, 1); }

    /** @param workers host threads that run blocks */
    static Program load(String resource, int workers) {
        return new Program(text(resource), device(workers));
    }

    /**
     * The text of a committed file.
     *
     * @param resource its name
     * @return PTX
     */
    public static String text(String resource) {
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

    /**
     * Memory that nobody wrote: a kernel that reads it is found out.
     *
     * @param elements how many
     * @param bytes of each
     * @return a buffer of just that size
     */
    public DeviceBuffer fresh(int elements, int bytes) { return allocate((long) elements * bytes); }

    /**
     * Fresh memory for whole numbers.
     *
     * @param elements how many
     * @return a buffer of just that size
     */
    public DeviceBuffer ints(int elements) { return fresh(elements, Integer.BYTES); }

    /**
     * Fresh memory for floats.
     *
     * @param elements how many
     * @return a buffer of just that size
     */
    public DeviceBuffer floats(int elements) { return fresh(elements, Float.BYTES); }

    DeviceBuffer doubles(int elements) { return fresh(elements, Double.BYTES); }

    private DeviceBuffer filled(MemorySegment from) {
        DeviceBuffer buffer = allocate(from.byteSize());
        buffer.upload(from);
        return buffer;
    }

    /**
     * Memory with these numbers.
     *
     * @param v the numbers
     * @return a buffer of just that size
     */
    public DeviceBuffer upload(byte[] v) { return filled(MemorySegment.ofArray(v)); }

    /**
     * Memory with these numbers.
     *
     * @param v the numbers
     * @return a buffer of just that size
     */
    public DeviceBuffer upload(short[] v) { return filled(MemorySegment.ofArray(v)); }

    /**
     * Memory with these numbers.
     *
     * @param v the numbers
     * @return a buffer of just that size
     */
    public DeviceBuffer upload(int... v) { return filled(MemorySegment.ofArray(v)); }

    /**
     * Memory with these numbers.
     *
     * @param v the numbers
     * @return a buffer of just that size
     */
    public DeviceBuffer upload(long... v) { return filled(MemorySegment.ofArray(v)); }

    /**
     * Memory with these numbers.
     *
     * @param v the numbers
     * @return a buffer of just that size
     */
    public DeviceBuffer upload(float... v) { return filled(MemorySegment.ofArray(v)); }

    /**
     * Memory with these numbers.
     *
     * @param v the numbers
     * @return a buffer of just that size
     */
    public DeviceBuffer upload(double... v) { return filled(MemorySegment.ofArray(v)); }

    /** Fills a variable of the module. */
    void set(String variable, float... v) {
        module.global(variable).upload(MemorySegment.ofArray(v));
    }

    /**
     * What a buffer holds.
     *
     * @param buffer the buffer
     * @return the numbers
     */
    public static int[] ints(DeviceBuffer buffer) {
        int[] v = new int[(int) (buffer.bytes() / Integer.BYTES)];
        buffer.download(MemorySegment.ofArray(v));
        return v;
    }

    /**
     * What a buffer holds.
     *
     * @param buffer the buffer
     * @return the numbers
     */
    public static long[] longs(DeviceBuffer buffer) {
        long[] v = new long[(int) (buffer.bytes() / Long.BYTES)];
        buffer.download(MemorySegment.ofArray(v));
        return v;
    }

    /**
     * What a buffer holds.
     *
     * @param buffer the buffer
     * @return the numbers
     */
    public static float[] floats(DeviceBuffer buffer) {
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

    /**
     * Launches and waits: what a check finds is thrown here.
     *
     * @param kernel its name
     * @param grid blocks
     * @param block threads a block
     * @param shared dynamic shared memory in bytes
     * @param args as the kernel takes them
     */
    public void launch(String kernel, Dim3 grid, Dim3 block, int shared, Object... args) {
        launch(kernel, LaunchConfig.of(grid, block).withShared(shared), args);
    }

    /**
     * Launches and waits: what a check finds is thrown here.
     *
     * @param kernel its name
     * @param grid blocks
     * @param block threads a block
     * @param args as the kernel takes them
     */
    public void launch(String kernel, int grid, int block, Object... args) {
        launch(kernel, LaunchConfig.of(grid, block), args);
    }

    /**
     * Launches and waits: what a check finds is thrown here.
     *
     * @param kernel its name
     * @param config the shape
     * @param args as the kernel takes them
     */
    public void launch(String kernel, LaunchConfig config, Object... args) {
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
