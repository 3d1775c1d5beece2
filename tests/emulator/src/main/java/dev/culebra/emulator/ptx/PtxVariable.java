package dev.culebra.emulator.ptx;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
     * @param offset where in the variable it is written
     * @param bytes how many of its bytes are: 8, 4, or 1 of those that {@code mask()} takes
     * @param symbol whose address
     * @param addend bytes added to it
     * @param shift bits of it that are left out before the first that is written
     */
    public record Relocation(int offset, int bytes, String symbol, long addend, int shift) {

        /**
         * Writes it.
         *
         * @param variable the variable's contents
         * @param address where the symbol lies
         */
        public void write(MemorySegment variable, long address) {
            long value = address + addend >>> shift;
            for (int i = 0; i < bytes; i++) {
                variable.set(ValueLayout.JAVA_BYTE, offset + i, (byte) (value >>> 8 * i));
            }
        }
    }
}
