package dev.culebra.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A launch of one shape whose argument block is laid out once. Arguments stay set from launch to launch; setting one and
 * launching allocate nothing. The values are taken when it is launched, and may be changed right after.
 *
 * <p>
 * For one thread at a time. It needs no closing and must not be used after its module is closed.
 */
public final class PreparedLaunch {

    private final Kernel kernel;
    private final LaunchConfig config;
    private final ArgumentBlock arguments;

    /** The driver's form of the shape; null where a plain launch will do. */
    private final MemorySegment struct;

    PreparedLaunch(Kernel kernel, LaunchConfig config) {
        this.kernel = kernel;
        this.config = config;
        Arena arena = Arena.ofAuto();
        this.arguments = new ArgumentBlock(kernel.name(), kernel.parameters(), arena);
        this.struct = kernel.struct(config, arena);
    }

    /**
     * The kernel.
     *
     * @return what is launched
     */
    public Kernel kernel() { return kernel; }

    /**
     * The shape.
     *
     * @return how it is launched
     */
    public LaunchConfig config() { return config; }

    /**
     * Sets a pointer. The launch remembers that it uses the buffer: see {@link DeviceBuffer}.
     *
     * @param index the parameter, from 0
     * @param buffer where the pointer points
     * @return this
     * @throws IllegalArgumentException where the parameter is no pointer
     */
    public PreparedLaunch set(int index, DeviceBuffer buffer) {
        arguments.set(index, buffer);
        return this;
    }

    /**
     * Sets a value of 1 byte.
     *
     * @param index the parameter, from 0
     * @param value the value
     * @return this
     * @throws IllegalArgumentException where the parameter has another size
     */
    public PreparedLaunch set(int index, byte value) {
        arguments.set(index, value);
        return this;
    }

    /**
     * Sets a value of 2 bytes; for fp16 and bf16 its bits.
     *
     * @param index the parameter, from 0
     * @param value the value
     * @return this
     * @throws IllegalArgumentException where the parameter has another size
     */
    public PreparedLaunch set(int index, short value) {
        arguments.set(index, value);
        return this;
    }

    /**
     * Sets a whole number of 4 bytes.
     *
     * @param index the parameter, from 0
     * @param value the value
     * @return this
     * @throws IllegalArgumentException where the parameter has another size or is a {@code .f32}
     */
    public PreparedLaunch set(int index, int value) {
        arguments.set(index, value);
        return this;
    }

    /**
     * Sets a whole number of 8 bytes, or an address that Culebra does not know as a buffer.
     *
     * @param index the parameter, from 0
     * @param value the value
     * @return this
     * @throws IllegalArgumentException where the parameter has another size or is a {@code .f64}
     */
    public PreparedLaunch set(int index, long value) {
        arguments.set(index, value);
        return this;
    }

    /**
     * Sets a number with a point, of 4 bytes.
     *
     * @param index the parameter, from 0
     * @param value the value
     * @return this
     * @throws IllegalArgumentException where the parameter has another size or is a whole number
     */
    public PreparedLaunch set(int index, float value) {
        arguments.set(index, value);
        return this;
    }

    /**
     * Sets a number with a point, of 8 bytes.
     *
     * @param index the parameter, from 0
     * @param value the value
     * @return this
     * @throws IllegalArgumentException where the parameter has another size or is a whole number
     */
    public PreparedLaunch set(int index, double value) {
        arguments.set(index, value);
        return this;
    }

    /**
     * Sets a struct.
     *
     * @param index the parameter, from 0
     * @param struct its bytes, which are copied
     * @return this
     * @throws IllegalArgumentException where the parameter has another size
     */
    public PreparedLaunch set(int index, MemorySegment struct) {
        arguments.set(index, struct);
        return this;
    }

    /**
     * Sets a tensor map.
     *
     * @param index the parameter, from 0
     * @param map the map, which is copied; the buffer behind it is the caller's to keep open
     * @return this
     * @throws IllegalArgumentException where the parameter has another size
     */
    public PreparedLaunch set(int index, TensorMap map) {
        arguments.set(index, map.segment());
        return this;
    }

    /**
     * Enqueues the kernel. Allocates nothing.
     *
     * @param stream of the kernel's context
     * @throws IllegalStateException where an argument was never set
     * @throws CudaException where the driver refuses it, or work enqueued before failed
     */
    public void launch(Stream stream) { kernel.launch(stream, config, arguments, struct); }
}
