package dev.culebra.emulator.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One range of the device's address space: an allocation, a module's variable, or host memory that the device can reach.
 * Addresses are numbers of the emulated device; those of host memory are the host's own.
 */
public final class Allocation {

    private static final long ALL = 0x0101010101010101L;

    /** First address. */
    public final long base;
    /** Size in bytes. */
    public final long size;
    /** The bytes themselves, of {@link #size}. */
    public final MemorySegment bytes;
    /** What it is, for diagnostics: {@code "allocation #7 of 4096 bytes"}. */
    public final String label;

    private volatile boolean freed;
    /** A byte for each, 1 where something has been written; null where all counts as written. */
    private volatile MemorySegment written;
    private final MemorySegment tracked;

    /**
     * A live range all of whose bytes count as written.
     *
     * @param base first address
     * @param bytes its contents
     * @param label what it is, for diagnostics
     */
    public Allocation(long base, MemorySegment bytes, String label) { this(base, bytes, label, null); }

    /**
     * A live range that remembers which of its bytes have been written.
     *
     * @param base first address
     * @param bytes its contents, zero; what nobody has written counts as {@link Poison} when it is copied
     * @param label what it is, for diagnostics
     * @param written as many bytes, zero, with the lifetime of {@code bytes}; or null: all counts as written
     */
    public Allocation(long base, MemorySegment bytes, String label, MemorySegment written) {
        this.base = base;
        this.size = bytes.byteSize();
        this.bytes = bytes;
        this.label = label;
        this.tracked = written;
        this.written = written;
    }

    /**
     * Which bytes have been written. Kernels of any number of threads set and read it without locks: a byte is only ever set.
     *
     * @return a byte for each, 1 where something has been written; null where all has
     */
    public MemorySegment written() { return written; }

    /**
     * Says that a part has been written from outside of kernels: a copy, a fill.
     *
     * @param offset first byte
     * @param length how many
     */
    public void wrote(long offset, long length) {
        MemorySegment map = written;
        if (map == null) {
            return;
        }
        if (length == size) {
            written = null; // and it need not be looked at again
        } else {
            map.asSlice(offset, length).fill((byte) 1);
        }
    }

    /** Makes all of it fresh again: memory of a graph that is handed out once more. */
    public void renew() {
        if (tracked == null) {
            Poison.fill(bytes);
        } else {
            tracked.fill((byte) 0);
            written = tracked;
        }
    }

    /**
     * Copies bytes as the driver does: between allocations what was not written stays so, and elsewhere it arrives as
     * {@link Poison}.
     *
     * @param from where from, or null: all of it counts as written
     * @param source the bytes there
     * @param to where to, or null: it is not kept there what is written
     * @param target the bytes there, as many
     */
    public static void copy(Allocation from, MemorySegment source, Allocation to, MemorySegment target) {
        long n = source.byteSize();
        MemorySegment map = from == null ? null : from.written;
        long at = map == null ? 0 : source.address() - from.bytes.address();
        MemorySegment.copy(source, 0, target, 0, n);
        long first = map == null ? -1 : firstZero(map.asSlice(at, n), 0);
        if (first < 0) {
            if (to != null) {
                to.wrote(target.address() - to.bytes.address(), n);
            }
        } else if (to != null && to.tracked != null) {
            long there = target.address() - to.bytes.address();
            MemorySegment carried = to.tracked;
            if (to.written == null) {
                carried.fill((byte) 1);
            }
            MemorySegment.copy(map, at, carried, there, n);
            to.written = carried;
        } else {
            for (long i = first; i < n; i++) {
                if (map.get(ValueLayout.JAVA_BYTE, at + i) == 0) {
                    target.set(ValueLayout.JAVA_BYTE, i, Poison.at(at + i));
                }
            }
        }
    }

    private static long firstZero(MemorySegment map, long from) {
        for (long i = from; i < map.byteSize();) {
            if (i + 8 <= map.byteSize() && map.get(ValueLayout.JAVA_LONG_UNALIGNED, i) == ALL) {
                i += 8;
            } else if (map.get(ValueLayout.JAVA_BYTE, i) == 0) {
                return i;
            } else {
                i++;
            }
        }
        return -1;
    }

    /**
     * Whether an access lies inside.
     *
     * @param address first address of the access
     * @param length bytes of the access
     * @return true when every byte is inside and the range is live
     */
    public boolean holds(long address, int length) {
        long offset = address - base;
        return offset >= 0 && offset <= size - length && !freed;
    }

    /**
     * Whether it has been freed.
     *
     * @return true from then on
     */
    public boolean freed() { return freed; }

    /** Marks it freed: every later access is a fault. */
    public void markFreed() { freed = true; }
}
