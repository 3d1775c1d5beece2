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

    /** Each tile adds up to three entries of padding to its nonzeros, but has no quad without one, and a full one has none. */
    @Override
    public long mostBytes(int m, int k, long nonzeros) {
        var shape = new TiledCsl(m, k);
        long padded = (nonzeros + (TiledCsl.QUAD - 1) * shape.tiles()) / TiledCsl.QUAD;
        long quads = Math.min(padded, Math.min(nonzeros, shape.tiles() * TiledCsl.MAX_TILE_QUADS));
        return quads > TiledCsl.MOST_QUADS ? Long.MAX_VALUE : quads * TiledCsl.QUAD_BYTES + shape.offsetBytes();
    }

    @Override
    public void validate(SparseMatrix matrix) throws FormatException { new TiledCslValidator(matrix).validate(); }

    @Override
    public void decode(SparseMatrix matrix, MemorySegment denseOut) { new TiledCslDecoder(matrix).decode(denseOut); }

    @Override
    public Csr toCsr(SparseMatrix matrix) { return new TiledCslDecoder(matrix).toCsr(); }
}
