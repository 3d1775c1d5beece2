package dev.culebra.tests.sparse;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.TiledCsl;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** Dense matrices of 16-bit values for tests, and the ways to look at an encoded one. */
final class Matrices {

    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    private Matrices() {}

    /** Any bits but those of the two zeros, at independent places. */
    static short[] random(int m, int k, double density, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        short[] dense = new short[m * k];
        for (int i = 0; i < dense.length; i++) {
            if (random.nextDouble() < density) {
                dense[i] = (short) (random.nextInt(1, 0x8000) | random.nextInt(2) << 15);
            }
        }
        return dense;
    }

    static SparseMatrix encode(short[] dense, DenseType type, int m, int k, Format format) {
        return encode(dense, type, m, k, EncodeOptions.DEFAULT.withFormat(format));
    }

    static SparseMatrix encode(short[] dense, DenseType type, int m, int k, EncodeOptions options) {
        return SparseMatrix.encode(MemorySegment.ofArray(dense), type, m, k,
                type == DenseType.F16 ? ValueType.F16 : ValueType.BF16, options);
    }

    static short[] decode(SparseMatrix matrix) {
        short[] dense = new short[matrix.m() * matrix.k()];
        java.util.Arrays.fill(dense, (short) 0x5555); // a decoder must write every element
        matrix.decode(MemorySegment.ofArray(dense));
        return dense;
    }

    static int nonzeros(short[] dense) {
        int n = 0;
        for (short v : dense) {
            n += v != 0 ? 1 : 0;
        }
        return n;
    }

    /** The first entry of a tile, padding counted. */
    static long begin(SparseMatrix matrix, long tile) {
        MemorySegment offsets = matrix.section(TiledCsl.OFFSETS).bytes();
        return Integer.toUnsignedLong(offsets.getAtIndex(INT, tile)) * TiledCsl.QUAD;
    }

    static int entry(SparseMatrix matrix, long i) {
        return matrix.section(TiledCsl.ENTRIES).bytes().getAtIndex(INT, i);
    }

    /** Whether all sections agree bit for bit. */
    static boolean same(SparseMatrix a, SparseMatrix b) {
        boolean same = a.m() == b.m() && a.k() == b.k() && a.nonzeros() == b.nonzeros()
                && a.valueType() == b.valueType() && a.format() == b.format()
                && a.sections().size() == b.sections().size();
        for (int i = 0; same && i < a.sections().size(); i++) {
            same = a.sections().get(i).name().equals(b.sections().get(i).name())
                    && a.sections().get(i).bytes().mismatch(b.sections().get(i).bytes()) == -1;
        }
        return same;
    }
}
