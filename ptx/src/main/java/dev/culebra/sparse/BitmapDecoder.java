package dev.culebra.sparse;

/** What {@link Bitmap} means. */
final class BitmapDecoder extends LaneDecoder {

    BitmapDecoder(SparseMatrix matrix) { super(matrix); }

    @Override
    void lane(int lane, int[] words) {
        for (int lower = 0; lower < 2; lower++) {
            int list = list(lane, lower);
            for (int u = 0; u < Bitmap.STEPS; u++) {
                for (int rt = 0; rt < LaneLists.ROW_TILES; rt++) {
                    int row = LaneLists.TILE_ROWS * rt + lane / 4 + 8 * lower;
                    for (int p = 0; p < 2; p++) {
                        for (int h = 0; h < 2; h++) {
                            if ((words[rt] >>> Bitmap.bit(u, p, h, lower == 1) & 1) != 0) {
                                put(row, Bitmap.column(u, lane % 4, p, h),
                                        value(next(lane, list), 2 * strand(lane) + list));
                            }
                        }
                    }
                }
            }
        }
    }
}
