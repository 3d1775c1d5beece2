package dev.culebra.driver.spi;

/**
 * What kind of PTX instruction was executed, by what is written: its name and its type. Machine code differs, for the
 * assembler merges and splits.
 */
public enum InstructionClass {
    /** Whole numbers: sums, products, extremes, {@code mad}, dot products of bytes ({@code dp4a}), carries. */
    INTEGER,
    /** Bits: {@code and} to {@code lop3}, shifts, {@code prmt}, fields, {@code clz}, {@code brev}. */
    LOGIC,
    /** Counting bits, {@code popc}, which has a slow unit of its own. */
    POPC,
    /** 32-bit floating point. */
    FLOAT,
    /** 16-bit floating point, of either kind, one or two values at a time. */
    HALF,
    /** 64-bit floating point. */
    DOUBLE,
    /** Functions of one argument of 16 or 32 bits: {@code ex2}, {@code lg2}, {@code sin}, {@code rcp}, {@code sqrt}, {@code tanh} and the like. */
    SPECIAL,
    /** Conversions between types. */
    CONVERSION,
    /** Comparisons and selections: {@code setp}, {@code set}, {@code selp}, {@code slct}, {@code testp}. */
    COMPARISON,
    /** Moves, special registers, and addresses turned from one space to another. */
    MOVE,
    /** Loads from global memory. */
    LOAD_GLOBAL,
    /** Loads from shared memory. */
    LOAD_SHARED,
    /** Loads from local memory. */
    LOAD_LOCAL,
    /** Loads of constants and of parameters. */
    LOAD_CONSTANT,
    /** Loads through a generic address. */
    LOAD_GENERIC,
    /** Stores to global memory. */
    STORE_GLOBAL,
    /** Stores to shared memory. */
    STORE_SHARED,
    /** Stores to local memory, and of parameters of a function that is called. */
    STORE_LOCAL,
    /** Stores through a generic address. */
    STORE_GENERIC,
    /** Atomic updates of global memory or through a generic address, with or without a result. */
    ATOMIC,
    /** Atomic updates of shared memory. */
    ATOMIC_SHARED,
    /** Lanes of a warp together: shuffles, votes, matches, reductions, elections. */
    WARP,
    /** Matrix products: {@code mma} and its kin. */
    MATRIX,
    /** Matrices between shared memory and registers: {@code ldmatrix}, {@code stmatrix}, {@code movmatrix}, loads and stores of {@code wmma}. */
    MATRIX_MOVE,
    /** Copies that land later, with what commits them and waits for them. */
    ASYNC_COPY,
    /** Barriers of a block, of a warp, of a cluster, and {@code mbarrier}. */
    BARRIER,
    /** Memory fences. */
    FENCE,
    /** Branches, calls, returns and ends. */
    CONTROL,
    /** Everything else: hints, sleeping, traps. */
    OTHER
}
