package dev.culebra.spmm;

import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.TiledDense;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Tiles that lie ready. One token or two read them where they are; for more, each comes into the first-level cache once. */
final class DenseTiles extends Tiles {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    private final TiledDense shape;
    private final MemorySegment values;

    DenseTiles(SparseMatrix matrix) {
        super(matrix);
        this.shape = new TiledDense(matrix.m(), matrix.k());
        this.values = matrix.section(TiledDense.VALUES).bytes();
    }

    @Override
    void multiply(int tileRow, CpuKernel kernel, boolean bf16, Activations x, int tokens, CpuScratch s) {
        for (int t = 0; t < columns(); t++) {
            long at = shape.tileOffset(tileRow, t);
            switch (tokens) {
                case 1 -> kernel.multiplyOne(values, at, bf16, x.values(), x.at(0, 1, t), s.sums, s);
                case 2 -> kernel.multiplyTwo(values, at, bf16, x.values(), x.at(0, 2, t), s.sums, s);
                default -> {
                    copy(at, s.full);
                    multiply(s.full, t, kernel, bf16, x, tokens, s, false);
                }
            }
        }
    }

    private void copy(long at, short[] tile) { MemorySegment.copy(values, SHORT, at, tile, 0, tile.length); }

    @Override
    long cycles(int tokens) { return shape.tiles() * (tokens <= 2 ? 300 + 100L * tokens : 450 + 150L * tokens); }

    @Override
    long bytes(int tileRow) { return (long) columns() * TiledDense.TILE_BYTES; }

    @Override
    boolean nonFiniteF16() {
        short[] tile = new short[TiledDense.TILE_PLACES];
        for (long at = 0; at < values.byteSize(); at += TiledDense.TILE_BYTES) {
            copy(at, tile);
            int most = 0;
            for (short v : tile) {
                most = Math.max(most, v & 0x7c00);
            }
            if (most == 0x7c00) {
                return true;
            }
        }
        return false;
    }
}
