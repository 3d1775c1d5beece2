package dev.culebra.emulator.driver;

import static dev.culebra.bindings.CudaApi.CUDA_ERROR_INVALID_VALUE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The caller's pointers. They come without a length and may be null or unaligned; null is refused by name, anything else
 * is believed, as a driver must.
 */
@SuppressWarnings("restricted")
final class Native {

    private Native() {}

    static boolean isNull(MemorySegment pointer) { return pointer.address() == 0; }

    static MemorySegment at(long address, long bytes) { return MemorySegment.ofAddress(address).reinterpret(bytes); }

    static MemorySegment at(MemorySegment pointer, long bytes, String name) {
        if (isNull(pointer)) {
            throw new CudaError(CUDA_ERROR_INVALID_VALUE(), name + " is null");
        }
        return pointer.reinterpret(bytes);
    }

    static void putInt(MemorySegment pointer, int value, String name) {
        at(pointer, 4, name).set(ValueLayout.JAVA_INT_UNALIGNED, 0, value);
    }

    static void putLong(MemorySegment pointer, long value, String name) {
        at(pointer, 8, name).set(ValueLayout.JAVA_LONG_UNALIGNED, 0, value);
    }

    static void putFloat(MemorySegment pointer, float value, String name) {
        at(pointer, 4, name).set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, value);
    }

    static int getInt(MemorySegment pointer, String name) {
        return at(pointer, 4, name).get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    }

    static long getLong(MemorySegment pointer, String name) {
        return at(pointer, 8, name).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    }

    static long getLong(MemorySegment array, int index, String name) {
        return at(array, 8L * index + 8, name).get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * index);
    }

    static String string(MemorySegment pointer, String name) { return at(pointer, Long.MAX_VALUE, name).getString(0); }

    /** Writes text and its terminating zero, cut to a buffer's size. */
    static int putString(MemorySegment pointer, int bytes, String text, String name) {
        if (bytes <= 0) {
            throw new CudaError(CUDA_ERROR_INVALID_VALUE(), "the buffer for " + name + " has " + bytes + " bytes");
        }
        byte[] utf8 = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        int length = Math.min(utf8.length, bytes - 1);
        MemorySegment to = at(pointer, length + 1L, name);
        MemorySegment.copy(utf8, 0, to, ValueLayout.JAVA_BYTE, 0, length);
        to.set(ValueLayout.JAVA_BYTE, length, (byte) 0);
        return length;
    }
}
