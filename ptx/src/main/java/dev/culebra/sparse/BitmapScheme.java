package dev.culebra.sparse;

/** {@link Bitmap} as an encoder needs it. A list mask's bit is 16 u + 4 rt + 2 p + h. */
final class BitmapScheme implements LaneScheme {

    /** The columns of t = 0: a byte is a pair of columns of four lanes. */
    private static final long PAIRS = 0x0303030303030303L;
    private static final long STEPS = 0x000f000f000f000fL;
    /** A step's bit of one pair and one column of the pair. */
    private static final long BIT = 0x0001000100010001L;
    /** Multiplying bits 0, 16, 32, 48 by it brings them to 48, 50, 52, 54; every other product is elsewhere. */
    private static final long GATHER = 1L << 48 | 1L << 34 | 1L << 20 | 1L << 6;

    @Override
    public Format format() { return Format.BITMAP; }

    @Override
    public int width() { return 1; }

    @Override
    public void lists(long[] masks, long[] lists) {
        for (int g = 0; g < 8; g++) {
            for (int lower = 0; lower < 2; lower++) {
                int row = g + 8 * lower;
                for (int t = 0; t < 4; t++) {
                    long list = 0;
                    for (int rt = 0; rt < 4; rt++) {
                        long pairs = masks[16 * rt + row] >>> 2 * t & PAIRS; // byte 2 u + p, bit h
                        list |= ((pairs | pairs >>> 6) & STEPS) << 4 * rt;
                    }
                    lists[2 * (4 * g + t) + lower] = list;
                }
            }
        }
    }

    @Override
    public void words(long[] lists, int[] words) {
        for (int lane = 0; lane < LaneLists.LANES; lane++) {
            for (int rt = 0; rt < 4; rt++) {
                words[4 * lane + rt] = half(lists[2 * lane] >>> 4 * rt) | half(lists[2 * lane + 1] >>> 4 * rt) << 16;
            }
        }
    }

    /** Bit 16 u + 2 p + h becomes bit 2 u + p + 8 h. */
    private static int half(long list) {
        return gather(list) | gather(list >>> 2) << 1 | gather(list >>> 1) << 8 | gather(list >>> 3) << 9;
    }

    /** Bit 16 u becomes bit 2 u. */
    private static int gather(long list) {
        return (int) ((list & BIT) * GATHER >>> 48) & 0x55;
    }

    @Override
    public int rowOf(int bit) { return LaneLists.TILE_ROWS * (bit >>> 2 & 3); }

    @Override
    public int columnOf(int bit) { return Bitmap.column(bit >>> 4, 0, bit >>> 1 & 1, bit & 1); }
}
