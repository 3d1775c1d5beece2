package dev.culebra.sparse;

/** Holds {@link Bitmap} sections against the rules. */
final class BitmapValidator extends LaneValidator {

    BitmapValidator(SparseMatrix matrix, LaneScheme scheme) { super(matrix, scheme); }

    @Override
    long columns(int half, int t) {
        long columns = 0;
        for (int left = half; left != 0; left &= left - 1) {
            int bit = Integer.numberOfTrailingZeros(left);
            columns |= 1L << Bitmap.column(bit >>> 1 & 3, t, bit & 1, bit >>> 3);
        }
        return columns;
    }

    @Override
    void checkOwn() {}

    @Override
    long checkRest(int rowBlock) { return 0; }
}
