package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;

/** The element type of a dense array on its way in or out. */
public enum DenseType {
    /** IEEE 754 binary16. */
    F16(2),
    /** bfloat16: the upper half of a binary32. */
    BF16(2),
    /** IEEE 754 binary32. */
    F32(4);

    private final int bytes;

    DenseType(int bytes) { this.bytes = bytes; }

    /**
     * The size of an element.
     *
     * @return bytes an element
     */
    public int bytes() { return bytes; }

    /** Refuses a segment that is not exactly a dense M x K matrix of this type. */
    void checkSize(MemorySegment dense, int m, int k) {
        // by division: M * K elements of 4 bytes can pass 2^63
        if (dense.byteSize() % bytes != 0 || dense.byteSize() / bytes != (long) m * k) {
            throw new IllegalArgumentException("a dense " + m + " x " + k + " matrix of " + this + " has " + bytes
                    + " bytes for each of " + (long) m * k + " elements; the segment has " + dense.byteSize()
                    + " bytes");
        }
    }
}
