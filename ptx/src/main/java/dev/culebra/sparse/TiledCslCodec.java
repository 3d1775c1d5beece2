package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** {@link TiledCsl} as one of the formats: each part is a file of its own. */
final class TiledCslCodec implements Codec {

    @Override
    public List<String> sectionNames() { return List.of(TiledCsl.ENTRIES, TiledCsl.OFFSETS); }

    @Override
    public Encoding encoding(ValueSource source, EncodeOptions options) { return new TiledCslEncoder(source, options); }

    @Override
    public void checkSizes(int m, int k, ValueType type, long nonzeros, long[] sectionBytes) throws FormatException {
        TiledCslValidator.checkSizes(new TiledCsl(m, k), type, nonzeros, sectionBytes[0], sectionBytes[1]);
    }

    @Override
    public void validate(SparseMatrix matrix) throws FormatException { new TiledCslValidator(matrix).validate(); }

    @Override
    public void decode(SparseMatrix matrix, MemorySegment denseOut) { new TiledCslDecoder(matrix).decode(denseOut); }

    @Override
    public Csr toCsr(SparseMatrix matrix) { return new TiledCslDecoder(matrix).toCsr(); }
}
