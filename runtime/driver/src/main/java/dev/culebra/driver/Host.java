package dev.culebra.driver;

import java.lang.foreign.MemorySegment;

/** What is asked of host segments. */
final class Host {

    private Host() {}

    static void requireNative(MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("a heap segment moves while the device reads or writes it: copy it to"
                    + " native memory first (a PinnedBuffer, or any Arena), or use DeviceBuffer.upload and download,"
                    + " which take any segment and wait");
        }
    }
}
