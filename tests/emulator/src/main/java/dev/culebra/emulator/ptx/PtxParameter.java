package dev.culebra.emulator.ptx;

/**
 * A kernel's parameter.
 *
 * @param name its name
 * @param offset bytes from the start of the argument block
 * @param size bytes
 * @param alignment bytes
 * @param pointer declared with {@code .ptr}
 */
public record PtxParameter(String name, int offset, int size, int alignment, boolean pointer) {}
