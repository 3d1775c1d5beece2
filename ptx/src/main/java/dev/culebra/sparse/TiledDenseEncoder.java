package dev.culebra.sparse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** Dense or CSR to {@link TiledDense}, in one pass over rows of tiles, spread over threads. */
final class TiledDenseEncoder implements Codec.Encoding {

    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final ValueSource source;
    private final EncodeOptions options;
    private final TiledDense shape;
    private final LongAdder nonzeros = new LongAdder();
    private final LongAdder overflowed = new LongAdder();

    TiledDenseEncoder(ValueSource source, EncodeOptions options) {
        this.source = source;
        this.options = options;
        this.shape = new TiledDense(source.m(), source.k());
    }

    @Override
    public int passes() { return 1; }

    @Override
    public Codec.Encoded encode(Progress progress) {
        if (shape.valueBytes() == Long.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "a dense " + shape.m() + " x " + shape.k() + " matrix passes 2^63 bytes");
        }
        MemorySegment values = Arena.ofAuto().allocate(shape.valueBytes(), TiledCslEncoder.ALIGNMENT); // of zeros
        Panels.forEachTileRow(source, options, progress, () -> new Pass(values));
        return new Codec.Encoded(List.of(new Section(TiledDense.VALUES, values.asReadOnly())), nonzeros.sum(),
                overflowed.sum());
    }

    private final class Pass implements Panels.Pass, Panels.Visitor {

        private final MemorySegment values;
        private final Panels panels = new Panels(source, options.keepNegativeZero());
        private final short[] tile = new short[TiledDense.TILE_PLACES];

        Pass(MemorySegment values) { this.values = values; }

        @Override
        public void tileRow(int tileRow) {
            if (shape.rowsOf(tileRow) < TiledDense.TILE_ROWS) {
                Arrays.fill(tile, (short) 0); // the rows below the matrix, which nothing else writes
            }
            nonzeros.add(panels.tileRow(tileRow, this));
        }

        @Override
        public void tile(long index, int rows, int column, int count) {
            if (count == 0) {
                return; // -0.0 may be among them
            }
            short[] from = panels.values;
            int sign = options.keepNegativeZero() ? 0 : 0x8000;
            for (int r = 0; r < rows; r++) {
                int at = r * Panels.COLUMNS + column;
                for (int c = 0; c < TiledDense.TILE_COLUMNS; c++) {
                    short v = from[at + c];
                    tile[TiledDense.place(r, c)] = (v & 0xffff) == sign ? 0 : v;
                }
            }
            MemorySegment.copy(tile, 0, values, SHORT, index * TiledDense.TILE_BYTES, tile.length);
        }

        @Override
        public void done() { overflowed.add(panels.overflowed()); }
    }
}
