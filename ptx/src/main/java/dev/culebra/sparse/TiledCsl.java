package dev.culebra.sparse;

/**
 * Tiled-CSL, the format of Flash-LLM (Xia et al., VLDB 2023), generalised to any shape and density: its geometry.
 *
 * <p>
 * The matrix is cut into tiles of 64 x 64, stored by rows of tiles. A tile is a run of 4-byte entries, one a nonzero: the
 * low 16 bits are the value, the high 16 bits the place, which is the index of the half-word in the tile's image in a
 * block's shared memory. The image has rows of 64 halves; the eight 16-byte chunks of a row are permuted by exclusive-or
 * with the row's low three bits, so that {@code ldmatrix} reads eight rows of one column of chunks from 32 different banks.
 *
 * <p>
 * Section {@code "offsets"} has tiles + 1 unsigned 32-bit numbers: where each tile's entries begin, in quads of four entries
 * (16 bytes). Section {@code "entries"} has the entries. A tile is filled up to whole quads with padding: entries of value
 * +0 at different places that no nonzero has. An entry of value +0 is always padding. A tile of zeros has no entries.
 *
 * <p>
 * A warp reads entries 16 bytes a lane: quad 32 p + l of a tile is lane l's in pass p, and the lanes store their e-th entries
 * together. Entries are ordered so that those 32 lie in different banks of shared memory as far as the tile's nonzeros
 * allow (see {@link BankOrder}).
 *
 * @param m rows of the matrix
 * @param k columns of the matrix
 */
public record TiledCsl(int m, int k) {

    /** Rows of a tile: four warps of 16. */
    public static final int TILE_ROWS = 64;
    /** Columns of a tile: 128 bytes, one row of the 32 banks. */
    public static final int TILE_COLUMNS = 64;
    /** Places of a tile. */
    public static final int TILE_PLACES = TILE_ROWS * TILE_COLUMNS;
    /** Entries that are read together, as 16 bytes. */
    public static final int QUAD = 4;
    /** Bytes of an entry: 16-bit value, 16-bit place. */
    public static final int ENTRY_BYTES = 4;
    /** Bytes of a quad. */
    public static final int QUAD_BYTES = QUAD * ENTRY_BYTES;
    /** Bytes of a tile offset. */
    public static final int OFFSET_BYTES = 4;
    /** Banks of shared memory, 4 bytes wide each; also the lanes of a warp. */
    public static final int BANKS = 32;
    /** The most quads of a tile: every place taken. */
    public static final int MAX_TILE_QUADS = TILE_PLACES / QUAD;

    /**
     * Quads of a matrix, at most: offsets have 32 bits, and a kernel's 128 threads step past the last quad by up to as many,
     * which must not wrap.
     */
    static final long MOST_QUADS = 0xffffffffL - 128;

    /** The name of the section of entries. */
    public static final String ENTRIES = "entries";
    /** The name of the section of tile offsets. */
    public static final String OFFSETS = "offsets";

    /**
     * Checks the shape.
     *
     * @throws IllegalArgumentException if a dimension is under 1
     */
    public TiledCsl {
        if (m < 1 || k < 1) {
            throw new IllegalArgumentException("shape " + m + " x " + k + "; M and K must be 1 or more");
        }
    }

    /**
     * Tiles one above the other.
     *
     * @return ceil(M / 64)
     */
    public int tileRows() { return (m - 1) / TILE_ROWS + 1; }

    /**
     * Tiles side by side.
     *
     * @return ceil(K / 64)
     */
    public int tileColumns() { return (k - 1) / TILE_COLUMNS + 1; }

    /**
     * All tiles.
     *
     * @return tileRows() * tileColumns()
     */
    public long tiles() { return (long) tileRows() * tileColumns(); }

    /**
     * The size of the section of offsets.
     *
     * @return bytes
     */
    public long offsetBytes() { return (tiles() + 1) * OFFSET_BYTES; }

    /**
     * How many rows of a tile lie inside the matrix.
     *
     * @param tileRow index of the tile's row, from 0
     * @return 1 to 64
     */
    public int rowsOf(int tileRow) { return Math.min(TILE_ROWS, m - tileRow * TILE_ROWS); }

    /**
     * How many columns of a tile lie inside the matrix.
     *
     * @param tileColumn index of the tile's column, from 0
     * @return 1 to 64
     */
    public int columnsOf(int tileColumn) { return Math.min(TILE_COLUMNS, k - tileColumn * TILE_COLUMNS); }

    /**
     * The place of an element of a tile.
     *
     * @param row row in the tile, 0 to 63
     * @param column column in the tile, 0 to 63
     * @return half-word index in the tile's image, 0 to 4095
     */
    public static int place(int row, int column) { return row * TILE_COLUMNS | column ^ (row & 7) << 3; }

    /**
     * The row of a place.
     *
     * @param place 0 to 4095
     * @return row in the tile, 0 to 63
     */
    public static int row(int place) { return place / TILE_COLUMNS; }

    /**
     * The column of a place.
     *
     * @param place 0 to 4095
     * @return column in the tile, 0 to 63
     */
    public static int column(int place) { return place & TILE_COLUMNS - 1 ^ (row(place) & 7) << 3; }

    /**
     * The bank of shared memory that a place lies in.
     *
     * @param place 0 to 4095
     * @return 0 to 31
     */
    public static int bank(int place) { return place >>> 1 & BANKS - 1; }

    /**
     * The place of an entry.
     *
     * @param entry an entry's 32 bits
     * @return its high half; 0 to 4095 in a valid matrix
     */
    public static int placeOf(int entry) { return entry >>> 16; }

    /**
     * The value of an entry.
     *
     * @param entry an entry's 32 bits
     * @return its low half: the value's bits
     */
    public static short valueOf(int entry) { return (short) entry; }

    /**
     * An entry.
     *
     * @param place 0 to 4095
     * @param value the value's bits
     * @return its 32 bits
     */
    public static int entry(int place, short value) { return place << 16 | value & 0xffff; }

    /**
     * Quads of a number of entries.
     *
     * @param entries 0 or more
     * @return ceil(entries / 4)
     */
    public static int quads(int entries) { return (entries + QUAD - 1) / QUAD; }
}
