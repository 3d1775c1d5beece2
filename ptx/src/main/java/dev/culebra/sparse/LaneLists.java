package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What {@link Bitmap} and {@link Slots} share: every lane of a warp has the values that it needs in two lists of its own, and
 * the lists of all lanes lie side by side. A lane takes its next value from where it stands, so that no lane has to ask
 * another one where its values begin.
 *
 * <p>
 * <b>Geometry.</b> Rows are cut into <i>row blocks</i> of 64, each four <i>row tiles</i> rt of 16; columns into k-tiles of 64.
 * What lies beyond the matrix is zero. A warp's lane l = 4 g + t (g = 0..7, t = 0..3) has of a row tile the rows g (its
 * <i>upper</i> row) and g + 8 (its <i>lower</i> row), and of the columns those that the format gives t, as {@code mma} has it.
 *
 * <p>
 * <b>Order.</b> Row i of the row blocks, counted through, is row {@code order[i]} of the matrix (section {@code "order"},
 * unsigned 32-bit numbers): a permutation of 0 to 64 {@link #rowBlocks()} - 1. What is M or more stands for no row.
 *
 * <p>
 * <b>Lists.</b> A lane has the lists A and B. Section {@code "streams"} consists of storage rows of 64 values: value 2 l is list
 * A's of lane l, value 2 l + 1 list B's (with 16 bits: byte 128 r + 4 l + 2 h of row r, h = 1 for B). In a k-tile one list
 * has the values of the upper rows of all four row tiles, the other one those of the lower rows, in the order in which the
 * format goes through the k-tile. A k-tile has two <i>halves</i>, of 32 columns each.
 *
 * <p>
 * <b>Info.</b> Section {@code "info"} has 8 bytes for each k-tile of each row block, at {@link #tile}: 32 bits, bit l set where
 * lane l's lists exchange their roles before this k-tile; a byte rows0, a byte rows1, a byte of flags (bit 0:
 * <i>restart</i>), a byte 0. At a restart all lists of all lanes go on at the same storage row, the first that has not been
 * used yet, and list A is the upper rows' unless the k-tile's bit is set; lists that end before that row are filled up with
 * +0. A list's <i>position</i> counts from the last restart. rows0 is by how much the position of the list furthest ahead,
 * after the first half, exceeds what it was before (0 at a restart); rows1 likewise for the second half: so many storage
 * rows more must be at hand before the half can be read. A row block begins with a restart, and so does each
 * <i>segment</i> of {@link #segment()} k-tiles, so that a warp can begin there.
 *
 * <p>
 * <b>Offsets.</b> Section {@code "offsets"} has unsigned 32-bit numbers: the first storage row of each segment of each row
 * block, at {@link #unit}, and at the end the number of all of them. Two storage rows of zeros follow the last one: a lane
 * looks at its next two values whether it takes them or not.
 *
 * <p>
 * <b>Ring.</b> Whoever reads keeps a window of storage rows. Let T(t) be the storage rows of the row block used up to and with
 * the k-tile t, and L(t) the row at which the list furthest behind stands before it, after its restart if it has one; then
 * T(t + 1) - L(t) is at most {@link #ring()} for every t. So with a window of that many rows those of a k-tile can come while the
 * one before is being read.
 *
 * <p>
 * Section {@code "layout"} has two unsigned 32-bit numbers: segment and ring, the parameters that belong to the matrix.
 *
 * @param m rows of the matrix
 * @param k columns of the matrix
 * @param segment k-tiles of a segment: 1, 2, 4, 8 or 16
 * @param ring storage rows of the window, a multiple of 8, the least that is enough; at most {@link Bitmap#MOST_RING} or
 *        {@link Slots#MOST_RING}
 */
public record LaneLists(int m, int k, int segment, int ring) {

    /** Rows of a row block. */
    public static final int ROWS = 64;
    /** Columns of a k-tile. */
    public static final int COLUMNS = 64;
    /** Rows of a row tile: those of an {@code mma}. */
    public static final int TILE_ROWS = 16;
    /** Row tiles of a row block. */
    public static final int ROW_TILES = ROWS / TILE_ROWS;
    /** Lanes of a warp. */
    public static final int LANES = 32;
    /** Lists of a warp, and so values of a storage row. */
    public static final int LISTS = 2 * LANES;
    /** Bytes of a k-tile of a row block in section "info". */
    public static final int INFO_BYTES = 8;
    /** The flag of a restart. */
    public static final int RESTART = 1;
    /** Bytes of an offset, of an entry of the order, of a number of the layout. */
    public static final int NUMBER_BYTES = 4;
    /** Bytes of section "layout". */
    public static final int LAYOUT_BYTES = 2 * NUMBER_BYTES;
    /** Bytes of a k-tile of a row block in section "masks" or "codes": four words a lane, one for each row tile. */
    public static final int PLACE_BYTES = LANES * ROW_TILES * Integer.BYTES;
    /** The longest segment. */
    public static final int MOST_SEGMENT = 16;
    /** A ring is a multiple of it. */
    public static final int RING_STEP = 8;
    /**
     * The ring that encoders keep to where they can, from 35% of nonzeros on: a restart costs storage rows, a large ring shared
     * memory, which warps have to share. With 112 rows an H200's multiprocessor has 12 warps at 8 tokens; at 50% and segments of
     * 8 k-tiles one k-tile in 20 gets a restart from it, at 60% nearly none.
     */
    public static final int USUAL_RING = 112;
    /** The same for fewer nonzeros: with 88 rows there are 12 warps at 16 tokens too. */
    public static final int MIDDLE_RING = 88;
    /** The same for fewer than a quarter of nonzeros: with 72 rows there are 16 warps at 8 tokens. */
    public static final int SPARSE_RING = 72;

    /** The name of the section of parameters. */
    public static final String LAYOUT = "layout";
    /** The name of the section of what belongs to a k-tile of a row block. */
    public static final String INFO = "info";
    /** The name of the section of first storage rows. */
    public static final String OFFSETS = "offsets";
    /** The name of the section of values. */
    public static final String STREAMS = "streams";
    /** The name of the section of rows' places. */
    public static final String ORDER = "order";

    /** Storage rows of zeros after the last one. */
    public static final int END_ROWS = 2;

    /** Storage rows at most: offsets have 32 bits, and the row after the last one must have a number too. */
    static final long MOST_STORAGE_ROWS = 0xfffffffdL;

    /**
     * Units that a segment must leave for the matrix to have long ones: 70% of the 132 x 16 warps that fill an H200 with 16
     * warps a multiprocessor, so that 7168 x 7168 gets segments of 8.
     */
    private static final int ENOUGH_UNITS = 132 * 16 * 7 / 10;
    /**
     * And for the longest: three a warp, since warps share the units alike. At 28672 x 7168 segments of 16 k-tiles would leave 1.5 a
     * warp; the product then took 25% longer at 80 and 90% of zeros (H200, 2026-11-20, with four blocks a multiprocessor; with three, as
     * plans have it since, not measured). Of bytes they save 3% at 90%, next to nothing at less.
     */
    private static final int MANY_UNITS = 132 * 16 * 3;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if a dimension is under 1, the segment is no power of two up to 16, or the ring is no
     *         multiple of 8 from 8 on
     */
    public LaneLists {
        if (m < 1 || k < 1) {
            throw new IllegalArgumentException("shape " + m + " x " + k + "; M and K must be 1 or more");
        }
        if (!isSegment(segment)) {
            throw new IllegalArgumentException("segment " + segment + "; give 1, 2, 4, 8 or 16 k-tiles");
        }
        if (ring < RING_STEP || ring % RING_STEP != 0) {
            throw new IllegalArgumentException("ring " + ring + "; it is a multiple of " + RING_STEP);
        }
    }

    /**
     * The layout of an encoded matrix.
     *
     * @param matrix a matrix in the format bitmap or slots
     * @return its layout, with the segment and the ring that are stored with it
     * @throws IllegalArgumentException if it has another format
     */
    public static LaneLists of(SparseMatrix matrix) {
        MemorySegment numbers = matrix.section(LAYOUT).bytes();
        return new LaneLists(matrix.m(), matrix.k(), numbers.get(INT, 0), numbers.get(INT, NUMBER_BYTES));
    }

    /**
     * The segment of a shape unless another is asked for: the longest that still leaves some 1,500 units, enough for a large
     * GPU, or 6,336 for the longest; 1 where there are not so many.
     *
     * @param m rows, 1 or more
     * @param k columns, 1 or more
     * @return 1, 2, 4, 8 or 16
     */
    public static int defaultSegment(int m, int k) {
        int segment = MOST_SEGMENT;
        while (segment > 1 && new LaneLists(m, k, segment, RING_STEP)
                .units() < (segment == MOST_SEGMENT ? MANY_UNITS : ENOUGH_UNITS)) {
            segment /= 2;
        }
        return segment;
    }

    static boolean isSegment(int segment) {
        return segment >= 1 && segment <= MOST_SEGMENT && Integer.bitCount(segment) == 1;
    }

    /**
     * Row blocks one above the other.
     *
     * @return ceil(M / 64)
     */
    public int rowBlocks() { return (m - 1) / ROWS + 1; }

    /**
     * K-tiles of a row block.
     *
     * @return ceil(K / 64)
     */
    public int kTiles() { return (k - 1) / COLUMNS + 1; }

    /**
     * Segments of a row block; the last one may be shorter.
     *
     * @return ceil(kTiles() / segment)
     */
    public int segments() { return (kTiles() - 1) / segment + 1; }

    /**
     * K-tiles of all row blocks.
     *
     * @return rowBlocks() * kTiles()
     */
    public long tiles() { return (long) rowBlocks() * kTiles(); }

    /**
     * Segments of all row blocks: the parts that a warp can begin with.
     *
     * @return rowBlocks() * segments()
     */
    public long units() { return (long) rowBlocks() * segments(); }

    /**
     * The number of a k-tile of a row block.
     *
     * @param rowBlock from 0
     * @param kTile from 0
     * @return rowBlock * kTiles() + kTile: its index in "info", in pieces of 8 bytes, and in "masks" or "codes", of 512
     */
    public long tile(int rowBlock, int kTile) { return (long) rowBlock * kTiles() + kTile; }

    /**
     * The number of a segment of a row block.
     *
     * @param rowBlock from 0
     * @param number the segment's, from 0
     * @return rowBlock * segments() + number: its index in "offsets"
     */
    public long unit(int rowBlock, int number) { return (long) rowBlock * segments() + number; }

    /**
     * Rows with those beyond the matrix.
     *
     * @return 64 rowBlocks(): how many numbers "order" has
     */
    public long paddedRows() { return (long) rowBlocks() * ROWS; }

    /**
     * Bytes of a storage row.
     *
     * @param values the type of the values
     * @return 64 values
     */
    public static int storageRowBytes(ValueType values) { return LISTS * values.bits() / 8; }

    /** The ring to keep to for a share of nonzeros. */
    static int usualRing(double nonzeros) {
        return nonzeros > .35 ? USUAL_RING : nonzeros > .25 ? MIDDLE_RING : SPARSE_RING;
    }

    /**
     * A ring that holds so many storage rows.
     *
     * @param rows 0 or more
     * @return the next multiple of 8, 8 at least
     */
    static int ringFor(int rows) { return Math.max(RING_STEP, (rows + RING_STEP - 1) / RING_STEP * RING_STEP); }
}
