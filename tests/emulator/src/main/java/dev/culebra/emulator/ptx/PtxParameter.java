package dev.culebra.emulator.ptx;

/**
 * A kernel's parameter.
 *
 * @param name its name
 * @param offset bytes from the start of the argument block
 * @param size bytes
 * @param alignment bytes
 * @param pointer declared with {@code .ptr}
 * @param pointerAlignment what the declaration promises of an address in global memory, or of a generic one: a multiple of
 *        so many bytes, 1 where it says nothing; 0 for what is no pointer, or one into another space
 */
public record PtxParameter(String name, int offset, int size, int alignment, boolean pointer, int pointerAlignment) {}
