package dev.culebra.emulator.memory;

/** Global memory as a kernel sees it: finds the range an address lies in. Safe for use by many threads. */
public interface AddressSpace {

    /**
     * Finds the live range that holds an access.
     *
     * @param address first address
     * @param length bytes of the access
     * @return the range, or null when some byte of the access lies in none
     */
    Allocation find(long address, int length);

    /**
     * Explains an address that {@link #find} does not know, for a diagnostic.
     *
     * @param address the address
     * @return such as {@code "16 bytes past the end of allocation #7 of 4096 bytes"}, or {@code "in allocation #7, which was freed"}
     */
    String explain(long address);

    /**
     * The device's malloc: memory that lives until {@link #heapFree}, beyond the launch that took it.
     *
     * @param bytes size
     * @param alignment a power of two
     * @return its address, or 0 when there is none
     */
    default long heapAllocate(long bytes, long alignment) { return 0; }

    /**
     * The device's free.
     *
     * @param address what {@link #heapAllocate} gave
     * @return null when it is done, else what the address is instead
     */
    default String heapFree(long address) { return explain(address); }
}
