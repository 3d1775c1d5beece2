package dev.culebra.emulator.driver;

import dev.culebra.emulator.memory.Range;

/**
 * Memory that a piece of work is known to reach.
 *
 * @param range what it lies in
 * @param rows the bytes; null for a kernel, which was given an address there and may reach all of it, or nothing
 * @param way what is done to them
 */
record Use(Range range, Rows rows, Way way) {

    enum Way {
        READ, WRITE,
        /** A kernel may do either. */
        ANY
    }

    /** Whether it is sure that the bytes are reached, and which. */
    boolean certain() { return rows != null; }

    boolean host() { return range.kind().host(); }
}
