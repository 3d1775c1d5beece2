package dev.culebra.tests.sparse;

import dev.culebra.sparse.Bitmap;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.LaneLists;
import dev.culebra.sparse.Slots;
import dev.culebra.sparse.SparseMatrix;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;

/** One lane of a small matrix in the formats bitmap and slots, drawn from what the encoder makes, for ptx/README.md. */
final class LanePicture {

    private static final int K = 4 * 64;
    private static final int LANE = 6;

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
        picture.slots();
        return picture.s.append("```\n").toString();
    }

    private static String place(int value) {
        int at = (value & 0xffff) - 1;
        return String.format("%2d,%2d", at / K, at % K);
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
        int word = matrix.section(Bitmap.MASKS).bytes().getAtIndex(Matrices.INT, LANE * 4);
        s.append(String.format(
                "\nbitmap\n\n  lane 6's word of row tile 0 is %08x: bits 2 u + p + 8 h of row 1 in the low half, of row 9 in "
                        + "the high one\n",
                word));
        info(matrix);
        lists(matrix);
    }

    private void info(SparseMatrix matrix) {
        LaneLists shape = LaneLists.of(matrix);
        byte[] info = matrix.section(LaneLists.INFO).bytes().toArray(ValueLayout.JAVA_BYTE);
        int[] words = matrix.section(LaneLists.INFO).bytes().toArray(Matrices.INT);
        s.append("\n  k-tile   lanes that exchange lists   rows for the halves   flags   storage rows so far\n");
        int rows = 0;
        for (int t = 0; t < shape.kTiles(); t++) {
            rows += info[8 * t + 4] + info[8 * t + 5];
            s.append(String.format("  %6d   %26s   %9d + %-7d   %5d   %19d\n", t, String.format("%08x", words[2 * t]),
                    info[8 * t + 4], info[8 * t + 5], info[8 * t + 6], rows));
        }
        s.append(String.format("\n  mean length of the 64 lists: %.1f; the window of storage rows (the ring): %d\n",
                listed(matrix) / 64.0, shape.ring()));
    }

    private static int listed(SparseMatrix matrix) {
        int n = 0;
        for (short v : matrix.section(LaneLists.STREAMS).bytes().toArray(ValueLayout.JAVA_SHORT)) {
            n += v != 0 ? 1 : 0;
        }
        return n;
    }

    private void lists(SparseMatrix matrix) {
        short[] streams = matrix.section(LaneLists.STREAMS).bytes().toArray(ValueLayout.JAVA_SHORT);
        s.append("\n  lane 6's lists: the row and column that each value belongs to\n");
        for (int list = 0; list < 2; list++) {
            s.append("\n  ").append(list == 0 ? 'A' : 'B').append("  ");
            for (int r = 0; r < 14; r++) {
                s.append(place(streams[r * 64 + 2 * LANE + list])).append("  ");
            }
            s.append("...");
        }
        s.append('\n');
    }

    private void slots() {
        SparseMatrix matrix = encode(Format.SLOTS);
        int word = matrix.section(Slots.CODES).bytes().getAtIndex(Matrices.INT, LANE * 4);
        s.append(String.format(
                "\nslots\n\n  lane 6 has the columns 8 to 11 and 24 to 27 of each 32; its word of row tile 0 is %08x\n",
                word));
        for (int row = 1; row <= 9; row += 8) {
            for (int w = 0; w < 2; w++) {
                for (int hi = 0; hi < 2; hi++) {
                    int column = Slots.column(w, LANE % 4, hi);
                    int code = word >>> Slots.shift(w, hi, row == 9) & 15;
                    StringBuilder group = new StringBuilder();
                    for (int c = column; c < column + 4; c++) {
                        group.append(dense[row * K + c] != 0 ? '#' : '-');
                    }
                    s.append(String.format("    row %d, columns %2d to %2d  %s  code %x\n", row, column, column + 3,
                            group,
                            code));
                }
            }
        }
        int[] overflow = matrix.section(Slots.OVERFLOW).bytes().toArray(Matrices.INT);
        int[] starts = matrix.section(Slots.OVERFLOW_STARTS).bytes().toArray(Matrices.INT);
        s.append(String.format("\n  overflow of row tile 0: %d entries in %d groups of 16; the first: ",
                Arrays.stream(overflow, 0, 16 * starts[1]).filter(e -> e != 0).count(), starts[1]));
        for (int i = 0; i < 4; i++) {
            s.append(String.format("%s%08x (%d,%d)", i == 0 ? "" : ", ", overflow[i], Slots.overflowRow(overflow[i]),
                    Slots.overflowColumn(overflow[i])));
        }
        s.append('\n');
        lists(matrix);
    }
}
