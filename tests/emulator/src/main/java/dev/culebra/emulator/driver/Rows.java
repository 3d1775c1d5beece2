package dev.culebra.emulator.driver;

import dev.culebra.emulator.memory.Poison;
import java.lang.foreign.MemorySegment;

/**
 * Rows of bytes at a distance; plain memory is one row.
 *
 * @param bytes from the first row's begin to the last row's end
 * @param pitch distance of rows
 * @param width bytes of a row
 * @param height rows
 */
record Rows(MemorySegment bytes, long pitch, long width, long height) {

    static Rows of(MemorySegment bytes) { return new Rows(bytes, bytes.byteSize(), bytes.byteSize(), 1); }

    long size() { return width * height; }

    /** Copies each row to a packed place. */
    void pack(MemorySegment to) { pack(to, 0, bytes.byteSize()); }

    /** Copies what lies within a part of {@link #bytes} to its packed place. */
    void pack(MemorySegment to, long from, long until) {
        for (long row = 0; row < height; row++) {
            long begin = Math.max(from, row * pitch);
            long end = Math.min(until, row * pitch + width);
            if (begin < end) {
                MemorySegment.copy(bytes, begin, to, row * width + begin - row * pitch, end - begin);
            }
        }
    }

    /** The first byte, counted as packed, that differs from a packed copy; -1 where none does. */
    long mismatch(MemorySegment packed) {
        for (long row = 0; row < height; row++) {
            long at = MemorySegment.mismatch(bytes, row * pitch, row * pitch + width, packed, row * width,
                    (row + 1) * width);
            if (at >= 0) {
                return row * width + at;
            }
        }
        return -1;
    }

    /** Where a byte counted as packed lies in {@link #bytes}. */
    long offset(long packed) {
        return packed / width * pitch + packed % width;
    }

    /** Makes each row look like memory that nobody wrote. */
    void poison() {
        for (long row = 0; row < height; row++) {
            Poison.fill(bytes.asSlice(row * pitch, width));
        }
    }

    boolean overlaps(Rows other) {
        return bytes.address() < other.bytes.address() + other.bytes.byteSize()
                && other.bytes.address() < bytes.address() + bytes.byteSize();
    }
}
