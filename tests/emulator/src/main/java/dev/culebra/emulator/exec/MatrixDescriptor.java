package dev.culebra.emulator.exec;

/**
 * Where an operand of a warpgroup's product lies in shared memory, from the 64 bits that PTX ISA's "Matrix Descriptor Format" has:
 * bits 0 to 13 the start address, 16 to 29 the leading and 32 to 45 the stride byte offset, each without its last four bits, 49 to
 * 51 the base offset, 62 and 63 the swizzle (0 none, 1 of 128 bytes, 2 of 64, 3 of 32).
 *
 * <p>
 * An operand is made of pieces of 16 bytes, eight elements of 16 bits that are neighbours along K, or where it is transposed along
 * M or N (say N). With s pieces in a row of the swizzle (1 without, 2, 4, 8) the piece of row n and columns 8 h to 8 h + 7 is at
 * {@code n % 8 * 16 s + n / 8 * stride + h * (s > 1 ? 16 : leading)}, and transposed that of row k and columns 8 j to 8 j + 7 at
 * {@code k % 8 * 16 s + k / 8 * stride + j % s * 16 + j / s * leading}; without swizzle, transposed, leading and stride have each
 * other's part. Then bits 7 on of the address are added to bits 4 on, modulo 2: as many as s has values.
 *
 * @param start first byte's address
 * @param leading bytes, as above
 * @param stride bytes, as above
 * @param row pieces in a row of the swizzle
 */
record MatrixDescriptor(int start, int leading, int stride, int row) {

    private static final int PIECE = 16;
    private static final int[] ROWS = {1, 8, 4, 2};

    /** Elements in a piece. */
    static final int ELEMENTS = 8;

    static MatrixDescriptor of(long bits) {
        int base = (int) (bits >>> 49) & 7;
        int row = ROWS[(int) (bits >>> 62)];
        int start = field(bits, 0);
        if (base != 0) {
            throw wrong(bits, "has a base offset of " + base
                    + ", which is not supported: let the swizzled tile begin at a multiple of " + 8 * PIECE * row);
        }
        if (row > 1 && (start & 8 * PIECE * row - 1) >= PIECE * row) {
            throw wrong(bits, "starts at 0x" + Integer.toHexString(start) + ", beyond the first " + PIECE * row
                    + " bytes of a swizzled tile: with base offset 0 tiles begin at multiples of " + 8 * PIECE * row);
        }
        return new MatrixDescriptor(start, field(bits, 16), field(bits, 32), row);
    }

    private static int field(long bits, int at) { return (int) (bits >>> at & 0x3fff) << 4; }

    private static Fault wrong(long bits, String why) {
        return new Fault(DeviceFault.LAUNCH_FAILED, -1,
                "the matrix descriptor 0x" + Long.toHexString(bits) + " " + why);
    }

    /**
     * Where pieces of an operand with 16 values of K are.
     *
     * @param block whose memory it is
     * @param transposed whether neighbours are along M or N
     * @param first the first row (of M or N) that is wanted, a multiple of 8
     * @param rows how many
     * @return offsets into shared memory: of row n's columns from 8 h on at 2 n + h; transposed, of row k's columns from 8 j on
     *         at {@code k * rows / 8 + j}
     */
    int[] pieces(Block block, boolean transposed, int first, int rows) {
        int[] all = new int[2 * rows];
        int across = rows / ELEMENTS;
        for (int i = 0; i < all.length; i++) {
            int at = transposed
                    ? transposed(i / across, first / ELEMENTS + i % across)
                    : straight(first + i / 2, i & 1);
            int address = start + at;
            address ^= (address >> 7 & row - 1) << 4;
            all[i] = SharedWindow.offset(block, -1, block.window - SharedWindow.base(0) + address, PIECE, PIECE,
                    "a piece of wgmma's operand");
        }
        return all;
    }

    private int straight(int n, int h) {
        return n % 8 * PIECE * row + n / 8 * stride + h * (row > 1 ? PIECE : leading);
    }

    private int transposed(int k, int j) {
        return row > 1
                ? k % 8 * PIECE * row + k / 8 * stride + j % row * PIECE + j / row * leading
                : k % 8 * PIECE + k / 8 * leading + j * stride;
    }
}
