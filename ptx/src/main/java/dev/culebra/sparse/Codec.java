package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** What a format can do. Implementations have no state. */
interface Codec {

    /** The names of the sections, in the order in which they are stored. */
    List<String> sectionNames();

    /** The sections of a source's nonzeros, and how many those are. */
    Encoded encode(ValueSource source, EncodeOptions options);

    /** Refuses sections whose sizes do not fit the shape, before anything is allocated for them. */
    void checkSizes(int m, int k, ValueType type, long nonzeros, long[] sectionBytes) throws FormatException;

    /** Refuses anything that {@link #encode} would not have made; never reads past a section. */
    void validate(SparseMatrix matrix) throws FormatException;

    /** Writes the dense matrix, row-major, zeros included. The sections were validated, or made by the encoder. */
    void decode(SparseMatrix matrix, MemorySegment denseOut);

    /** The matrix by rows. */
    Csr toCsr(SparseMatrix matrix);

    /** An encoder's result: sections in the order of {@link #sectionNames}. */
    record Encoded(List<Section> sections, long nonzeros, long overflowed) {}
}
