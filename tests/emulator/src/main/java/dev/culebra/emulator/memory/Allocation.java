package dev.culebra.emulator.memory;

import java.lang.foreign.MemorySegment;

/**
 * One range of the device's address space: an allocation, a module's variable, or host memory that the device can reach.
 * Addresses are numbers of the emulated device; those of host memory are the host's own.
 */
public final class Allocation {

    /** First address. */
    public final long base;
    /** Size in bytes. */
    public final long size;
    /** The bytes themselves, of {@link #size}. */
    public final MemorySegment bytes;
    /** What it is, for diagnostics: {@code "allocation #7 of 4096 bytes"}. */
    public final String label;

    private volatile boolean freed;

    /**
     * A live range.
     *
     * @param base first address
     * @param bytes its contents
     * @param label what it is, for diagnostics
     */
    public Allocation(long base, MemorySegment bytes, String label) {
        this.base = base;
        this.size = bytes.byteSize();
        this.bytes = bytes;
        this.label = label;
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
