package dev.culebra.emulator.ptx;

/** PTX state spaces that an address can lie in. */
public enum Space {
    /** No space named: the address says by its window. */
    GENERIC,
    /** Device memory. */
    GLOBAL,
    /** The block's shared memory. */
    SHARED,
    /** The thread's own memory. */
    LOCAL,
    /** Constant variables. */
    CONST,
    /** Parameters of a kernel or a function. */
    PARAM
}
