package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** What {@link BitmapCodec} and {@link SlotsCodec} have in common. */
abstract class LaneCodec implements Codec {

    final LaneScheme scheme;

    LaneCodec(LaneScheme scheme) { this.scheme = scheme; }

    abstract LaneDecoder decoder(SparseMatrix matrix);

    abstract LaneValidator validator(SparseMatrix matrix);

    @Override
    public final List<String> sectionNames() { return scheme.sectionNames(); }

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

    /**
     * With the shortest segments, which have the most offsets. A storage row has a value in one list at least, and a k-tile has
     * two halves of rows at most.
     */
    @Override
    public final long mostBytes(int m, int k, long nonzeros) {
        LaneLists shape = new LaneLists(m, k, 1, LaneLists.RING_STEP);
        if (k > LaneSizes.MOST_COLUMNS) {
            return Long.MAX_VALUE;
        }
        long storageRows = Math.min(nonzeros, shape.tiles() * 2 * scheme.halfRows());
        if (storageRows > LaneLists.MOST_STORAGE_ROWS) {
            return Long.MAX_VALUE;
        }
        long bytes = LaneLists.LAYOUT_BYTES + shape.tiles() * (LaneLists.PLACE_BYTES + LaneLists.INFO_BYTES)
                + (shape.units() + 1 + shape.paddedRows()) * LaneLists.NUMBER_BYTES
                + (storageRows + LaneLists.END_ROWS) * LaneLists.storageRowBytes(ValueType.F16);
        if (scheme.overflows()) {
            // of three or four nonzeros in a group one or two; a row tile's last entries fill up a group of entries
            long rowTiles = shape.units() * LaneLists.ROW_TILES;
            long entries = Math.min(nonzeros / 2 + (Slots.OVERFLOW_GROUP - 1) * Math.min(rowTiles, nonzeros / 2),
                    rowTiles * LaneLists.TILE_ROWS * LaneLists.COLUMNS / 2);
            bytes += entries * Slots.OVERFLOW_BYTES + (rowTiles + 1) * LaneLists.NUMBER_BYTES;
        }
        return bytes;
    }
}
