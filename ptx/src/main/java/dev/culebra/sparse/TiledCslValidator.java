package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Holds {@link TiledCsl} sections against the format's rules, so that neither a decoder nor a kernel can be led astray. */
final class TiledCslValidator {

    private static final ValueLayout.OfInt INT = TiledCslEncoder.INT;

    private final SparseMatrix matrix;
    private final TiledCsl shape;
    private final MemorySegment entries;
    private final MemorySegment offsets;

    TiledCslValidator(SparseMatrix matrix) {
        this.matrix = matrix;
        this.shape = new TiledCsl(matrix.m(), matrix.k());
        this.entries = matrix.section(TiledCsl.ENTRIES).bytes();
        this.offsets = matrix.section(TiledCsl.OFFSETS).bytes();
    }

    static void checkSizes(TiledCsl shape, ValueType type, long nonzeros, long entryBytes, long offsetBytes)
            throws FormatException {
        if (type.bits() != 16) {
            throw new FormatException("tiled-csl with values of type " + type + "; it holds values of 16 bits");
        }
        if (offsetBytes != shape.offsetBytes()) {
            throw new FormatException("section 'offsets' has " + offsetBytes + " bytes; a " + shape.m() + " x "
                    + shape.k() + " matrix has " + shape.tiles() + " tiles and needs " + shape.offsetBytes());
        }
        if (entryBytes % TiledCsl.QUAD_BYTES != 0) {
            throw new FormatException(
                    "section 'entries' has " + entryBytes + " bytes; it consists of quads of " + TiledCsl.QUAD_BYTES);
        }
        if (nonzeros < 0 || nonzeros > entryBytes / TiledCsl.ENTRY_BYTES) {
            throw new FormatException(nonzeros + " nonzeros are announced; section 'entries' has room for "
                    + entryBytes / TiledCsl.ENTRY_BYTES);
        }
    }

    void validate() throws FormatException {
        checkSizes(shape, matrix.valueType(), matrix.nonzeros(), entries.byteSize(), offsets.byteSize());
        checkOffsets();
        long nonzeros = TileRowCheck.all(shape.tileRows(), entries.byteSize(), () -> {
            long[] taken = new long[TiledCsl.TILE_PLACES / Long.SIZE]; // a bit for each place of the tile at hand
            return tileRow -> {
                long found = 0;
                long past = (tileRow + 1L) * shape.tileColumns();
                for (long tile = (long) tileRow * shape.tileColumns(); tile < past; tile++) {
                    found += tile(tile, begin(tile), begin(tile + 1), taken);
                }
                return found;
            };
        });
        if (nonzeros != matrix.nonzeros()) {
            throw new FormatException(
                    matrix.nonzeros() + " nonzeros are announced; the tiles have " + nonzeros + " together");
        }
    }

    /** The first entry of a tile; with the index of the last tile plus one, the number of entries. */
    private long begin(long tile) {
        return Integer.toUnsignedLong(offsets.getAtIndex(INT, tile)) * TiledCsl.QUAD;
    }

    private void checkOffsets() throws FormatException {
        long total = entries.byteSize() / TiledCsl.QUAD_BYTES;
        long begin = Integer.toUnsignedLong(offsets.getAtIndex(INT, 0));
        if (begin != 0) {
            throw new FormatException("tile offset 0 is " + begin + "; the first must be 0");
        }
        for (long tile = 0; tile < shape.tiles(); tile++) {
            long end = Integer.toUnsignedLong(offsets.getAtIndex(INT, tile + 1));
            if (end < begin || end - begin > TiledCsl.MAX_TILE_QUADS || end > total) {
                throw new FormatException("tile offset " + (tile + 1) + " is " + end + "; after " + begin
                        + " it must be from " + begin + " to " + Math.min(total, begin + TiledCsl.MAX_TILE_QUADS));
            }
            begin = end;
        }
        if (begin != total) {
            throw new FormatException("the last tile ends at quad " + begin + "; section 'entries' has " + total);
        }
    }

    /** Checks one tile's entries and counts its nonzeros. */
    private int tile(long tile, long begin, long end, long[] taken) throws FormatException {
        int rows = shape.rowsOf((int) (tile / shape.tileColumns()));
        int columns = shape.columnsOf((int) (tile % shape.tileColumns()));
        Arrays.fill(taken, 0);
        int padding = 0;
        for (long i = begin; i < end; i++) {
            int entry = entries.getAtIndex(INT, i);
            int place = TiledCsl.placeOf(entry);
            if (place >= TiledCsl.TILE_PLACES) {
                throw wrong(tile, i - begin, "has place " + place + "; places are under " + TiledCsl.TILE_PLACES);
            }
            long bit = 1L << (place & 63);
            if ((taken[place >>> 6] & bit) != 0) {
                throw wrong(tile, i - begin, "has place " + place + ", which an earlier entry of the tile has");
            }
            taken[place >>> 6] |= bit;
            if (TiledCsl.valueOf(entry) == 0) {
                padding++;
            } else if (TiledCsl.row(place) >= rows || TiledCsl.column(place) >= columns) {
                throw wrong(tile, i - begin, "is at row " + TiledCsl.row(place) + ", column " + TiledCsl.column(place)
                        + " of the tile, of which " + rows + " x " + columns + " lie inside the matrix");
            }
        }
        if (padding >= TiledCsl.QUAD) {
            throw new FormatException("tile " + tile + " has " + padding
                    + " entries of value +0; padding fills up a quad of four and is at most 3");
        }
        return (int) (end - begin) - padding;
    }

    private FormatException wrong(long tile, long entry, String what) {
        return new FormatException("entry " + entry + " of tile " + tile + " (tile row " + tile / shape.tileColumns()
                + ", tile column " + tile % shape.tileColumns() + ") " + what);
    }
}
