package dev.culebra.emulator.exec;

/** A kernel, translated: its program with what it calls, and the memory it needs. Immutable. */
final class KernelCode {

    private final Program main;
    private final int staticSharedBytes;
    private final int dynamicSharedOffset;
    private final boolean usesDynamicShared;
    private final int localBytes;
    private final int registers;
    private final boolean asyncReads;
    private final boolean warpgroups;
    private final boolean reservesShared;
    /** Device functions by number: null where none can be reached through a register. */
    private final Program[] functions;

    KernelCode(Program main, int staticSharedBytes, int dynamicSharedOffset, boolean usesDynamicShared, int localBytes,
            int registers, boolean asyncReads, boolean warpgroups, boolean reservesShared, Program[] functions) {
        this.main = main;
        this.staticSharedBytes = staticSharedBytes;
        this.dynamicSharedOffset = dynamicSharedOffset;
        this.usesDynamicShared = usesDynamicShared;
        this.localBytes = localBytes;
        this.registers = registers;
        this.asyncReads = asyncReads;
        this.warpgroups = warpgroups;
        this.reservesShared = reservesShared;
        this.functions = functions;
    }

    /** The function at an address, or null. */
    Program function(long address) {
        int index = CodeAddresses.index(address, functions.length);
        return index < 0 ? null : functions[index];
    }

    Program main() { return main; }

    /** Whether it reads where the system's shared memory is. */
    boolean reservesShared() { return reservesShared; }

    /** Whether bulk copies or products of warpgroups read shared memory in any of its functions. */
    boolean asyncReads() {
        return asyncReads;
    }

    /** Whether any of its functions has products of warpgroups. */
    boolean warpgroups() { return warpgroups; }

    /** Where dynamic shared memory starts: behind the static part, aligned as its variables ask. */
    int dynamicSharedOffset() {
        return dynamicSharedOffset;
    }

    /**
     * Shared memory that the text declares.
     *
     * @return bytes of a block
     */
    int staticSharedBytes() { return staticSharedBytes; }

    /**
     * Whether an {@code .extern .shared} variable is named.
     *
     * @return true when the launch decides on its size
     */
    boolean usesDynamicShared() { return usesDynamicShared; }

    /**
     * Local memory.
     *
     * @return bytes of a thread, called functions included
     */
    int localBytes() { return localBytes; }

    /**
     * Registers alive at once, at most, in any of its functions.
     *
     * @return 32-bit registers; a 64-bit one counts as two
     */
    int registers() { return registers; }
}
