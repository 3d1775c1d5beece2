package dev.culebra.tests.sparse;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.LaneLists;
import dev.culebra.sparse.SparseMatrix;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** One lane of a small matrix in the formats bitmap and pairs, drawn from what the encoder makes, for ptx/README.md. */
final class LanePicture {

    private static final int K = 4 * 64;
    private static final int LANE = 6;
    /** A storage row past the first k-tile. */
    private static final int LATER = 50;

    private final StringBuilder s = new StringBuilder("```text\n");
    /** Element (row r, column c) has the value 1 + r K + c, so that a value tells where it belongs. */
    private final short[] dense = new short[64 * K];

    private LanePicture() {
        Random random = new Random(2026); // specified: every JVM draws the same
        for (int i = 0; i < dense.length; i++) {
            dense[i] = (short) (random.nextDouble() < .3 ? 1 + i : 0);
        }
    }

    static String draw() {
        LanePicture picture = new LanePicture();
        picture.elements();
        picture.bitmap();
        picture.pairs();
        return picture.s.append("```\n").toString();
    }

    private static String place(int value) {
        int at = (value & 0xffff) - 1;
        return value == 0 ? "   +0" : String.format("%2d,%2d", at / K, at % K);
    }

    private void elements() {
        s.append(
                "A, 64 x 256 at 70%: one row block of 4 k-tiles. Lane 6 is g = 1, t = 2: of row tile 0 it has the rows 1 and 9,\n"
                        + "of each 16 columns those marked here. The first k-tile's 64 columns:\n\n");
        for (int row : new int[]{1, 9}) {
            s.append(String.format("  row %2d  ", row));
            for (int c = 0; c < 64; c++) {
                boolean own = c / 2 % 4 == LANE % 4;
                s.append(dense[row * K + c] == 0 ? own ? '-' : '.' : own ? '#' : 'o')
                        .append(c % 16 == 15 && c < 63 ? " " : "");
            }
            s.append('\n');
        }
        s.append("\n  # a nonzero of lane 6, - a zero of lane 6, o and . those of other lanes\n");
    }

    private SparseMatrix encode(Format format) {
        return Matrices.encode(dense, DenseType.F16, 64, K, EncodeOptions.DEFAULT.withFormat(format).withSegment(4));
    }

    private void bitmap() {
        SparseMatrix matrix = encode(Format.BITMAP);
        s.append(String.format(
                "\nbitmap\n\n  lane 6's word of row tile 0 is %08x: bits 2 u + p + 8 h of row 1 in the low half, of row 9 in "
                        + "the high one\n",
                word(matrix)));
        lane(matrix);
        strand(matrix, "each value belongs");
    }

    private void pairs() {
        SparseMatrix matrix = encode(Format.PAIRS);
        s.append(String.format(
                "\npairs\n\n  lane 6's word of row tile 0 is %08x: a digit for each 16 columns, from the right to the left; bit 0 for columns 4\n"
                        + "  and 5 of row 1, bit 1 for those of row 9, bits 2 and 3 for columns 12 and 13\n",
                word(matrix)));
        lane(matrix);
        strand(matrix, "the nonzeros of each pair belong");
    }

    private static int word(SparseMatrix matrix) {
        return matrix.section(LaneLists.MASKS).bytes().getAtIndex(Matrices.INT, LANE * 4);
    }

    /** What lane 6's bytes of info make of it, k-tile by k-tile. */
    private void lane(SparseMatrix matrix) {
        LaneLists shape = LaneLists.of(matrix);
        byte[] info = matrix.section(LaneLists.INFO).bytes().toArray(ValueLayout.JAVA_BYTE);
        int[][] held = new int[32][];
        for (int lane = 0; lane < 32; lane++) {
            held[lane] = new int[]{lane, 0};
        }
        s.append(
                "\n  k-tile   storage rows   so far   lane 6's byte   takes over from   and so has         for its upper rows\n");
        int rows = 0;
        for (int t = 0; t < shape.kTiles(); t++) {
            int more = 0;
            int[][] now = new int[32][];
            for (int lane = 0; lane < 32; lane++) {
                int bits = info[32 * t + lane];
                more |= (bits >>> 6 & 1) << lane;
                now[lane] = new int[]{held[bits & 31][0], held[bits & 31][1] ^ bits >>> 5 & 1};
            }
            held = now;
            rows += more & 255;
            s.append(String.format("  %6d   %12d   %6d   %13s   %15s   strand %2d          list %c\n", t, more & 255,
                    rows,
                    String.format("%02x", info[32 * t + LANE]),
                    more > 255 ? "a restart" : "lane " + (info[32 * t + LANE] & 31), held[LANE][0],
                    "AB".charAt(held[LANE][1])));
        }
        int entries = 0;
        int width = shape.width();
        short[] streams = matrix.section(LaneLists.STREAMS).bytes().toArray(ValueLayout.JAVA_SHORT);
        for (int i = 0; i < streams.length; i += width) {
            entries += streams[i] != 0 || streams[i + width - 1] != 0 ? 1 : 0;
        }
        s.append(String.format("\n  mean length of the 64 lists: %.1f; the window of storage rows (the ring): %d\n",
                entries / 64., shape.ring()));
    }

    /** What is in strand 6. */
    private void strand(SparseMatrix matrix, String what) {
        LaneLists shape = LaneLists.of(matrix);
        short[] streams = matrix.section(LaneLists.STREAMS).bytes().toArray(ValueLayout.JAVA_SHORT);
        int rows = matrix.section(LaneLists.OFFSETS).bytes().getAtIndex(Matrices.INT, 1);
        s.append("\n  strand 6: the row and column that " + what + " to, at its beginning and from storage row " + LATER
                + " on, where other\n  lanes have it\n");
        for (int list = 0; list < 2; list++) {
            for (int half = 0; half < shape.width(); half++) {
                s.append("\n  ").append(half == 0 ? "AB".charAt(list) : ' ')
                        .append(shape.width() == 1 ? "   " : half == 0 ? "  even  " : "  odd   ");
                for (int from : new int[]{0, LATER}) {
                    for (int r = from; r < from + 6 && r < rows; r++) {
                        int value = shape.place(LANE, list) + half;
                        s.append(place(streams[r * shape.rowValues() + value])).append("  ");
                    }
                    s.append(from == 0 ? "...  " : "...");
                }
            }
        }
        s.append('\n');
    }
}
