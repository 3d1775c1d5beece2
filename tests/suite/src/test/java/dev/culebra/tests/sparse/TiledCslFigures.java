package dev.culebra.tests.sparse;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.TiledCsl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;

/**
 * The picture and the table of ptx/README.md, drawn from what the encoder makes. {@code main} puts them into the file
 * between its marks; {@link ReadmeTest} holds the file against them.
 */
final class TiledCslFigures {

    private static final int M = 80;
    private static final int K = 150;

    private TiledCslFigures() {}

    /** Fixed by the specification of {@link Random}, so that every JVM draws the same. */
    private static short[] draw(int m, int k, double density, long seed) {
        Random random = new Random(seed);
        short[] dense = new short[m * k];
        for (int i = 0; i < dense.length; i++) {
            dense[i] = random.nextDouble() < density ? (short) (random.nextInt(0x7bff) + 1) : 0;
        }
        return dense;
    }

    static String picture() {
        SparseMatrix matrix = Matrices.encode(draw(M, K, .4, 2026), DenseType.F16, M, K, Format.TILED_CSL);
        TiledCsl shape = new TiledCsl(M, K);
        StringBuilder s = new StringBuilder("```text\n");
        s.append(String.format("A, %d x %d at 40%%: %d x %d tiles of 64 x 64, stored row by row of tiles%n", M, K,
                shape.tileRows(), shape.tileColumns()));
        s.append("\n         offset (quads)   quads   entries   nonzeros   padding\n");
        for (int tile = 0; tile < shape.tiles(); tile++) {
            long begin = Matrices.begin(matrix, tile);
            long end = Matrices.begin(matrix, tile + 1);
            long nonzeros = 0;
            for (long i = begin; i < end; i++) {
                nonzeros += TiledCsl.valueOf(Matrices.entry(matrix, i)) != 0 ? 1 : 0;
            }
            s.append(String.format("  (%d, %d) %14d %7d %9d %10d %9d%n", tile / shape.tileColumns(),
                    tile % shape.tileColumns(), begin / 4, (end - begin) / 4, end - begin, nonzeros,
                    end - begin - nonzeros));
        }
        s.append(String.format("      end%14d%n", Matrices.begin(matrix, shape.tiles()) / 4));
        edge(s, matrix, shape);
        entries(s, matrix, shape.tiles() - 1);
        groups(s, matrix, shape.tiles() - 1);
        return s.append("```\n").toString().replace("\r\n", "\n");
    }

    /** The ragged corner tile as it lies in the matrix. */
    private static void edge(StringBuilder s, SparseMatrix matrix, TiledCsl shape) {
        int rows = shape.rowsOf(shape.tileRows() - 1);
        int columns = shape.columnsOf(shape.tileColumns() - 1);
        short[] dense = Matrices.decode(matrix);
        s.append(String.format(
                "%ntile (%d, %d): %d x %d of it lie inside the matrix, nothing is stored for the rest%n%n",
                shape.tileRows() - 1, shape.tileColumns() - 1, rows, columns));
        for (int r = 0; r < rows; r++) {
            s.append("  ");
            for (int c = 0; c < columns; c++) {
                s.append(dense[(M - rows + r) * K + K - columns + c] == 0 ? " ." : " #");
            }
            s.append('\n');
        }
    }

    private static void entries(StringBuilder s, SparseMatrix matrix, long tile) {
        long begin = Matrices.begin(matrix, tile);
        s.append("\nits first quad, 16 bytes, which lane 0 of a warp loads at once:\n\n");
        s.append("  entry     place   value   =  row  column   half-word of the image   bank\n");
        for (int i = 0; i < 4; i++) {
            int entry = Matrices.entry(matrix, begin + i);
            int place = TiledCsl.placeOf(entry);
            s.append(String.format("  %08x  %5s    %04x      %3d  %6d   %2d * 64 + (%2d ^ %2d) = %4d   %4d%n", entry,
                    String.format("%04x", place), entry & 0xffff, TiledCsl.row(place), TiledCsl.column(place),
                    TiledCsl.row(place), TiledCsl.column(place), (TiledCsl.row(place) & 7) << 3, place,
                    TiledCsl.bank(place)));
        }
    }

    private static void groups(StringBuilder s, SparseMatrix matrix, long tile) {
        long begin = Matrices.begin(matrix, tile);
        long end = Matrices.begin(matrix, tile + 1);
        s.append("\nbanks that the lanes 0..31 store to together, for each pass and entry e of the lanes' quads\n");
        s.append("(* marks a bank's second lane; a store takes as many wavefronts as its fullest bank has lanes):\n\n");
        for (long pass = begin; pass < end; pass += 128) {
            for (int e = 0; e < 4; e++) {
                s.append(String.format("  pass %d, e = %d ", (pass - begin) / 128, e));
                int[] lanes = new int[32];
                for (long i = pass + e; i < Math.min(end, pass + 128); i += 4) {
                    int bank = TiledCsl.bank(TiledCsl.placeOf(Matrices.entry(matrix, i)));
                    s.append(String.format("%3d%s", bank, ++lanes[bank] > 1 ? "*" : ""));
                }
                s.append('\n');
            }
        }
    }

    static String table() {
        int m = 1024;
        int k = 4096;
        StringBuilder s = new StringBuilder(
                "| zeros | bytes an element | of that values and places | offsets | padding | dense fp16 is larger by |\n"
                        + "| --- | --- | --- | --- | --- | --- |\n");
        for (int percent : new int[]{50, 60, 70, 80, 90}) {
            SparseMatrix matrix = Matrices.encode(draw(m, k, 1 - percent / 100.0, percent), DenseType.F16, m, k,
                    Format.TILED_CSL);
            double elements = (double) m * k;
            long entryBytes = matrix.section(TiledCsl.ENTRIES).bytes().byteSize();
            s.append(String.format(Locale.ROOT, "| %d%% | %.4f | %.4f | %.4f | %.4f | %.2fx |%n", percent,
                    matrix.encodedBytes() / elements, matrix.nonzeros() * 4 / elements,
                    matrix.section(TiledCsl.OFFSETS).bytes().byteSize() / elements,
                    (entryBytes - matrix.nonzeros() * 4) / elements, 2 * elements / matrix.encodedBytes()));
        }
        return s.toString().replace("\r\n", "\n");
    }

    /** The text with a figure in its place between {@code <!-- name -->} and {@code <!-- /name -->}. */
    static String replace(String text, String name, String figure) {
        String open = "<!-- " + name + " -->\n";
        int from = text.indexOf(open);
        int to = text.indexOf("<!-- /" + name + " -->");
        if (from < 0 || to < from) {
            throw new IllegalStateException("no marks " + name);
        }
        return text.substring(0, from + open.length()) + figure + text.substring(to);
    }

    static String current(String text) {
        String lanes = replace(replace(text, "lanes", LanePicture.draw()), "lane bytes", LaneFigures.table());
        return replace(replace(lanes, "picture", picture()), "table", table());
    }

    /**
     * Draws the figures into a README.
     *
     * @param args its path
     */
    public static void main(String[] args) throws IOException {
        Path path = Path.of(args[0]);
        Files.writeString(path, current(Files.readString(path)));
    }
}
