package dev.culebra.sparse;

import java.util.List;

/** {@link Slots} as an encoder needs it. A list mask's bit is 32 w + 8 rt + 4 hi + 3 - p, p the column in the group. */
final class SlotsScheme implements LaneScheme {

    /** A bit for each group. */
    private static final long GROUPS = 0x1111111111111111L;
    /** The groups of t = 0: bits 16 (2 w + hi) and on. */
    private static final long OWN = 0x000f000f000f000fL;
    private static final long STEPS = 0x000000ff000000ffL;
    /** The two codes of a list mask's byte. */
    private static final byte[] CODES = codes();

    @Override
    public List<String> sectionNames() {
        return List.of(LaneLists.LAYOUT, Slots.CODES, LaneLists.INFO, LaneLists.OFFSETS, Slots.OVERFLOW,
                Slots.OVERFLOW_STARTS, LaneLists.STREAMS, LaneLists.ORDER);
    }

    @Override
    public String placeSection() { return Slots.CODES; }

    @Override
    public String id() { return "slots"; }

    @Override
    public int mostRing() { return Slots.MOST_RING; }

    @Override
    public int halfRows() { return Slots.HALF_ROWS; }

    @Override
    public boolean overflows() { return true; }

    /** Column 1 of a group where 0 is one too, and 2 or 3; column 2 where 3 is one too, and 0 or 1. */
    @Override
    public long overflow(long mask) {
        long c0 = mask & GROUPS;
        long c1 = mask >>> 1 & GROUPS;
        long c2 = mask >>> 2 & GROUPS;
        long c3 = mask >>> 3 & GROUPS;
        return (c0 & c1 & (c2 | c3)) << 1 | (c2 & c3 & (c0 | c1)) << 2;
    }

    @Override
    public void lists(long[] masks, long[] lists) {
        for (int g = 0; g < 8; g++) {
            for (int lower = 0; lower < 2; lower++) {
                long list0 = 0;
                long list1 = 0;
                long list2 = 0;
                long list3 = 0;
                for (int rt = 0; rt < 4; rt++) {
                    long mask = masks[16 * rt + 8 * lower + g];
                    long kept = fallingColumns(mask & ~overflow(mask));
                    list0 |= own(kept) << 8 * rt;
                    list1 |= own(kept >>> 4) << 8 * rt;
                    list2 |= own(kept >>> 8) << 8 * rt;
                    list3 |= own(kept >>> 12) << 8 * rt;
                }
                lists[8 * g + lower] = list0;
                lists[8 * g + 2 + lower] = list1;
                lists[8 * g + 4 + lower] = list2;
                lists[8 * g + 6 + lower] = list3;
            }
        }
    }

    /** The four bits of each group the other way round. */
    private static long fallingColumns(long mask) {
        return (mask & GROUPS) << 3 | (mask & GROUPS << 1) << 1 | mask >>> 1 & GROUPS << 1 | mask >>> 3 & GROUPS;
    }

    /** Bits 16 (2 w + hi) and on become bits 32 w + 4 hi and on. */
    private static long own(long groups) {
        long own = groups & OWN;
        return (own | own >>> 12) & STEPS;
    }

    @Override
    public void words(long[] lists, int[] words) {
        for (int lane = 0; lane < LaneLists.LANES; lane++) {
            for (int rt = 0; rt < 4; rt++) {
                words[4 * lane + rt] = half(lists[2 * lane] >>> 8 * rt) | half(lists[2 * lane + 1] >>> 8 * rt) << 16;
            }
        }
    }

    private static int half(long list) {
        return CODES[(int) list & 0xff] & 0xff | (CODES[(int) (list >>> 32) & 0xff] & 0xff) << 8;
    }

    private static byte[] codes() {
        byte[] codes = new byte[256];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) (code(i & 15) | code(i >>> 4) << 4);
        }
        return codes;
    }

    /** The code of up to two bits, where bit q stands for column 3 - q; 0 for more, which no group keeps. */
    private static int code(int bits) {
        int greater = 3 - Integer.numberOfTrailingZeros(bits);
        int smaller = 3 - (31 - Integer.numberOfLeadingZeros(bits));
        return switch (Integer.bitCount(bits)) {
            case 1 -> 12 | greater;
            case 2 -> smaller << 2 | greater;
            default -> 0;
        };
    }

    @Override
    public int firstColumn(int lane) { return Slots.column(0, lane & 3, 0); }

    @Override
    public int rowOf(int bit) { return LaneLists.TILE_ROWS * (bit >>> 3 & 3); }

    @Override
    public int columnOf(int bit) { return Slots.column(bit >>> 5, 0, bit >>> 2 & 1) + 3 - (bit & 3); }
}
