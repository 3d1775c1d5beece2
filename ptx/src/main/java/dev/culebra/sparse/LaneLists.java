package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * What {@link Bitmap} and {@link Pairs} share: every lane of a warp takes the values that it needs from a <i>strand</i> of its
 * own, and the strands of all lanes lie side by side. A lane takes its next value from where it stands, so that no lane has to
 * ask another one where its values begin.
 *
 * <p>
 * <b>Geometry.</b> Rows are cut into <i>row blocks</i> of 64, each four <i>row tiles</i> rt of 16; columns into k-tiles, of 64
 * (bitmap) or 128 (pairs). What lies beyond the matrix is zero. A warp's lane l = 4 g + t (g = 0..7, t = 0..3) has of a row tile
 * the rows g (its <i>upper</i> row) and g + 8 (its <i>lower</i> row), and of each 16 columns the columns 2 t, 2 t + 1, 2 t + 8 and
 * 2 t + 9, as {@code mma.m16n8k16} has it.
 *
 * <p>
 * <b>Order.</b> Row i of the row blocks, counted through, is row {@code order[i]} of the matrix (section {@code "order"},
 * unsigned 32-bit numbers): a permutation of 0 to 64 {@link #rowBlocks()} - 1. What is M or more stands for no row.
 *
 * <p>
 * <b>Masks.</b> Section {@code "masks"} has for each k-tile of each row block and each lane four 32-bit words, one for each row
 * tile: word {@code (tile * 32 + lane) * 4 + rt}, with {@link #tile}. Which bit stands for what is the format's.
 *
 * <p>
 * <b>Strands.</b> A strand is two lists, A and B, of single values (bitmap) or of pairs (pairs); in a k-tile one has those of the upper
 * rows of all four row tiles, the other one those of the lower rows, in the order in which the format goes through the k-tile. Section
 * {@code "streams"} consists of storage rows of 64 entries, one for each list, at {@link #place}.
 *
 * <p>
 * <b>Exchange.</b> Before each k-tile lanes hand their strands on to each other, with the place that they have come to in them. So the
 * lane with the most values can take them from the shortest list. Section {@code "info"} has 32 bytes for each k-tile of each row
 * block, at {@link #tile}; byte l is lane l's:
 * <ul>
 * <li>bits 0 to 4: the lane whose strand it takes over, as all lanes held them in the k-tile before: a permutation of the 32. It
 * takes over too which list is the upper rows'.
 * <li>bit 5: then its two lists exchange their roles.
 * <li>bit 6: bit l of a 32-bit word: bits 0 to 7 of that are <i>rows</i>, bit 8 is <i>restart</i>, the others are 0.
 * <li>bit 7: 0.
 * </ul>
 * At a restart, before all that, every lane l gets strand l, all lists go on at the same storage row, the first that has not been
 * used yet, and list A is the upper rows'; lists that end before that row are filled up with +0. A list's <i>position</i>
 * counts from the last restart. <i>rows</i> is by how much the position of the list furthest ahead after the k-tile exceeds the
 * furthest one before it (0 at a restart): so many storage rows more must be at hand before the k-tile can be read.
 * A row block begins with a restart, and so does each <i>segment</i> of {@link #segment()} k-tiles, so that a warp can
 * begin there.
 *
 * <p>
 * <b>Offsets.</b> Section {@code "offsets"} has unsigned 32-bit numbers: the first storage row of each segment of each row
 * block, at {@link #unit}, and at the end the number of all of them. Two storage rows of zeros follow the last one: a lane
 * looks at a bitmap's next two values whether it takes them or not.
 *
 * <p>
 * <b>Ring.</b> Whoever reads keeps a window of storage rows. Let T(t) be the storage rows of the row block used up to and with
 * the k-tile t, and L(t) the row at which the list furthest behind stands before it, after its restart if it has one; then
 * T(t + 1) - L(t) is at most {@link #ring()} for every t. So with a window of that many rows those of a k-tile can come while the
 * one before is being read.
 *
 * <p>
 * Section {@code "layout"} has two unsigned 32-bit numbers: segment and ring, the parameters that belong to the matrix. Sections:
 * layout, masks, info, offsets, streams, order.
 *
 * @param format {@link Format#BITMAP} or {@link Format#PAIRS}
 * @param m rows of the matrix
 * @param k columns of the matrix
 * @param segment k-tiles of a segment: 1, 2, 4, 8 or 16
 * @param ring storage rows of the window, a multiple of 8, the least that is enough; at most {@link #MOST_RING}
 */
public record LaneLists(Format format, int m, int k, int segment, int ring) {

    /** Rows of a row block. */
    public static final int ROWS = 64;
    /** Rows of a row tile: those of an {@code mma}. */
    public static final int TILE_ROWS = 16;
    /** Row tiles of a row block. */
    public static final int ROW_TILES = ROWS / TILE_ROWS;
    /** Columns of a step: those of an {@code mma}. */
    public static final int STEP_COLUMNS = 16;
    /** Lanes of a warp, and so strands. */
    public static final int LANES = 32;
    /** Lists of a warp: two for each strand. */
    public static final int LISTS = 2 * LANES;
    /**
     * By how many storage rows a list advances in a k-tile, at most: a bitmap's by four row tiles of 16 elements, one of pairs by
     * four row tiles of 16 pairs.
     */
    public static final int MOST_ROWS = 64;
    /**
     * The largest ring that a matrix needs, with a restart at each k-tile: all of it and of the next one are at hand, and the list
     * furthest behind may not have begun.
     */
    public static final int MOST_RING = 2 * MOST_ROWS;
    /** Bytes of a k-tile of a row block in section "info". */
    public static final int INFO_BYTES = LANES;
    /** A byte's bits for the lane whose strand is taken over. */
    public static final int INFO_LANE = LANES - 1;
    /** A byte's bit for lists that exchange their roles. */
    public static final int INFO_EXCHANGE = 1 << 5;
    /** Where in a byte its bit of the word of all lanes is. */
    public static final int INFO_WORD_SHIFT = 6;
    /** The part of the word of all lanes that is the number of storage rows. */
    public static final int WORD_ROWS = 0xff;
    /** The bit of the word of all lanes for a restart. */
    public static final int WORD_RESTART = 1 << 8;
    /** Bytes of an offset, of an entry of the order, of a number of the layout. */
    public static final int NUMBER_BYTES = 4;
    /** Bytes of section "layout". */
    public static final int LAYOUT_BYTES = 2 * NUMBER_BYTES;
    /** Bytes of a k-tile of a row block in section "masks": four words a lane, one for each row tile. */
    public static final int MASK_BYTES = LANES * ROW_TILES * Integer.BYTES;
    /** The longest segment. */
    public static final int MOST_SEGMENT = 16;
    /** A ring is a multiple of it. */
    public static final int RING_STEP = 8;
    /**
     * The ring that encoders keep to where two k-tiles' values leave room for it: a restart costs storage rows, a large ring shared
     * memory, which warps have to share. With 96 rows an H200's multiprocessor has 12 warps at 8 to 32 tokens.
     */
    public static final int USUAL_RING = 96;

    /** The name of the section of parameters. */
    public static final String LAYOUT = "layout";
    /** The name of the section of places. */
    public static final String MASKS = "masks";
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

    /** The sections of both formats, as they are stored. */
    static final List<String> SECTIONS = List.of(LAYOUT, MASKS, INFO, OFFSETS, STREAMS, ORDER);

    /** Who shares the work of a large GPU: three crews of four warps on each of an H200's 132 multiprocessors. */
    private static final int CREWS = 132 * 3;
    /** Row blocks of a crew's unit of work. */
    private static final int CREW_ROW_BLOCKS = 4;
    /**
     * What segments of 16, 8, 4, 2 and 1 k-tiles were thought to cost in bytes when the plans were measured with them. Since the last k-tile of
     * a segment is dealt better it is 0, 0.4, 1.6, 4 and 25% (a bitmap at 50% of zeros); with these 9216 x 9216 alone of the twelve shapes
     * would get other ones, of 2, which nobody has measured.
     */
    private static final double[] SEGMENT_COST = {0, .015, .04, .09, .2};

    /**
     * What two k-tiles' mean entries may take of {@link #USUAL_RING}; the rest is for lists that run apart. With more, restarts come
     * in dozens: a bitmap at 40% of zeros (77 rows) took 1.480 bytes an element with a ring of 96, 1.347 with 112.
     */
    private static final int USUAL_MEAN = 68;
    /**
     * The same for pairs and a ring of half as many rows: at 90% of zeros they are 24.3, and one k-tile in 250 or fewer gets a
     * restart; at 88% (28.9) one in 4.
     */
    private static final int USUAL_MEAN_OF_PAIRS = 26;
    /** What a larger ring has beyond two k-tiles' mean entries, for lists that run apart. */
    private static final int APART = 32;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if the format has no lists, a dimension is under 1, the segment is no power of two up to 16,
     *         or the ring is no multiple of 8 from 8 on
     */
    public LaneLists {
        columns(format);
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
     * @param matrix a matrix in the format bitmap or pairs
     * @return its layout, with the segment and the ring that are stored with it
     * @throws IllegalArgumentException if it has another format
     */
    public static LaneLists of(SparseMatrix matrix) {
        columns(matrix.format()); // refuses others, which have no such section
        MemorySegment numbers = matrix.section(LAYOUT).bytes();
        return new LaneLists(matrix.format(), matrix.m(), matrix.k(), numbers.get(INT, 0),
                numbers.get(INT, NUMBER_BYTES));
    }

    /**
     * The segment of a shape unless another is asked for: the one with which the crews of an H200 have least to do, as far as bytes and the
     * number of units that the busiest one has can tell. Crews of a multiprocessor share its speed, so that half of what one has too
     * much is made up for, but nothing makes up for one that has none. (H200, 2026-11-21, bitmap: 7168 x 7168 at 80%, 8 tokens, 20 us with
     * segments of 4, so two units each, 25 with 8; 9216 x 9216 at 50%, 32 tokens, 47, 49 and 54 us with segments of 4, 8 and 16.)
     *
     * @param format {@link Format#BITMAP} or {@link Format#PAIRS}
     * @param m rows, 1 or more
     * @param k columns, 1 or more
     * @return 1, 2, 4, 8 or 16
     * @throws IllegalArgumentException if the format has no lists, or a dimension is under 1
     */
    public static int defaultSegment(Format format, int m, int k) {
        int best = 0;
        double least = Double.MAX_VALUE;
        for (int i = 0; i < SEGMENT_COST.length; i++) {
            LaneLists lists = new LaneLists(format, m, k, MOST_SEGMENT >> i, RING_STEP);
            long units = ((lists.rowBlocks() - 1L) / CREW_ROW_BLOCKS + 1) * lists.segments();
            long crews = Math.min(CREWS, units / 3 * 3 + (units < 3 ? units : 0)); // as plans have it: three a block
            double time = (double) ((units - 1) / crews + 1) * CREWS / units;
            double cost = (1 + SEGMENT_COST[i]) * (crews < CREWS ? time : (1 + time) / 2);
            if (cost < least) {
                least = cost;
                best = lists.segment();
            }
        }
        return best;
    }

    static boolean isSegment(int segment) {
        return segment >= 1 && segment <= MOST_SEGMENT && Integer.bitCount(segment) == 1;
    }

    /**
     * Columns of a k-tile of a format.
     *
     * @param format {@link Format#BITMAP} or {@link Format#PAIRS}
     * @return 64 or 128
     * @throws IllegalArgumentException if the format has no lists
     */
    public static int columns(Format format) {
        return switch (format) {
            case BITMAP -> Bitmap.COLUMNS;
            case PAIRS -> Pairs.COLUMNS;
            default -> throw new IllegalArgumentException(
                    "format " + format.id() + " has no lists; give " + Format.BITMAP.id() + " or " + Format.PAIRS.id());
        };
    }

    /**
     * Columns of a k-tile.
     *
     * @return 64 (bitmap) or 128 (pairs)
     */
    public int columns() { return columns(format); }

    /**
     * Values of an entry of a list.
     *
     * @return 1 (bitmap) or 2 (pairs)
     */
    public int width() { return format == Format.PAIRS ? 2 : 1; }

    /**
     * Values of a storage row: an entry of each list.
     *
     * @return 64 (bitmap) or 128 (pairs)
     */
    public int rowValues() { return LISTS * width(); }

    /**
     * Where in a storage row the entry of a list is: lists A and B of a strand beside each other, so that they share a word of 32
     * bits (bitmap), or all lists A before all lists B (pairs).
     *
     * @param strand 0 to 31
     * @param list 0 for A, 1 for B
     * @return the number of its first value
     */
    public int place(int strand, int list) { return width() == 1 ? 2 * strand + list : 2 * (LANES * list + strand); }

    /**
     * Row blocks one above the other.
     *
     * @return ceil(M / 64)
     */
    public int rowBlocks() { return (m - 1) / ROWS + 1; }

    /**
     * K-tiles of a row block.
     *
     * @return ceil(K / columns())
     */
    public int kTiles() { return (k - 1) / columns() + 1; }

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
     * @return rowBlock * kTiles() + kTile: its index in "info", in pieces of 32 bytes, and in "masks", of 512
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
     * @return those of {@link #rowValues()} values
     */
    public int storageRowBytes(ValueType values) { return rowValues() * values.bits() / 8; }

    /** The ring to keep to, for the storage rows that two k-tiles take on average, if all lists were alike. */
    int usualRing(double twoTiles) {
        return twoTiles <= (width() == 1 ? USUAL_MEAN : USUAL_MEAN_OF_PAIRS)
                ? USUAL_RING / width()
                : Math.min(MOST_RING, ringFor((int) twoTiles + APART));
    }

    /**
     * A ring that holds so many storage rows.
     *
     * @param rows 0 or more
     * @return the next multiple of 8, 8 at least
     */
    static int ringFor(int rows) { return Math.max(RING_STEP, (rows + RING_STEP - 1) / RING_STEP * RING_STEP); }
}
