package dev.culebra.jmh.peer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What all three libraries name alike. */
final class Scalars {

    /** {@code CUDA_R_32F} of {@code library_types.h}. */
    static final int R_32F = 0;

    /** {@code CUDA_R_16F}. */
    static final int R_16F = 2;

    /** The factors of C = alpha A B + beta C, in fp32. */
    static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_FLOAT, 1);
    static final MemorySegment ZERO = Arena.global().allocateFrom(ValueLayout.JAVA_FLOAT, 0);

    private Scalars() {}

    /** A library's version from its function of {@code libraryPropertyType}: major, minor, patch. */
    static String version(StatusFunction property) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
            StringBuilder version = new StringBuilder();
            for (int part = 0; part < 3; part++) {
                property.call(part, value);
                version.append(part == 0 ? "" : ".").append(value.get(ValueLayout.JAVA_INT, 0));
            }
            return version.toString();
        }
    }

    /** A device address, a stream or another handle as an argument. */
    static MemorySegment pointer(long address) {
        return MemorySegment.ofAddress(address);
    }

    static void requireProduct(GpuPeer peer, int m, int k, int n, long xBytes, long yBytes) {
        if (!peer.takes(m, k, n)) {
            throw new IllegalArgumentException(peer.name() + " takes no product of M " + m + ", K " + k + ", N " + n);
        }
        if (xBytes < 2L * n * k || yBytes < 2L * n * m) {
            throw new IllegalArgumentException(
                    "x has " + xBytes + " bytes and y " + yBytes + ", but fp16 [" + n + ", " + k
                            + "] is " + 2L * n * k + " and [" + n + ", " + m + "] is " + 2L * n * m);
        }
    }

    static void requireWeights(GpuPeer peer, MemorySegment dense, int m, int k) {
        if (m < 1 || k < 1 || dense.byteSize() != 2L * m * k) {
            throw new IllegalArgumentException(peer.name() + ": fp16 [" + m + ", " + k + "] is " + 2L * m * k
                    + " bytes, got " + dense.byteSize());
        }
    }
}
