package dev.culebra.sparse;

/** {@link Pairs} as an encoder needs it. A list mask's bit is 16 u + 4 rt + 2 p, u counted in half a k-tile; register i is 2 p + lower. */
final class PairsScheme implements LaneScheme {

    /** The even columns of t = 0: a byte is a pair of columns of four lanes. */
    private static final long PAIRS = 0x0101010101010101L;
    /** Bits 16 u + 2 p. */
    private static final long STEPS = 0x0005000500050005L;
    private static final long NIBBLES = 0x000f000f000f000fL;
    /** Multiplying nibbles at bits 0, 16, 32, 48 by it brings them to 48, 52, 56, 60; every other product is elsewhere. */
    private static final long GATHER = 1L << 48 | 1L << 36 | 1L << 24 | 1L << 12;

    @Override
    public Format format() { return Format.PAIRS; }

    @Override
    public int width() { return 2; }

    @Override
    public void lists(long[] masks, long[] lists) {
        for (int g = 0; g < 8; g++) {
            for (int lower = 0; lower < 2; lower++) {
                for (int t = 0; t < 4; t++) {
                    long list = 0;
                    for (int rt = 0; rt < 4; rt++) {
                        long mask = masks[16 * rt + 8 * lower + g];
                        list |= own((mask | mask >>> 1) >>> 2 * t) << 4 * rt;
                    }
                    lists[2 * (4 * g + t) + lower] = list;
                }
            }
        }
    }

    /** Bit 16 u + 8 p becomes bit 16 u + 2 p. */
    private static long own(long any) {
        long pairs = any & PAIRS;
        return (pairs | pairs >>> 6) & STEPS;
    }

    @Override
    public void words(long[] lists, int[] words) {
        for (int lane = 0; lane < LaneLists.LANES; lane++) {
            for (int rt = 0; rt < 4; rt++) {
                long both = lists[2 * lane] | lists[2 * lane + 1] << 1;
                words[4 * lane + rt] = (int) ((both >>> 4 * rt & NIBBLES) * GATHER >>> 48);
            }
        }
    }

    @Override
    public int rowOf(int bit) { return LaneLists.TILE_ROWS * (bit >>> 2 & 3); }

    @Override
    public int columnOf(int bit) { return Pairs.column(bit >>> 4, 0, bit & 3); }
}
