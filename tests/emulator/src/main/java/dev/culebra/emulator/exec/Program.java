package dev.culebra.emulator.exec;

import java.util.List;

/**
 * A translated function. Registers of up to 32 bits, of 64 bits and predicates are three banks; a register of the first two
 * is an array of 32 lanes, a predicate one bit a lane. Constants are registers too, shared by all warps and never written.
 */
final class Program {

    /** A constant that is the address of a module's variable, known when a kernel starts. */
    record Link(int register, String symbol, long addend) {}

    /** Frames begin at multiples of this, so that a variable may be aligned to it. */
    static final int FRAME_ALIGNMENT = 32;

    /** Room for a parameter without a size, which takes any number of values (PTX ISA, "Variadic Functions"). */
    static final int VARIADIC_BYTES = 1024;

    final String name;
    Op[] ops;
    /** 32-bit registers by number: null where each warp has its own, else the constant's lanes. */
    int[][] ints;
    /** What a fresh 32-bit register holds: poison, of no more bits than the register has. */
    int[] fresh;
    /** Constants of 64 bits, like {@link #ints}. */
    long[][] longs;
    /** First contents of predicates. */
    int[] predicates;
    List<Link> links;
    /** Constants of either bank that are addresses of shared memory: every block of a cluster has its own. */
    int[] sharedInts;
    int[] sharedLongs;
    /** Bytes of local memory of a frame: variables, and what is passed to and from functions. */
    int localBytes;
    /** Where a device function's results and parameters lie in its frame. */
    int[] resultOffsets;
    int[] resultSizes;
    int[] parameterOffsets;
    int[] parameterSizes;
    /** Functions called, for the depth of the stack. */
    List<Program> callees = List.of();
    /** What it calls through registers takes and returns. */
    List<Calls.Signature> indirect = List.of();
    /** Whether it has products of warpgroups. */
    boolean warpgroups;
    /** Whether it has alloca. */
    boolean growsStack;

    Program(String name) { this.name = name; }
}
