package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** What a format can do. Implementations have no state. */
interface Codec {

    /** The names of the sections, in the order in which they are stored. */
    List<String> sectionNames();

    /** Begins to encode a source. */
    Encoding encoding(ValueSource source, EncodeOptions options);

    /** Refuses sections whose sizes do not fit the shape, before anything is allocated for them. */
    void checkSizes(int m, int k, ValueType type, long nonzeros, long[] sectionBytes) throws FormatException;

    /** Refuses anything that an {@link Encoding} would not have made; never reads past a section. */
    void validate(SparseMatrix matrix) throws FormatException;

    /** Writes the dense matrix, row-major, zeros included. The sections were validated, or made by the encoder. */
    void decode(SparseMatrix matrix, MemorySegment denseOut);

    /** The matrix by rows. */
    Csr toCsr(SparseMatrix matrix);

    /** How many bytes all sections have at most; Long.MAX_VALUE for more than fit. Does not fall as nonzeros rise. */
    long mostBytes(int m, int k, long nonzeros);

    /** An encoder at work. */
    interface Encoding {

        /** How often {@link #encode} goes through the source. */
        int passes();

        /** Encodes. Called once. */
        Encoded encode(Progress progress);
    }

    /** An encoder's result: sections in the order of {@link #sectionNames}. */
    record Encoded(List<Section> sections, long nonzeros, long overflowed) {}
}
