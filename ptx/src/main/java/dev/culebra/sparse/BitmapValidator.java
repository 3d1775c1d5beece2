package dev.culebra.sparse;

/** Holds {@link Bitmap} sections against the rules. */
final class BitmapValidator extends LaneValidator {

    BitmapValidator(SparseMatrix matrix) { super(matrix); }

    @Override
    int lowerBits() { return 0xffff << 16; }

    @Override
    int column(int bit, int t) { return Bitmap.column(bit >>> 1 & 3, t, bit & 1, bit >>> 3 & 1); }
}
