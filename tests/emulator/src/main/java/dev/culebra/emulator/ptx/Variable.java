package dev.culebra.emulator.ptx;

/**
 * A declared range of a state space: a variable or a function's parameter. Compared by identity.
 */
public final class Variable {

    private final String name;
    private final Space space;
    private final int alignment;
    private final long size;
    private final boolean external;
    private PtxType inRegister;

    Variable(String name, Space space, int alignment, long size, boolean external) {
        this.name = name;
        this.space = space;
        this.alignment = alignment;
        this.size = size;
        this.external = external;
    }

    /** A parameter of a device function that the text has in a register. */
    static Variable inRegister(String name, PtxType type) {
        Variable v = new Variable(name, Space.PARAM, type.bytes(), type.bytes(), false);
        v.inRegister = type;
        return v;
    }

    /** The type of the register that the text has it in, or null. */
    PtxType inRegister() { return inRegister; }

    /**
     * Its name.
     *
     * @return as written
     */
    public String name() { return name; }

    /**
     * Where it lies.
     *
     * @return the space
     */
    public Space space() { return space; }

    /**
     * Alignment.
     *
     * @return bytes
     */
    public int alignment() { return alignment; }

    /**
     * Size.
     *
     * @return bytes; 0 for an array without one
     */
    public long size() { return size; }

    /**
     * Whether it is defined elsewhere: for shared memory, whether its size is given at launch.
     *
     * @return true for {@code .extern}
     */
    public boolean external() { return external; }
}
