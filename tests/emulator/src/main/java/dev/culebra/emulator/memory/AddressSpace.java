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
}
