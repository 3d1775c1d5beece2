package dev.culebra.emulator.memory;

import java.lang.foreign.Arena;

/** A range of the unified address space with what the driver knows of it. Safe for use by many threads. */
public final class Range {

    /** What a range is for. */
    public enum Kind {
        /** From cuMemAlloc. */
        DEVICE,
        /** From a pool, ordered by a stream. */
        POOL,
        /** From a kernel's malloc. */
        HEAP,
        /** A variable of a module. */
        MODULE,
        /** Page-locked host memory that the driver made. */
        HOST,
        /** Host memory of the caller's, registered. */
        REGISTERED;

        /**
         * Whether it is the host's memory.
         *
         * @return true for host memory
         */
        public boolean host() { return this == HOST || this == REGISTERED; }
    }

    private final Allocation allocation;
    private final Kind kind;
    private final Object owner;
    private final long id;
    private final Arena arena;
    private volatile boolean condemned;
    private volatile Object pool;
    private volatile boolean mapped;

    Range(Allocation allocation, Kind kind, Object owner, long id, Arena arena) {
        this.allocation = allocation;
        this.kind = kind;
        this.owner = owner;
        this.id = id;
        this.arena = arena;
    }

    /**
     * The bytes as kernels see them.
     *
     * @return the allocation
     */
    public Allocation allocation() { return allocation; }

    /**
     * What it is for.
     *
     * @return the kind
     */
    public Kind kind() { return kind; }

    /**
     * Who owns it: the driver's context.
     *
     * @return the owner that was given
     */
    public Object owner() { return owner; }

    /**
     * A number that no other range of the driver has.
     *
     * @return the number, from 1 up in order of making
     */
    public long id() { return id; }

    /**
     * First address.
     *
     * @return the address
     */
    public long base() { return allocation.base; }

    /**
     * Size.
     *
     * @return bytes
     */
    public long size() { return allocation.size; }

    /**
     * What it is, for diagnostics.
     *
     * @return such as {@code "allocation #7 of 4096 bytes"}
     */
    public String label() { return allocation.label; }

    /**
     * Whether its freeing has been put on a stream: no new use may be asked for, uses asked for before still run.
     *
     * @return true from then on
     */
    public boolean condemned() { return condemned; }

    /**
     * Says that its freeing has been put on a stream.
     *
     * @return false when that was so before
     */
    public synchronized boolean condemn() {
        boolean first = !condemned;
        condemned = true;
        return first;
    }

    /** Takes {@link #condemn} back: a graph that allocates it has been launched again. */
    public synchronized void revive() {
        condemned = false;
    }

    /**
     * The pool it came from.
     *
     * @return the driver's pool, or null
     */
    public Object pool() { return pool; }

    /**
     * Says which pool it came from.
     *
     * @param from the driver's pool
     */
    public void pool(Object from) { pool = from; }

    /**
     * Whether the program asked for the address by which kernels reach it, being host memory.
     *
     * @return true from then on
     */
    public boolean mapped() { return mapped; }

    /** Says that the program asked for the address by which kernels reach it. */
    public void map() { mapped = true; }

    void release() {
        if (arena != null) {
            arena.close();
        }
    }
}
