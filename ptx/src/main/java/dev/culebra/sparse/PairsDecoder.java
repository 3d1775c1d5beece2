package dev.culebra.sparse;

/** What {@link Pairs} means. */
final class PairsDecoder extends LaneDecoder {

    PairsDecoder(SparseMatrix matrix) { super(matrix); }

    @Override
    void lane(int lane, int[] words) {
        for (int u = 0; u < Pairs.STEPS; u++) {
            for (int rt = 0; rt < LaneLists.ROW_TILES; rt++) {
                for (int i = 0; i < Pairs.REGISTERS; i++) {
                    if ((words[rt] >>> Pairs.bit(u, i) & 1) != 0) {
                        int row = LaneLists.TILE_ROWS * rt + lane / 4 + 8 * (i % 2);
                        int column = Pairs.column(u, lane % 4, i);
                        int list = list(lane, i % 2);
                        long next = next(lane, list);
                        int place = 2 * (LaneLists.LANES * list + strand(lane));
                        put(row, column, value(next, place));
                        put(row, column + 1, value(next, place + 1));
                    }
                }
            }
        }
    }
}
