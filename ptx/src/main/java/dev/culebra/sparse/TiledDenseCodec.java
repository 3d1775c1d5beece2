package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** {@link TiledDense} as one of the formats: each part is a file of its own. */
final class TiledDenseCodec implements Codec {

    @Override
    public List<String> sectionNames() { return List.of(TiledDense.VALUES); }

    @Override
    public Encoding encoding(ValueSource source, EncodeOptions options) {
        return new TiledDenseEncoder(source, options);
    }

    @Override
    public void checkSizes(int m, int k, ValueType type, long nonzeros, long[] sectionBytes) throws FormatException {
        TiledDenseValidator.checkSizes(new TiledDense(m, k), type, nonzeros, sectionBytes[0]);
    }

    @Override
    public long mostBytes(int m, int k, long nonzeros) { return new TiledDense(m, k).valueBytes(); }

    @Override
    public void validate(SparseMatrix matrix) throws FormatException { new TiledDenseValidator(matrix).validate(); }

    @Override
    public void decode(SparseMatrix matrix, MemorySegment denseOut) { new TiledDenseDecoder(matrix).decode(denseOut); }

    @Override
    public Csr toCsr(SparseMatrix matrix) { return new TiledDenseDecoder(matrix).toCsr(); }
}
