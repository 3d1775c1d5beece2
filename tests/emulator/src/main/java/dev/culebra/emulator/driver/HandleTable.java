package dev.culebra.emulator.driver;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Handles are small numbers that are never used twice: one of a destroyed object, of another type, or made up is found
 * out instead of being followed.
 */
final class HandleTable {

    /** Above the driver's special stream handles 1 and 2, and plainly no address. */
    private final AtomicLong next = new AtomicLong(0x1000);
    private final ConcurrentHashMap<Long, Object> objects = new ConcurrentHashMap<>();

    long add(Object object) {
        long handle = next.getAndAdd(0x10);
        objects.put(handle, object);
        return handle;
    }

    void remove(long handle) { objects.remove(handle); }

    /** The object of a handle, or null when it has none of that type. */
    <T> T find(long handle, Class<T> type) {
        Object object = objects.get(handle);
        return type.isInstance(object) ? type.cast(object) : null;
    }

    /** The object of a handle; anything else is the given error. */
    <T> T get(MemorySegment handle, Class<T> type, String noun, int error) {
        Object object = objects.get(handle.address());
        if (type.isInstance(object)) {
            return type.cast(object);
        }
        String what = handle.address() == 0
                ? "null"
                : object != null
                        ? "a handle of something else"
                        : handle.address() < next.get() && (handle.address() & 0xf) == 0 && handle.address() >= 0x1000
                                ? "of something that was destroyed"
                                : "no handle that this driver gave out";
        throw new CudaError(error,
                "0x" + Long.toHexString(handle.address()) + " was given for a " + noun + " and is " + what);
    }
}
