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

    /** An encoder at work, in two steps, so that its size is known before memory is taken for it. */
    interface Encoding {

        /** Whether {@link #measure} goes through the source; otherwise {@link #bytes} is known without it. */
        boolean needsMeasuring();

        /** Finds out how many bytes it will be. */
        void measure(Progress progress);

        /** How many bytes it will be, after {@link #measure} where that is needed; Long.MAX_VALUE for more than fit. */
        long bytes();

        /** Encodes, after {@link #measure} where that is needed. */
        Encoded fill(Progress progress);
    }

    /** An encoder's result: sections in the order of {@link #sectionNames}. */
    record Encoded(List<Section> sections, long nonzeros, long overflowed) {}
}
