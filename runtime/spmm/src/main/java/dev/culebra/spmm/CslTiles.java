package dev.culebra.spmm;

import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.TiledCsl;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Tiles whose nonzeros are scattered into an empty one. Tiles without any are left out. */
final class CslTiles extends Tiles {

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment entries;
    private final int[] quads; // tiles + 1, unsigned

    CslTiles(SparseMatrix matrix) {
        super(matrix);
        this.entries = matrix.section(TiledCsl.ENTRIES).bytes();
        this.quads = matrix.section(TiledCsl.OFFSETS).bytes().toArray(INT);
    }

    /** Where a tile's entries begin, in bytes. */
    private long at(long tile) {
        return Integer.toUnsignedLong(quads[(int) tile]) * TiledCsl.QUAD_BYTES;
    }

    @Override
    void multiply(int tileRow, CpuKernel kernel, boolean bf16, Activations x, int tokens, CpuScratch s) {
        long first = (long) tileRow * columns();
        s.stream.start(kernel, entries, at(first), at(first + columns()));
        for (int t = 0; t < columns(); t++) {
            long bytes = at(first + t + 1) - at(first + t);
            if (bytes > 0) {
                s.stream.scatter((int) (bytes / TiledCsl.ENTRY_BYTES), s.empty);
                multiply(s.empty, t, kernel, bf16, x, tokens, s, true);
            }
        }
    }

    /** About a cycle an entry to scatter; a tile costs some 300, and 150 a token. */
    @Override
    long cycles(int tokens) {
        return entries.byteSize() / TiledCsl.ENTRY_BYTES + (long) rows() * columns() * (300 + 150L * tokens);
    }

    @Override
    long bytes(int tileRow) {
        long first = (long) tileRow * columns();
        return at(first + columns()) - at(first);
    }

    @Override
    boolean nonFiniteF16() {
        int[] chunk = new int[1 << 12];
        long count = entries.byteSize() / Integer.BYTES;
        for (long from = 0; from < count; from += chunk.length) {
            int part = (int) Math.min(chunk.length, count - from);
            MemorySegment.copy(entries, INT, from * Integer.BYTES, chunk, 0, part);
            Arrays.fill(chunk, part, chunk.length, 0);
            int most = 0;
            for (int v : chunk) {
                most = Math.max(most, v & 0x7c00);
            }
            if (most == 0x7c00) {
                return true;
            }
        }
        return false;
    }
}
