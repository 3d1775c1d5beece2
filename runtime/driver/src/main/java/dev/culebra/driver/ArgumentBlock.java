package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A kernel's arguments as the driver takes them: the values, laid out once, and a pointer to each. Setting one checks it
 * against the parameter, by size, and where the PTX is known also whether it is a number with a point.
 */
final class ArgumentBlock {

    // Struct arguments may put a value where it is not aligned to its size.
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    /** The strictest that a parameter can ask for: a tensor map's. */
    private static final long ALIGNMENT = 128;

    private final String kernel;
    private final List<Parameter> parameters;
    private final MemorySegment values;
    private final MemorySegment pointers;

    /** The buffers among the arguments, by parameter; null where it is none. */
    private final DeviceBuffer[] buffers;
    private final boolean[] set;
    private int unset;

    ArgumentBlock(String kernel, List<Parameter> parameters, SegmentAllocator memory) {
        this.kernel = kernel;
        this.parameters = parameters;
        long bytes = parameters.stream().mapToLong(p -> p.offset() + p.size()).max().orElse(0);
        this.values = memory.allocate(Math.max(1, bytes), ALIGNMENT);
        this.pointers = memory.allocate(CudaApi.C_POINTER, Math.max(1, parameters.size()));
        for (Parameter p : parameters) {
            pointers.setAtIndex(CudaApi.C_POINTER, p.index(), values.asSlice(p.offset(), p.size()));
        }
        this.buffers = new DeviceBuffer[parameters.size()];
        this.set = new boolean[parameters.size()];
        this.unset = parameters.size();
    }

    /** The {@code void**} of the driver. */
    MemorySegment pointers() { return pointers; }

    void set(int index, DeviceBuffer buffer) {
        Parameter p = check(index, 8, false, "a device buffer's address");
        buffer.check();
        values.set(LONG, p.offset(), buffer.address());
        mark(index, buffer);
    }

    void set(int index, byte value) {
        values.set(ValueLayout.JAVA_BYTE, check(index, 1, false, "a byte").offset(), value);
        mark(index, null);
    }

    void set(int index, short value) {
        values.set(SHORT, check(index, 2, false, "a short").offset(), value);
        mark(index, null);
    }

    void set(int index, int value) {
        values.set(INT, check(index, 4, false, "an int").offset(), value);
        mark(index, null);
    }

    void set(int index, long value) {
        values.set(LONG, check(index, 8, false, "a long").offset(), value);
        mark(index, null);
    }

    void set(int index, float value) {
        values.set(FLOAT, check(index, 4, true, "a float").offset(), value);
        mark(index, null);
    }

    void set(int index, double value) {
        values.set(DOUBLE, check(index, 8, true, "a double").offset(), value);
        mark(index, null);
    }

    /** The bytes of a struct. */
    void set(int index, MemorySegment struct) {
        Parameter p = parameter(index);
        if (struct.byteSize() != p.size()) {
            throw new IllegalArgumentException(kernel + ", " + p + ": got a struct of " + struct.byteSize() + " bytes"
                    + (p.size() == Long.BYTES
                            ? ": a MemorySegment is passed by value; for a pointer give a DeviceBuffer"
                            : ""));
        }
        MemorySegment.copy(struct, 0, values, p.offset(), p.size());
        mark(index, null);
    }

    void setAll(Object[] arguments) {
        if (arguments.length != parameters.size()) {
            throw new IllegalArgumentException(kernel + " takes " + parameters.size() + " arguments, got "
                    + arguments.length + describeParameters());
        }
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case DeviceBuffer buffer -> set(i, buffer);
                case Integer value -> set(i, (int) value);
                case Long value -> set(i, (long) value);
                case Float value -> set(i, (float) value);
                case Double value -> set(i, (double) value);
                case Short value -> set(i, (short) value);
                case Byte value -> set(i, (byte) value);
                case MemorySegment struct -> set(i, struct);
                case TensorMap map -> set(i, map.segment());
                case null -> throw new IllegalArgumentException(kernel + ", " + parameter(i) + ": got null");
                default -> throw new IllegalArgumentException(kernel + ", " + parameter(i) + ": got a "
                        + arguments[i].getClass().getTypeName()
                        + "; accepted are DeviceBuffer, int, long, float, double, short, byte, a MemorySegment with a"
                        + " struct's bytes, and TensorMap");
            }
        }
    }

    private String describeParameters() {
        return parameters.isEmpty()
                ? ""
                : parameters.stream().map(Parameter::toString).collect(Collectors.joining("; ", ": ", ""));
    }

    private Parameter parameter(int index) {
        if (index < 0 || index >= parameters.size()) {
            throw new IndexOutOfBoundsException(
                    kernel + " has " + parameters.size() + " parameters, counted from 0: got "
                            + index + describeParameters());
        }
        return parameters.get(index);
    }

    private Parameter check(int index, int bytes, boolean isFloat, String what) {
        Parameter p = parameter(index);
        if (p.size() != bytes || (isFloat ? p.isInteger() : p.isFloat())) {
            throw new IllegalArgumentException(kernel + ", " + p + ": got " + what + " of " + bytes
                    + (bytes == 1 ? " byte" : " bytes"));
        }
        return p;
    }

    private void mark(int index, DeviceBuffer buffer) {
        buffers[index] = buffer;
        if (!set[index]) {
            set[index] = true;
            unset--;
        }
    }

    /**
     * Before a launch that its stream {@linkplain Launches counts}: all is set, each buffer knows that the stream uses it,
     * and none was closed before it did. Allocates nothing.
     */
    void mark(Stream stream) {
        requireSet();
        for (DeviceBuffer buffer : buffers) {
            if (buffer == null) continue;
            buffer.uses().mark(stream);
            buffer.check(); // not before: see Launches
        }
    }

    private void requireSet() { if (unset > 0) throw new IllegalStateException(describeUnset()); }

    /**
     * Before a launch that is captured: all is set, the capture knows what it uses, and who closes a buffer waits for
     * {@link #exit()}, so that none is freed between being asked about and being used.
     */
    void enter(Stream stream) {
        requireSet();
        int entered = 0;
        try {
            for (; entered < buffers.length; entered++) {
                if (buffers[entered] != null) buffers[entered].rootLifetime().enter();
            }
        } finally {
            if (entered < buffers.length) exit(entered);
        }
        boolean touched = false;
        try {
            for (DeviceBuffer buffer : buffers) {
                if (buffer != null) stream.touch(buffer);
            }
            touched = true;
        } finally {
            if (!touched) exit();
        }
    }

    /** After the launch. */
    void exit() { exit(buffers.length); }

    private void exit(int count) {
        for (int i = 0; i < count; i++) {
            if (buffers[i] != null) buffers[i].rootLifetime().exit();
        }
    }

    private String describeUnset() {
        return kernel + ": not set yet: " + parameters.stream().filter(p -> !set[p.index()]).map(Parameter::toString)
                .collect(Collectors.joining("; "));
    }
}
