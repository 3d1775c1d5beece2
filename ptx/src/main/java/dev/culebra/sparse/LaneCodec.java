package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** What {@link BitmapCodec} and {@link PairsCodec} have in common. */
abstract class LaneCodec implements Codec {

    final LaneScheme scheme;

    LaneCodec(LaneScheme scheme) { this.scheme = scheme; }

    abstract LaneDecoder decoder(SparseMatrix matrix);

    abstract LaneValidator validator(SparseMatrix matrix);

    @Override
    public final List<String> sectionNames() { return LaneLists.SECTIONS; }

    @Override
    public final Encoding encoding(ValueSource source, EncodeOptions options) {
        return new LaneEncoder(source, options, scheme);
    }

    @Override
    public final void checkSizes(int m, int k, ValueType type, long nonzeros, long[] sectionBytes)
            throws FormatException {
        LaneSizes.check(scheme, m, k, type, nonzeros, sectionBytes);
    }

    @Override
    public final void validate(SparseMatrix matrix) throws FormatException {
        long[] bytes = matrix.sections().stream().mapToLong(s -> s.bytes().byteSize()).toArray();
        checkSizes(matrix.m(), matrix.k(), matrix.valueType(), matrix.nonzeros(), bytes);
        validator(matrix).validate();
    }

    @Override
    public final void decode(SparseMatrix matrix, MemorySegment denseOut) { decoder(matrix).decode(denseOut); }

    @Override
    public final Csr toCsr(SparseMatrix matrix) { return decoder(matrix).toCsr(); }

    /** With the shortest segments, which have the most offsets. A storage row has a value in one list at least. */
    @Override
    public final long mostBytes(int m, int k, long nonzeros) {
        LaneLists shape = new LaneLists(scheme.format(), m, k, 1, LaneLists.RING_STEP);
        if (k > LaneSizes.MOST_COLUMNS) {
            return Long.MAX_VALUE;
        }
        long storageRows = Math.min(nonzeros, shape.tiles() * LaneLists.MOST_ROWS);
        if (storageRows > LaneLists.MOST_STORAGE_ROWS) {
            return Long.MAX_VALUE;
        }
        return LaneLists.LAYOUT_BYTES + shape.tiles() * (LaneLists.MASK_BYTES + LaneLists.INFO_BYTES)
                + (shape.units() + 1 + shape.paddedRows()) * LaneLists.NUMBER_BYTES
                + (storageRows + LaneLists.END_ROWS) * shape.storageRowBytes(ValueType.F16);
    }
}
