package dev.culebra.emulator.ptx;

import java.util.List;

/**
 * A variable of module scope in global or constant memory.
 *
 * @param name its name
 * @param space {@link Space#GLOBAL} or {@link Space#CONST}
 * @param size bytes
 * @param alignment bytes, a power of two
 * @param initial its first contents, {@code size} bytes, zero where the text gives none; not copied
 * @param relocations addresses of other variables to be written into it once all have theirs
 * @param external declared {@code .extern}: defined elsewhere, nothing to allocate
 */
public record PtxVariable(String name, Space space, long size, int alignment, byte[] initial,
        List<Relocation> relocations,
        boolean external) {

    /**
     * An address inside an initialiser.
     *
     * @param offset where in the variable it is written, as 8 bytes
     * @param symbol whose address
     * @param addend bytes added to it
     */
    public record Relocation(int offset, String symbol, long addend) {}
}
